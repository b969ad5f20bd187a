"""The run that holds the lock hears what is asked of it from other shells, and answers.

A request steers the run and never acts itself: a pause or a stop holds from the next decision on
whether one more target is taken out (`rollout/restart/window.py`), and what is out is seen through.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rollout.events import Noted, RolloutContinued, RolloutPaused, StopRequested
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.ports.control import Control
from rollout.ports.site import Site, Tell

LISTEN_EVERY = 2.0
"""Seconds between two looks for requests."""

LAST_ANSWER = 2.0
"""Seconds that the end of a run may wait for a place that takes its answers."""

AFTER_THE_ANSWER = "has paused the run as well: it stays paused after a yes at its terminal"


@asynccontextmanager
async def listening(run: str, site: Site, tell: Tell) -> AsyncIterator[None]:
    """Answer requests for the length of the block, where there is a place for them."""
    if site.control is None:
        yield
        return
    listener = Listener(run, site, tell)
    task = asyncio.create_task(_listen(listener, site.control))
    try:
        yield
    finally:
        task.cancel()  # a place that is slow must not keep the run from its end
        await asyncio.wait({task})
        await listener.answer_what_is_owed(site.control)


async def _listen(listener: "Listener", control: Control) -> None:
    while True:
        await listener.listen(control)
        await asyncio.sleep(LISTEN_EVERY)


class Listener:
    """Obeys each request once, in the order in which they were written.

    Args:
        run: The run that is asked.
        site: What it works in, with its steering.
        tell: Hears of every event, in order.
    """

    def __init__(self, run: str, site: Site, tell: Tell) -> None:
        self._run = run
        self._site = site
        self._tell = tell
        self._obeyed: set[str] = set()
        self._owed: dict[str, ControlAnswer] = {}
        self._shown = ""

    async def listen(self, control: Control) -> None:
        """Read what is asked, obey what is new, and let the lock say whether the run is paused."""
        for request in await control.requests(self._run):
            if request.id in self._obeyed:
                continue
            self._obeyed.add(request.id)
            self._owed[request.id] = answer = self._obey(request)
            await self._show_pause(control)
            await control.answer(self._run, answer)
            del self._owed[request.id]
        await self._show_pause(control)

    async def answer_what_is_owed(self, control: Control) -> None:
        """Answer what was obeyed before the run ended, within :data:`LAST_ANSWER`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_ANSWER):
                for answer in self._owed.values():
                    await control.answer(self._run, answer)

    async def _show_pause(self, control: Control) -> None:
        by = "" if self._site.stop_asked() else self._site.steering.pause
        if by != self._shown:
            self._shown = by
            await control.show_pause(self._run, by)

    def _obey(self, request: ControlRequest) -> ControlAnswer:
        steering, before = self._site.steering, self._site.steering.pause
        finishing, outcome = tuple(steering.under_way), self._outcome(request)
        if outcome is Outcome.STOPPING_ALREADY:
            before = steering.stopped_by
        if outcome is Outcome.PAUSED_ALREADY:
            before = steering.paused_by
        who = request.by.who
        match outcome:
            case Outcome.PAUSED:
                steering.paused_by = who
                if steering.waits_for:  # the question stays, and its answer ends that wait alone
                    self._tell(Noted(where="pause", what=f"{who} {AFTER_THE_ANSWER}"))
                else:
                    self._tell(RolloutPaused(by=who, finishing=finishing))
            case Outcome.CONTINUED:
                steering.go_on()
                self._tell(RolloutContinued(by=who))
            case Outcome.STOPPING:
                steering.go_on()
                steering.stopped_by = who
                self._tell(StopRequested(by=f"abort by {who}"))
            case _:
                pass
        return ControlAnswer(request=request.id, outcome=outcome, finishing=finishing, by=before)

    def _outcome(self, request: ControlRequest) -> Outcome:
        steering = self._site.steering
        if not steering.takes_out:
            return Outcome.ENDS_BY_ITSELF
        if self._site.stop_asked():
            return Outcome.STOPPING_ALREADY
        match request.wanted:
            case Wanted.PAUSE:
                return Outcome.PAUSED_ALREADY if steering.paused_by else Outcome.PAUSED
            case Wanted.CONTINUE:
                return Outcome.CONTINUED if steering.paused else Outcome.NOT_PAUSED
            case Wanted.ABORT:
                return Outcome.STOPPING
