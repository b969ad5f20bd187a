"""What is known of the terminal that is written to: whether it can redraw, and how big it is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal, in columns and rows."""

    columns: int
    rows: int


def can_redraw(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether ``stream`` is a terminal that can move its cursor."""
    try:
        return stream.isatty() and environ.get("TERM", "dumb") != "dumb"
    except ValueError:  # closed
        return False


def size_of(terminal: TextIO) -> Size:
    """Measure ``terminal`` as it is now; 80 by 24 when it does not say.

    Not ``shutil.get_terminal_size``: that measures stdout, which may be a file, and believes an
    exported ``COLUMNS``, which does not follow a resize.
    """
    try:
        columns, rows = os.get_terminal_size(terminal.fileno())
    except (OSError, ValueError):
        columns, rows = 0, 0
    return Size(columns or 80, rows or 24)
