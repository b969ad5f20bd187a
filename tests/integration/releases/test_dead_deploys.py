"""What a deploy that died leaves on a host, the next one takes back."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollout.adapters.releases.layout import BELONGS_TO, PLACE
from rollout.model.errors import ReleaseError
from rollout.model.releases import Release, ReleaseStatus
from tests.support.release_host import (
    LIVE,
    NEW,
    OLD,
    RELEASE,
    Place,
    alive,
    running_in,
    text_of,
)

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _an_instance(place: Place) -> Iterator[None]:
    """An instance runs in the live release, so that instances are seen to be seen."""
    with running_in(place.release(LIVE)):
        yield


TOOK_BACK = f"took back {NEW}, left by a deploy that did not end"


def test_where_nothing_was_left_nothing_is_said(place: Place, bare: Place) -> None:
    assert place.tidy() == ()
    assert bare.tidy() == ()


def test_a_deploy_that_died_before_the_switch_loses_its_directory(place: Place) -> None:
    before = place.everything()
    place.begin()
    (place.release(NEW) / "half").touch()
    assert place.tidy() == (f"{TOOK_BACK}: directory removed",)
    assert place.everything() == before


def test_a_deploy_that_died_after_the_switch_gives_back_current(place: Place) -> None:
    before = place.everything()
    place.begin()
    place.switch()
    assert place.tidy() == (f"{TOOK_BACK}: current restored, directory removed",)
    assert place.everything() == before
    assert text_of(place.current) == str(place.release(LIVE))
    assert place.tidy() == ()


def test_a_rollback_on_request_that_died_gives_back_current_and_keeps_the_release(
    place: Place,
) -> None:
    old = Release(OLD, "abc")
    place.begin(old, fresh=False)
    place.switch(old)
    assert place.tidy() == (
        f"took back {OLD}, left by a deploy that did not end: current restored",
    )
    assert place.look().current == LIVE
    assert place.release(OLD).is_dir()


def test_a_release_that_serves_already_is_left_live(place: Place) -> None:
    place.begin()
    place.switch()
    with running_in(place.release(NEW)):
        said = place.tidy()
    assert said == (f"kept {NEW}, left by a deploy that did not end: it is live",)
    assert place.look().current == NEW
    assert place.notes == set()


def test_a_release_that_somebody_runs_in_stays_until_he_has_left(place: Place) -> None:
    place.begin()
    with running_in(place.release(NEW)):
        (said,) = place.tidy()
        assert said.startswith(
            f"kept {NEW}, left by a deploy that did not end: a process runs in it"
        )
        assert place.look().current == LIVE
        assert place.look().find(NEW) is not None
    assert place.tidy() == (f"{TOOK_BACK}: directory removed",)


def test_a_release_that_was_marked_good_is_live_although_nobody_is_seen_in_it(
    place: Place,
) -> None:
    place.begin()
    place.switch()
    note = (place.to / ".rollout/notes" / NEW).read_text()
    place.settle(NEW, ReleaseStatus.GOOD)
    (place.to / ".rollout/notes" / NEW).write_text(note)
    assert place.tidy() == (f"kept {NEW}, left by a deploy that did not end: it is live",)
    assert place.look().current == NEW
    assert place.notes == set()


def test_a_release_that_somebody_runs_in_is_not_discarded(place: Place) -> None:
    place.begin()
    place.switch()
    with running_in(place.release(NEW)):
        place.restore()
        with pytest.raises(ReleaseError, match="not removed: a process runs in it"):
            place.discard()
        assert place.release(NEW).is_dir()
    place.discard()
    assert not place.release(NEW).exists()


def test_a_build_that_a_dead_deploy_left_behind_is_no_reason_to_keep_its_release(
    place: Place,
) -> None:
    place.begin()
    place.build("setsid sleep 60 & echo $! >daemon")
    pid = int((place.release(NEW) / "daemon").read_text())
    assert alive(pid)
    assert place.tidy() == (f"{TOOK_BACK}: directory removed",)
    assert not alive(pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")
def test_a_process_of_another_user_that_only_says_it_works_on_a_release_is_not_ended(
    place: Place,
) -> None:
    place.begin()
    environ = {BELONGS_TO: NEW, PLACE: str(place.to), "PATH": os.environ["PATH"]}
    stranger = subprocess.Popen(["sleep", "60"], env=environ, user=4001, group=4001, cwd="/")
    ours = subprocess.Popen(["sleep", "60"], env=environ, cwd="/")
    try:
        assert place.tidy() == (f"{TOOK_BACK}: directory removed",)
        assert ours.wait(10) < 0
        assert stranger.poll() is None
    finally:
        for process in (stranger, ours):
            process.kill()
            process.wait(10)


def test_half_a_note_says_nothing(place: Place) -> None:
    before = place.everything()
    place.begin()
    place.discard()
    notes = place.to / ".rollout/notes"
    (notes / f".{NEW}.part").write_text("fresh y")
    (notes / f"{NEW}.current").symlink_to("elsewhere")
    (place.to / ".rollout" / f"{NEW}.77.new").symlink_to("elsewhere")
    assert place.tidy() == ()
    assert place.everything() == before


def test_a_note_that_a_crash_has_emptied_removes_nothing(place: Place) -> None:
    place.begin()
    (place.to / ".rollout/notes" / NEW).write_text("")
    (place.to / ".rollout/notes" / f"{NEW}.current").unlink()
    place.tidy()
    assert place.release(NEW).is_dir()
    place.begin(Release(OLD, ""), fresh=False)
    place.switch(Release(OLD, ""))
    (place.to / ".rollout/notes" / OLD).write_text("")
    (place.to / ".rollout/notes" / f"{OLD}.current").unlink()
    with pytest.raises(ReleaseError, match="its note does not say what it was before"):
        place.tidy()


def test_what_was_on_its_way_out_or_in_is_removed(place: Place) -> None:
    place.begin()
    place.settle(NEW, ReleaseStatus.GOOD)
    before = place.everything()
    for bin_, name in (("trash", "20261001000000.7"), ("trash", ".x"), ("incoming", "a b")):
        (place.to / ".rollout" / bin_ / name / "deep").mkdir(parents=True)
        (place.to / ".rollout" / bin_ / name).chmod(0o500)
    assert place.tidy() == ()
    assert place.everything() == before
    assert not any((place.to / ".rollout/trash").iterdir())
    assert not any((place.to / ".rollout/incoming").iterdir())


def test_a_release_moved_away_by_a_prune_that_died_comes_back_if_somebody_runs_in_it(
    place: Place,
) -> None:
    place.begin()
    place.discard()
    with running_in(place.release(OLD)):
        place.release(OLD).rename(place.to / f".rollout/trash/{OLD}.7")
        place.tidy()
        assert place.look().running == {OLD, LIVE}
    assert (place.release(OLD) / "REVISION").exists()


TOOLS = ("mkdir", "mv", "cp", "ln", "rm", "sync", "cat", "touch", "grep")

SHIM = """#!/bin/sh
echo >>"$COUNT"
now=$(/usr/bin/wc -l <"$COUNT")
[ "$now" -ne "$KILL_AT" ] || [ "$KILL" != before ] || kill -9 0
{tool} "$@"
code=$?
[ "$now" -ne "$KILL_AT" ] || [ "$KILL" != after ] || kill -9 0
exit $code
"""


class Killer:
    """Kills a script of ours before or after its n-th call of a tool, as a crash would."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = directory / "count"
        for tool in TOOLS:
            file = directory / tool
            file.write_text(SHIM.format(tool=shutil.which(tool)))
            file.chmod(0o755)

    def strikes(self, place: Place, act: Callable[[], object], at: int, when: str) -> bool:
        """Do ``act`` on ``place``; tell whether it was killed."""
        self._count.unlink(missing_ok=True)
        settings = {
            "KILL_AT": str(at),
            "KILL": when,
            "COUNT": str(self._count),
        }
        words = [f"{name}={value}" for name, value in settings.items()]
        path = f'PATH={shlex.quote(str(self._directory))}:"$PATH"'
        place.wrap = lambda command: (
            f"{path} exec env {shlex.join(words)} sh -c " + shlex.quote(command)
        )
        try:
            act()
        except ReleaseError as error:
            if error.what != "was killed":
                raise
            return True
        finally:
            place.wrap = str
        return False


