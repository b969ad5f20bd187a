"""This machine exports, builds and sends: real git, rsync, tar and sshd."""

import asyncio
import os
import shutil
import stat
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from rollout.adapters.releases.layout import BELONGS_TO, NOTES, PLACE
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.model.errors import BuildFailed, ReleaseError, RolloutError, SourceError
from rollout.model.fleet import Finding
from rollout.model.releases import BASTION, BuildStep, Release
from tests.integration.sources.conftest import NAME, Place, Repo
from tests.support.sshd import Sshd

pytestmark = pytest.mark.integration

NEXT = "20261122000100"
NEVER = "20200101000000"
"""A release before that no host has: rsync is used, and finds nothing to link."""

Make = Callable[..., PushSource]


@pytest.fixture
def options(tmp_path: Path, place: Place, repo: Repo) -> PushOptions:
    return PushOptions(
        to=str(place.to),
        cache=tmp_path / "cache",
        logs=tmp_path / "logs",
        repo=str(repo.path),
        ref="main",
        timeout=20.0,
    )


@pytest.fixture
def make(remote: Remote, ssh: Ssh, options: PushOptions) -> Iterator[Make]:
    made = []

    def push(**other: object) -> PushSource:
        source = PushSource(remote, ssh.carry, asyncio.to_thread, replace(options, **other))  # type: ignore[arg-type]  # of a test
        made.append(source)
        return source

    yield push
    for source in made:
        source.close()


async def deploy(
    source: PushSource, place: Place, name: str = NAME, before: str = NEVER
) -> Release:
    assert await source.examine("web1") == ()
    release = place.begin(await source.resolve(["web1"]), name)
    await source.prepare(release)
    await source.deliver("web1", release, before)
    return release


def run(told: Awaitable[Release]) -> Release:
    async def tell() -> Release:
        return await told

    return asyncio.run(tell())


@pytest.mark.parametrize("rsync", [True, False])
def test_a_commit_arrives_with_modes_links_and_its_revision(
    make: Make, place: Place, repo: Repo, *, rsync: bool
) -> None:
    (repo.path / "run").write_text("#!/bin/sh\n")
    (repo.path / "run").chmod(0o755)
    (repo.path / "link").symlink_to("app")
    (repo.path / 'new\nline \' "$(touch oops)" ü').write_text("odd")
    commit = repo.commit(app="two", REVISION="a lie")
    release = run(deploy(make(rsync=rsync), place))
    there = place.release()
    assert (release.revision, place.revision()) == (commit, commit)
    assert (there / "app").read_text() == "two"
    assert (there / "link").readlink() == Path("app")
    assert (there / 'new\nline \' "$(touch oops)" ü').read_text() == "odd"
    assert stat.S_IMODE((there / "run").stat().st_mode) & 0o111
    assert stat.S_IMODE(there.stat().st_mode) & 0o055 == 0o055
    assert len(list(there.iterdir())) == 5


def test_what_did_not_change_is_linked_to_the_release_before_whatever_commit_it_is_of(
    make: Make, place: Place, repo: Repo
) -> None:
    repo.environ["GIT_COMMITTER_DATE"] = "1700001000 +0000"
    repo.commit(same="x" * 1000, other="a")
    run(deploy(make(), place))
    repo.environ["GIT_COMMITTER_DATE"] = "1700002000 +0000"
    repo.commit(other="b")
    run(deploy(make(), place, NEXT, before=NAME))
    old, new = place.release(NAME), place.release(NEXT)
    assert (old / "same").stat().st_ino == (new / "same").stat().st_ino
    assert ((old / "other").read_text(), (new / "other").read_text()) == ("a", "b")


def test_contents_of_the_same_size_and_commit_time_are_never_taken_for_the_same(
    make: Make, place: Place, repo: Repo
) -> None:
    """All commits of the repository have one time, as after a rebase."""
    for number in range(5):
        name = f"2026112200000{number}"
        repo.commit(app=f"version {number % 2}")
        run(deploy(make(), place, name, before=f"2026112200000{number - 1}" if number else NEVER))
        assert (place.release(name) / "app").read_text() == f"version {number % 2}"


def test_copies_instead_of_links_leave_the_release_before_alone(
    make: Make, place: Place, repo: Repo
) -> None:
    run(deploy(make(links=False), place))
    repo.commit(more="x")
    run(deploy(make(links=False), place, NEXT, before=NAME))
    (place.release(NEXT) / "app").write_text("written into")
    assert (place.release(NAME) / "app").read_text() == "one"


def test_a_release_before_that_is_gone_is_no_trouble(make: Make, place: Place) -> None:
    run(deploy(make(), place, NEXT, before=NAME))
    assert (place.release(NEXT) / "app").read_text() == "one"


