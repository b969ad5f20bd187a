"""The pause after the canary: an operator looks at it and decides whether the rest is risked."""

import asyncio
from collections.abc import Callable

from rollout.events import RolloutContinued, RolloutPaused
from rollout.model.errors import Halted
from rollout.ports.context import RunContext
from rollout.ports.ownership import OwnershipLog
from rollout.text.elapsed import in_words
from rollout.wait import NOTICE_WITHIN, now

SETTING = "pause_after_canary"

LOCK_EVERY = 5.0
"""Seconds between two looks whether the lock is still ours, in a pause."""

AT_THE_TERMINAL = "answered at the terminal"


class Pausing:
    """Waits in a pause, as long as the lock is ours: without it no other shell could end the wait.

    Args:
        record: Tells whose the lock is.
    """

    def __init__(self, record: OwnershipLog) -> None:
        self._record = record
        self._look_at = now() + LOCK_EVERY

    async def wait(self) -> None:
        """Wait until something may have changed.

        Raises:
            LockLost: it was broken, or is another run's.
        """
        if now() >= self._look_at:
            await self._record.still_ours()
            self._look_at = now() + LOCK_EVERY
        await asyncio.sleep(NOTICE_WITHIN)


async def pause_after_canary(context: RunContext, check: Callable[[], None]) -> None:
    """Wait until an operator says that the rest may be risked; the canary serves meanwhile.

    The answer comes from the terminal of the run, or from another shell.  One at the terminal ends
    this pause alone: where another shell has paused the run, before or meanwhile, it stays paused.

    Args:
        context: The run.
        check: Raises what ends the run meanwhile: a stop, its deadline.

    Raises:
        Halted: the answer is no, or there is none within ``pause_timeout``.
        LockLost: the lock was broken meanwhile.
    """
    steering, person = context.site.steering, context.site.person
    seconds = context.plan.timeouts.pause_timeout
    steering.waits_for = SETTING
    answer = asyncio.create_task(person.agrees()) if person is not None else None
    await asyncio.sleep(0)  # keys from before the question are dropped before it is read
    context.tell(RolloutPaused(by=SETTING, asks=person is not None, seconds=seconds))
    end, pausing = now() + seconds, Pausing(context.site.record)
    try:
        while steering.waits_for:
            check()
            if seconds and now() >= end:
                raise Halted(
                    f"paused after the canary, and not told to go on within {in_words(seconds)}"
                )
            if answer is not None and answer.done():
                _obey(context, agreed=answer.result())
                steering.waits_for = ""
                break
            await pausing.wait()
    finally:
        if steering.waits_for:
            steering.go_on()  # it halts: no pause holds up what a deploy takes back now
        if answer is not None:
            answer.cancel()
            await asyncio.wait({answer})
    if steering.paused:
        context.tell(RolloutPaused(by=steering.paused_by))


def _obey(context: RunContext, *, agreed: bool) -> None:
    if not agreed:
        raise Halted("paused after the canary, and the answer was no")
    context.tell(RolloutContinued(by=AT_THE_TERMINAL))
