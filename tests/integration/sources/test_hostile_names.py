"""Branches, paths and addresses that are trying to be commands: taken as they are, or refused.

Every such name would make a file called ``oops`` if any shell, git, tar, rsync or ssh took it for
more than a name.
"""

import asyncio
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.sources.artifact import ArtifactOptions, ArtifactSource
from rollout.adapters.sources.git import GitOptions, GitSource
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import RolloutError, SourceError
from rollout.ports.releases import Source
from tests.integration.sources.conftest import NAME, Place, Repo
from tests.support.sshd import Sshd

pytestmark = pytest.mark.integration

LEGAL = [
    "a';touch${IFS}oops;'",
    "$(touch${IFS}oops)",
    "`touch${IFS}oops`",
    '"q"',
    "a&touch${IFS}oops",
    "a|b;c>oops",
    "ümläut/ветка",
    "%s%n",
    "{a,b}",
    "x" * 200,
]
"""Branch names that git itself allows."""

REFUSED = [
    "",
    "--upload-pack=touch oops",
    "-oops",
    "a b",
    "a\nb",
    "a\x00b",
    "a..b",
    "a@{1}",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "[a",
    "a\\b",
    "a.lock",
    "a/",
    "/a",
    "a//b",
    ".a",
    "a/.b",
    "a.",
    "@",
    "HEAD",
    "\udcff",
]

PATHS = [
    "it's",
    'double"quoted',
    "$(touch oops)",
    "`touch oops`",
    "; touch oops;",
    " leading and trailing ",
    "-oProxyCommand=touch oops",
    "new\nline\ntouch oops",
    "ünïcode ☃",
    "back\\slash",
    "host:path",
    "*",
    "a''b",
    'a""b',
]
"""Names of directories and files."""


