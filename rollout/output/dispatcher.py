"""Stamps each event once, keeps the summary, and shows both to everyone still able to listen."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from rollout.events import Event
from rollout.output.messages import (
    NextStepCommands,
    Recipients,
    Renderer,
    RunResult,
    StampedEvent,
    Stream,
)
from rollout.output.report.command_line import with_options
from rollout.summary.out_times import OutTimes
from rollout.summary.run import Exit, RunSummary, enter
from rollout.text.sanitize import sanitize


class Broadcast:
    """The fan-out.  ``tell`` and ``end`` belong to one thread; neither raises, neither waits.

    A renderer that raises (a full disk, a bug of its own) is dropped, with one line on stderr if
    that still works.  The fleet outranks the screen: a rollout never dies of its own narration.

    Attributes:
        summary: The summary after the last event told.
    """

    def __init__(
        self,
        renderers: Sequence[Renderer],
        *,
        run: str,
        utc_now: Callable[[], str],
        monotonic: Callable[[], float],
        complain: Callable[[str], None],
        streams: Sequence[Stream] = (),
        recipients: Recipients | None = None,
        hints: NextStepCommands | None = None,
    ) -> None:
        self.summary = RunSummary(fleet=hints.fleet if hints else 0)
        recipients = recipients or Recipients()
        self._renderers = [*renderers, *recipients.listeners]
        self._deliveries = tuple(recipients.deliveries)
        self._run = run
        self._utc_now = utc_now
        self._monotonic = monotonic
        self._complain = complain
        self._streams = tuple(streams)
        self._hints = hints or NextStepCommands()
        self._began = monotonic()
        self._number = 0
        self._out_times = OutTimes()
        self._hurry = False

    def tell(self, event: Event) -> None:
        """Enter ``event`` into the summary and show it to everyone, with the options typed."""
        at, elapsed = self._utc_now(), self._monotonic() - self._began
        event = self._out_times.complete(event, elapsed, at)
        event = with_options(event, self._hints.rollout)
        self.summary = enter(self.summary, event)
        self._number += 1
        told = StampedEvent(self._run, self._number, at, event, self.summary, elapsed)
        self._to_everyone(lambda renderer: renderer.show(told))

    def end(
        self,
        outside: Exit | None = None,
        *,
        cause: str = "",
        trace: str = "",
        timeout: float = 1.0,
    ) -> RunResult:
        """Give everyone the summary, write out what is left, and say how the run ended.

        Args:
            outside: What no event can tell (``BUG``, ``USAGE``, ``BUSY``); outranked by a
                target that is out.
            cause: The sentence that goes with it.
            trace: Where the traceback of a bug was saved.
            timeout: Seconds to wait for readers who are slow, all streams together.
        """
        ending = RunResult(
            run=self._run,
            number=self._number + 1,
            at=self._utc_now(),
            summary=self.summary,
            seconds=self._monotonic() - self._began,
            outside=outside,
            cause=with_options(cause, self._hints.rollout),
            trace=trace,
            hints=self._hints,
        )
        self._to_everyone(lambda renderer: renderer.end(ending))
        if not self._hurry:
            self._finish_deliveries(None)  # what they warn of is still written
        deadline = self._monotonic() + timeout
        for stream in self._streams:
            stream.close(max(0.0, deadline - self._monotonic()))
        if self._hurry:
            self._finish_deliveries(deadline)
        return ending

    def hurry(self) -> None:
        """Leave to what is on its way to others only what the streams leave of their time.

        Else it has its own, after the summary was written.
        """
        self._hurry = True

    def give_up(self) -> None:
        """Wait no longer for what is on its way to others."""
        for delivery in self._deliveries:
            with suppress(Exception):
                delivery.give_up()

    def warn(self, where: str, what: str) -> None:
        """Write a line beside the events; they have ended."""
        with suppress(Exception):
            self._complain(f"rollout: {sanitize(where)}: {sanitize(what)}\n")

    def _finish_deliveries(self, deadline: float | None) -> None:
        """Wait for what is on its way, each for its own time, or all until ``deadline``."""
        for delivery in self._deliveries:
            most = None if deadline is None else max(0.0, deadline - self._monotonic())
            with suppress(Exception):
                delivery.finish(most)

    def _to_everyone(self, show: Callable[[Renderer], None]) -> None:
        for renderer in tuple(self._renderers):
            try:
                show(renderer)
            except Exception as error:  # noqa: BLE001 - a broken screen never stops a rollout
                self._renderers.remove(renderer)
                self._say_dropped(error)

    def _say_dropped(self, error: Exception) -> None:
        what = sanitize(str(error) or type(error).__name__)
        with suppress(Exception):  # when this fails too, no stream is left to tell
            self._complain(f"rollout: an output was dropped: {what}\n")
