"""The acts of people on the lock and on its run, which `rollout lock` shows."""

from rollout.adapters.lock.remote_lock import FleetLock
from rollout.cli.console import print_error
from rollout.model.errors import RolloutError
from rollout.model.lock_state import LockOwner


async def note_act(lock: FleetLock, person: LockOwner, act: str) -> None:
    """Note in each place of the lock what a person does.

    Raises:
        RolloutError: one of them could not take the note.
    """
    for error in await _note(lock, person, act):
        raise error


async def note_what_is_done(lock: FleetLock, person: LockOwner, act: str) -> None:
    """Note an act that no error undoes: what keeps it from being noted only warns."""
    for error in await _note(lock, person, act):
        print_error(f"`rollout lock` will not show it: {error}")


async def _note(lock: FleetLock, person: LockOwner, act: str) -> tuple[RolloutError, ...]:
    return await lock.note(f"{person.since} {person.who} {act}")
