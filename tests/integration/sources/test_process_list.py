"""What another user of a machine sees while code is fetched: never a password or a token."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.sources.artifact import ArtifactOptions, ArtifactSource
from rollout.adapters.sources.git import GitOptions, GitSource
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import RolloutError
from rollout.ports.releases import Source
from tests.integration.sources.conftest import Place, Repo
from tests.integration.sources.test_artifact import tarball
from tests.support.loopback_git import Web, serving, stranger
from tests.support.sshd import Sshd

pytestmark = pytest.mark.integration
by_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")

WORD = "hun/t@er 2"
WRITTEN = "hun%2Ft%40er%202"


@pytest.fixture
def web(tmp_path: Path, repo: Repo) -> Iterator[Web]:
    repo.git("update-server-info")
    with serving(tmp_path) as server:
        server.login = f"ci:{WORD}"
        yield server


@pytest.fixture
def watched(web: Web) -> Iterator[Web]:
    with stranger() as other:
        web.observer = other
        yield web


def address_of(web: Web, login: str = f"ci:{WRITTEN}") -> str:
    return f"{web.at(login)}/shop/.git"


def pushed(remote: Remote, ssh: Ssh, place: Place, tmp_path: Path, repo: str) -> PushSource:
    options = PushOptions(
        to=str(place.to),
        cache=tmp_path / "cache",
        logs=tmp_path / "logs",
        repo=repo,
        ref="main",
        timeout=60.0,
    )
    return PushSource(remote, ssh.carry, asyncio.to_thread, options)


def fetched(remote: Remote, place: Place, repo: str) -> GitSource:
    return GitSource(remote, GitOptions(to=str(place.to), repo=repo, ref="main", timeout=60.0))


def deploy(source: Source, place: Place) -> str:
    async def whole() -> str:
        assert await source.examine("web1") == ()
        release = place.begin(await source.resolve(["web1"]))
        await source.prepare(release)
        await source.deliver("web1", release, "")
        return release.revision

    return asyncio.run(whole())


def owned_target(directory: Path, *words: str) -> list[str]:
    """List the files below ``directory`` in which one of ``words`` stands."""
    files = [file for file in directory.rglob("*") if file.is_file() and not file.is_symlink()]
    return [str(f) for f in files if any(w.encode() in f.read_bytes() for w in words)]


@by_root
def test_no_other_user_sees_the_password_that_a_host_fetches_with(
    remote: Remote, place: Place, watched: Web, repo: Repo
) -> None:
    commit = deploy(fetched(remote, place, address_of(watched)), place)
    assert commit == repo.git("rev-parse", "HEAD")
    assert (place.release() / "app").read_text() == "one"
    assert watched.observer is not None
    assert watched.observer.saw(watched.address)  # by its address git was among those it saw
    assert not watched.observer.saw(WORD)
    assert not watched.observer.saw(WRITTEN)
    assert owned_target(place.to, WORD, WRITTEN) == []


@by_root
def test_no_other_user_sees_the_password_that_this_machine_fetches_with(
    remote: Remote, ssh: Ssh, place: Place, watched: Web, repo: Repo, tmp_path: Path
) -> None:
    source = pushed(remote, ssh, place, tmp_path, address_of(watched))
    try:
        assert deploy(source, place) == repo.git("rev-parse", "HEAD")
    finally:
        source.close()
    assert watched.observer is not None
    assert watched.observer.saw(watched.address)
    assert not watched.observer.saw(WORD)
    assert not watched.observer.saw(WRITTEN)
    assert owned_target(tmp_path / "cache", WORD, WRITTEN) == []


@by_root
def test_no_other_user_sees_the_address_of_an_artifact(
    remote: Remote, place: Place, watched: Web, tmp_path: Path
) -> None:
    file = tmp_path / 'shop"1\\2.tar.gz'
    file.with_name(f"{file.name}.sha256").write_text(tarball(file, ("app", b"one")))
    artifact = f"{watched.at(f'ci:{WRITTEN}')}/{file.name}?private_token=glpat-SECRET"
    options = ArtifactOptions(to=str(place.to), artifact=artifact, timeout=60.0)
    deploy(ArtifactSource(remote, asyncio.to_thread, options), place)
    assert (place.release() / "app").read_text() == "one"
    assert watched.observer is not None
    assert watched.observer.saw("curl")
    assert not watched.observer.saw(WRITTEN)
    assert not watched.observer.saw("glpat-SECRET")
    assert all("glpat-SECRET" in path for path in watched.asked)


def test_a_token_in_place_of_a_name_is_a_login(
    remote: Remote, place: Place, web: Web, repo: Repo
) -> None:
    web.login = "glpat-SECRET:"
    commit = deploy(fetched(remote, place, address_of(web, "glpat-SECRET")), place)
    assert commit == repo.git("rev-parse", "HEAD")


def test_the_password_is_told_to_no_other_server(
    remote: Remote, place: Place, web: Web, tmp_path: Path
) -> None:
    web.login = ""  # so that it redirects before anything asks for a password
    with serving(tmp_path) as other:
        other.login = "ci:other"
        path = "/shop/.git/info/refs?service=git-upload-pack"
        web.redirects[path] = f"{other.address}{path}"
        with pytest.raises(RolloutError, match="cannot fetch"):
            deploy(fetched(remote, place, address_of(web)), place)
        assert other.asked
        assert other.logins == []
        assert path in web.asked


def test_no_helper_of_the_login_writes_the_password_to_the_disk(
    remote: Remote, place: Place, web: Web, sshd: Sshd
) -> None:
    config = sshd.place / ".gitconfig"
    config.write_text("[credential]\n\thelper = store\n")
    try:
        deploy(fetched(remote, place, address_of(web)), place)
    finally:
        config.unlink()
    assert web.logins
    assert not (sshd.place / ".git-credentials").exists()


def test_a_wrong_password_is_refused_in_gits_words_and_not_repeated(
    remote: Remote, place: Place, web: Web
) -> None:
    with pytest.raises(RolloutError, match="Authentication failed for") as raised:
        deploy(fetched(remote, place, address_of(web, "ci:hunter3")), place)
    assert "hunter3" not in str(raised.value) + getattr(raised.value, "fix", "")