def test_the_first_release_of_a_host_comes_in_one_stream_and_the_next_is_linked_to_it(
    make: Make, place: Place, repo: Repo, tmp_path: Path
) -> None:
    (repo.path / "run").write_text("#!/bin/sh\n")
    (repo.path / "run").chmod(0o775)
    repo.commit()
    broken = tmp_path / "bin" / "rsync"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 9\n")
    broken.chmod(0o755)
    path = f"{broken.parent}:{os.environ['PATH']}"
    run(deploy(make(environ={**os.environ, "PATH": path}), place, before=""))
    run(deploy(make(), place, NEXT, before=NAME))
    for name in ("app", "run"):
        assert (place.release(NAME) / name).samefile(place.release(NEXT) / name)
    with pytest.raises(ReleaseError, match="rsync ended with exit 9"):
        run(deploy(make(environ={**os.environ, "PATH": path}), place, f"{NEXT[:-1]}9", before=NAME))


def test_a_tree_is_its_contents_without_git(
    make: Make, place: Place, repo: Repo, tmp_path: Path
) -> None:
    (repo.path / "empty").mkdir()
    release = run(deploy(make(tree=repo.path), place))
    assert release.revision.startswith("tree-")
    assert place.revision() == release.revision
    assert sorted(file.name for file in place.release().iterdir()) == ["REVISION", "app", "empty"]
    copy = tmp_path / "copy"
    shutil.copytree(repo.path, copy)
    os.utime(copy / "app", (1, 1))
    assert asyncio.run(make(tree=copy).resolve([])) == release.revision
    (copy / "app").chmod(0o755)
    assert asyncio.run(make(tree=copy).resolve([])) != release.revision


def test_a_tree_that_changes_meanwhile_is_refused(make: Make, place: Place, repo: Repo) -> None:
    async def change() -> None:
        source = make(tree=repo.path)
        release = place.begin(await source.resolve([]))
        (repo.path / "app").write_text("changed")
        await source.prepare(release)

    with pytest.raises(SourceError, match="changed while it was copied"):
        asyncio.run(change())


def test_a_tree_that_cannot_be_sent_is_an_error_that_names_what(
    make: Make, repo: Repo, tmp_path: Path
) -> None:
    os.mkfifo(repo.path / "pipe")
    with pytest.raises(SourceError, match="pipe: neither a file"):
        asyncio.run(make(tree=repo.path).resolve([]))
    with pytest.raises(SourceError, match="nowhere/: No such file"):
        asyncio.run(make(tree=tmp_path / "nowhere").resolve([]))


def test_check_finds_a_tree_that_cannot_be_sent_once_for_all_hosts(
    make: Make, repo: Repo, tmp_path: Path
) -> None:
    def found(tree: Path) -> Finding:
        source = make(tree=tree)
        (one,) = asyncio.run(source.examine("web1"))
        assert asyncio.run(source.examine("web1")) == (one,)
        assert one.where == BASTION
        return one

    assert asyncio.run(make(tree=repo.path).examine("web1")) == ()
    assert "No such file" in found(tmp_path / "nowhere").what
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    assert found(tmp_path / "empty").what == f"deploy.tree is empty: {tmp_path / 'empty'}"
    (repo.path / "loop").symlink_to("loop")
    assert asyncio.run(make(tree=repo.path).examine("web1")) == (), "a link is sent as it is"
    os.mkfifo(repo.path / "pipe")
    assert f"{repo.path}/pipe: neither a file" in found(repo.path).what


@pytest.mark.parametrize("rsync", [True, False])
def test_what_is_built_here_is_sent(make: Make, place: Place, *, rsync: bool) -> None:
    step = BuildStep("css", 'cat REVISION app >"$OUT"', 10.0, {"OUT": "built.css"})
    release = run(deploy(make(builds=(step,), rsync=rsync), place))
    assert (place.release() / "built.css").read_text() == f"{release.revision}\none"


def test_a_build_that_fails_here_shows_its_end_and_keeps_all_of_it(
    make: Make, place: Place, tmp_path: Path
) -> None:
    step = BuildStep("css", "seq 30; echo no such colour >&2; exit 3", 10.0)
    with pytest.raises(BuildFailed) as raised:
        run(deploy(make(builds=(step,)), place))
    error = raised.value
    assert str(error) == "bastion: css: exit 3"
    assert (error.tail[-1], len(error.tail)) == ("no such colour", 20)
    assert error.log == str(tmp_path / "logs" / f"{NAME}.css.log")
    assert Path(error.log).read_text().startswith("1\n2\n")


