"""Requests to the run that holds the lock, as the real script keeps them on this machine."""

import asyncio
import fcntl
import json
import os
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.lock.away import AWAY_FOR
from rollout.adapters.lock.control import LONGEST, LockControl
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.model.errors import LockError, LockLost
from rollout.model.lock_state import Kind
from tests.support.left_out import ALICE, BOB, CAROL, owned_target
from tests.unit.adapters.lock.test_lock import Clock, Machine, lock, place, seen

T = TypeVar("T")

PAUSE = ControlRequest(wanted=Wanted.PAUSE, by=replace(CAROL, kind=Kind.MANUAL, sudo_user="dave"))
ABORT = ControlRequest(wanted=Wanted.ABORT, by=replace(CAROL, kind=Kind.MANUAL, run="ca401e"))
PAUSED = ControlAnswer(request=PAUSE.id, outcome=Outcome.PAUSED, finishing=("web1", "web2"))


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    threads = Pool(8)
    yield threads
    threads.close()


def now(scenario: Coroutine[object, object, T]) -> T:
    return asyncio.run(scenario)


def control(pool: Pool, *where: Path) -> LockControl:
    return LockControl([place(pool, one, name=f"lb{n}") for n, one in enumerate(where, 1)])


def asked_in(where: Path) -> Path:
    return where / "rollout-shop" / "lock" / "asked"


