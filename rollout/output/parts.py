"""Lines of the live screen: pieces of text with a style, as many as fit."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from rollout.text.sanitize import sanitize
from rollout.text.width import cells, truncate

Piece = tuple[str, str]
"""A text and its style."""

MARGIN = " "
DIM, GOOD, BUSY, BAD, STRONG = "bright_black", "green", "yellow", "red", "bold"
GAP = "   "


def plain(*texts: str) -> list[Piece]:
    """Return texts without a style; empty ones are left out."""
    return [(sanitize(text), "") for text in texts if text]


def joined(pieces: Iterable[Piece], gap: str = GAP) -> list[Piece]:
    """Put a gap between pieces."""
    out: list[Piece] = []
    for piece in pieces:
        out += [(gap, ""), piece] if out else [piece]
    return out


def length(pieces: Iterable[Piece]) -> int:
    """Count the columns that pieces take."""
    return sum(cells(text) for text, _ in pieces)


def first_that_fits(versions: Iterable[Sequence[Piece]], columns: int) -> Text:
    """Return the first of ``versions`` that fits behind the margin, or what fits of the last."""
    pieces: Sequence[Piece] = ()
    for pieces in versions:
        if length(pieces) + len(MARGIN) <= columns:
            break
    return as_line([(MARGIN, ""), *pieces], columns)


def as_line(pieces: Iterable[Piece], columns: int) -> Text:
    """Lay pieces out as one line that is cut off where the columns end."""
    line = Text(no_wrap=True, overflow="ellipsis")
    left = columns
    for text, style in pieces:
        short = truncate(text, left)
        line.append(short, style or None)
        left -= cells(short)
        if left <= 0:
            break
    return line


def shorter_and_shorter(pieces: Sequence[Piece], gap: str = GAP) -> list[list[Piece]]:
    """Return versions of a line: all pieces, then one fewer each time, from the end."""
    return [joined(pieces[:count], gap) for count in range(len(pieces), 0, -1)]
