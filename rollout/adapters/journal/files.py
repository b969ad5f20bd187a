"""What lies in the state directory: a journal a run, its log, and a mark while it is open.

Journals are numbered, not dated: a clock that was set back must not make the last run an older one.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from rollout.adapters.journal.state_directory import StateDirectory, opened

FORMAT = 2
"""The form of a journal's own lines, as ``v`` in each; a reader passes over no other form.

Form 1 was written before the first release, with other names for the fields.
"""

KEPT = 200
"""Journals of an app that stay; an open one stays in any case."""


@dataclass(frozen=True, slots=True)
class JournalFile:
    """Where a run writes its journal, and the file that is there as long as it is open.

    ``marked`` tells whether that file was there when the names were listed.
    """

    directory: Path
    app: str
    number: int
    run: str
    marked: bool = field(default=False, compare=False)

    @property
    def journal(self) -> Path:
        return self.directory / f"{self.app}.{self.number:06d}.{self.run}.jsonl"

    @property
    def log(self) -> Path:
        """Where what was asked and answered is written down; it may not be there."""
        return self.journal.with_suffix(".log")

    @property
    def mark(self) -> Path:
        return self.journal.with_suffix(".open")


def names_in(directory: Path, app: str) -> tuple[JournalFile, ...]:
    """List the journals of ``app``, the oldest first.

    Raises:
        RecordError: another account could have written in the directory.
        OSError: the directory cannot be read.
    """
    try:
        with opened(directory) as place:
            return _names(place, app)
    except FileNotFoundError:
        return ()


def next_name(place: StateDirectory, app: str, run: str) -> JournalFile:
    """Name the journal of a new run, and remove the oldest that are not needed."""
    known = _names(place, app)
    for name in known[: max(0, len(known) - KEPT)]:
        if not name.marked:
            place.remove(name.journal.name)
            place.remove(name.log.name)
    return JournalFile(place.path, app, known[-1].number + 1 if known else 1, run)


def _names(place: StateDirectory, app: str) -> tuple[JournalFile, ...]:
    """List them; two runs that began at the same moment may have one number: their ids decide."""
    shape = re.compile(rf"{re.escape(app)}\.([0-9]{{6,}})\.([0-9a-f]+)\.jsonl")
    there = place.names()
    found = filter(None, map(shape.fullmatch, there))
    names = (
        JournalFile(place.path, app, int(match[1]), match[2], f"{match[0][:-6]}.open" in there)
        for match in found
    )
    return tuple(sorted(names, key=lambda name: (name.number, name.run)))
