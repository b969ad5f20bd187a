"""Waits with a deadline: asks until a condition is met, and reports each new reason once.

Time is the event loop's, so that tests replace the clock and a delay of 70 s costs nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from rollout.events import TargetWaiting
from rollout.model.errors import (
    BalancerError,
    Halted,
    ReleaseError,
    RemoteError,
    SupervisorError,
    TimedOut,
    said_of,
)
from rollout.model.fleet import Condition
from rollout.ports.site import Tell

T = TypeVar("T")

NOTICE_WITHIN = 0.1
"""Seconds until a stop is noticed where nothing asks for it."""

Poll = Callable[[], Awaitable[Condition]]

PASSING = (BalancerError, SupervisorError, RemoteError, ReleaseError)
"""A look that failed may succeed a moment later (a reload, a lost connection): a reason to wait."""


def now() -> float:
    """Seconds on the loop's clock."""
    return asyncio.get_running_loop().time()


async def unless_stopped(
    work: Coroutine[Any, Any, T],
    stop_asked: Callable[[], bool],
    reason: str = "stopped on request, before anything was changed",
) -> T:
    """Await what can be left at any moment.

    Raises:
        Halted: the operator wants us to stop; it says ``reason``.
    """
    task = asyncio.create_task(work)
    try:
        while not task.done():
            if stop_asked():
                raise Halted(reason)
            await asyncio.wait({task}, timeout=NOTICE_WITHIN)
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


class WaitReporter:
    """Tells why a target still waits for what is ``awaited``, such as "drained".

    A reason is told when it is new, and one that changes all the time ever more rarely.  A
    condition without a reason is not reported.
    """

    def __init__(self, target: str, awaited: str, tell: Tell) -> None:
        self.target = target
        self.awaited = awaited
        self._tell = tell
        self._last = ""
        self._told_at = float("-inf")
        self._pause = 1.0

    def say(self, reason: str, left: float | None = None) -> None:
        """Tell ``reason``, and in how many seconds the wait is given up, where it has an end."""
        if reason in {"", self._last} or now() < self._told_at + self._pause:
            return
        if self._last:
            self._pause = min(self._pause * 2, 30.0)
        self._last, self._told_at = reason, now()
        self._tell(
            TargetWaiting(target=self.target, awaited=self.awaited, reason=reason, left=left)
        )


async def until(reporter: WaitReporter, question: Poll, *, timeout: float, every: float) -> None:
    """Ask ``question`` every ``every`` seconds until it is met; ``reporter`` tells why it is not.

    A question that cannot be asked (no answer from HAProxy, the supervisor or ssh) is not met; any
    other error ends the wait.

    Raises:
        TimedOut: ``timeout`` seconds passed; it carries the last reason given.
        BalancerError, SupervisorError, RemoteError: time was up and the question could not be
            asked, so nothing is known.
    """
    deadline = now() + timeout
    while True:
        failed = None
        try:
            condition = await question()
        except PASSING as error:
            failed = error
            condition = Condition(met=False, reason=said_of(reporter.target, error))
        if condition.met:
            return
        if now() >= deadline:
            raise failed or TimedOut(reporter.awaited, timeout, condition.reason)
        reporter.say(condition.reason, round(deadline - now(), 3))
        await asyncio.sleep(min(every, max(deadline - now(), 0.0)))
