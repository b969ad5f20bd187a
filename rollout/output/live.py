"""A simple progress display: the screen redrawn in place, and what must not be missed above it.

rich lays the screen out (``rollout/output/screen.py``).  Its own ``Live`` is not used: it writes
from a thread of its own, which a terminal that is not read would block, and it draws over the wrong
rows when the terminal has become narrower.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style

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
    TrafficSeen,
    UndoFailed,
)
from rollout.model.usual_times import UsualTimes
from rollout.output.marks import IN_ASCII
from rollout.output.messages import RunResult, StampedEvent, Stream
from rollout.output.plain import plain_lines
from rollout.output.report.report import summary_text
from rollout.output.screen import screen, width_within
from rollout.output.terminal import USUAL, Size
from rollout.output.view import View
from rollout.summary.deploy import Phase
from rollout.summary.progress import advance
from rollout.summary.run import Exit
from rollout.text.timestamps import to_the_second
from rollout.text.wrap import hang

EVERY = 0.25
"""Seconds between two screens: a person sees no more, and a slow line carries no more."""
IDLE = 1.0
"""Seconds between two screens while only the clocks change."""

FAILED = Style(color="red", bold=True)
"""How the first line of a summary is shown where the run did not end well."""

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
    """Turns a renderable of rich into lines for a terminal, with colour or without.

    With ``ascii_only`` bars and marks are drawn with what every terminal has.
    """

    def __init__(self, *, colour: bool, ascii_only: bool = False) -> None:
        self._ascii_only = ascii_only
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
        if self._ascii_only:
            text = text.translate(IN_ASCII)
        return style.render(text, color_system=self._colour) if style else text


def screen_lines(told: StampedEvent, columns: int) -> str:
    """Spell one event for the screen: the time of day, and what does not fit below its begin."""
    first, *printed = plain_lines(
        replace(told, at=to_the_second(told.at).partition("T")[2])
    ).splitlines()
    stamp, subject, said = first.split(" ", 2)
    lines = [*hang(f"{stamp} {subject} ", said, columns), *printed]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What the screen is drawn on, and what is known before the run begins.

    Attributes:
        size: Measures the terminal.
        monotonic: The clock.
        colour: Colour the states.
        ascii_only: Draw bars and marks in ASCII.
        meanwhile: What is shown until there is a target or a release: what is looked at.
        usual: What earlier runs took.
    """

    size: Callable[[], Size]
    monotonic: Callable[[], float]
    colour: bool
    ascii_only: bool = False
    meanwhile: str = ""
    usual: UsualTimes = field(default_factory=UsualTimes)


class TableState:
    """What the writer's thread paints: the screen of the latest events over the one before.

    ``see`` and ``finish`` belong to the rollout's thread, ``paint`` to the writer's.
    """

    def __init__(self, shown: Screen) -> None:
        self._size = shown.size
        self._monotonic = shown.monotonic
        self._painter = Painter(colour=shown.colour, ascii_only=shown.ascii_only)
        self._colour = shown.colour
        self._lock = threading.Lock()
        self._began = shown.monotonic()
        self._view = View(usual=shown.usual, meanwhile=shown.meanwhile)
        self._finished = self._left = False
        self._account = ""
        self._drawn: list[Line] = []
        self._drawn_for = Size(0, 0)
        self._drawn_at = 0.0
        self._stale = True

    def see(self, told: StampedEvent) -> None:
        """Take what is to be drawn from now on; a reading waits for the next look at the clocks."""
        with self._lock:
            self._view = replace(
                self._view,
                summary=told.summary,
                progress=advance(self._view.progress, told.event, told.elapsed, told.at),
                run=told.run,
            )
            self._stale = self._stale or not isinstance(told.event, TrafficSeen)

    def finish(self, ending: RunResult, account: str) -> None:
        """Draw the screen a last time, as the run ended; ``account`` and what comes go below it."""
        with self._lock:
            wrong = ending.exit_code is not Exit.DONE
            self._account = _first_in_red(account) if wrong and self._colour else account
            self._view = replace(
                self._view,
                summary=ending.summary,
                now=ending.seconds,
                run=ending.run,
                over=True,
                rows=ending.exit_code is Exit.DONE,
            )
            self._finished = self._stale = True

    def paint(self, texts: Sequence[str]) -> str:
        """Erase the screen before, write ``texts`` where it stood, and draw the screen below.

        All of it is written each time: an Enter that is typed moves the screen by a row.
        """
        size = self._size()
        with self._lock:
            if self._left:
                return "".join(texts)
            lines = self._lines(size)
            self._left, above = self._finished, "".join(texts)
        before, self._drawn = self._drawn, lines
        if lines == before and not texts and not self._left:
            return ""
        back = _back_over(before, size.columns)
        drawn = "".join(f"{line.text}\x1b[K\n" for line in lines)
        return f"{back}{_over(above)}{drawn}\x1b[J{self._account}"

    def _lines(self, size: Size) -> list[Line]:
        """Lay the screen out, or return the one before where not even a clock would differ."""
        now = self._monotonic()
        if not self._stale and size == self._drawn_for and now - self._drawn_at < IDLE:
            return self._drawn
        self._stale, self._drawn_for, self._drawn_at = False, size, now
        view = self._view if self._finished else replace(self._view, now=now - self._began)
        return self._painter.lines(screen(view, size), width_within(size))


def _first_in_red(account: str) -> str:
    """Return the summary with its first line, which names what is out, in red."""
    first, end, others = account.lstrip("\n").partition("\n")
    return f"\n{FAILED.render(first)}{end}{others}"


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
        self._halted: StampedEvent | None = None

    def show(self, told: StampedEvent) -> None:
        self._picture.see(told)
        if isinstance(told.event, RolloutHalted) and told.summary.deploy.phase is not Phase.NONE:
            self._halted = told  # a rollback that follows says why by itself
            return
        if important(told.event):
            self._tell_of_the_halt(unless=isinstance(told.event, RollbackStarted))
            self._stream.write(screen_lines(told, self._columns()))

    def _tell_of_the_halt(self, *, unless: bool = False) -> None:
        halted, self._halted = self._halted, None
        if halted is not None and not unless:
            self._stream.write(screen_lines(halted, self._columns()))

    def end(self, ending: RunResult) -> None:
        self._tell_of_the_halt()
        self._picture.finish(ending, f"\n{summary_text(ending, self._columns())}")
        self._stream.write("")  # what wakes the writer; it draws, and then is through
