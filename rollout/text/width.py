"""How wide a text stands on a terminal, and how to make it fit."""

import unicodedata


def cells(text: str) -> int:
    """Count the columns that ``text`` takes: two for East Asian wide, none for combining marks."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def truncate(text: str, columns: int) -> str:
    """Return ``text``, or as much of it as fits into ``columns`` with an ellipsis at its end."""
    if cells(text) <= columns:
        return text
    kept, room = "", columns - 1
    for character in text:
        room -= _cell(character)
        if room < 0:
            break
        kept += character
    return f"{kept}…" if columns > 0 else ""


def padded(text: str, columns: int) -> str:
    """Return ``text`` in exactly ``columns`` columns."""
    short = truncate(text, columns)
    return short + " " * (columns - cells(short))
