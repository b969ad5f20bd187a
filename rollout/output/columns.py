"""What the answers to a look have in common: columns for people, one object for machines."""

import json
import os
import sys
from collections.abc import Iterable, Sequence

from rollout.model.fleet import Finding
from rollout.output.report.report import findings_lines
from rollout.output.terminal import text_columns
from rollout.text.width import cells, padded

VERSION = 1
Row = Sequence[str]


def wrong(findings: Iterable[Finding]) -> list[str]:
    """Lay out findings as one paragraph, within the columns of stdout; none for none."""
    lines = findings_lines(findings, text_columns(sys.stdout, os.environ))
    return ["\n".join(lines)] if lines else []


def columns(rows: Sequence[Row]) -> str:
    """Lay out ``rows``, each column as wide as its widest cell."""
    if not rows:
        return ""
    count = max(len(row) for row in rows)
    widths = [max((cells(row[n]) for row in rows if len(row) > n), default=0) for n in range(count)]
    lines = ("  ".join(padded(c, w) for c, w in zip(row, widths, strict=False)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def table(headings: Row, rows: Sequence[Row]) -> str:
    """Lay out ``rows`` below ``headings``; empty where there are no rows.

    A column in which each cell is empty is left out with its heading.
    """
    used = [n for n in range(len(headings)) if any(len(row) > n and row[n] for row in rows)]
    shown = [[row[n] if len(row) > n else "" for n in used] for row in (headings, *rows)]
    return columns(shown) if rows else ""


class ForMachines(str):
    """One object as JSON; a text that is put into it later must be spelled as JSON as well."""

    __slots__ = ()


def as_object(value: object) -> ForMachines:
    """Spell one object for machines; nothing in it can move a cursor."""
    return ForMachines(json.dumps(value, ensure_ascii=True) + "\n")
