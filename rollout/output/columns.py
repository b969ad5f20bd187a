"""What the answers to a look have in common: columns for people, one object for machines."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from rollout.model.fleet import Finding
from rollout.output.report.report import findings_lines
from rollout.output.terminal import terminal_room, text_columns
from rollout.text.width import cells, padded
from rollout.text.wrap import wrap

VERSION = 1
GAP = "  "
Row = Sequence[str]


def wrong(findings: Iterable[Finding]) -> list[str]:
    """Lay out findings as one paragraph, within the columns of stdout; none for none."""
    lines = findings_lines(findings, text_columns(sys.stdout, os.environ))
    return ["\n".join(lines)] if lines else []


def columns(rows: Sequence[Row], room: int | None = None) -> str:
    """Lay out ``rows``, each column as wide as its widest cell.

    Where that is more than ``room``, cells are broken at their blanks, those of the widest column
    first; a command between backticks stays whole.  Rows that do not fit even so are not broken.

    Args:
        rows: The cells of each.
        room: Columns of the terminal; by default those of stdout, without end for a pipe.
    """
    if not rows:
        return ""
    room = terminal_room(sys.stdout) if room is None else room
    count = max(len(row) for row in rows)
    whole: list[Row] = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*whole, strict=True)]
    least = [max(map(_longest_word, column)) for column in zip(*whole, strict=True)]
    if _taken(widths) > room >= _taken(least):
        while _taken(widths) > room:
            widest = max((n for n in range(count) if widths[n] > least[n]), key=widths.__getitem__)
            widths[widest] -= 1
        whole = [line for row in whole for line in _broken(row, widths)]
    lines = (GAP.join(map(padded, row, widths)) for row in whole)
    return "\n".join(line.rstrip() for line in lines)


def table(
    headings: Row, rows: Sequence[Row], *, spared: Sequence[str] = (), room: int | None = None
) -> str:
    """Lay out ``rows`` below ``headings``; empty where there are no rows.

    A column in which each cell is empty is left out with its heading.

    Args:
        headings: The name of each column.
        rows: The cells of each.
        spared: Columns that are left out on a terminal too narrow for all, the first one first.
        room: As for :func:`columns`.
    """
    if not rows:
        return ""
    room = terminal_room(sys.stdout) if room is None else room
    used = [n for n in range(len(headings)) if any(len(row) > n and row[n] for row in rows)]
    for name in ("", *spared):
        used = [n for n in used if headings[n] != name]
        shown = [[row[n] if len(row) > n else "" for n in used] for row in (headings, *rows)]
        least = [max(map(_longest_word, column)) for column in zip(*shown, strict=True)]
        if _taken(least) <= room:
            break
    return columns(shown, room)


def _taken(widths: Sequence[int]) -> int:
    """Return how wide a row of columns is."""
    return sum(widths) + len(GAP) * max(0, len(widths) - 1)


def _longest_word(cell: str) -> int:
    return max(map(cells, wrap(cell, 0)))


def _broken(row: Sequence[str], widths: Sequence[int]) -> Iterator[Row]:
    """Yield the lines of a row whose cells are broken to ``widths``."""
    wrapped = [
        [cell] if cells(cell) <= width else wrap(cell, width)
        for cell, width in zip(row, widths, strict=True)
    ]
    yield from zip_longest(*wrapped, fillvalue="")


class ForMachines(str):
    """One object as JSON; a text that is put into it later must be spelled as JSON as well."""

    __slots__ = ()


def as_object(value: object) -> ForMachines:
    """Spell one object for machines; nothing in it can move a cursor."""
    return ForMachines(json.dumps(value, ensure_ascii=True) + "\n")
