"""A request to the run that holds the lock, from another shell: left there, and waited for."""

import asyncio
from collections.abc import Sequence

from rollout.model.control import ControlAnswer, ControlRequest
from rollout.model.errors import LockError, LockLost, RolloutError
from rollout.model.lock_state import Kind, LockOwner, LockState
from rollout.ports.control import Control
from rollout.ports.ownership import Lock, RunHistory
from rollout.wait import now

ANSWER_WITHIN = 15.0
"""Seconds for a run to answer: it looks every two, and each place may be slow."""

LOOK_EVERY = 0.5
"""Seconds between two looks for its answer."""


async def run_under_way(lock: Lock, history: RunHistory) -> LockOwner:
    """Return the run that holds the lock and may be alive.

    Raises:
        RolloutError: there is none; it says what there is.
        LockError: a place could not be asked.
    """
    seen = await lock.look()
    if not seen:
        raise RolloutError("nothing was changed: no run holds the lock")
    for one in seen:
        if one.owner.kind is Kind.RUN and not one.ended and not history.is_gone(one.owner):
            return one.owner
    raise RolloutError(_no_run(seen))


def _no_run(seen: Sequence[LockState]) -> str:
    owner = seen[0].owner
    if owner.kind is Kind.MANUAL:
        return f"nothing was changed: no run holds the lock, a person does: {owner}"
    if owner.kind is Kind.UNKNOWN:
        return f"nothing was changed: {owner}: `rollout lock` says why it is not believed"
    how = "has ended and left servers out" if seen[0].ended else "died"
    return f"nothing was changed: run {owner.run} {how}: `rollout recover` brings them back"


async def ask_run(run: str, request: ControlRequest, control: Control) -> ControlAnswer:
    """Leave ``request`` for ``run`` and wait for its answer.

    Raises:
        RolloutError: it has ended meanwhile, or has not answered.
        LockError: the request could be left in no place of the lock.
    """
    try:
        await control.ask(run, request)
        return await _answer(run, request, control)
    except LockLost:
        raise RolloutError(f"run {run} has ended meanwhile, and has not answered") from None


async def _answer(run: str, request: ControlRequest, control: Control) -> ControlAnswer:
    """Wait for the answer; a look that fails says nothing of the run, which has the request."""
    deadline = now() + ANSWER_WITHIN
    while True:
        failed = ""
        try:
            if (answer := await control.answered(run, request.id)) is not None:
                return answer
        except LockError as error:
            failed = f" ({error})"
        if now() >= deadline:
            raise RolloutError(
                f"run {run} has not answered within {ANSWER_WITHIN:g}s{failed}; the request stays "
                "in its lock unless 20 later ones push it out, and it obeys once it reads it; "
                "`rollout lock` shows its last sign of life"
            )
        await asyncio.sleep(LOOK_EVERY)
