"""The lock as the real script keeps it on this machine: whose it is, and that it is one."""

import asyncio
import json
import os
import pwd
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.local.process_identity import is_gone
from rollout.adapters.local.shell_command import run_locally
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.lock.away import AWAY_FOR
from rollout.adapters.lock.lock_directory import HERE, LockDirectory, LockLocation
from rollout.adapters.lock.remote_lock import FRESH, FleetLock
from rollout.model.errors import LockError, LockHeld, LockLost, RemoteError
from rollout.model.lock_state import Kind, LockState
from rollout.ports.commands import CommandResult
from tests.support.left_out import ALICE, BOB, CAROL, owned_target

T = TypeVar("T")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a disk that is read only")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    threads = Pool(8)
    yield threads
    threads.close()


def now(scenario: Coroutine[object, object, T]) -> T:
    return asyncio.run(scenario)


class Dead(BaseException):
    """We were killed here: nothing more of us runs."""


class Machine:
    """A place whose way there can break: before anything is done, or after it.

    Attributes:
        lives_for: How many more times anything is asked before we are killed.
        away: It does not answer, and nothing is done there.
        deaf: What is asked there is done, and the answer is lost.
    asked: How often it was asked and could be reached.
    """

    def __init__(self) -> None:
        self.lives_for = 1000
        self.away = False
        self.deaf = False
        self.asked = 0

    def __call__(
        self, host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
    ) -> CommandResult:
        self.lives_for -= 1
        if self.lives_for < 0:
            raise Dead
        if self.away:
            raise RemoteError(host, "connection refused")
        self.asked += 1
        said = run_locally(host, command, timeout=timeout, stdin=stdin)
        if self.deaf:
            raise RemoteError(host, "the connection was lost")
        return said


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def place(
    pool: Pool, where: Path, *, app: str = "shop", name: str = HERE, machine: Machine | None = None
) -> LockDirectory:
    directory = LockLocation(path=str(where), app=app)
    return LockDirectory(name, machine or run_locally, pool.call, directory, timeout=5)


def lock(pool: Pool, *where: Path, app: str = "shop") -> FleetLock:
    """A lock with a place in each directory; the same one twice is one machine under two names."""
    return FleetLock(
        [place(pool, one, app=app, name=f"lb{number}") for number, one in enumerate(where, 1)]
    )


def seen(pool: Pool, where: Path) -> LockState | None:
    return now(place(pool, where).look())


def left_in(where: Path) -> list[str]:
    """List what stands of locks, whole or half; what was settled is kept."""
    found = [path.name for path in where.glob("*/*")]
    return sorted(name for name in found if name != "settled")


def as_one(held: Sequence[LockState]) -> LockState:
    (one,) = held
    return one


# ---- one taker


def test_who_took_it_is_seen_with_all_that_they_said_and_hold(tmp_path: Path, pool: Pool) -> None:
    ours = lock(pool, tmp_path)
    assert now(ours.look()) == ()
    now(ours.take(ALICE))
    held = as_one(now(lock(pool, tmp_path).look()))
    assert held.owner == ALICE
    assert (held.place, held.owned_targets, held.heartbeats, held.ended) == ("lb1", (), 0, "")
    now(ours.keep((owned_target("web1"), owned_target("web2", asked=True)), everywhere=True))
    held = as_one(now(lock(pool, tmp_path).look()))
    assert held.owned_targets == (owned_target("web1"), owned_target("web2", asked=True))
    assert held.heartbeats == 1
    assert 0 <= held.seconds_since_heartbeat < 60
    now(ours.keep((), everywhere=True))
    assert as_one(now(ours.look())).owned_targets == ()


