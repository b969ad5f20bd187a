"""A full disk, a read-only one, missing rights: the old release stays live and intact."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollout.adapters.ssh import Ssh
from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import ReleaseStatus
from tests.support.release_host import LIVE, NEW, OLD, Place, as_nobody, running_in, text_of

pytestmark = pytest.mark.integration

NOBODY = 65534

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="mounts, or gives up root's rights")


def mount(*words: object) -> None:
    done = subprocess.run(["mount", *map(str, words)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")


@pytest.fixture
def small(bare: Place) -> Iterator[Place]:
    """A host like ``place`` on a disk of its own of one megabyte."""
    bare.to.mkdir(parents=True)
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", bare.to)
    try:
        bare.lay_out(OLD, LIVE, live=LIVE)
        yield bare
    finally:
        subprocess.run(["umount", "-l", bare.to], check=True)


def fill(place: Place) -> Path:
    """Leave not a byte free."""
    ballast = place.to / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return ballast


@needs_root
def test_on_a_full_disk_nothing_is_begun(small: Place) -> None:
    small.begin()
    small.discard()
    before = small.everything()
    ballast = fill(small)
    with pytest.raises(ReleaseError, match="No space left on device"):
        small.begin()
    small.discard()
    assert small.look().current == LIVE
    ballast.unlink()
    assert small.tidy() == ()
    assert small.everything() == before
    small.begin()


@needs_root
def test_a_deploy_that_fills_the_disk_is_taken_back_on_the_full_disk(small: Place) -> None:
    small.begin()
    with pytest.raises(BuildFailed) as caught:
        small.build("cat /dev/zero >huge")
    assert str(caught.value) == f"web1: stylesheets: exit 1 (the disk of {small.to} is full)"
    with pytest.raises(ReleaseError):
        small.build("echo more")
    small.discard()
    assert small.look().current == LIVE
    small.begin()


@needs_root
def test_a_switch_is_undone_on_a_full_disk(small: Place) -> None:
    long = "./" * 200 + f"releases/{LIVE}"  # too long to be kept in the inode
    small.current.unlink()
    small.current.symlink_to(long)
    small.begin()
    small.switch()
    ballast = fill(small)
    small.restore()
    assert text_of(small.current) == long
    with pytest.raises(ReleaseError, match="No space left"):
        small.settle(NEW, ReleaseStatus.BAD)
    small.discard()
    assert small.look().releases[-1].name == LIVE
    ballast.unlink()


@needs_root
def test_a_dead_deploy_is_taken_back_on_a_full_disk(small: Place) -> None:
    small.begin()
    small.switch()
    fill(small)
    assert small.tidy()[0].endswith("current restored, directory removed")
    assert small.look().current == LIVE


def test_a_log_that_cannot_be_written_is_an_error_that_says_so(place: Place) -> None:
    place.begin()
    log = place.to / f".rollout/log/{NEW}.stylesheets.log"
    log.mkdir()
    with pytest.raises(ReleaseError, match=f"cannot write {log}: Is a directory"):
        place.build("true")


@needs_root
def test_a_full_and_a_read_only_disk_are_found_before_anything_is_begun(small: Place) -> None:
    (small.release(LIVE) / "big").write_bytes(b"x" * 400_000)
    assert small.examine() == ()
    (small.release(OLD) / "big").write_bytes(b"x" * 300_000)
    (finding,) = small.examine()
    assert finding.what.startswith(f"{small.to}: ")
    assert "KB free, a release takes 436 KB (1.1 times the live one)" in finding.what
    assert "rollout prune" in finding.fix
    (small.release(OLD) / "big").unlink()
    mount("-o", "remount,ro", small.to)
    findings = small.examine()
    assert {finding.what for finding in findings} == {
        f"{path} is not writable for root: Read-only file system"
        for path in (small.to, small.to / "releases")
    }
    assert findings[0].fix.endswith(f"findmnt -T {small.to}")
    with pytest.raises(ReleaseError, match="Read-only file system"):
        small.begin()
    assert small.look().current == LIVE


@needs_root
def test_what_a_dead_deploy_has_left_is_not_what_fills_the_disk(small: Place) -> None:
    (small.release(LIVE) / "big").write_bytes(b"x" * 400_000)
    small.begin()
    (small.release(NEW) / "big").write_bytes(b"x" * 400_000)
    assert small.examine() == ()


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that an ordinary user may enter, which those of pytest are not."""
    directory = Path(tempfile.mkdtemp(prefix="rollout-nobody-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def nobodys(releases_ssh: Ssh, open_directory: Path) -> Place:
    """A host like ``place`` that belongs to a user without rights."""
    place = Place(open_directory / "srv" / "shop", releases_ssh, wrap=as_nobody)
    place.lay_out(OLD, LIVE, live=LIVE)
    subprocess.run(["chown", "-Rh", f"{NOBODY}:{NOBODY}", open_directory], check=True)
    return place


@needs_root
def test_an_ordinary_user_deploys_where_he_may_write(nobodys: Place) -> None:
    assert nobodys.examine() == ()
    nobodys.begin()
    nobodys.build("mkdir locked && touch locked/in && chmod 500 locked")
    nobodys.switch()
    nobodys.restore()
    nobodys.discard()
    assert not nobodys.release(NEW).exists()
    assert not any((nobodys.to / ".rollout/trash").iterdir())
    nobodys.settle(LIVE, ReleaseStatus.GOOD)
    assert nobodys.prune(OLD) == (OLD,)
    assert nobodys.look().current == LIVE


@needs_root
def test_where_he_may_not_the_places_are_named_with_a_cure(nobodys: Place) -> None:
    for path in (nobodys.to, nobodys.to / "releases"):
        os.chown(path, 0, 0)
    first, second = nobodys.examine()
    assert first.what == f"{nobodys.to} is not writable for nobody"
    assert first.fix == f"sudo chown nobody {nobodys.to}"
    assert second.what.startswith(f"{nobodys.to}/releases is not writable")
    with pytest.raises(ReleaseError, match="Permission denied"):
        nobodys.begin()
    assert nobodys.look().current == LIVE


@needs_root
def test_a_path_that_he_cannot_make_is_named_with_the_directory_above_it(nobodys: Place) -> None:
    os.chown(nobodys.to, 0, 0)
    nobodys.to = nobodys.to / "deep" / "er"
    (finding,) = nobodys.examine()
    above = nobodys.to.parent.parent
    assert finding.what == (f"{nobodys.to} cannot be made: {above} is not writable for nobody")
    assert finding.fix == f"sudo install -d -o nobody {nobodys.to}"


@needs_root
def test_what_others_run_in_is_seen_by_sudo_and_otherwise_kept_after_a_dead_switch(
    nobodys: Place, open_directory: Path
) -> None:
    nobodys.begin()
    nobodys.switch()
    with running_in(nobodys.release(NEW)) as pid:
        assert nobodys.whereabouts(pid) == {}
        assert nobodys.look().running == frozenset()
        (said,) = nobodys.tidy()
        assert said.endswith(
            "current restored, directory kept and marked bad: "
            "the processes that run in it cannot be seen"
        )
        assert nobodys.look().current == LIVE
        assert nobodys.release(NEW).is_dir()
        nobodys.settings = {"readlink": str(seeing(open_directory))}
        nobodys.wrap = str
        assert nobodys.whereabouts(pid) == {pid: NEW}
        assert nobodys.prune(NEW) == ()
    assert nobodys.prune(NEW) == (NEW,)


@needs_root
def test_who_sees_the_instances_of_the_live_release_would_see_those_of_a_dead_one(
    nobodys: Place,
) -> None:
    nobodys.begin()
    nobodys.switch()
    with running_in(nobodys.release(LIVE), NOBODY):
        (said,) = nobodys.tidy()
    assert said.endswith("current restored, directory removed")


def seeing(directory: Path) -> Path:
    """A readlink of the operator's own."""
    file = directory / "readlink"
    file.write_text('#!/bin/sh\nexec readlink "$@"\n')
    file.chmod(0o755)
    return file


@needs_root
def test_a_leftover_that_cannot_be_removed_keeps_no_deploy_from_beginning(nobodys: Place) -> None:
    nobodys.begin()
    nobodys.build("mkdir -p public/assets && touch public/assets/file")
    os.chown(nobodys.release(NEW) / "public" / "assets", 0, 0)
    with pytest.raises(ReleaseError, match=r"cannot empty .*: Permission denied"):
        nobodys.discard()
    assert not nobodys.release(NEW).exists()
    assert nobodys.notes == set()
    (said,) = nobodys.tidy()
    assert said.startswith(f"could not remove .rollout/trash/{NEW}.")
    nobodys.begin()


Spoil = Callable[[Place], object]


@pytest.mark.parametrize(
    ("spoil", "said", "fix"),
    [
        (
            lambda p: (p.current.unlink(), p.current.symlink_to("gone")),
            "{to}/current leads to gone, which is not there",
            "ln -sfn {to}/releases/20261102000000 {to}/current",
        ),
        (
            lambda p: (p.current.unlink(), p.current.touch()),
            "{to}/current is neither a symlink nor a directory",
            "see what it is: ls -ld {to}/current",
        ),
        (
            lambda p: (p.to / "shared").touch(),
            "{to}/shared is not a directory",
            "see what it is: ls -ld {to}/shared",
        ),
    ],
)
def test_what_would_keep_a_deploy_from_working_is_found(
    place: Place, spoil: Spoil, said: str, fix: str
) -> None:
    spoil(place)
    (finding,) = place.examine()
    assert finding.what == said.format(to=place.to)
    assert finding.fix == fix.format(to=place.to)


def test_the_cure_for_a_current_that_is_a_directory_cures_it(place: Place) -> None:
    place.current.unlink()
    place.current.mkdir()
    (place.current / "index").touch()
    (finding,) = place.examine()
    assert "is a directory, not a symlink" in finding.what
    subprocess.run(["sh", "-c", finding.fix], check=True)
    assert place.examine() == ()
    assert (place.current / "index").exists()
    assert place.look().current > LIVE


def test_every_missing_and_every_wrong_shared_thing_is_named(place: Place) -> None:
    place.settings = {
        "shared": ("log", "tmp"),
        "shared_files": ("a.yml", "b.yml", "c.yml", "d.yml"),
    }
    shared = place.to / "shared"
    (shared / "c.yml").mkdir(parents=True)
    (shared / "tmp").touch()
    (shared / "a.yml").symlink_to("gone")
    (shared / "d.yml").touch()
    assert [finding.what for finding in place.examine()] == [
        "shared/tmp is not a directory",
        "shared/a.yml is missing",
        "shared/b.yml is missing",
        "shared/c.yml is a directory and should be a file",
    ]


def test_a_host_on_which_nothing_was_deployed_is_fit_and_stays_as_it_was(bare: Place) -> None:
    assert bare.examine() == ()
    assert not bare.to.parent.exists()


def test_a_live_release_that_is_not_measured_in_time_is_not_judged(place: Place) -> None:
    place.settings = {"size_timeout": 0.0}
    assert place.examine() == ()


def test_a_way_of_reading_links_that_does_not_work_is_found(place: Place) -> None:
    place.settings = {"readlink": "no-such-sudo -n readlink"}
    (finding,) = place.examine()
    assert finding.what.startswith("`no-such-sudo -n readlink` cannot say where a process works: ")
    assert finding.what.endswith("not found")


@needs_root
def test_a_host_without_a_tool_is_found_out(place: Place, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for path in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):
        if path.name not in {"tar", "sync"} and not (tools / path.name).is_symlink():
            (tools / path.name).symlink_to(path)
    place.wrap = lambda command: f"PATH={tools} ; {command}"
    assert [finding.what for finding in place.examine()] == ["sync is missing", "tar is missing"]
