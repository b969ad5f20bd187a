"""What to type next, as values: the summary, JSON and the tests read the same ones."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class NextStep(NamedTuple):
    """One line under what to type.

    Attributes:
        label: What it is for, such as ``bring back``; several of one label are tried together.
        command: As a shell takes it; empty where a person has to do it otherwise.
        comment: What it does, to whom, or what must be true before.
    """

    label: str
    command: str = ""
    comment: str = ""

    @classmethod
    def of(cls, label: str, text: str) -> "NextStep":
        """Take apart a line that is written as it is shown."""
        command, _, comment = text.partition("   # ")
        return cls(label, command, comment)

    @property
    def text(self) -> str:
        """The line as it is shown; a shell passes over the comment."""
        if not self.command:
            return self.comment
        return f"{self.command}   # {self.comment}" if self.comment else self.command


def labelled_once(steps: Iterable[NextStep]) -> Iterator[tuple[str, str]]:
    """Lay steps out as (label, text), with a label only where it is another one than before."""
    before = ""
    for step in steps:
        yield ("" if step.label == before else step.label), step.text
        before = step.label
