"""Silence when all is well; otherwise one mail with the whole run."""

from collections import deque
from collections.abc import Callable

from rollout import events
from rollout.events import (
    CurrentSwitched,
    CurrentSwitching,
    Event,
    ReleaseDiscarded,
    ReleasesPruned,
    StepDone,
)
from rollout.output.messages import RunResult, StampedEvent, Stream
from rollout.output.plain import plain_lines, subject_of
from rollout.output.report.report import summary_text
from rollout.output.terminal import USUAL
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase

LONGEST = 2000
"""Events that are remembered; a run of a thousand hosts must not fill the memory."""
SHOWN = 100
"""Lines that a mail holds."""

FINE = frozenset({TargetPhase.DONE, TargetPhase.RECOVERED, TargetPhase.UNTOUCHED})
"""Of these targets the summary says enough; how they got there is not why the mail was sent."""

ROUTINE = (StepDone, CurrentSwitching, CurrentSwitched, ReleaseDiscarded, ReleasesPruned)
"""Told by every host of every deploy, so only those of a host that failed belong into the mail."""


class Cron:
    """Remembers the lines of the run, and gives them away only when the exit code is not 0.

    A good run is one line if a server was skipped or does not serve at its end: it could be out
    tomorrow as well.  So is one that cut sessions, after which a hook failed, or at the end of
    which a load balancer did not answer.

    Args:
        stream: Where the mail is written.
        columns: Measures the columns that prose may take.
        scenario: Put the lines before the summary; without, another renderer tells them.
    """

    def __init__(
        self, stream: Stream, columns: Callable[[], int] = lambda: USUAL, *, scenario: bool = True
    ) -> None:
        self._stream = stream
        self._columns = columns
        self._story = scenario
        self._lines: deque[tuple[Event, str]] = deque(maxlen=LONGEST)

    def show(self, told: StampedEvent) -> None:
        if line := plain_lines(told):
            self._lines.append((told.event, line))

    def end(self, ending: RunResult) -> None:
        if ending.exit_code is Exit.DONE:
            if worth_a_line(ending.summary):
                self._stream.write(summary_text(ending, self._columns()))
            return
        scenario = self._lines if self._story else ()
        told = [line for event, line in scenario if matters(event, ending.summary)]
        left_out = len(told) - SHOWN
        if left_out > 0:
            told = [f"({left_out} earlier lines left out)\n", *told[-SHOWN:]]
        self._stream.write("".join([*told, "\n"] if told else []))
        self._stream.write(summary_text(ending, self._columns()))


def worth_a_line(summary: RunSummary) -> bool:
    """Tell whether a good run still left something that a person should know."""
    lines = summary.lines.values()
    noticed = any(line.now or line.cut or line.visited for line in lines)
    told = summary.named(TargetPhase.SKIPPED) or summary.deploy.warnings or summary.unseen
    return bool(told) or noticed


LOUD = (
    events.BalancerReloaded,
    events.ServersChanged,
    events.SessionsCut,
    events.TargetDone,
    events.TargetVisited,
)
"""What the whole run is judged by, whomever it was about."""


def matters(event: Event, summary: RunSummary) -> bool:
    """Tell whether a line belongs into the mail: the whole run, and who did not come through."""
    if isinstance(event, LOUD):
        return True
    if isinstance(event, ROUTINE):
        return subject_of(event) in {*summary.deploy.failed, *summary.deploy.unrestored}
    line = summary.lines.get(subject_of(event))
    return line is None or line.standing not in FINE
