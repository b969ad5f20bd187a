"""The live screen: a pure function of what is known, the times and the terminal's size.

Parts stand from top to bottom, each a list of lines; on a small terminal they become shorter, and
then the least important go.  Only the live renderer imports this module: rich would cost every
other command 15 ms.
"""

from dataclasses import dataclass
from enum import IntEnum

from rich.console import Group, RenderableType
from rich.text import Text

from rollout.output import gauges, header
from rollout.output.keys import keys
from rollout.output.parts import first_that_fits, joined
from rollout.output.table import choose, headings, rows
from rollout.output.terminal import Size
from rollout.output.view import FAILED, View
from rollout.summary.expected import ON_THE_WAY

WIDEST = 100
"""Columns that the screen uses at most: a time far from its row belongs to no row."""
SMALL_ROWS = 18
SMALL_COLUMNS = 70
"""A terminal with less has the compact form."""
CAPACITY_ROWS = 6
"""Lines of capacity at most."""
LEAST_ROWS = 3
"""Rows of targets for which everything else makes room, where there are so many."""


class Weight(IntEnum):
    """What is left out first where there are too few rows."""

    BLANK = 0
    HEADINGS = 1
    STEPS = 2
    RELEASE = 3
    IMPACT = 4
    CAPACITY = 5
    SOAK = 6
    KEYS = 7
    IDENTITY = 8
    DONE = 9
    TARGETS = 10


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that are shown together or not at all."""

    weight: Weight
    lines: list[Text]


def screen(view: View, size: Size) -> RenderableType:
    """Draw the screen, no wider and no taller than the terminal.

    Args:
        view: What is known now.
        size: The terminal; one row and one column are left free, for the cursor.
    """
    columns, room = width_within(size), max(1, size.rows - 1)
    small = columns < SMALL_COLUMNS or room < SMALL_ROWS
    above, below = _above(view, columns, small=small), _below(view, columns)
    least = _least_rows(view)
    while _height(above, below) + least > room and (above or below):
        lightest = min((*above, *below), key=lambda part: part.weight)
        if lightest.weight is Weight.DONE:
            break
        above = [part for part in above if part is not lightest]
        below = [part for part in below if part is not lightest]
    targets = _targets(view, columns, max(1, room - _height(above, below)))
    lines = [*_lines(above), *targets, *_lines(below)]
    return Group(*lines[-room:])


def width_within(size: Size) -> int:
    """Return how many columns of a terminal are used."""
    return max(1, min(WIDEST, size.columns - 1))


def _above(view: View, columns: int, *, small: bool) -> list[Part]:
    """Lay out what stands above the targets."""
    if small:
        capacity = gauges.capacity_in_a_line(view, columns)
        impact: list[Text] = []
    else:
        capacity = gauges.capacity(view, columns, CAPACITY_ROWS)
        impact = gauges.impact(view, columns)
    parts = [
        Part(Weight.IDENTITY, header.identity(view, columns)),
        Part(Weight.RELEASE, header.release(view, columns)),
        Part(Weight.STEPS, header.steps(view, columns)),
        Part(Weight.BLANK, [] if small else [Text("")]),
        Part(Weight.CAPACITY, capacity),
        Part(Weight.DONE, gauges.done(view, columns)),
        Part(Weight.IMPACT, impact),
        Part(Weight.SOAK, gauges.soak(view, columns)),
    ]
    if view.summary.lines and view.rows:
        blank = Part(Weight.BLANK, [Text("")])
        parts += [blank, Part(Weight.HEADINGS, [] if small else [headings(view, columns)])]
    return [part for part in parts if part.lines]


def _below(view: View, columns: int) -> list[Part]:
    last = keys(view, columns)
    return [Part(Weight.BLANK, [Text("")]), Part(Weight.KEYS, last)] if last else []


def _targets(view: View, columns: int, room: int) -> list[Text]:
    if not view.rows:
        return []
    names, counted = choose(view, room)
    lines = rows(view, names, columns)
    if counted:
        lines.append(first_that_fits([[("and ", ""), *joined(counted, ", ")]], columns))
    return lines


def _least_rows(view: View) -> int:
    """Return how many rows the targets want at least: what failed, what moves, and what is next."""
    lines = view.summary.lines.values()
    wanted = sum(line.standing in FAILED or line.standing in ON_THE_WAY for line in lines) + 2
    return min(len(lines), max(LEAST_ROWS, wanted))


def _height(above: list[Part], below: list[Part]) -> int:
    return sum(len(part.lines) for part in (*above, *below))


def _lines(parts: list[Part]) -> list[Text]:
    return [line for part in parts for line in part.lines]
