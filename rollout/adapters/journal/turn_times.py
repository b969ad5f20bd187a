"""Reads from the journals how long the last turns of each target took, and the runs around them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rollout.adapters.journal.past_journals import Line, PastJournals
from rollout.adapters.journal.serialization import UNREADABLE
from rollout.model.usual_times import REMEMBERED, TurnTimes, UsualTimes

RUNS = 30
"""Journals that are looked into, the newest first."""

A_YEAR = 365 * 86400.0

EVENTS = (
    *("run.began", "rollout.started", "target.claimed"),
    *("target.done", "rollout.finished", "summary"),
)
"""The lines that count; the others, a hundred times as many, are not parsed."""


def usual_times(directory: Path, app: str, *, but: str = "") -> UsualTimes:
    """Read the last turns of each target of ``app``, those of the run ``but`` left out.

    Never raises: times that cannot be read are not known.
    """
    turns: dict[str, list[TurnTimes]] = {}
    around: dict[str, list[float]] = {}
    before: list[float] = []
    journals = PastJournals((directory,), app)
    for name in [name for name in journals.names() if name.run != but][:RUNS]:
        run = _run_of(journals.lines(name, EVENTS))
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

    def see(self, line: Line) -> None:
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


def _run_of(lines: Iterable[Line]) -> _Run:
    run = _Run()
    for line in lines:
        with suppress(*UNREADABLE):  # it was written by hand, or by another version
            run.see(line)
    return run


def _turn(line: Line) -> tuple[str, TurnTimes]:
    phases = {str(name): _seconds(spent) for name, spent in line.get("phases", {}).items()}
    return str(line["target"]), TurnTimes(out=_seconds(line["seconds"]), phases=phases)


def _seconds(value: Any) -> float:  # noqa: ANN401 - whatever stands in a journal
    seconds = float(value)
    if not 0 <= seconds < A_YEAR:
        raise ValueError(f"{value!r} is no length of time")
    return seconds