def test_the_second_taker_is_told_who_holds_it_and_changes_nothing(
    tmp_path: Path, pool: Pool
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    with pytest.raises(LockHeld) as caught:
        now(lock(pool, tmp_path).take(BOB))
    assert caught.value.owner == str(ALICE)
    assert "alice@bastion" in str(caught.value)
    held = seen(pool, tmp_path)
    assert held is not None
    assert held.owner == ALICE


def test_a_lock_that_was_given_back_can_be_taken_and_leaves_nothing_behind(
    tmp_path: Path, pool: Pool
) -> None:
    ours = lock(pool, tmp_path)
    now(ours.take(ALICE))
    now(ours.keep((owned_target(),), everywhere=True))
    now(ours.keep((), everywhere=True))
    assert now(ours.release()) == ()
    assert left_in(tmp_path) == []
    now(lock(pool, tmp_path).take(BOB))
    held = seen(pool, tmp_path)
    assert held is not None
    assert (held.owner, held.owned_targets, held.heartbeats) == (BOB, (), 0)


def test_two_apps_do_not_keep_each_other_waiting(tmp_path: Path, pool: Pool) -> None:
    now(lock(pool, tmp_path, app="shop").take(ALICE))
    now(lock(pool, tmp_path, app="shop.eu").take(BOB))
    assert as_one(now(lock(pool, tmp_path, app="shop").look())).owner == ALICE
    assert as_one(now(lock(pool, tmp_path, app="shop.eu").look())).owner == BOB


def test_beats_are_counted_by_whoever_holds_it_alone(tmp_path: Path, pool: Pool) -> None:
    ours, theirs = lock(pool, tmp_path), lock(pool, tmp_path)
    now(ours.take(ALICE))
    with pytest.raises(LockHeld):
        now(theirs.take(BOB))
    for _ in range(3):
        now(ours.beat())
    now(theirs.beat())
    assert as_one(now(ours.look())).heartbeats == 3


def test_it_is_left_behind_with_how_it_ended_and_what_is_out(tmp_path: Path, pool: Pool) -> None:
    ours = lock(pool, tmp_path)
    now(ours.take(ALICE))
    now(ours.keep((owned_target("web1"),), everywhere=True))
    now(ours.leave_behind("ended with servers out"))
    held = as_one(now(ours.look()))
    assert (held.ended, held.owned_targets) == ("ended with servers out", (owned_target("web1"),))
    with pytest.raises(LockHeld):
        now(lock(pool, tmp_path).take(BOB))


def test_whoever_takes_over_answers_for_what_was_out(tmp_path: Path, pool: Pool) -> None:
    ours, theirs = lock(pool, tmp_path), lock(pool, tmp_path)
    now(ours.take(ALICE))
    now(ours.keep((owned_target("web1"),), everywhere=True))
    now(ours.leave_behind("ended with servers out"))
    now(theirs.take_over(ALICE.run, BOB))
    held = as_one(now(theirs.look()))
    assert (held.owner, held.owned_targets, held.ended) == (BOB, (owned_target("web1"),), "")
    now(theirs.keep((), everywhere=True))
    now(theirs.release())
    assert left_in(tmp_path) == []
    assert now(theirs.settled()) == {ALICE.run: BOB.run}


def test_nobody_is_taken_over_but_the_run_that_was_named(tmp_path: Path, pool: Pool) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    theirs = lock(pool, tmp_path)
    with pytest.raises(LockHeld) as caught:
        now(theirs.take_over("dead00", BOB))
    assert "alice@bastion" in caught.value.owner
    held = seen(pool, tmp_path)
    assert held is not None
    assert (held.owner, held.ended) == (ALICE, "")
    with pytest.raises(LockHeld):
        now(theirs.take_over("", BOB))


def test_a_lock_that_is_gone_by_then_is_taken(tmp_path: Path, pool: Pool) -> None:
    theirs = lock(pool, tmp_path)
    now(theirs.take_over(ALICE.run, BOB))
    assert as_one(now(theirs.look())).owner == BOB
    now(theirs.keep((owned_target(),), everywhere=True))


# ---- at once


def test_of_eight_who_try_at_once_one_gets_it(tmp_path: Path, pool: Pool) -> None:
    async def attempt(number: int) -> FleetLock | None:
        ours = lock(pool, tmp_path)
        try:
            await ours.take(replace(ALICE, run=f"{number:06x}"))
        except LockHeld:
            return None
        return ours

    async def race() -> None:
        winners = [one for one in await asyncio.gather(*map(attempt, range(8))) if one]
        assert len(winners) == 1
        await winners[0].keep((), everywhere=True)
        await winners[0].release()

    for _ in range(20):
        now(race())
        assert left_in(tmp_path) == []


def test_of_eight_who_take_over_at_once_one_gets_it(tmp_path: Path, pool: Pool) -> None:
    async def attempt(number: int) -> str:
        ours = lock(pool, tmp_path)
        with suppress(LockHeld):
            await ours.take_over(ALICE.run, replace(BOB, run=f"{number:06x}"))
            await ours.keep((), everywhere=True)
            return f"{number:06x}"
        return ""

    async def race() -> None:
        ours = lock(pool, tmp_path)
        await ours.take(ALICE)
        winners = [run for run in await asyncio.gather(*map(attempt, range(8))) if run]
        assert len(winners) == 1
        assert as_one(await ours.look()).owner.run == winners[0]
        await ours.take_over(winners[0], ALICE)
        await ours.release()

    for _ in range(5):
        now(race())


def test_of_a_taker_that_was_killed_half_way_nothing_is_in_the_way(
    tmp_path: Path, pool: Pool
) -> None:
    half = tmp_path / "rollout-shop" / f".new.{ALICE.run}"
    half.mkdir(parents=True)
    (half / "holder").write_text('{"run":')
    assert now(lock(pool, tmp_path).look()) == ()
    now(lock(pool, tmp_path).take(ALICE))
    held = seen(pool, tmp_path)
    assert held is not None
    assert held.owner == ALICE


# ---- two places


def two(tmp_path: Path) -> tuple[Path, Path]:
    places = tmp_path / "one", tmp_path / "two"
    for one in places:
        one.mkdir()
    return places


def test_it_is_taken_in_both_places_or_in_none(tmp_path: Path, pool: Pool) -> None:
    one, other = two(tmp_path)
    now(lock(pool, other).take(ALICE))
    with pytest.raises(LockHeld) as caught:
        now(lock(pool, one, other).take(BOB))
    assert caught.value.place == "lb2"
    assert seen(pool, one) is None
    held = seen(pool, other)
    assert held is not None
    assert held.owner == ALICE


def test_it_is_kept_and_given_back_in_both_places(tmp_path: Path, pool: Pool) -> None:
    one, other = two(tmp_path)
    ours = lock(pool, one, other)
    now(ours.take(ALICE))
    now(ours.keep((owned_target(),), everywhere=True))
    assert [(held.place, held.owned_targets) for held in now(ours.look())] == [
        ("lb1", (owned_target(),)),
        ("lb2", (owned_target(),)),
    ]
    now(ours.keep((), everywhere=True))
    assert now(ours.release()) == ()
    assert now(ours.look()) == ()


def test_a_place_that_does_not_answer_leaves_nothing_taken(tmp_path: Path, pool: Pool) -> None:
    one, other = two(tmp_path)
    away = Machine()
    away.away = True
    ours = FleetLock([place(pool, one), place(pool, other, name="lb2", machine=away)])
    with pytest.raises(LockError) as caught:
        now(ours.take(ALICE))
    assert caught.value.place == "lb2"
    assert seen(pool, one) is None


def test_a_place_whose_answer_was_lost_leaves_nothing_taken_either(
    tmp_path: Path, pool: Pool
) -> None:
    """A call that raises may have taken effect: all or none means that place, too."""
    one, other = two(tmp_path)
    machine = Machine()
    ours = FleetLock([place(pool, one), place(pool, other, name="lb2", machine=machine)])
    machine.deaf = True
    with pytest.raises(LockError):
        now(ours.take(ALICE))
    machine.deaf = False
    assert [seen(pool, where) for where in (one, other)] == [None, None]


def test_a_take_that_was_cancelled_half_way_leaves_nothing_taken(
    tmp_path: Path, pool: Pool
) -> None:
    began = threading.Event()

    class SlowMachine(Machine):
        def __call__(
            self, host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
        ) -> CommandResult:
            began.set()
            time.sleep(0.3)
            return super().__call__(host, command, timeout=timeout, stdin=stdin)

    async def cancelled() -> None:
        ours = FleetLock([place(pool, tmp_path, machine=SlowMachine())])
        taking = asyncio.create_task(ours.take(ALICE))
        await asyncio.to_thread(began.wait)
        taking.cancel()
        with suppress(asyncio.CancelledError):
            await taking
        await asyncio.sleep(1)

    now(cancelled())

    assert left_in(tmp_path) == []


def test_one_machine_under_two_names_counts_as_one(tmp_path: Path, pool: Pool) -> None:
    ours = lock(pool, tmp_path, tmp_path)
    now(ours.take(ALICE))
    now(ours.keep((owned_target(),), everywhere=True))
    (one, other) = now(ours.look())
    assert (one.owner, other.owner) == (ALICE, ALICE)
    assert one.heartbeats == 1, "it beats once"
    with pytest.raises(LockHeld):
        now(lock(pool, tmp_path, tmp_path).take(BOB))
    theirs = lock(pool, tmp_path, tmp_path)
    now(theirs.take_over(ALICE.run, BOB))
    now(theirs.keep((), everywhere=True))
    assert now(theirs.release()) == ()
    assert left_in(tmp_path) == []


def test_a_dead_run_that_had_taken_one_place_of_two_is_taken_over_in_both(
    tmp_path: Path, pool: Pool
) -> None:
    one, other = two(tmp_path)
    now(lock(pool, one).take(ALICE))
    theirs = lock(pool, one, other)
    now(theirs.take_over(ALICE.run, BOB))
    assert [held.owner for held in now(theirs.look())] == [BOB, BOB]


def test_a_dead_run_that_had_given_back_one_place_of_two_is_taken_over_in_both(
    tmp_path: Path, pool: Pool
) -> None:
    one, other = two(tmp_path)
    now(lock(pool, other).take(ALICE))
    theirs = lock(pool, one, other)
    now(theirs.take_over(ALICE.run, BOB))
    assert [held.owner for held in now(theirs.look())] == [BOB, BOB]


@pytest.mark.parametrize("way", ["away", "deaf"])
def test_a_take_over_that_failed_in_one_place_can_be_done_again_by_another_run(
    tmp_path: Path, pool: Pool, way: str
) -> None:
    """Two names in two places must not be the end: whoever comes next goes by what it sees."""
    one, other = two(tmp_path)
    first = lock(pool, one, other)
    now(first.take(ALICE))
    now(first.keep((owned_target(),), everywhere=True))
    machine = Machine()
    second = FleetLock([place(pool, one), place(pool, other, name="lb2", machine=machine)])
    setattr(machine, way, True)
    with pytest.raises(LockError):
        now(second.take_over(ALICE.run, BOB))
    third = lock(pool, one, other)
    now(third.take_over(now(third.look())[0].owner.run, CAROL))
    assert [(held.owner, held.owned_targets) for held in now(third.look())] == [
        (CAROL, (owned_target(),)),
        (CAROL, (owned_target(),)),
    ]


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_a_take_over_that_was_killed_between_two_places_can_be_done_again_by_another_run(
    tmp_path: Path, pool: Pool, asked: int
) -> None:
    one, other = two(tmp_path)
    now(lock(pool, one, other).take(ALICE))
    machine = Machine()
    machine.lives_for = asked
    second = FleetLock(
        [
            place(pool, where, name=name, machine=machine)
            for name, where in (("lb1", one), ("lb2", other))
        ]
    )
    with suppress(Dead):
        now(second.take_over(ALICE.run, BOB))
    third = lock(pool, one, other)
    now(third.take_over(now(third.look())[0].owner.run, CAROL))
    assert [held.owner for held in now(third.look())] == [CAROL, CAROL]


def test_a_take_over_that_cannot_be_written_is_not_said_to_be_done(
    tmp_path: Path, pool: Pool
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    (tmp_path / "rollout-shop" / "lock" / ".run.new").mkdir()  # as on a full disk
    theirs = lock(pool, tmp_path)
    with pytest.raises(LockError):
        now(theirs.take_over(ALICE.run, BOB))


def test_a_take_over_that_was_cut_short_in_one_place_can_be_done_again(
    tmp_path: Path, pool: Pool
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    stands = tmp_path / "rollout-shop" / "lock"
    (stands / "holder").write_text(json.dumps(spell_holder(BOB)) + "\n")  # and not yet `run`
    third = lock(pool, tmp_path)
    now(third.take_over(as_one(now(third.look())).owner.run, CAROL))
    now(third.keep((), everywhere=True))
    assert as_one(now(third.look())).owner == CAROL


# ---- lost


def test_after_somebody_took_over_we_touch_nothing_more(tmp_path: Path, pool: Pool) -> None:
    ours, theirs = lock(pool, tmp_path), lock(pool, tmp_path)
    now(ours.take(ALICE))
    now(theirs.take_over(ALICE.run, BOB))
    with pytest.raises(LockLost) as caught:
        now(ours.keep((owned_target(),), everywhere=False))
    assert "bob@bastion" in caught.value.owner
    with pytest.raises(LockLost):
        now(ours.keep(everywhere=False))
    now(ours.beat())  # never raises
    now(ours.leave_behind("ours ended"))
    now(ours.release())
    held = as_one(now(theirs.look()))
    assert (held.owner, held.owned_targets, held.ended) == (BOB, (), "")
    now(theirs.keep((), everywhere=True))


def test_a_lock_that_is_lost_in_one_place_is_lost(tmp_path: Path, pool: Pool) -> None:
    one, other = two(tmp_path)
    ours = lock(pool, one, other)
    now(ours.take(ALICE))
    now(lock(pool, other).take_over(ALICE.run, BOB))
    with pytest.raises(LockLost) as caught:
        now(ours.keep((owned_target(),), everywhere=False))
    assert caught.value.place == "lb2"


def test_a_lock_that_was_removed_by_hand_is_lost(tmp_path: Path, pool: Pool) -> None:
    ours = lock(pool, tmp_path)
    now(ours.take(ALICE))
    subprocess.run(["rm", "-r", tmp_path / "rollout-shop" / "lock"], check=True)
    with pytest.raises(LockLost) as caught:
        now(ours.keep((owned_target(),), everywhere=True))
    assert "no run holds it" in str(caught.value)
    now(ours.release())
    assert left_in(tmp_path) == []


def test_a_lock_whose_directory_was_removed_by_hand_is_lost(tmp_path: Path, pool: Pool) -> None:
    ours = lock(pool, tmp_path / "place")
    now(ours.take(ALICE))
    subprocess.run(["rm", "-r", tmp_path / "place"], check=True)
    with pytest.raises(LockLost):
        now(ours.keep((owned_target(),), everywhere=True))


def test_a_freshly_seen_lock_is_not_asked_for_again_and_an_old_sight_is(
    tmp_path: Path, pool: Pool
) -> None:
    clock, machine = Clock(), Machine()
    ours = FleetLock([place(pool, tmp_path, machine=machine)], clock)
    now(ours.take(ALICE))
    now(lock(pool, tmp_path).take_over(ALICE.run, BOB))
    before = machine.asked
    clock.at += FRESH * 0.9
    now(ours.keep(everywhere=False))
    assert machine.asked == before
    clock.at += FRESH * 0.2
    with pytest.raises(LockLost):
        now(ours.keep(everywhere=False))
    with pytest.raises(LockLost):
        now(ours.keep(everywhere=False))
    assert machine.asked == before + 1, "what is lost stays so without asking again"


def test_what_is_to_be_written_is_written_however_fresh_the_sight(
    tmp_path: Path, pool: Pool
) -> None:
    clock = Clock()
    ours = FleetLock([place(pool, tmp_path)], clock)
    now(ours.take(ALICE))
    now(lock(pool, tmp_path).take_over(ALICE.run, BOB))
    with pytest.raises(LockLost):
        now(ours.keep((owned_target(),), everywhere=False))


# ---- places that do not answer


def test_a_place_that_is_away_is_left_aside_unless_it_must_be_everywhere(
    tmp_path: Path, pool: Pool
) -> None:
    one, other = two(tmp_path)
    clock, machine = Clock(), Machine()
    ours = FleetLock([place(pool, one), place(pool, other, name="lb2", machine=machine)], clock)
    now(ours.take(ALICE))
    machine.away = True
    now(ours.keep((owned_target("web1"),), everywhere=False))
    held = seen(pool, one)
    assert held is not None
    assert held.owned_targets == (owned_target("web1"),)
    with pytest.raises(LockError) as caught:
        now(ours.keep((owned_target("web2"),), everywhere=True))
    assert caught.value.place == "lb2"

    machine.away, before = False, machine.asked
    now(ours.keep((owned_target("web1"),), everywhere=False))
    assert machine.asked == before, "it has cost enough waiting for now"
    clock.at += AWAY_FOR + 1
    now(ours.keep((owned_target("web1"),), everywhere=False))
    held = seen(pool, other)
    assert held is not None
    assert held.owned_targets == (owned_target("web1"),)


def test_beats_never_raise_though_no_place_answers(tmp_path: Path, pool: Pool) -> None:
    machine = Machine()
    ours = FleetLock([place(pool, tmp_path, machine=machine)])
    now(ours.take(ALICE))
    machine.away = True
    now(ours.beat())


def test_a_lock_that_another_process_keeps_to_itself_is_waited_for_and_then_an_error(
    tmp_path: Path, pool: Pool
) -> None:
    where = tmp_path / "rollout-shop"
    where.mkdir()
    holds = subprocess.Popen(["flock", where, "sleep", "60"], start_new_session=True)
    try:
        while subprocess.run(["flock", "-n", where, "true"], check=False).returncode == 0:
            pass
        with pytest.raises(LockError, match="locked by another process"):
            now(lock(pool, tmp_path).take(ALICE))
    finally:
        os.killpg(holds.pid, 9)
        holds.wait()
    now(lock(pool, tmp_path).take(ALICE))


def test_a_directory_that_is_not_there_is_made_by_a_taker_and_not_by_a_look(
    tmp_path: Path, pool: Pool
) -> None:
    where = tmp_path / "not" / "yet"
    assert now(lock(pool, where).look()) == ()
    assert list(tmp_path.iterdir()) == []
    now(lock(pool, where).take(ALICE))
    assert as_one(now(lock(pool, where).look())).owner == ALICE


def test_a_directory_that_cannot_be_made_is_an_error_with_a_cure(
    tmp_path: Path, pool: Pool
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LockError) as caught:
        now(lock(pool, tmp_path / "file" / "locks").take(ALICE))
    assert "cannot make" in caught.value.what
    assert "lock.directory" in caught.value.fix


@needs_root
def test_a_directory_that_cannot_be_written_is_an_error_with_a_cure(
    tmp_path: Path, pool: Pool
) -> None:
    words = ["mount", "-t", "tmpfs", "-o", "size=1m,ro,mode=700", "tmpfs", str(tmp_path)]
    done = subprocess.run(words, check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
    try:
        assert now(lock(pool, tmp_path).look()) == ()
        with pytest.raises(LockError) as caught:
            now(lock(pool, tmp_path).take(ALICE))
        assert "ead-only" in caught.value.what
        assert caught.value.fix
        (finding,), _ = now(lock(pool, tmp_path).examine())
        assert "ead-only" in finding.what
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


@needs_root
def test_a_full_disk_is_an_error_and_no_half_lock(tmp_path: Path, pool: Pool) -> None:
    words = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(tmp_path)]
    done = subprocess.run(words, check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
    try:
        ours = lock(pool, tmp_path)
        now(ours.take(ALICE))
        now(ours.keep((owned_target("web1"),), everywhere=True))
        with suppress(OSError), (tmp_path / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1024)
        with pytest.raises(LockError):
            now(ours.keep([owned_target(f"web{n}") for n in range(20)], everywhere=True))
        assert as_one(now(ours.look())).owned_targets == (owned_target("web1"),), (
            "the old list, whole"
        )
        (finding,), _ = now(ours.examine())
        assert "No space left" in finding.what
        with pytest.raises(LockError):
            now(lock(pool, tmp_path, app="another").take(BOB))
        assert now(lock(pool, tmp_path, app="another").look()) == ()
        assert now(ours.release()), "it lists what is out"
        (tmp_path / "filler").unlink()
        now(ours.keep((), everywhere=True))
        assert now(ours.release()) == ()
        assert left_in(tmp_path) == []
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


# ---- what another hand has put there


GARBAGE = {
    "empty": b"",
    "binary": b"\0\xff\xfe" * 100,
    "half": b'{"run":"a11ce0","kind":"ru',
    "null": b"null\n",
    "list": b"[1]\n",
    "escapes": b"\x1b[2J\x1b]0;title\x07\n",
    "lines": b"one\nowned\t[7]\nbeats\tx\n",
    "deep": b"[" * 50_000,
    "infinite": json.dumps(
        {**spell_holder(ALICE), "process": {**spell_holder(ALICE)["process"], "pid": float("inf")}}
    ).encode(),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_a_holder_that_cannot_be_read_is_somebody_unknown_and_never_dead(
    tmp_path: Path, pool: Pool, what: str
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    (tmp_path / "rollout-shop" / "lock" / "holder").write_bytes(GARBAGE[what])
    held = as_one(now(lock(pool, tmp_path).look()))
    assert held.owner.kind is Kind.UNKNOWN
    assert held.unreadable
    assert held.made_by == pwd.getpwuid(os.geteuid()).pw_name
    assert not is_gone(held.owner.process), "which nobody takes for dead"
    with pytest.raises(LockHeld, match="cannot be read"):
        now(lock(pool, tmp_path).take(BOB))


def test_a_lock_that_cannot_be_read_can_be_broken_by_hand(tmp_path: Path, pool: Pool) -> None:
    """By the name that a look gives it, as for any other lock."""
    now(lock(pool, tmp_path).take(ALICE))
    (tmp_path / "rollout-shop" / "lock" / "holder").write_bytes(b"")
    theirs = lock(pool, tmp_path)
    now(theirs.take_over("", CAROL, seize=now(theirs.look())))
    assert as_one(now(theirs.look())).owner == CAROL
    now(theirs.release())


@pytest.mark.parametrize("name", ["beats", "ended"])
@pytest.mark.parametrize("what", [b"", b"\0\xff", b"[{}]", b"9" * 5000, b"08\n", b"[" * 50_000])
def test_what_cannot_be_read_beside_the_holder_hides_nobody(
    tmp_path: Path, pool: Pool, name: str, what: bytes
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    (tmp_path / "rollout-shop" / "lock" / name).write_bytes(what)
    assert as_one(now(lock(pool, tmp_path).look())).owner == ALICE


@pytest.mark.parametrize("what", [b"", b"x", b"\0\n", b"08\n", b"-1\n", b"9" * 400])
def test_a_count_of_beats_that_was_spoiled_does_not_end_our_run(
    tmp_path: Path, pool: Pool, what: bytes
) -> None:
    ours = lock(pool, tmp_path)
    now(ours.take(ALICE))
    (tmp_path / "rollout-shop" / "lock" / "beats").write_bytes(what)
    now(ours.keep((owned_target(),), everywhere=True))


def test_an_empty_directory_in_its_place_is_a_lock(tmp_path: Path, pool: Pool) -> None:
    (tmp_path / "rollout-shop" / "lock").mkdir(parents=True)
    assert as_one(now(lock(pool, tmp_path).look())).owner.kind is Kind.UNKNOWN
    with pytest.raises(LockHeld):
        now(lock(pool, tmp_path).take(ALICE))


def test_a_file_in_its_place_is_a_lock(tmp_path: Path, pool: Pool) -> None:
    (tmp_path / "rollout-shop").mkdir()
    (tmp_path / "rollout-shop" / "lock").touch()
    with pytest.raises(LockHeld):
        now(lock(pool, tmp_path).take(ALICE))
    with pytest.raises(LockHeld):
        now(lock(pool, tmp_path).take_over(ALICE.run, BOB))
    assert (tmp_path / "rollout-shop" / "lock").is_file()


# ---- words that would like to be commands


HOSTILE = [
    'it\'s "quoted"',
    "$(touch {place}/pwned)",
    "`touch {place}/pwned`",
    "; touch {place}/pwned; #",
    "'; touch {place}/pwned; '",
    "a\nb\r\ntouch {place}/pwned\n",
    "%s%n%d\\n\\0",
    "\x1b[2J\x1b]0;t\x07",
    "nul \0 inside",
    "-n -e --help",
    "lone \udcff surrogate, \u2028 separator",
    "x" * 100_000,
    "\ttab\towned\t[]",
]


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: repr(words)[:30])
def test_a_reason_is_only_ever_words(tmp_path: Path, pool: Pool, words: str) -> None:
    where = tmp_path / "place"
    said = words.replace("{place}", str(tmp_path))
    owner = replace(ALICE, kind=Kind.MANUAL, reason=said, command=said, user=said)
    ours = lock(pool, where)
    now(ours.take(owner))
    held = as_one(now(ours.look()))
    assert held.owner == owner
    now(ours.leave_behind(said))
    assert as_one(now(ours.look())).owner == owner
    assert now(ours.release()) == ()
    assert left_in(where) == []
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "app",
    ["it's", 'a "b"', "$(touch {place})", "`touch {place}`", "a;touch {place}", "*", "a b", "-x"],
)
def test_the_name_of_an_app_is_only_ever_a_name(tmp_path: Path, pool: Pool, app: str) -> None:
    named = app.replace("{place}", "pwned")
    where = tmp_path / "place with 'quotes' $(touch pwned)"
    ours = lock(pool, where, app=named)
    now(ours.take(ALICE))
    now(ours.keep((owned_target(),), everywhere=True))
    assert as_one(now(ours.look())).owner == ALICE
    with pytest.raises(LockHeld):
        now(lock(pool, where, app=named).take(BOB))
    assert [path.name for path in where.iterdir()] == [f"rollout-{named}"]
    now(ours.keep((), everywhere=True))
    assert now(ours.release()) == ()
    assert not Path("pwned").exists()


def test_an_app_cannot_reach_beyond_the_directory(tmp_path: Path, pool: Pool) -> None:
    where = tmp_path / "locks"
    where.mkdir()
    with pytest.raises(LockError):
        now(lock(pool, where, app="../../outside").take(ALICE))
    assert [path.name for path in tmp_path.iterdir()] == ["locks"]
