"""One step of a deploy on all hosts at once, so many at a time; each failure is kept by host."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rollout.events import StepDone, StepFailed, StepStarted
from rollout.model.errors import BuildFailed, FailedOnSomeHosts, Halted, RolloutError, said_of
from rollout.ports.site import Tell
from rollout.wait import NOTICE_WITHIN, now

Act = Callable[[str], Awaitable[None]]
"""What is done on one host."""

GRACE = 5.0
"""Seconds that the others may still take when one has failed: often all fail for one reason."""


@dataclass(frozen=True, slots=True)
class OnAllHosts:
    """How steps are done on all hosts.

    Attributes:
        at_once: On how many hosts at the same time.
        stop_asked: Tells whether the operator wants us to stop.
        tell: Hears of each start, end and failure.
    """

    at_once: int
    stop_asked: Callable[[], bool]
    tell: Tell

    async def do(self, step: str, hosts: Sequence[str], act: Act) -> None:
        """Do ``act`` on every host; return when all have done it, or it is known to have failed.

        What is still under way then is left alone: it may go on there until it is undone.

        Raises:
            FailedOnSomeHosts: some said no.
            Halted: the operator wants us to stop.
        """
        self.tell(StepStarted(step=step, hosts=tuple(hosts)))
        failed: dict[str, RolloutError] = {}
        places = asyncio.Semaphore(self.at_once)

        async def one(host: str) -> None:
            async with places:
                if failed:
                    return
                began = now()
                try:
                    await act(host)
                except RolloutError as error:
                    failed[host] = error
                    self.tell(_failure(step, host, error))
                else:
                    self.tell(StepDone(host=host, step=step, seconds=round(now() - began, 1)))

        tasks = {asyncio.create_task(one(host), name=host) for host in hosts}
        try:
            await _until_done(tasks, failed, self.stop_asked)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled():
                task.result()  # a bug of ours
        if failed:
            raise FailedOnSomeHosts(step, {host: failed[host] for host in hosts if host in failed})


async def _until_done(
    tasks: set[asyncio.Task[None]], failed: dict[str, RolloutError], stop_asked: Callable[[], bool]
) -> None:
    failing_since: float | None = None
    waiting = tasks
    while waiting:
        if stop_asked():
            raise Halted("stopped on request")
        if failed:
            failing_since = now() if failing_since is None else failing_since
            if now() - failing_since >= GRACE:
                return
        done, waiting = await asyncio.wait(
            waiting, timeout=NOTICE_WITHIN, return_when=asyncio.FIRST_EXCEPTION
        )
        if any(task.exception() for task in done if not task.cancelled()):
            return


def _failure(step: str, host: str, error: RolloutError) -> StepFailed:
    reason = said_of(host, error)
    if isinstance(error, BuildFailed):
        return StepFailed(host=host, step=step, reason=reason, tail=error.tail, log=error.log)
    return StepFailed(host=host, step=step, reason=reason)
