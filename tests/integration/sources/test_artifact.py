"""A tarball and its checksum, sent or fetched, on a real sshd with the real tar and curl."""

import asyncio
import gzip
import hashlib
import io
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rollout.adapters.releases.layout import INCOMING, NOTES
from rollout.adapters.sources.artifact import ArtifactOptions, ArtifactSource
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import ReleaseError, RolloutError
from rollout.model.fleet import Finding
from rollout.model.releases import BASTION
from tests.integration.sources.conftest import NAME, Place
from tests.support.loopback_git import serving

pytestmark = pytest.mark.integration

Member = tuple[str, bytes | str]
"""Name and contents; a text is what a symbolic link says."""

Make = Callable[..., ArtifactSource]


def tarball(file: Path, *members: Member, mode: str = "w:gz") -> str:
    """Write it as it is told, and return its sha256."""
    with tarfile.open(file, mode) as tar:  # type: ignore[call-overload]  # any of its modes
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o644
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = tarfile.SYMTYPE, content
                if name.startswith("hard"):
                    info.type = tarfile.LNKTYPE
                tar.addfile(info)
    return sum_of(file)


def sum_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def make(remote: Remote, place: Place) -> Make:
    def artifact(file: Path | str, **other: object) -> ArtifactSource:
        options = ArtifactOptions(to=str(place.to), artifact=str(file), timeout=20.0, **other)  # type: ignore[arg-type]  # of a test
        return ArtifactSource(remote, asyncio.to_thread, options)

    return artifact


def deploy(source: ArtifactSource, place: Place, *, fit: bool = True) -> str:
    async def whole() -> str:
        if fit:
            assert await source.examine("web1") == ()
        revision = await source.resolve(["web1"])
        release = place.begin(revision)
        await source.prepare(release)
        await source.deliver("web1", release, "")
        return revision

    return asyncio.run(whole())


