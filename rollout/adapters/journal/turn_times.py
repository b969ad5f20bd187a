"""Reads from the journals how long the last turns of each target took."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from rollout.adapters.journal.files import JournalFile, names_in
from rollout.adapters.journal.state_directory import opened
from rollout.model.errors import RecordError
from rollout.model.usual_times import REMEMBERED, TurnTimes, UsualTimes

RUNS = 30
"""Journals that are looked into, the newest first."""

A_YEAR = 365 * 86400.0

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a torn line may raise, or one that was written by hand."""

DONE = b'"event":"target.done"'
"""Stands in each line that counts; the others, a hundred times as many, are not parsed."""


def usual_times(directory: Path, app: str, *, but: str = "") -> UsualTimes:
    """Read the last turns of each target of ``app``, those of the run ``but`` left out.

    Never raises: times that cannot be read are not known.
    """
    turns: dict[str, list[TurnTimes]] = {}
    with suppress(OSError, RecordError):
        names = [name for name in names_in(directory, app) if name.run != but]
        for name in reversed(names[-RUNS:]):
            for target, turn in reversed(tuple(_turns_in(name))):
                known = turns.setdefault(target, [])
                if len(known) < REMEMBERED:
                    known.append(turn)
    return UsualTimes({target: tuple(known) for target, known in turns.items()})


def _turns_in(name: JournalFile) -> Iterator[tuple[str, TurnTimes]]:
    with suppress(OSError, RecordError), opened(name.directory) as place:
        with os.fdopen(place.open(name.journal.name), "rb") as file:
            rows = [row for row in file if DONE in row]
        for row in rows:
            with suppress(*UNREADABLE):
                yield _turn(json.loads(row))


def _turn(line: dict[str, Any]) -> tuple[str, TurnTimes]:
    if line["event"] != "target.done":  # the words stand in another event's text
        raise ValueError("no end of a target")
    phases = {str(name): _seconds(spent) for name, spent in line.get("phases", {}).items()}
    return str(line["target"]), TurnTimes(out=_seconds(line["seconds"]), phases=phases)


def _seconds(value: Any) -> float:  # noqa: ANN401 - whatever stands in a journal
    seconds = float(value)
    if not 0 <= seconds < A_YEAR:
        raise ValueError(f"{value!r} is no length of time")
    return seconds
