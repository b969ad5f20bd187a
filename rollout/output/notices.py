"""What is told to a team when a run starts and ends, and what the commands at its end read."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from rollout.events import (
    DeployStarted,
    Event,
    RecoveryStarted,
    RolloutStarted,
    TargetClaimed,
    TargetDone,
    TargetRecovered,
    TargetReturnedUntouched,
)
from rollout.output.jsonl import json_line, json_summary
from rollout.output.messages import RunResult, StampedEvent
from rollout.output.report.headline import headline
from rollout.summary.run import Exit
from rollout.text.sanitize import sanitize


class Moment(StrEnum):
    """What a notice is about; the values are those of ``notify.on``."""

    STARTED = "started"
    FINISHED = "finished"
    REFUSED = "refused"
    FAILED = "failed"
    REDUCED = "reduced"


STARTS = (RolloutStarted, DeployStarted, RecoveryStarted)
"""From the first of these on something may be changed."""

OUT_AND_BACK = (TargetClaimed, TargetDone, TargetReturnedUntouched, TargetRecovered)
"""What the hooks of a target are run for."""


def moment_of(code: Exit) -> Moment:
    """Name the end of a run."""
    match code:
        case Exit.DONE:
            return Moment.FINISHED
        case Exit.REFUSED | Exit.BUSY | Exit.USAGE:
            return Moment.REFUSED
        case Exit.REDUCED:
            return Moment.REDUCED
        case _:
            return Moment.FAILED


@dataclass(frozen=True, slots=True)
class RunName:
    """What a run is called for a team.

    Attributes:
        app: The app.
        verb: What it does: ``restart``.
        run: Its id.
        who: The login and the machine.
        reason: Why it was begun, or empty.
    """

    app: str
    verb: str
    run: str
    who: str
    reason: str = ""

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.app}: {self.verb} {self.run} by {self.who}{why}"


class Notices:
    """A renderer of the two ends of a run, for whom it may concern.

    Args:
        name: What the run is called.
        on: The moments that are told.
        deliver: Takes a moment and a body, an object of JSON with a ``text``; must not wait.
    """

    def __init__(
        self, name: RunName, on: Collection[str], deliver: Callable[[Moment, str], None]
    ) -> None:
        self._name = name
        self._on = on
        self._deliver = deliver
        self._started = False

    def show(self, told: StampedEvent) -> None:
        if self._started or not isinstance(told.event, STARTS):
            return
        self._started = True
        if Moment.STARTED in self._on:
            self._deliver(Moment.STARTED, self._body(json_line(told), "started."))

    def end(self, ending: RunResult) -> None:
        moment = moment_of(ending.exit_code)
        if moment in self._on:
            self._deliver(moment, self._body(json_summary(ending), headline(ending)))

    def _body(self, line: str, sentence: str) -> str:
        text = sanitize(f"{self._name}: {sentence}")
        named = {"text": text, "app": self._name.app, "verb": self._name.verb}
        return json.dumps({**json.loads(line), **named}, ensure_ascii=False, separators=(",", ":"))


class EventLines:
    """Keeps how the run began, and what was told last of each target's way, as JSON."""

    def __init__(self) -> None:
        self._first = ""
        self._lines: dict[tuple[str, str], str] = {}

    def show(self, told: StampedEvent) -> None:
        line = json_line(told)
        self._first = self._first or line
        if isinstance(told.event, OUT_AND_BACK):
            self._lines[told.event.wire, told.event.target] = line

    def end(self, ending: RunResult) -> None:
        """Keep nothing: what reads the summary has it."""

    def line_of(self, event: Event | None) -> str:
        """Return an event that was told as ``--output json`` has it; of any other the first of all.

        Never raises: a hook of a target that is out runs whatever became of the outputs.
        """
        if isinstance(event, OUT_AND_BACK):
            return self._lines.get((event.wire, event.target), self._first)
        return self._first


class EndCommands:
    """A renderer of the end of a run, for the commands ``failed`` and ``after``.

    Args:
        run: Takes the name of a hook, the exit code and the summary as JSON; must not wait.
    """

    def __init__(self, run: Callable[[str, int, str], None]) -> None:
        self._run = run

    def show(self, told: StampedEvent) -> None:
        """Do nothing: these commands are for the end."""

    def end(self, ending: RunResult) -> None:
        summary = json_summary(ending)
        if ending.exit_code is not Exit.DONE:
            self._run("failed", ending.exit_code.value, summary)
        self._run("after", ending.exit_code.value, summary)
