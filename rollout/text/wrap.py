"""Prose in lines that fit; a command between backticks stays whole."""

import re

from rollout.text.width import cells

LEAST = 30
"""Columns below which a hanging text begins on a line of its own."""
NEXT = "      "
"""The indent of a text that begins on a line of its own."""

WORD = re.compile(r"(?:`[^`]*`|\S)+")


def wrap(text: str, columns: int) -> list[str]:
    """Break ``text`` at its blanks into lines of at most ``columns``; at least one line.

    A word that is longer, or a command between backticks, has a line of its own.
    """
    lines = [""]
    for word in WORD.findall(text):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cells(longer) > columns:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def hang(head: str, text: str, columns: int) -> list[str]:
    """Put ``text`` beside ``head``, and what does not fit into ``columns`` below its own begin.

    Where there are too few columns beside ``head``, all of it stands below.
    """
    if cells(head) + cells(text) <= columns:
        return [f"{head}{text}".rstrip()]
    if columns - cells(head) < LEAST:
        return [head.rstrip(), *(f"{NEXT}{line}" for line in wrap(text, columns - len(NEXT)))]
    first, *rest = wrap(text, columns - cells(head))
    return [f"{head}{first}", *(f"{' ' * cells(head)}{line}" for line in rest)]
