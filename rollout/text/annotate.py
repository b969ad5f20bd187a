"""Fill found values into an annotated TOML template, each with a comment that says why.

The template is a text of this program.  Values are written by :mod:`rollout.text.toml_values` and
comments as single lines of printable characters, so that nothing that another machine says can
become a key, a table or a second line.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rollout.text.sanitize import sanitize
from rollout.text.toml_values import toml_key, toml_value

Value = str | int | bool | Sequence[str]

KeyPath = tuple[str, ...]

WIDTH = 98
"""Columns of a comment, as in the template."""

_TABLE = re.compile(r"#?\[([A-Za-z0-9_.-]+)\]")
_SETTING = re.compile(r"#?([A-Za-z0-9_.]+) = .*")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One setting of the file that is written.

    Attributes:
        path: The keys that lead to it: ``("fleet", "hosts")``.
        value: None leaves the line of the template as it is, below the comments.
        comments: What was seen, or what is not known; a line of the file each, or more.
        commented_out: The line begins with ``#``: it shows the value and sets nothing.
    """

    path: KeyPath
    value: Value | None
    comments: tuple[str, ...] = ()
    commented_out: bool = False

    def lines(self) -> list[str]:
        """Write comments and setting."""
        found = comment_lines(self.comments)
        if self.value is not None:
            value = list(self.value) if isinstance(self.value, tuple) else self.value
            mark = "#" if self.commented_out else ""
            found.append(f"{mark}{toml_key(self.path[-1])} = {toml_value(value)}")
        return found


def comment_lines(comments: Iterable[str]) -> list[str]:
    """Write each comment as lines that begin with ``# ``, wrapped, with nothing unprintable."""
    return [
        f"# {line}"
        for comment in comments
        for line in textwrap.wrap(sanitize(comment), WIDTH, break_on_hyphens=False) or [""]
    ]


@dataclass(frozen=True, slots=True)
class TemplateLayout:
    """What a template shows by an example.

    Attributes:
        repeated: The table that it shows once, under a chosen name: ``[balancers.lb1]``.
        free: Tables whose keys the operator chooses, each shown with one example.
    """

    repeated: str
    free: tuple[KeyPath, ...]


def annotate(
    template: str, suggestions: Sequence[Suggestion], head: Sequence[str], layout: TemplateLayout
) -> str:
    """Return ``template`` with ``suggestions`` in their places and ``head`` as its first lines.

    A line ``#key = value`` of the template shows a default, and ``#[table]`` one that is not there
    unless a suggestion sets something in it.  The repeated table is written once for each name that
    a suggestion has for it.

    Raises:
        ValueError: the template has no place for a suggestion.
    """
    filler = _Filler(suggestions, layout)
    body = "\n".join(filler.fill(template.split("\n")))
    if filler.left:
        raise ValueError(f"the template has no place for {', '.join(map('.'.join, filler.left))}")
    return "\n".join([*comment_lines(head), "", body]) if head else body


class _Filler:
    def __init__(self, suggestions: Sequence[Suggestion], layout: TemplateLayout) -> None:
        self.left = {one.path: one for one in suggestions}
        self._layout = layout
        names = [one.path[1] for one in suggestions if one.path[0] == layout.repeated]
        self._names = list(dict.fromkeys(names))
        live = [one for one in suggestions if one.value is not None and not one.commented_out]
        self._live = {one.path[:-1] for one in live}

    def fill(self, lines: Sequence[str]) -> Iterator[str]:
        table: KeyPath = ()
        for line in lines:
            if header := _TABLE.fullmatch(line):
                yield from self._further_tables(table)
                table, written = self._renamed(tuple(header[1].split(".")), line)
                yield written
            elif setting := _SETTING.fullmatch(line):
                yield from self._setting((*table, setting[1]), line)
            else:
                yield line

    def _renamed(self, table: KeyPath, line: str) -> tuple[KeyPath, str]:
        repeated = self._layout.repeated
        if table[0] != repeated or not self._names:
            return table, line.removeprefix("#") if table in self._live else line
        return (repeated, self._names[0]), f"[{repeated}.{toml_key(self._names[0])}]"

    def _setting(self, path: KeyPath, line: str) -> Iterator[str]:
        """Yield what stands in place of a line of the template that has a key."""
        if path[:-1] in self._layout.free:
            entries = self._take(path[:-1])
            yield from entries or [line]
        elif (found := self.left.pop(path, None)) is None:
            yield line
        else:
            yield from found.lines()
            if found.value is None:
                yield line

    def _further_tables(self, table: KeyPath) -> Iterator[str]:
        """Write the other tables of the repeated one, where the first of them has ended."""
        if table[:1] == (self._layout.repeated,):
            for name in self._names[1:]:
                yield f"[{self._layout.repeated}.{toml_key(name)}]"
                yield from [*self._take((self._layout.repeated, name)), "", ""]

    def _take(self, table: KeyPath) -> list[str]:
        paths = [path for path in self.left if path[:-1] == table]
        return [line for path in paths for line in self.left.pop(path).lines()]