def test_a_build_that_hangs_here_is_ended_with_all_that_it_started(
    make: Make, place: Place, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    step = BuildStep("css", f"sleep 60 & echo $! >{child}; wait", 0.5)
    with pytest.raises(BuildFailed, match="no end after 500ms"):
        run(deploy(make(builds=(step,)), place))
    assert gone(int(child.read_text()))


def test_the_export_is_removed_at_the_end_and_an_old_one_of_a_dead_run_too(
    make: Make, place: Place, options: PushOptions
) -> None:
    exports = options.cache / "exports"
    for pid, age in ((4194304, 90000), (4194303, 80000), (os.getpid(), 90000)):
        (exports / f"x.{pid}").mkdir(parents=True)
        os.utime(exports / f"x.{pid}", (time.time() - age,) * 2)
    source = make()
    run(deploy(source, place))
    assert len(list(exports.iterdir())) == 3
    source.close()
    assert {file.name for file in exports.iterdir()} == {f"x.{os.getpid()}", "x.4194303"}


@pytest.mark.parametrize("rsync", [True, False])
def test_what_comes_after_the_deploy_was_taken_back_makes_nothing(
    make: Make, place: Place, *, rsync: bool
) -> None:
    async def late() -> None:
        source = make(rsync=rsync)
        release = Release(NAME, await source.resolve([]))
        await source.prepare(release)
        await source.deliver("web1", release, NEVER)

    with pytest.raises(ReleaseError, match="was undone meanwhile"):
        asyncio.run(late())
    assert not place.to.exists()
    note = place.to / NOTES / NAME
    note.parent.mkdir(parents=True)
    note.write_text("")
    with pytest.raises(ReleaseError, match=r"can't cd|No such file"):
        asyncio.run(late())
    assert not place.release().exists()


@pytest.mark.parametrize("rsync", [True, False])
def test_a_full_or_obstructed_disk_is_told_in_one_line_and_leaves_no_revision(
    make: Make, place: Place, repo: Repo, *, rsync: bool
) -> None:
    repo.commit(big="x" * 300_000)

    async def deploy_onto_a_full_disk() -> None:
        source = make(rsync=rsync)
        release = place.begin(await source.resolve([]))
        await source.prepare(release)
        os.mkfifo(place.release() / "REVISION.new")
        (place.release() / "REVISION").mkdir()
        (place.release() / "REVISION" / "x").write_text("")
        await source.deliver("web1", release, NEVER)

    with pytest.raises(ReleaseError) as raised:
        asyncio.run(deploy_onto_a_full_disk())
    assert raised.value.what == "REVISION is a directory in this release"


def test_a_talkative_login_shell_does_not_disturb_rsync(
    make: Make, place: Place, sshd: Sshd
) -> None:
    noise = sshd.place / ".bashrc"
    noise.write_text("echo Welcome to this host\n")
    try:
        run(deploy(make(), place))
    finally:
        noise.unlink()
    assert (place.release() / "app").read_text() == "one"


def test_nothing_is_sent_for_ever(make: Make, place: Place) -> None:
    async def slow() -> None:
        source = make(environ={**os.environ, "PATH": f"{place.to}:{os.environ['PATH']}"})
        release = place.begin(await source.resolve([]))
        await source.prepare(release)
        fake = place.to / "rsync"
        fake.write_text("#!/bin/sh\nexec sleep 61\n")
        fake.chmod(0o755)
        source._options = replace(source._options, timeout=1.0)
        await source.deliver("web1", release, NEVER)

    began = time.monotonic()
    with pytest.raises(ReleaseError, match="not all was sent after 1s"):
        asyncio.run(slow())
    assert time.monotonic() - began < 5


def test_a_sending_that_is_cancelled_ends_on_both_sides(
    make: Make, place: Place, repo: Repo, tmp_path: Path
) -> None:
    repo.commit(big=os.urandom(200_000).hex())
    child = tmp_path / "child"

    async def cancelled() -> None:
        source = make(environ={**os.environ, "PATH": f"{place.to}:{os.environ['PATH']}"})
        release = place.begin(await source.resolve([]))
        await source.prepare(release)
        slow = f'sleep 62 & echo $! >{child}\n{shutil.which("rsync")} --bwlimit=20 "$@"\nwait\n'
        (place.to / "rsync").write_text(f"#!/bin/sh\n{slow}")
        (place.to / "rsync").chmod(0o755)
        sending = asyncio.ensure_future(source.deliver("web1", release, NEVER))
        await asyncio.to_thread(wait_for, lambda: working_there(place))
        await asyncio.to_thread(wait_for, lambda: list(place.release().iterdir()))
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.to_thread(wait_for, lambda: not working_there(place))

    asyncio.run(asyncio.wait_for(cancelled(), 30))
    assert gone(int(child.read_text()))
    assert place.revision() == ""


def working_there(place: Place) -> list[str]:
    """Find who works on the release by the environment, as ``discard`` does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environ = (process / "environ").read_bytes().decode(errors="replace").split("\0")
            if f"{BELONGS_TO}={NAME}" in environ and f"{PLACE}={place.to}" in environ:
                found.append((process / "cmdline").read_text())
    return found


def test_a_ref_or_a_repository_that_is_not_there_is_refused_here(
    make: Make, tmp_path: Path
) -> None:
    for other, said in (
        ({"ref": "mian"}, "(did you mean 'main'?)"),
        ({"repo": str(tmp_path / "nowhere")}, "bastion: cannot fetch"),
        ({"repo": "--upload-pack=touch oops"}, "no address"),
        ({"repo": "ext::sh -c touch% oops"}, "transport 'ext' not allowed"),
    ):
        with pytest.raises(RolloutError) as raised:
            asyncio.run(make(**other).resolve([]))
        assert said in str(raised.value)
    assert not Path("oops").exists()


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
