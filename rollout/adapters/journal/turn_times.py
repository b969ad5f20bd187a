"""Reads from the journals how long the last turns of each target took, and the runs around them."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
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

EVENTS = (
    *("run.began", "rollout.started", "target.claimed"),
    *("target.done", "rollout.finished", "summary"),
)
COUNTS = tuple(f'"event":"{name}"'.encode() for name in EVENTS)
"""Stands in each line that counts; the others, a hundred times as many, are not parsed."""


def usual_times(directory: Path, app: str, *, but: str = "") -> UsualTimes:
    """Read the last turns of each target of ``app``, those of the run ``but`` left out.

    Never raises: times that cannot be read are not known.
    """
    turns: dict[str, list[TurnTimes]] = {}
    around: dict[str, list[float]] = {}
    before: list[float] = []
    with suppress(OSError, RecordError):
        names = [name for name in names_in(directory, app) if name.run != but]
        for name in reversed(names[-RUNS:]):
            run = _read(name)
            for target, turn in reversed(run.turns):
                _remember(turns.setdefault(target, []), turn)
            if run.before is not None:
                _remember(before, run.before)
            if run.around is not None:
                _remember(around.setdefault(run.verb, []), run.around)
    return UsualTimes(
        {target: tuple(known) for target, known in turns.items()},
        {verb: tuple(known) for verb, known in around.items()},
        tuple(before),
    )


def _remember(known: list[Any], one: object) -> None:
    if len(known) < REMEMBERED:
        known.append(one)


@dataclass(slots=True)
class _Run:
    """What one journal tells, in seconds since its run began."""

    verb: str = ""
    turns: list[tuple[str, TurnTimes]] = field(default_factory=list[tuple[str, TurnTimes]])
    began: float | None = None
    before: float | None = None
    last: float | None = None
    finished: bool = False
    seconds: float | None = None

    @property
    def around(self) -> float | None:
        """What a run that came through took beside its turns; None for any other."""
        if self.began is None or self.last is None or self.seconds is None or not self.finished:
            return None
        return max(0.0, self.began + self.seconds - self.last)

    def see(self, line: dict[str, Any]) -> None:
        match line["event"]:
            case "run.began":
                self.verb = str(line["verb"])
            case "rollout.started" if self.began is None:
                self.began = _seconds(line["elapsed"])
            case "target.claimed" if self.began is not None and self.before is None:
                self.before = _seconds(line["elapsed"]) - self.began
            case "target.done":
                self.turns.append(_turn(line))
                self.last = _seconds(line["elapsed"])
            case "rollout.finished":
                self.finished = True
            case "summary":
                self.seconds = _seconds(line["seconds"])
            case _:
                pass


def _read(name: JournalFile) -> _Run:
    run = _Run()
    with suppress(OSError, RecordError), opened(name.directory) as place:
        with os.fdopen(place.open(name.journal.name), "rb") as file:
            rows = [row for row in file if any(event in row for event in COUNTS)]
        for row in rows:
            with suppress(*UNREADABLE):
                run.see(json.loads(row))
    return run


def _turn(line: dict[str, Any]) -> tuple[str, TurnTimes]:
    phases = {str(name): _seconds(spent) for name, spent in line.get("phases", {}).items()}
    return str(line["target"]), TurnTimes(out=_seconds(line["seconds"]), phases=phases)


def _seconds(value: Any) -> float:  # noqa: ANN401 - whatever stands in a journal
    seconds = float(value)
    if not 0 <= seconds < A_YEAR:
        raise ValueError(f"{value!r} is no length of time")
    return seconds
