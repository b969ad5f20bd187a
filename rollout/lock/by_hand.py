"""A lock that a person holds by hand: released only while it is still that person's."""

from collections.abc import Sequence

from rollout.model.errors import RolloutError
from rollout.model.lock_state import Kind, LockState
from rollout.ports.ownership import Lock


def check_held_by_hand(seen: Sequence[LockState]) -> None:
    """See that no run holds the lock, in no place.

    Raises:
        RolloutError: a run does, or what stands there cannot be read.
    """
    for one in seen:
        if one.owner.kind is Kind.UNKNOWN:
            raise RolloutError(f"{one.place}: {one.owner}: `rollout lock break` takes it")
        if one.owner.kind is not Kind.MANUAL:
            raise RolloutError(
                f"nothing was changed: a run holds the lock, no person: {one.owner}.  `rollout "
                "recover` if it is dead, `rollout lock break` if it must end"
            )


async def release_by_hand(lock: Lock, seen: Sequence[LockState]) -> None:
    """Release the lock that was ``seen``, which a person held and the operator agreed to release.

    Raises:
        RolloutError: it is another person's or a run's by now; nothing was changed.
        LockError: a place could not be asked.
    """
    now = await lock.look()
    check_held_by_hand(now)
    if {one.owner.run for one in now} - {one.owner.run for one in seen}:
        raise RolloutError(f"nothing was changed: the lock is that of {now[0].owner} by now")
    for one in now:
        await lock.take_over(one.owner.run, one.owner)
    for error in await lock.release():
        raise error
