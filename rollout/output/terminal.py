"""What is known of the terminal that is written to: whether it can redraw, and how big it is."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

WIDE = 100
"""Columns of prose at most: a longer line is hard to read."""
NARROW = 40
"""Columns of prose at least."""
USUAL = 80
LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""What says how characters are written, the first that is set."""
C_LOCALES = ("C", "POSIX")


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


def draws_in_unicode(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether bars and marks beyond ASCII can be shown: the locale and the stream say UTF-8.

    A locale that is not set is C, as the C library has it.  Python runs in C.UTF-8 there and writes
    that into ``LC_CTYPE`` (PEP 538), which says nothing of the terminal.
    """
    coerced = environ.get("LC_CTYPE") == "C.UTF-8" and environ.get("LANG", "") in {"", *C_LOCALES}
    names = [name for name in LOCALE if name != "LC_CTYPE" or not coerced]
    locale = next((said for name in names if (said := environ.get(name))), "")
    encoding = getattr(stream, "encoding", None) or ""
    return all("utf8" in said.lower().replace("-", "") for said in (locale, encoding))


def size_of(terminal: TextIO) -> Size:
    """Measure ``terminal`` as it is now; 80 by 24 when it does not say.

    Not ``shutil.get_terminal_size``: that measures stdout, which may be a file, and believes an
    exported ``COLUMNS``, which does not follow a resize.
    """
    try:
        columns, rows = os.get_terminal_size(terminal.fileno())
    except (OSError, ValueError):
        columns, rows = 0, 0
    return Size(columns or USUAL, rows or 24)


def draws_bars(stream: TextIO) -> bool:
    """Tell whether ``stream`` takes the characters of bars: it is written in UTF-8."""
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def text_columns(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the columns that prose may take: those of the terminal, but at most 100.

    For a pipe or a file it is what ``COLUMNS`` says, and 80 where that says nothing.
    """
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    if columns:
        return max(NARROW, min(WIDE, columns))
    said = environ.get("COLUMNS", "")
    return max(NARROW, int(said)) if said.isascii() and said.isdigit() else USUAL


def terminal_room(stream: TextIO) -> int:
    """Return the columns of the terminal; no end of them for a pipe or a file."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or sys.maxsize
    except (OSError, ValueError):
        return sys.maxsize
