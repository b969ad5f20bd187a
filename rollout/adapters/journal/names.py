"""What lies in the state directory: a journal a run, and beside it a mark while it is open.

Journals are numbered, not dated: a clock that was set back must not make the last run an older one.
"""

import re
from dataclasses import dataclass
from pathlib import Path

KEPT = 200
"""Journals of an app that stay; an open one stays in any case."""


@dataclass(frozen=True, slots=True)
class Name:
    """Where a run writes its journal, and the file that is there as long as it is open."""

    directory: Path
    app: str
    number: int
    run: str

    @property
    def journal(self) -> Path:
        return self.directory / f"{self.app}.{self.number:06d}.{self.run}.jsonl"

    @property
    def mark(self) -> Path:
        return self.journal.with_suffix(".open")


def names_in(directory: Path, app: str) -> tuple[Name, ...]:
    """List the journals of ``app``, the oldest first.

    Raises:
        OSError: the directory cannot be read.
    """
    shape = re.compile(rf"{re.escape(app)}\.([0-9]{{6,}})\.([0-9a-f]+)\.jsonl")
    try:
        found = [shape.fullmatch(path.name) for path in directory.iterdir()]
    except FileNotFoundError:
        return ()
    names = (Name(directory, app, int(match[1]), match[2]) for match in found if match)
    return tuple(sorted(names, key=lambda name: name.number))


def next_name(directory: Path, app: str, run: str) -> Name:
    """Name the journal of a new run, and let the oldest go that nobody needs."""
    known = names_in(directory, app)
    for name in known[: max(0, len(known) - KEPT)]:
        if not name.mark.exists():
            name.journal.unlink(missing_ok=True)
    return Name(directory, app, known[-1].number + 1 if known else 1, run)
