"""What no release gets: devices, pipes, setuid files, more than it may take."""

import asyncio
import io
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.releases.layout import INCOMING
from rollout.adapters.sources.artifact import ArtifactOptions, ArtifactSource
from rollout.adapters.sources.git import GitOptions, GitSource
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import ReleaseError, RolloutError, SourceError
from rollout.ports.releases import Source
from tests.integration.sources.conftest import Place, Repo
from tests.integration.sources.test_artifact import sum_of, tarball
from tests.support.loopback_git import Web, make_certificate, serving
from tests.support.sshd import Sshd

pytestmark = pytest.mark.integration
by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make these")

MODES = {"suid": 0o4755, "sgid": 0o2755, "shared": 0o664, "open": 0o666, "own": 0o600}


def packed(file: Path, *entries: tuple[str, int, bytes]) -> str:
    """Pack entries by name, mode and kind."""
    with tarfile.open(file, "w:gz") as tar:
        for name, mode, kind in entries:
            info = tarfile.TarInfo(name)
            info.mode, info.type = mode, kind
            info.size = 1 if kind == tarfile.REGTYPE else 0
            info.devmajor, info.devminor = 1, 3
            tar.addfile(info, io.BytesIO(b"x"))
    return sum_of(file)


def artifact(
    remote: Remote, place: Place, file: Path | str, sha256: str = "", max_size: int = 1 << 20
) -> ArtifactSource:
    options = ArtifactOptions(
        to=str(place.to), artifact=str(file), sha256=sha256, timeout=20.0, max_size=max_size
    )
    return ArtifactSource(remote, asyncio.to_thread, options)


def pushed(
    remote: Remote, ssh: Ssh, place: Place, tree: Path, *, rsync: bool, max_size: int = 1 << 20
) -> PushSource:
    options = PushOptions(
        to=str(place.to),
        cache=place.to.parent / "cache",
        logs=place.to.parent / "logs",
        tree=tree,
        rsync=rsync,
        timeout=20.0,
        max_size=max_size,
    )
    return PushSource(remote, ssh.carry, asyncio.to_thread, options)


def deploy(source: Source, place: Place) -> None:
    async def whole() -> None:
        await source.examine("web1")
        release = place.begin(await source.resolve(["web1"]))
        await source.prepare(release)
        await source.deliver("web1", release, "20200101000000")

    try:
        asyncio.run(whole())
    finally:
        if isinstance(source, PushSource):
            source.close()


def refused(source: Source, place: Place) -> RolloutError:
    with pytest.raises(RolloutError) as raised:
        deploy(source, place)
    assert place.revision() == ""
    assert not place.release().exists() or list(place.release().iterdir()) == []
    incoming = place.to / INCOMING
    assert not incoming.exists() or list(incoming.iterdir()) == []
    return raised.value


def modes(place: Place) -> dict[str, int]:
    return {
        file.name: stat.S_IMODE(file.lstat().st_mode)
        for file in place.release().rglob("*")
        if file.name != "REVISION"
    }


@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [
        ("dev/null x", tarfile.CHRTYPE, "a character device: 'dev/null x'"),
        ("disk", tarfile.BLKTYPE, "a block device: 'disk'"),
        ("pipe\nbroken", tarfile.FIFOTYPE, r"a named pipe: 'pipe\\nbroken'"),
    ],
)
def test_a_device_or_a_pipe_in_an_artifact_is_refused_before_anything_is_unpacked(
    remote: Remote, place: Place, tmp_path: Path, name: str, kind: bytes, what: str
) -> None:
    file = tmp_path / "shop.tar.gz"
    sum_ = packed(file, ("app", 0o644, tarfile.REGTYPE), (name, 0o666, kind))
    error = refused(artifact(remote, place, file, sum_), place)
    assert isinstance(error, ReleaseError)
    assert error.what == f"{file} holds {what}"