ACTS: dict[str, tuple[str, ...]] = {
    "begin": ("begin",),
    "switch": ("begin", "switch"),
    "restore": ("begin", "switch", "restore"),
    "discard": ("begin", "switch", "restore", "discard"),
    "tidy": ("begin", "switch", "tidy"),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("last", ACTS)
def test_wherever_a_script_is_killed_the_next_deploy_finds_all_as_it_was(
    place: Place, tmp_path: Path, last: str, when: str
) -> None:
    (tmp_path / "tools").mkdir()
    killer = Killer(tmp_path / "tools")
    place.begin()
    place.discard()
    before = place.everything()
    struck = 0
    while True:
        for act in ACTS[last][:-1]:
            getattr(place, act)()
        killed = killer.strikes(place, getattr(place, last), struck + 1, when)
        assert place.look().current in {LIVE, NEW}
        assert (place.current / ".").is_dir()
        place.tidy()
        assert place.everything() == before
        assert text_of(place.current) == str(place.release(LIVE))
        if not killed:
            break
        struck += 1
    assert struck >= 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_wherever_settling_is_killed_the_release_stays_live_or_is_taken_back_whole(
    place: Place, tmp_path: Path, when: str
) -> None:
    (tmp_path / "tools").mkdir()
    killer = Killer(tmp_path / "tools")
    place.begin()
    place.switch()
    with running_in(place.release(NEW)):
        struck = 0
        while killer.strikes(
            place, lambda: place.settle(NEW, ReleaseStatus.GOOD), struck + 1, when
        ):
            struck += 1
            assert place.look().current == NEW
            place.begin(RELEASE, fresh=False)
            place.tidy()
            assert place.look().current == NEW
            place.begin(RELEASE, fresh=False)
        assert struck >= 3
    assert place.look().releases[-1].mark is ReleaseStatus.GOOD
    assert place.notes == set()


@pytest.mark.parametrize("when", ["before", "after"])
def test_wherever_a_prune_is_killed_what_is_left_is_whole_or_gone(
    place: Place, tmp_path: Path, when: str
) -> None:
    (tmp_path / "tools").mkdir()
    killer = Killer(tmp_path / "tools")
    struck = 0
    while True:
        killed = killer.strikes(place, lambda: place.prune(OLD), struck + 1, when)
        host_releases = place.look()
        assert host_releases.current == LIVE
        assert all(release.revision for release in host_releases.releases)
        place.tidy()
        assert not list((place.to / ".rollout").rglob("REVISION"))
        if not killed:
            break
        struck += 1
        if not place.release(OLD).exists():
            place.lay_out(OLD)
    assert struck >= 3


def test_a_switch_that_comes_after_its_undo_moves_nothing(place: Place) -> None:
    before = text_of(place.current)
    place.begin()
    place.restore()
    with pytest.raises(ReleaseError, match="was undone meanwhile"):
        place.switch()
    assert text_of(place.current) == before
    place.discard()
    assert not list((place.to / ".rollout" / "notes").iterdir())