def test_a_request_reaches_the_run_that_holds_the_lock_and_its_answer_comes_back(
    pool: Pool, tmp_path: Path
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    theirs, ours = control(pool, tmp_path), control(pool, tmp_path)
    assert now(ours.requests(ALICE.run)) == ()

    now(theirs.ask(ALICE.run, PAUSE))
    assert now(theirs.answered(ALICE.run, PAUSE.id)) is None
    assert now(ours.requests(ALICE.run)) == (PAUSE,)
    now(ours.answer(ALICE.run, PAUSED))

    assert now(theirs.answered(ALICE.run, PAUSE.id)) == PAUSED
    assert now(theirs.answered(ALICE.run, ABORT.id)) is None


def test_requests_come_in_their_order_and_none_is_lost(pool: Pool, tmp_path: Path) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    theirs = control(pool, tmp_path)
    now(theirs.ask(ALICE.run, PAUSE))
    now(theirs.ask(ALICE.run, ABORT))
    assert now(theirs.requests(ALICE.run)) == (PAUSE, ABORT)


def test_a_request_in_two_places_is_one(pool: Pool, tmp_path: Path) -> None:
    first, second = tmp_path / "lb1", tmp_path / "lb2"
    now(lock(pool, first, second).take(ALICE))
    both = control(pool, first, second)
    now(both.ask(ALICE.run, PAUSE))
    assert now(both.requests(ALICE.run)) == (PAUSE,)
    assert json.loads(asked_in(first).read_text()) == json.loads(asked_in(second).read_text())


def test_one_place_is_enough_for_a_request_and_its_answer(pool: Pool, tmp_path: Path) -> None:
    first, second = tmp_path / "lb1", tmp_path / "lb2"
    now(lock(pool, first, second).take(ALICE))
    theirs, ours = control(pool, second), control(pool, first, second)
    now(theirs.ask(ALICE.run, PAUSE))
    assert now(ours.requests(ALICE.run)) == (PAUSE,)
    now(ours.answer(ALICE.run, PAUSED))
    assert now(theirs.answered(ALICE.run, PAUSE.id)) == PAUSED


def test_where_nothing_was_asked_the_look_for_it_takes_no_turn(pool: Pool, tmp_path: Path) -> None:
    """A run looks every two seconds: that costs it next to nothing, and never holds up its acts."""
    now(lock(pool, tmp_path).take(ALICE))
    directory = os.open(tmp_path / "rollout-shop", os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        assert now(place(pool, tmp_path).asked(ALICE.run)) == ""
    finally:
        os.close(directory)


# ---- the run that is meant


def test_a_request_is_left_only_in_the_lock_of_the_run_that_is_meant(
    pool: Pool, tmp_path: Path
) -> None:
    now(lock(pool, tmp_path).take(BOB))
    theirs = control(pool, tmp_path)
    with pytest.raises(LockLost):
        now(theirs.ask(ALICE.run, ABORT))
    assert now(theirs.requests(BOB.run)) == ()
    assert not asked_in(tmp_path).exists()


def test_without_a_lock_nothing_can_be_asked(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(LockLost):
        now(control(pool, tmp_path).ask(ALICE.run, ABORT))


@pytest.mark.parametrize("over", ["released", "taken over"])
def test_what_was_asked_of_a_run_is_not_asked_of_the_next_one(
    pool: Pool, tmp_path: Path, over: str
) -> None:
    first, theirs = lock(pool, tmp_path), control(pool, tmp_path)
    now(first.take(ALICE))
    now(theirs.ask(ALICE.run, ABORT))
    now(theirs.show_pause(ALICE.run, "carol"))
    if over == "released":
        assert now(first.release()) == ()
        now(lock(pool, tmp_path).take(BOB))
    else:
        now(lock(pool, tmp_path).take_over(ALICE.run, BOB))
    assert now(theirs.requests(BOB.run)) == ()
    state = seen(pool, tmp_path)
    assert state is not None
    assert (state.owner, state.paused) == (BOB, "")


def test_a_run_reads_nothing_once_the_lock_is_another_ones(pool: Pool, tmp_path: Path) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    theirs = control(pool, tmp_path)
    now(theirs.ask(ALICE.run, ABORT))
    now(lock(pool, tmp_path).take_over(ALICE.run, BOB))
    assert now(theirs.requests(ALICE.run)) == ()
    now(theirs.answer(ALICE.run, PAUSED))
    with pytest.raises(LockLost):
        now(theirs.answered(ALICE.run, PAUSED.request))


def test_an_answer_outlives_the_run_that_gave_it(pool: Pool, tmp_path: Path) -> None:
    """A run that is aborted ends at once: the answer would be gone with its lock."""
    first, theirs = lock(pool, tmp_path), control(pool, tmp_path)
    now(first.take(ALICE))
    now(theirs.answer(ALICE.run, PAUSED))
    assert now(first.release()) == ()
    assert now(theirs.answered(ALICE.run, PAUSED.request)) == PAUSED
    with pytest.raises(LockLost):
        now(theirs.answered(ALICE.run, ABORT.id))


def test_a_run_that_ended_and_left_its_lock_behind_is_asked_nothing_and_answers_nothing(
    pool: Pool, tmp_path: Path
) -> None:
    """Its lock stays, for it lists what is out: no run obeys what is asked there."""
    first, theirs = lock(pool, tmp_path), control(pool, tmp_path)
    now(first.take(ALICE))
    now(theirs.ask(ALICE.run, PAUSE))
    now(theirs.answer(ALICE.run, PAUSED))
    now(first.leave_behind("ended with servers out"))
    assert now(theirs.answered(ALICE.run, PAUSED.request)) == PAUSED
    with pytest.raises(LockLost):
        now(theirs.answered(ALICE.run, ABORT.id))
    with pytest.raises(LockLost):
        now(theirs.ask(ALICE.run, ABORT))


# ---- the lock says that its run is paused


def test_the_lock_says_by_whom_its_run_is_paused_and_is_released_all_the_same(
    pool: Pool, tmp_path: Path
) -> None:
    ours, steered = lock(pool, tmp_path), control(pool, tmp_path)
    now(ours.take(ALICE))
    now(steered.show_pause(ALICE.run, "carol@bastion\n(by dave)"))
    state = seen(pool, tmp_path)
    assert state is not None
    assert state.paused == "carol@bastion (by dave)"
    now(steered.show_pause(ALICE.run, ""))
    state = seen(pool, tmp_path)
    assert state is not None
    assert state.paused == ""
    assert now(ours.release()) == ()


def test_what_is_asked_is_no_sign_of_life_and_leaves_alone_what_is_owned(
    pool: Pool, tmp_path: Path
) -> None:
    ours, theirs = lock(pool, tmp_path), control(pool, tmp_path)
    now(ours.take(ALICE))
    now(ours.keep((owned_target("web1"),), everywhere=True))
    before = seen(pool, tmp_path)
    now(theirs.ask(ALICE.run, PAUSE))
    after = seen(pool, tmp_path)
    assert before is not None
    assert after is not None
    assert after.heartbeats == before.heartbeats
    assert after.owned_targets == (owned_target("web1"),)


# ---- what is not believed


ODD = {
    "no JSON": "{",
    "no object": "[]",
    "an unknown wish": json.dumps({"wanted": "explode", "by": spell_holder(CAROL)}),
    "no person": json.dumps({"wanted": "abort"}),
    "no id": json.dumps({"wanted": "abort", "by": {**spell_holder(CAROL), "run": "../../x"}}),
    "far too long": json.dumps({"wanted": "abort", "by": spell_holder(BOB)}) + " " * LONGEST,
}


@pytest.mark.parametrize("line", ODD)
def test_a_line_that_no_rollout_wrote_asks_for_nothing(
    pool: Pool, tmp_path: Path, line: str
) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    theirs = control(pool, tmp_path)
    now(theirs.ask(ALICE.run, PAUSE))
    with asked_in(tmp_path).open("a") as file:
        file.write(f"{ODD[line]}\n")
    assert now(theirs.requests(ALICE.run)) == (PAUSE,)


def test_a_link_in_the_place_of_the_requests_makes_the_lock_one_that_is_not_believed(
    pool: Pool, tmp_path: Path
) -> None:
    ours, theirs = lock(pool, tmp_path), control(pool, tmp_path)
    now(ours.take(ALICE))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps({"wanted": "abort", "by": spell_holder(CAROL)}) + "\n")
    asked_in(tmp_path).symlink_to(elsewhere)
    assert now(theirs.requests(ALICE.run)) == ()
    state = seen(pool, tmp_path)
    assert state is not None
    assert "lock/asked: it is a symbolic link" in state.unreadable


def test_only_the_last_requests_are_kept(pool: Pool, tmp_path: Path) -> None:
    now(lock(pool, tmp_path).take(ALICE))
    asked_in(tmp_path).write_text("x\n" * 500)
    theirs = control(pool, tmp_path)
    now(theirs.ask(ALICE.run, PAUSE))
    assert len(asked_in(tmp_path).read_text().splitlines()) == 20
    assert now(theirs.requests(ALICE.run)) == (PAUSE,)


# ---- a place that does not answer


def test_a_place_that_is_away_costs_the_run_one_attempt_and_then_none_for_a_while(
    pool: Pool, tmp_path: Path
) -> None:
    machine, clock = Machine(), Clock()
    now(lock(pool, tmp_path).take(ALICE))
    ours = LockControl([place(pool, tmp_path, machine=machine)], clock)
    now(control(pool, tmp_path).ask(ALICE.run, PAUSE))
    machine.away = True
    assert now(ours.requests(ALICE.run)) == ()
    machine.away = False
    assert now(ours.requests(ALICE.run)) == ()
    assert machine.asked == 0
    clock.at += AWAY_FOR
    assert now(ours.requests(ALICE.run)) == (PAUSE,)


def test_where_no_place_can_be_reached_the_person_who_asks_is_told(
    pool: Pool, tmp_path: Path
) -> None:
    machine = Machine()
    machine.away = True
    theirs = LockControl([place(pool, tmp_path, machine=machine)])
    with pytest.raises(LockError, match="connection refused"):
        now(theirs.ask(ALICE.run, PAUSE))
    with pytest.raises(LockError, match="connection refused"):
        now(theirs.answered(ALICE.run, PAUSE.id))