@by_root
def test_an_artifact_that_root_unpacks_keeps_its_modes_but_setuid_and_setgid(
    remote: Remote, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    entries = [(name, mode, tarfile.REGTYPE) for name, mode in MODES.items()]
    entries += [("d", 0o2775, tarfile.DIRTYPE), ("tmp", 0o1777, tarfile.DIRTYPE)]
    deploy(artifact(remote, place, file, packed(file, *entries)), place)
    clean = {"suid": 0o755, "sgid": 0o755}
    assert modes(place) == {**MODES, **clean, "d": 0o775, "tmp": 0o1777}


@pytest.mark.parametrize("rsync", [True, False])
def test_what_is_pushed_keeps_its_modes_but_setuid_and_setgid(
    remote: Remote, ssh: Ssh, place: Place, tmp_path: Path, *, rsync: bool
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, mode in MODES.items():
        (tree / name).write_text("x")
        (tree / name).chmod(mode)
    deploy(pushed(remote, ssh, place, tree, rsync=rsync), place)
    assert modes(place) == {**MODES, "suid": 0o755, "sgid": 0o755}


def test_a_pipe_in_a_tree_is_refused_here(
    remote: Remote, ssh: Ssh, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "tree").mkdir()
    os.mkfifo(tmp_path / "tree/pipe")
    error = refused(pushed(remote, ssh, place, tmp_path / "tree", rsync=True), place)
    assert "pipe: neither a file nor a directory nor a link" in str(error)


def test_an_artifact_that_unpacks_to_more_than_it_may_take_is_not_unpacked(
    remote: Remote, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    sum_ = tarball(file, ("zeros", bytes(2 << 20)))
    assert file.stat().st_size < 1 << 14
    error = refused(artifact(remote, place, file, sum_), place)
    assert str(error) == f"web1: {file} is larger than the 1MiB of deploy.max_size"
    assert isinstance(error, ReleaseError)
    assert error.fix == "raise deploy.max_size if it is meant to be so large"


def test_many_empty_files_take_room_as_well(remote: Remote, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "shop.tar.gz"
    sum_ = packed(file, *((f"f{n}", 0o644, tarfile.DIRTYPE) for n in range(300)))
    assert "larger than the 1MiB" in str(refused(artifact(remote, place, file, sum_), place))


def test_a_file_here_that_is_too_large_is_not_sent(
    remote: Remote, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar"
    sum_ = tarball(file, ("zeros", bytes(2 << 20)), mode="w:")
    error = refused(artifact(remote, place, file, sum_), place)
    assert isinstance(error, SourceError)
    assert not place.to.exists()


@pytest.mark.parametrize("announced", [True, False])
def test_a_download_ends_at_what_it_may_take(
    remote: Remote, place: Place, tmp_path: Path, *, announced: bool
) -> None:
    with serving(tmp_path) as web:
        web.endless = set() if announced else {"/shop.tar.gz"}
        (tmp_path / "shop.tar.gz").write_bytes(bytes(2 << 20))
        source = artifact(remote, place, f"{web.address}/shop.tar.gz", "0" * 64)
        error = refused(source, place)
    assert "/shop.tar.gz is larger than the 1MiB of deploy.max_size" in str(error)


@pytest.mark.parametrize("rsync", [True, False])
def test_a_tree_that_is_too_large_is_not_sent(
    remote: Remote, ssh: Ssh, place: Place, tmp_path: Path, *, rsync: bool
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/zeros").write_bytes(bytes(2 << 20))
    error = refused(pushed(remote, ssh, place, tmp_path / "tree", rsync=rsync), place)
    assert str(error) == "the code is larger than the 1MiB of deploy.max_size"


def test_a_commit_that_is_too_large_is_not_exported(
    remote: Remote, place: Place, repo: Repo
) -> None:
    repo.commit(zeros="0" * (2 << 20))
    options = GitOptions(
        to=str(place.to), repo=str(repo.path), ref="main", timeout=20.0, max_size=1 << 20
    )
    error = refused(GitSource(remote, options), place)
    assert str(error) == f"web1: the code has {(2 << 20) + 3} bytes, more than deploy.max_size"


@pytest.fixture
def trusted(sshd: Sshd, tmp_path: Path) -> Iterator[Path]:
    """A certificate that curl on the host trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed")
    certificate = make_certificate(tmp_path / "web.pem")
    curlrc = sshd.place / ".curlrc"
    curlrc.write_text(f'cacert = "{certificate}"\n')
    yield certificate
    curlrc.unlink()


def redirecting(secure: Web, plain: Web, *paths: str) -> None:
    secure.redirects = {path: f"{plain.address}{path}" for path in paths}


def test_no_artifact_and_no_checksum_comes_by_http_where_https_was_asked_for(
    remote: Remote, place: Place, tmp_path: Path, trusted: Path
) -> None:
    sum_ = tarball(tmp_path / "shop.tar.gz", ("app", b"one"))
    (tmp_path / "shop.tar.gz.sha256").write_text(sum_)
    with serving(tmp_path) as plain, serving(tmp_path, trusted) as secure:
        address = f"{secure.address}/shop.tar.gz"
        redirecting(secure, plain, "/shop.tar.gz", "/shop.tar.gz.sha256")
        for given in ("", sum_):
            error = refused(artifact(remote, place, address, given), place)
            assert "curl: (1) Protocol " in str(error)
            shutil.rmtree(place.to, ignore_errors=True)
        assert plain.asked == []
        secure.redirects = {}
        deploy(artifact(remote, place, address), place)
    assert (place.release() / "app").read_bytes() == b"one"