def refused(source: ArtifactSource, place: Place) -> RolloutError:
    with pytest.raises(RolloutError) as raised:
        deploy(source, place, fit=False)
    assert place.revision() == ""
    return raised.value


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("ending", ["gz", "xz", ""])
def test_a_file_here_is_sent_verified_and_unpacked(
    make: Make, place: Place, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"shop $(touch oops)'.tar.{ending}".rstrip(".")
    sum_ = tarball(file, ("app", b"one"), ("REVISION", b"a lie"), mode=f"w:{ending}")
    assert deploy(make(file, sha256=sum_.upper()), place) == f"sha256-{sum_[:16]}"
    assert (place.release() / "app").read_bytes() == b"one"
    assert place.revision() == f"sha256-{sum_[:16]}"
    assert list((place.to / INCOMING).iterdir()) == []


def test_the_checksum_may_stand_beside_it_and_the_revision_may_be_named(
    make: Make, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    sum_ = tarball(file, ("shop-1.2/app", b"one"), ("shop-1.2/lib/x", b"two"))
    (tmp_path / "shop.tar.gz.sha256").write_text(f"{sum_}  shop.tar.gz\n")
    assert deploy(make(file, strip=1, revision="v1.2"), place) == "v1.2"
    assert (place.release() / "lib/x").read_bytes() == b"two"


def test_a_host_fetches_an_address_itself_and_the_checksum_beside_it(
    make: Make, place: Place, tmp_path: Path, web: str
) -> None:
    sum_ = tarball(tmp_path / "shop[1].tar.gz", ("app", b"one"))
    (tmp_path / "shop[1].tar.gz.sha256").write_text(sum_)
    deploy(make(f"{web}/shop[1].tar.gz?token=a&b"), place)
    assert (place.release() / "app").read_bytes() == b"one"


def test_an_address_that_has_nothing_is_an_error_in_curls_words(
    make: Make, place: Place, web: str
) -> None:
    error = refused(make(f"{web}/no.tar.gz"), place)
    assert isinstance(error, ReleaseError)
    assert "no.tar.gz.sha256: curl: (22)" in str(error)
    assert error.fix == "set deploy.sha256"
    assert "did not arrive: curl: (22)" in str(
        refused(make(f"{web}/no.tar.gz", sha256="0" * 64), place)
    )


def test_another_checksum_is_refused_on_the_host_with_both_digests(
    make: Make, place: Place, tmp_path: Path, web: str
) -> None:
    sum_ = tarball(tmp_path / "shop.tar.gz", ("app", b"one"))
    error = refused(make(f"{web}/shop.tar.gz", sha256="0" * 64), place)
    assert isinstance(error, ReleaseError)
    assert error.what.endswith(f" is {sum_}, not {'0' * 64}")
    assert list(place.release().iterdir()) == []
    assert list((place.to / INCOMING).iterdir()) == []


def test_a_file_that_changed_after_it_was_checked_here_is_refused_there(
    make: Make, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    source = make(file, sha256=tarball(file, ("app", b"one")))

    async def change() -> None:
        release = place.begin(await source.resolve([]))
        tarball(file, ("app", b"other"))
        await source.deliver("web1", release, "")

    with pytest.raises(ReleaseError, match="not"):
        asyncio.run(change())
    assert list(place.release().iterdir()) == []


def test_a_checksum_that_is_missing_or_wrong_is_refused_here(
    make: Make, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    tarball(file, ("app", b"one"))
    assert "no checksum of" in str(refused(make(file), place))
    assert "is no sha256 of" in str(refused(make(file, sha256="abc"), place))
    assert f"not {'0' * 64}" in str(refused(make(file, sha256="0" * 64), place))
    assert "No such file" in str(refused(make(tmp_path / "no", sha256="0" * 64), place))
    assert "neither a file nor" in str(refused(make("file:///etc/passwd"), place))


def found(source: ArtifactSource) -> Finding:
    """Return what `rollout check` finds, which is one thing."""
    (one,) = asyncio.run(source.examine("web1"))
    return one


def test_check_finds_that_a_file_here_or_its_checksum_cannot_be_had(
    make: Make, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    missing = found(make(file, sha256="0" * 64))
    assert missing.where == BASTION
    assert missing.what.endswith(f"{file}: No such file or directory")
    file.touch()
    assert found(make(file, sha256="0" * 64)).what == f"the artifact {file} is empty"
    tarball(file, ("app", b"one"))
    assert found(make(file)).fix == "set deploy.sha256"
    (tmp_path / "shop.tar.gz.sha256").write_text("")
    assert "is no sha256 of" in found(make(file)).what
    assert "larger than the 8B" in found(make(file, sha256="0" * 64, max_size=8)).what
    assert "Is a directory" in found(make(tmp_path, sha256="0" * 64)).what


def test_check_asks_for_an_address_on_the_host_and_takes_no_body(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "shop.tar.gz").write_bytes(bytes(4096))
    with serving(tmp_path) as server:
        address = f"{server.address}/shop.tar.gz"
        assert asyncio.run(make(address, sha256="0" * 64).examine("web1")) == ()
        assert server.asked == [], "HEAD was enough"
        large = found(make(address, sha256="0" * 64, max_size=4095))
        assert large.where == "web1"
        assert "larger than the 4095B of deploy.max_size" in large.what
        no_sum = found(make(address))
        assert "no checksum: " in no_sum.what
        gone = found(make(f"{server.address}/no.tar.gz", sha256="0" * 64))
        assert "cannot be fetched" in gone.what
        assert "curl: (22)" in gone.what
        assert "let the host reach it" in gone.fix
    away = found(make(address, sha256="0" * 64))
    assert "curl: (7)" in away.what


def test_check_asks_what_answers_only_get_for_one_byte(make: Make, tmp_path: Path) -> None:
    (tmp_path / "shop.tar.gz").write_bytes(bytes(4096))
    with serving(tmp_path) as server:
        server.only_get = True
        server.endless.add("/endless.tar.gz")
        for name in ("shop.tar.gz", "endless.tar.gz"):
            source = make(f"{server.address}/{name}", sha256="0" * 64)
            assert asyncio.run(source.examine("web1")) == ()
        assert "curl: (22)" in found(make(f"{server.address}/no.tar.gz", sha256="0" * 64)).what


@pytest.mark.parametrize(
    "members",
    [
        [("../escaped", b"x")],
        [("a/../../escaped", b"x")],
        [("link", "OUT"), ("link/escaped", b"x")],
        [("link", ".."), ("link/escaped", b"x")],
        [("hard", "OUT/secret"), ("hard", b"x")],
        [("hard", "../../../secret"), ("hard", b"x")],
    ],
)
def test_no_member_escapes_from_the_release(
    make: Make, place: Place, tmp_path: Path, members: list[Member]
) -> None:
    outside = tmp_path / "out"
    outside.mkdir()
    secrets = [outside / "secret", tmp_path / "secret"]
    for secret in secrets:
        secret.write_text("untouched")
    told = [(n, c.replace("OUT", str(outside)) if isinstance(c, str) else c) for n, c in members]
    file = tmp_path / "evil.tar.gz"
    refused(make(file, sha256=tarball(file, *told)), place)
    assert not list(tmp_path.rglob("escaped"))
    assert [secret.read_text() for secret in secrets] == ["untouched"] * 2


def test_an_absolute_member_stays_inside(make: Make, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "evil.tar.gz"
    deploy(make(file, sha256=tarball(file, (f"{tmp_path}/escaped", b"x"))), place)
    assert [str(found) for found in tmp_path.rglob("escaped")] == [
        f"{place.release()}{tmp_path}/escaped"
    ]


def test_half_a_tarball_is_an_error_even_if_its_checksum_is_right(
    make: Make, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    tarball(file, ("app", bytes(range(256)) * 999), ("b", b"two"))
    whole = file.read_bytes()
    for half in (whole[: len(whole) // 2], gzip.compress(gzip.decompress(whole)[:9000]), b"no"):
        file.write_bytes(half)
        assert "cannot be unpacked: " in str(refused(make(file, sha256=sum_of(file)), place))
        (place.to / NOTES / NAME).unlink()
        for left in place.release().iterdir():
            left.unlink()
        place.release().rmdir()


def test_a_tarball_of_which_nothing_is_left_is_an_error(
    make: Make, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    error = refused(make(file, sha256=tarball(file, ("app", b"one")), strip=3), place)
    assert "nothing is left of it without 3 leading parts" in str(error)


def test_an_artifact_that_arrives_after_the_deploy_was_taken_back_makes_nothing(
    make: Make, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar.gz"
    source = make(file, sha256=tarball(file, ("app", b"one")))

    async def late() -> None:
        release = place.begin(await source.resolve([]))
        (place.to / NOTES / NAME).unlink()
        await source.deliver("web1", release, "")

    with pytest.raises(ReleaseError, match="was undone meanwhile"):
        asyncio.run(late())
    assert list(place.release().iterdir()) == []
