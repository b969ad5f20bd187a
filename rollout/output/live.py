"""A simple progress display: the screen redrawn in place, and what must not be missed above it.

rich lays the screen out (``rollout/output/table.py``).  Its own ``Live`` is not used: it writes
from a thread of its own, which a terminal that is not read would block, and it draws over the wrong
rows when the terminal has become narrower.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import StringIO

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

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
    RolloutContinued,
    RolloutHalted,
    RolloutPaused,
    ServersChanged,
    SessionsCut,
    SoakStarted,
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
from rollout.output.table import Times, screen, width_within
from rollout.output.terminal import USUAL, Size
from rollout.summary.deploy import Phase
from rollout.summary.run import RunSummary
from rollout.summary.target import TargetPhase
from rollout.text.elapsed import on_a_clock
from rollout.text.timestamps import to_the_second
from rollout.text.wrap import hang

EVERY = 0.25
"""Seconds between two screens: a person sees no more, and a slow line carries no more."""
IDLE = 1.0
"""Seconds between two screens while only the clocks change."""

IMPORTANT = (
    BalancerReloaded,
    DeployTakenBack,
    Interrupted,
    Noted,
    RecoveryStarted,
    RollbackFinished,
    RollbackHalted,
    RollbackStarted,
    RolloutContinued,
    RolloutHalted,
    RolloutPaused,
    ServersChanged,
    SessionsCut,
    SoakStarted,
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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the screen: what is written, and the columns that it takes."""

    text: str
    columns: int


class Painter:
    """Turns a renderable of rich into lines for a terminal, with colour or without."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = ColorSystem.STANDARD if colour else None
        # a console that writes nothing, and that reads nothing from the environment
        self._console = Console(
            file=StringIO(), force_terminal=True, color_system=None, width=80, height=24
        )

    def lines(self, renderable: RenderableType, columns: int) -> list[Line]:
        """Lay ``renderable`` out in ``columns``, without blanks at the ends of its lines."""
        options = self._console.options.update(width=columns, height=None)
        drawn = self._console.render_lines(renderable, options, pad=False)
        return [self._line(segments) for segments in drawn]

    def _line(self, segments: list[Segment]) -> Line:
        used = list(segments)
        while used and not used[-1].text.strip():
            used.pop()
        if used:
            used[-1] = Segment(used[-1].text.rstrip(), used[-1].style)
        parts = [self._painted(segment.text, segment.style) for segment in used]
        return Line("".join(parts), Segment.get_line_length(used))

    def _painted(self, text: str, style: Style | None) -> str:
        return style.render(text, color_system=self._colour) if style else text


def screen_lines(told: StampedEvent, columns: int) -> str:
    """Spell one event for the screen: the time of day, and what does not fit below its begin."""
    first, *printed = plain_lines(
        replace(told, at=to_the_second(told.at).partition("T")[2])
    ).splitlines()
    stamp, subject, said = first.split(" ", 2)
    lines = [*hang(f"{stamp} {subject} ", said, columns), *printed]
    return "".join(f"{line}\n" for line in lines)


class TableState:
    """What the writer's thread paints: the screen of the latest summary over the one before.

    ``see`` and ``finish`` belong to the rollout's thread, ``paint`` to the writer's.

    Args:
        size: Measures the terminal.
        monotonic: The clock.
        colour: Colour the standing.
        meanwhile: What is shown until there is a summary: what is looked at.
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
        self._painter = Painter(colour=colour)
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self._began = monotonic()
        self._summary = RunSummary()
        self._since: dict[str, float] = {}
        self._finished = False
        self._drawn: list[Line] = []
        self._drawn_for = Size(0, 0)
        self._drawn_at = 0.0
        self._stale = True

    def see(self, summary: RunSummary) -> None:
        """Take the summary to be drawn from now on; times start where a standing changed."""
        with self._lock:
            for name, line in summary.lines.items():
                if self._standing(name) is not line.standing:
                    self._since[name] = self._monotonic()
            self._summary = summary
            self._stale = True

    def _standing(self, name: str) -> TargetPhase | None:
        line = self._summary.lines.get(name)
        return None if line is None else line.standing

    def finish(self) -> None:
        """From now on texts go below the screen, which is not drawn again."""
        with self._lock:
            self._finished = True
            self._stale = True

    def paint(self, texts: Sequence[str]) -> str:
        """Erase the screen before, write ``texts`` where it stood, and draw the screen below."""
        size = self._size()
        with self._lock:
            lines = self._lines(size)
            above, below = ("", "".join(texts)) if self._finished else ("".join(texts), "")
        if lines == self._drawn and not texts:
            return ""
        erase = _back_over(self._drawn, size.columns)
        self._drawn = lines
        drawn = "".join(f"{line.text}\x1b[K\n" for line in lines)
        return f"{erase}{_over(above)}{drawn}\x1b[J{below}"

    def _lines(self, size: Size) -> list[Line]:
        """Lay the screen out, or return the one before where not even a clock would differ."""
        now = self._monotonic()
        if not self._stale and size == self._drawn_for and now - self._drawn_at < IDLE:
            return self._drawn
        self._stale, self._drawn_for, self._drawn_at = False, size, now
        if not self._summary.lines and self._summary.deploy.phase is Phase.NONE:
            if self._finished or not self._meanwhile:
                return []
            words = f"  {self._meanwhile} …  {on_a_clock(now - self._began)}"
            return self._painter.lines(
                Text(words, no_wrap=True, overflow="ellipsis"), width_within(size)
            )
        times = Times(now, self._began, self._since)
        return self._painter.lines(screen(self._summary, times, size), width_within(size))


def _over(text: str) -> str:
    """Let each line of ``text`` also clear what the screen had left behind it."""
    return text.replace("\n", "\x1b[K\n")


def _back_over(drawn: Sequence[Line], columns: int) -> str:
    """Move to where the drawn screen begins.

    A terminal made narrower since then has wrapped its lines: they take more rows now.
    """
    rows = sum(max(1, -(-line.columns // max(1, columns))) for line in drawn)
    return f"\r\x1b[{rows}A" if rows else "\r" if drawn else ""


class Live:
    """Feeds the picture; what is important gets a line that stays.

    Args:
        stream: Where the lines go.
        picture: What is drawn below them.
        columns: Measures the columns that prose may take.
    """

    def __init__(
        self, stream: Stream, picture: TableState, columns: Callable[[], int] = lambda: USUAL
    ) -> None:
        self._stream = stream
        self._picture = picture
        self._columns = columns

    def show(self, told: StampedEvent) -> None:
        self._picture.see(told.summary)
        if important(told.event):
            self._stream.write(screen_lines(told, self._columns()))

    def end(self, ending: RunResult) -> None:
        self._picture.see(ending.summary)
        self._picture.finish()
        self._stream.write(f"\n{summary_text(ending, self._columns())}")
