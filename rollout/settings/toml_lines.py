"""Which key of a TOML text stands on which line, because tomllib does not say.

The text has been read by tomllib before, so everything in it is well formed: this reader only has
to find its way, not to judge.
"""

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""The way to a value: keys, and numbers for the elements of lists."""

_BLANK = re.compile(r"[ \t\r\n]*(?:#[^\n]*[\r\n \t]*)*")
_TEXT = re.compile(
    r'''
    """ (?:\\.|[^\\])*? "{3,5}
    | \'{3} .*? \'{3,5}
    | " (?:\\.|[^"\\])* "
    | \' [^\']* \'
    ''',
    re.DOTALL | re.VERBOSE,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]+")


def lines_of(text: str) -> Mapping[KeyPath, int]:
    """Find the line, counted from 1, of every table, key and list element in ``text``."""
    reader = _Reader(text)
    reader.document()
    return reader.lines


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}

    def document(self) -> None:
        table: KeyPath = ()
        while self.peek():
            if self.peek() == "[":
                self.skip("[")
                begin = self.at
                table = self.key()
                self.note(table, begin)
                self.skip("]")
            else:
                self.pair(table)

    def pair(self, table: KeyPath) -> None:
        begin = self.at
        path = (*table, *self.key())
        for length in range(len(table) + 1, len(path) + 1):
            self.note(path[:length], begin)
        self.skip("=")
        self.value(path)

    def value(self, path: KeyPath) -> None:
        first = self.peek()
        if first == "[":
            self.at += 1
            index = 0
            while self.peek() != "]":
                self.note((*path, index), self.at)
                self.value((*path, index))
                self.skip(",")
                index += 1
            self.at += 1
        elif first == "{":
            self.at += 1
            while self.peek() != "}":
                self.pair(path)
                self.skip(",")
            self.at += 1
        else:
            self.take(_TEXT if first in {'"', "'"} else _BARE_VALUE)

    def key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            if self.peek() in {'"', "'"}:
                parts.append(tomllib.loads(f"key = {self.take(_TEXT)}")["key"])
            else:
                parts.append(self.take(_BARE_KEY))
            if self.peek() != ".":
                return tuple(parts)
            self.at += 1

    def peek(self) -> str:
        """Step over blanks and comments and look at what comes next; empty at the end."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def skip(self, mark: str) -> None:
        while self.peek() == mark:
            self.at += 1

    def take(self, what: re.Pattern[str]) -> str:
        found = what.match(self.text, self.at)
        if found is None:
            raise ValueError(f"cannot find the way at character {self.at}")
        self.at = found.end()
        return found[0]

    def note(self, path: KeyPath, at: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, at) + 1)
