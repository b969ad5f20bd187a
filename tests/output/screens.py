"""The live screen as the lines that a terminal would show."""

from collections.abc import Iterable

from rollout.events import Event
from rollout.model.usual_times import TurnTimes, UsualTimes
from rollout.output.live import Painter
from rollout.output.screen import screen, width_within
from rollout.output.terminal import Size
from rollout.output.view import View
from rollout.summary.progress import Progress, advance
from rollout.summary.run import RunSummary, enter

Told = Event | tuple[float, Event]
"""An event, and when it was told, in seconds since the run began; 0 where that does not matter."""

AT = "2026-11-22T19:37:00.000Z"


def view_of(stream: Iterable[Told], now: float = 0.0) -> View:
    """Fold a stream, in which a pair says when its event was told; the others came at 0."""
    summary, progress = RunSummary(), Progress()
    for told in stream:
        elapsed, event = told if isinstance(told, tuple) else (0.0, told)
        summary = enter(summary, event)
        progress = advance(progress, event, elapsed, AT)
    return View(summary=summary, progress=progress, now=now, run="5f0c21")


def drawn_view(
    view: View, size: Size, *, colour: bool = False, ascii_only: bool = False
) -> list[str]:
    """Draw the screen of ``view``."""
    painter = Painter(colour=colour, ascii_only=ascii_only)
    return [line.text for line in painter.lines(screen(view, size), width_within(size))]


def drawn(summary: RunSummary, size: Size, *, seconds: float = 1.0) -> list[str]:
    """Draw the screen of a run that began at 0, as it is ``seconds`` later."""
    return drawn_view(View(summary=summary, now=seconds), size)


def usual(**seconds: float) -> UsualTimes:
    """Say that each target took so many seconds in its last turn: 1 in drain, 1 watched."""
    return UsualTimes(
        {
            name: (
                TurnTimes(
                    out=out,
                    phases={
                        "drain": 1.0,
                        "maint": 0.0,
                        "boot": out - 1.0,
                        "check": 0.0,
                        "watch": 1.0,
                    },
                ),
            )
            for name, out in seconds.items()
        }
    )
