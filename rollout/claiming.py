"""The lock is taken, waited for, or taken from the dead, if they have left nothing out.

It is never taken by age alone.  A holder that is gone for certain, on this machine, had either
taken nobody out, and then its lock is ours; or it had, and then we refuse and say what to type.
"""

import asyncio
from collections.abc import Callable

from rollout.errors import Halted, LockHeld, Unfinished
from rollout.events import Noted
from rollout.holders import Holder, Kind, Left, story_of
from rollout.ports import History, Lock, Tell
from rollout.waiting import now

ASK_EVERY = 2.0
"""Seconds between two attempts at a lock that is held."""

BEAT_EVERY = 5.0
"""Seconds between two signs of life in the lock."""

LISTEN_FOR = 3 * BEAT_EVERY + 1
"""Seconds in which whoever lives has given a sign of it, on a machine however busy."""


async def claim(
    lock: Lock,
    holder: Holder,
    history: History,
    *,
    wait: float,
    tell: Tell,
    stop_asked: Callable[[], bool],
) -> None:
    """Take the lock for ``holder``, waiting for it at most ``wait`` seconds.

    Raises:
        LockHeld: somebody has it who lives, or of whom nobody can tell.
        Unfinished: whoever had it before has left something out.
        LockError: a place could not be asked.
        Halted: the operator wants us to stop.
    """
    deadline, said = now() + wait, ""
    while True:
        try:
            await lock.take(holder)
            break
        except LockHeld as held:
            left = await left_behind(lock, history)
            if left is not None and left.certain:
                _see_to_it_first(left)
                await lock.take_over(left.holder.run, holder)
                what = f"the lock was still that of {left.holder}, which is gone: taken over"
                tell(Noted(where="lock", what=what))
                history.settle(left.holder.run, holder.run)
                break
            if now() >= deadline:
                raise
            if said != held.holder:
                said = held.holder
                tell(Noted(where="lock", what=f"waiting: {held}"))
        if stop_asked():
            raise Halted("stopped on request, before anything was touched")
        await asyncio.sleep(ASK_EVERY)
    await _only_if_nothing_is_left(lock, history, holder)


async def _only_if_nothing_is_left(lock: Lock, history: History, holder: Holder) -> None:
    """Refuse beside a journal that is open; that of a run which had done nothing is closed."""
    try:
        for past in history.open_runs():
            _see_to_it_first(Left(holder=past.holder, holdings=past.holdings, past=past))
            history.settle(past.run, holder.run)
    except Exception:
        await lock.release()
        raise


def _see_to_it_first(left: Left) -> None:
    if left.holdings or (left.past is not None and left.past.unfinished):
        cure = "`rollout recover` brings back what is out, `rollout resume` goes on with the rest"
        raise Unfinished(left.holder.run, story_of(left), cure)


async def left_behind(lock: Lock, history: History) -> Left | None:
    """Find the run that holds the lock, or one whose journal is open; None where there is neither.

    Where both tell of it the journal counts: it is written last before an act.
    """
    for held in await lock.look():
        past = history.find(held.holder.run)
        gone = held.holder.kind is Kind.RUN and history.is_gone(held.holder)
        return Left(
            holder=held.holder,
            holdings=held.holdings if past is None else past.holdings,
            past=past,
            held=held,
            certain=bool(held.ended) or gone,
        )
    for past in history.open_runs():
        if past.unfinished:
            return Left(holder=past.holder, holdings=past.holdings, past=past, certain=True)
    return None


async def lives(lock: Lock, holder: Holder) -> bool:
    """Listen whether the holder gives a sign of life; clocks are not asked, for they are wrong."""
    first = await _beats(lock, holder)
    end = now() + LISTEN_FOR
    while first is not None and now() < end:
        await asyncio.sleep(1.0)
        if await _beats(lock, holder) not in {None, first}:
            return True
    return False


async def _beats(lock: Lock, holder: Holder) -> int | None:
    heard = [held.beats for held in await lock.look() if held.holder.run == holder.run]
    return max(heard, default=None)


async def keep_alive(lock: Lock) -> None:
    """Give signs of life until cancelled; that the lock is lost is for the next act to find out."""
    while True:
        await asyncio.sleep(BEAT_EVERY)
        await lock.beat()
