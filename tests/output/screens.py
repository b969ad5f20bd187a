"""The live screen as the lines that a terminal would show."""

from collections.abc import Mapping

from rollout.output.live import Painter
from rollout.output.table import Times, screen, width_within
from rollout.output.terminal import Size
from rollout.summary.run import RunSummary


def drawn(
    summary: RunSummary,
    size: Size,
    *,
    seconds: float = 1.0,
    since: Mapping[str, float] | None = None,
    colour: bool = False,
) -> list[str]:
    """Draw the screen of a run that began at 0, as it is ``seconds`` later."""
    times = Times(seconds, 0.0, since or {})
    lines = Painter(colour=colour).lines(screen(summary, times, size), width_within(size))
    return [line.text for line in lines]
