"""Bars and marks, and what stands for them where a terminal has only ASCII."""

from collections.abc import Mapping

FULL, EMPTY, LINE = "█", "░", "│"
DONE, MOVING, WAITING, FAILED, SKIPPED = "✓", "●", "·", "✗", "-"

IN_ASCII: Mapping[int, str] = str.maketrans(
    {
        FULL: "#",
        EMPTY: ".",
        LINE: "|",
        DONE: "+",
        MOVING: "*",
        WAITING: "-",
        FAILED: "x",
        "…": "~",
        "→": ">",
    }
)
"""One column for one column, so that a layout is the same in both."""


def bar(filled: int, total: int, columns: int) -> tuple[str, str]:
    """Draw ``filled`` of ``total`` as two texts: what is filled, and the rest.

    A bar is full only when all is, and empty only when nothing is.
    """
    if total <= 0:
        return "", EMPTY * columns
    cells = filled * columns // total
    if filled and columns > 1:
        cells = max(1, cells)
    return FULL * cells, EMPTY * (columns - cells)


def capacity_bar(serving: int, members: int, floor: int, columns: int) -> tuple[str, str]:
    """Draw the servers that serve, and the others, with a line behind those of the floor.

    Each server has as many columns as another one, as far as there are columns.

    Args:
        serving: Servers that serve.
        members: All servers.
        floor: How many must serve; 0 where no floor holds.
        columns: What the bar may take, its line included.
    """
    room = max(1, columns - (1 if floor else 0))
    each = room // members
    wide = each * members if each else room
    filled, rest = bar(min(serving, members), members, wide)
    if not floor:
        return filled, rest
    at = min(wide, floor * each if each else max(1, floor * wide // members))
    if at <= len(filled):
        return f"{filled[:at]}{LINE}{filled[at:]}", rest
    at -= len(filled)
    return filled, f"{rest[:at]}{LINE}{rest[at:]}"
