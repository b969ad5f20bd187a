"""A simple progress display: the frame redrawn in place, and what must not be missed above it.

No terminal library: importing one costs more than the rest of the program's start.
"""

import threading
from collections.abc import Callable, Sequence

from rollout.events import (
    BalancerReloaded,
    DeployTakenBack,
    Event,
    HookRan,
    Interrupted,
    Noted,
    RecoveryStarted,
    RollbackFinished,
    RollbackHalted,
    RollbackStarted,
    RolloutHalted,
    ServersChanged,
    SessionsCut,
    StepFailed,
    StopRequested,
    TargetLeftOut,
    TargetNotStarted,
    TargetReturnedUntouched,
    TargetSkipped,
    TargetVisited,
    UndoFailed,
)
from rollout.output.messages import RunResult, StampedEvent, Stream
from rollout.output.plain import plain_lines
from rollout.output.report.report import summary_text
from rollout.output.table import Size, frame
from rollout.summary.deploy import Phase
from rollout.summary.run import RunSummary
from rollout.summary.target import TargetPhase
from rollout.text.elapsed import on_a_clock
from rollout.text.width import cells, truncate

EVERY = 0.25
"""Seconds between two frames: a person sees no more, and a slow line carries no more."""

IMPORTANT = (
    BalancerReloaded,
    DeployTakenBack,
    Interrupted,
    Noted,
    RecoveryStarted,
    RollbackFinished,
    RollbackHalted,
    RollbackStarted,
    RolloutHalted,
    ServersChanged,
    SessionsCut,
    StepFailed,
    StopRequested,
    TargetReturnedUntouched,
    TargetLeftOut,
    TargetNotStarted,
    TargetSkipped,
    TargetVisited,
    UndoFailed,
)


def important(event: Event) -> bool:
    """Tell whether ``event`` deserves a line that stays."""
    return isinstance(event, IMPORTANT) or (isinstance(event, HookRan) and not event.ok)


class TableState:
    """What the writer's thread paints: the frame of the latest account over the one before.

    ``see`` and ``finish`` belong to the rollout's thread, ``paint`` to the writer's.

    Args:
        size: Measures the terminal.
        monotonic: The clock.
        colour: Colour the standing.
        meanwhile: What is shown until there is an account: what is looked at.
    """

    def __init__(
        self,
        size: Callable[[], Size],
        monotonic: Callable[[], float],
        *,
        colour: bool,
        meanwhile: str = "",
    ) -> None:
        self._size = size
        self._monotonic = monotonic
        self._colour = colour
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self._began = monotonic()
        self._ledger = RunSummary()
        self._since: dict[str, float] = {}
        self._finished = False
        self._drawn: list[str] = []

    def see(self, summary: RunSummary) -> None:
        """Take the summary to be drawn from now on; times start where a standing changed."""
        with self._lock:
            for name, line in summary.lines.items():
                if self._standing(name) is not line.standing:
                    self._since[name] = self._monotonic()
            self._ledger = summary

    def _standing(self, name: str) -> TargetPhase | None:
        line = self._ledger.lines.get(name)
        return None if line is None else line.standing

    def finish(self) -> None:
        """From now on texts go below the frame, which is not drawn again."""
        with self._lock:
            self._finished = True

    def paint(self, texts: Sequence[str]) -> str:
        """Erase the frame before, write ``texts`` where it stood, and draw the frame below."""
        size = self._size()
        with self._lock:
            lines = self._frame(size)
            above, below = ("", "".join(texts)) if self._finished else ("".join(texts), "")
        if lines == self._drawn and not texts:
            return ""
        erase = _back_over(self._drawn, size.columns)
        self._drawn = lines
        drawn = "".join(f"{line}\x1b[K\n" for line in lines)
        return f"{erase}{_over(above)}{drawn}\x1b[J{below}"

    def _frame(self, size: Size) -> list[str]:
        now = self._monotonic()
        if not self._ledger.lines and self._ledger.deploy.phase is Phase.NONE:
            if self._finished or not self._meanwhile:
                return []
            return [
                truncate(
                    f"  {self._meanwhile} …  {on_a_clock(now - self._began)}", size.columns - 1
                )
            ]
        return frame(self._ledger, now, self._since, self._began, size, colour=self._colour)


def _over(text: str) -> str:
    """Let each line of ``text`` also clear what the frame had left behind it."""
    return text.replace("\n", "\x1b[K\n")


def _back_over(drawn: Sequence[str], columns: int) -> str:
    """Move to where the drawn frame begins.

    A terminal made narrower since then has wrapped its lines: they take more rows now.
    """
    rows = sum(max(1, -(-cells(_bare(line)) // max(1, columns))) for line in drawn)
    return f"\r\x1b[{rows}A" if rows else "\r" if drawn else ""


def _bare(line: str) -> str:
    parts = line.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])


class Live:
    """Feeds the picture; what is important gets a line that stays."""

    def __init__(self, stream: Stream, picture: TableState) -> None:
        self._stream = stream
        self._picture = picture

    def show(self, told: StampedEvent) -> None:
        self._picture.see(told.summary)
        if important(told.event):
            self._stream.write(plain_lines(told))

    def end(self, ending: RunResult) -> None:
        self._picture.see(ending.summary)
        self._picture.finish()
        self._stream.write(f"\n{summary_text(ending)}")
