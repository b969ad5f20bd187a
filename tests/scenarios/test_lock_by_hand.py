"""Given a lock that a person holds, when it is released, then only if it is still that person's."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollout.lock.by_hand import check_held_by_hand, release_by_hand
from rollout.model.errors import LockError, LockHeld, RolloutError
from rollout.model.lock_state import Kind, LockOwner, LockState
from tests.scenarios.test_acquire import FREEZE, held
from tests.support.left_out import ALICE, CAROL
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeLock
from tests.support.simulation.faults import Fault, Faults
from tests.support.simulation.faults import Kind as Trouble
from tests.support.simulation.restarts import fleet

OTHER = replace(FREEZE, run="0dd", user="carol")
UNREADABLE = replace(ALICE, kind=Kind.UNKNOWN)


def test_a_lock_by_hand_is_released() -> None:
    world = fleet()
    world.lock = held(owner=FREEZE)
    play(release_by_hand(FakeLock(world), [world.lock]))
    assert world.lock is None


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        (OTHER, "nothing was changed: the lock is that of carol@bastion"),
        (CAROL, "nothing was changed: a run holds the lock, no person: carol@bastion"),
        (UNREADABLE, "`rollout lock break` takes it"),
    ],
)
def test_a_lock_that_is_anothers_by_now_is_not_released(owner: LockOwner, why: str) -> None:
    world = fleet()
    seen = held(owner=FREEZE)
    world.lock = now = held(owner=owner)
    with pytest.raises(RolloutError, match=why):
        play(release_by_hand(FakeLock(world), [seen]))
    assert world.lock == now


def test_the_run_that_was_seen_is_not_released_as_a_person_is() -> None:
    world = fleet()
    world.lock = now = held(owner=CAROL)
    with pytest.raises(RolloutError, match="a run holds the lock, no person"):
        play(release_by_hand(FakeLock(world), [now]))
    assert world.lock == now


def test_a_lock_that_another_one_takes_at_the_last_moment_is_not_released() -> None:
    world = fleet()
    seen = held(owner=FREEZE)

    class Late(FakeLock):
        async def take_over(
            self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
        ) -> None:
            world.lock = held(owner=OTHER)
            await super().take_over(old, owner, seize=seize)

    world.lock = seen
    with pytest.raises(LockHeld):
        play(release_by_hand(Late(world), [seen]))
    assert world.lock.owner == OTHER


def test_a_place_that_cannot_be_asked_is_named_and_the_lock_stays() -> None:
    world = fleet()
    world.lock = now = held(owner=FREEZE)
    world.faults = Faults(Fault(Trouble.REFUSED, 0, calls=10, only="lock take over"))
    with pytest.raises(LockError):
        play(release_by_hand(FakeLock(world), [now]))
    assert world.lock == now


def test_a_lock_that_no_one_holds_may_be_released() -> None:
    check_held_by_hand([])