@pytest.fixture(autouse=True)
def nothing_was_run(tmp_path: Path, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    yield
    where = [here, sshd.place, Path.home(), Path("/")]
    assert not [place for place in where if (place / "oops").exists()]
    assert not [found for found in tmp_path.rglob("oops") if found.name == "oops"]


def deploy(source: Source, place: Place) -> str:
    async def whole() -> str:
        assert await source.examine("web1") == ()
        release = place.begin(await source.resolve(["web1"]))
        await source.prepare(release)
        await source.deliver("web1", release, "20260101000000")
        return release.revision

    return asyncio.run(whole())


def push(remote: Remote, ssh: Ssh, **said: object) -> PushSource:
    options = PushOptions(timeout=20.0, **said)  # type: ignore[arg-type]  # of a test
    return PushSource(remote, ssh.carry, asyncio.to_thread, options)


@pytest.mark.parametrize("branch", LEGAL)
def test_a_nasty_branch_is_only_a_name(
    remote: Remote, ssh: Ssh, place: Place, repo: Repo, tmp_path: Path, branch: str
) -> None:
    repo.git("checkout", "--quiet", "-b", branch)
    commit = repo.commit(app="nasty")
    options = GitOptions(to=str(place.to), repo=str(repo.path), ref=branch, timeout=20.0)
    assert deploy(GitSource(remote, options), place) == commit
    assert (place.release() / "app").read_text() == "nasty"
    cache = tmp_path / "cache"
    source = push(remote, ssh, to="", cache=cache, logs=cache, repo=str(repo.path), ref=branch)
    assert asyncio.run(source.resolve([])) == commit


@pytest.mark.parametrize("ref", REFUSED)
def test_a_ref_that_git_would_refuse_is_refused_before_anybody_is_asked(
    remote: Remote, ssh: Ssh, place: Place, repo: Repo, tmp_path: Path, ref: str
) -> None:
    options = GitOptions(to=str(place.to), repo=str(repo.path), ref=ref, timeout=20.0)
    with pytest.raises(SourceError, match="is no branch, tag or commit"):
        asyncio.run(GitSource(remote, options).resolve(["web1"]))
    assert not place.to.exists()
    cache = tmp_path / "cache"
    source = push(remote, ssh, to="", cache=cache, logs=cache, repo=str(repo.path), ref=ref)
    with pytest.raises(SourceError, match="is no branch, tag or commit"):
        asyncio.run(source.resolve([]))
    assert not cache.exists()


@pytest.mark.parametrize("name", PATHS)
def test_a_nasty_path_of_the_site_or_the_repository_is_only_a_path(
    remote: Remote, repo: Repo, tmp_path: Path, name: str
) -> None:
    nasty = tmp_path / "nasty" / name
    nasty.mkdir(parents=True)
    moved = Repo(nasty / "shop", repo.environ)
    repo.path.rename(moved.path)
    place = Place(nasty / "srv")
    options = GitOptions(to=str(place.to), repo=str(moved.path), ref="main", timeout=20.0)
    assert deploy(GitSource(remote, options), place) == place.revision()
    assert (place.release() / "app").read_text() == "one"


@pytest.mark.parametrize("rsync", [True, False])
@pytest.mark.parametrize("name", PATHS)
def test_a_nasty_path_is_only_a_path_when_code_is_sent_from_it_and_to_it(
    remote: Remote, ssh: Ssh, tmp_path: Path, name: str, *, rsync: bool
) -> None:
    tree = tmp_path / "trees" / name
    (tree / name).mkdir(parents=True)
    (tree / name / name).write_text("one")
    place = Place(tmp_path / "nasty" / name)
    cache = tmp_path / "cache" / name
    source = push(remote, ssh, to=str(place.to), cache=cache, logs=cache, tree=tree, rsync=rsync)
    assert deploy(source, place) == place.revision()
    assert (place.release() / name / name).read_text() == "one"
    source.close()


@pytest.mark.parametrize("name", PATHS)
def test_a_nasty_name_of_an_artifact_is_only_a_name(
    remote: Remote, tmp_path: Path, name: str
) -> None:
    (tmp_path / "app").write_text("one")
    file = tmp_path / f"{name}.tar"
    with file.open("wb") as out:
        subprocess.run(["tar", "-C", tmp_path, "-cf", "-", "app"], stdout=out, check=True)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    place = Place(tmp_path / name)
    options = ArtifactOptions(to=str(place.to), artifact=str(file), sha256=digest, timeout=20.0)
    assert deploy(ArtifactSource(remote, asyncio.to_thread, options), place) == place.revision()
    assert (place.release() / "app").read_text() == "one"


@pytest.mark.parametrize(
    "repo",
    [
        "--upload-pack=touch oops",
        "-u touch oops",
        "ext::sh -c touch% oops",
        "ssh://-oProxyCommand=touch oops/shop",
        "-oProxyCommand=touch oops:shop",
        "$(touch oops)",
        "file:///`touch oops`",
        "",
        "\n",
    ],
)
def test_a_nasty_address_of_a_repository_reaches_nobody(
    remote: Remote, ssh: Ssh, place: Place, tmp_path: Path, repo: str
) -> None:
    options = GitOptions(to=str(place.to), repo=repo, ref="main", timeout=20.0)
    with pytest.raises(SourceError):
        asyncio.run(GitSource(remote, options).resolve(["web1"]))
    cache = tmp_path / "cache"
    with pytest.raises(SourceError):
        asyncio.run(
            push(remote, ssh, to="", cache=cache, logs=cache, repo=repo, ref="main").resolve([])
        )


@pytest.mark.parametrize("host", ["-oProxyCommand=touch oops", "web1;touch oops", "a b", "", "\n"])
def test_a_nasty_host_is_not_reached(
    remote: Remote, ssh: Ssh, repo: Repo, tmp_path: Path, host: str
) -> None:
    place = Place(tmp_path / "srv")
    source = push(remote, ssh, to=str(place.to), cache=tmp_path, logs=tmp_path, tree=repo.path)

    async def send() -> None:
        release = place.begin(await source.resolve([]))
        await source.prepare(release)
        source._lacks[host] = {}
        await source.deliver(host, release, "")

    with pytest.raises(RolloutError):
        asyncio.run(send())
    assert list(place.release(NAME).iterdir()) == []
    source.close()


def test_a_release_before_with_a_nasty_name_is_not_used(
    remote: Remote, ssh: Ssh, place: Place, repo: Repo, tmp_path: Path
) -> None:
    source = push(remote, ssh, to=str(place.to), cache=tmp_path, logs=tmp_path, tree=repo.path)

    async def send() -> None:
        release = place.begin(await source.resolve([]))
        await source.prepare(release)
        await source.deliver("web1", release, "x --rsh='touch oops' $(touch oops)")

    asyncio.run(send())
    assert (place.release() / "app").read_text() == "one"
    source.close()
