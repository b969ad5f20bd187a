"""One past run: who began it, what happened in it, and how it ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rollout.events import Event, RunBegan, TrafficSeen
from rollout.history.turns import Turn
from rollout.model.traffic import TrafficCounters
from rollout.summary.run import RunSummary
from rollout.summary.target import SEEN_THROUGH, TargetPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """An event of a past run.

    Attributes:
        number: 1 for the first event of the run, and so on.
        at: UTC.
        elapsed: Seconds since the run began.
        event: What happened.
    """

    number: int
    at: str
    elapsed: float
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """What a run said of its end.

    Attributes:
        at: UTC.
        exit_code: The number with which it ended.
        seconds: How long it took.
        sentence: What the fleet looked like.
        causes: Why it stopped.
        steps: What it said was to be typed next: label, command, comment.
    """

    at: str
    exit_code: int
    seconds: float
    sentence: str = ""
    causes: tuple[str, ...] = ()
    steps: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOverview:
    """One line of the history.

    Attributes:
        run: The run's id.
        began: Who began it, where, and why; what the journal does not tell is empty.
        is_complete: The journal tells all of ``began``; those of older versions do not.
        done: How many targets it saw through.
        planned: How many it was about, without those that were skipped.
        seconds: How long it took; until its last event, where it told no end.
        exit_code: The exit code of its summary; None for one that never came to it.
        taken_over_by: The run that answers for what it left, or empty.
        of: The run that it resumed or recovered, or empty.
        is_alive: It has told no end, and its process is not known to be gone.
    """

    run: str
    began: RunBegan
    is_complete: bool
    done: int
    planned: int
    seconds: float
    exit_code: int | None = None
    taken_over_by: str = ""
    of: str = ""
    is_alive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One past run, as its journal tells it.

    Attributes:
        run: The run's id.
        began: Who began it, where, and why; what the journal does not tell is empty.
        is_complete: The journal tells all of ``began``; those of older versions do not.
        flags: The options that are settings, as typed.
        settings: All that held, by dotted key, as text.
        events: All events, in order; those of the traffic only where they were asked for.
        summary: The summary after the last of them.
        turns: By target when it was out of rotation.
        pids_before: By target and instance the pid of the process before the restart.
        end: What it said of its end; None for one that never came to it.
        taken_over_by: The run that answers for what it left, or empty.
    """

    run: str
    began: RunBegan
    is_complete: bool
    flags: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    events: tuple[PastEvent, ...] = ()
    summary: RunSummary = field(default_factory=RunSummary)
    turns: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict[str, tuple[Turn, ...]])
    pids_before: Mapping[str, Mapping[str, int]] = field(
        default_factory=dict[str, Mapping[str, int]]
    )
    end: RunEnd | None = None
    taken_over_by: str = ""

    @property
    def causes(self) -> tuple[str, ...]:
        """Why it stopped, or did not begin: what many places have in common is said once."""
        wheres: dict[str, list[str]] = {}
        for finding in self.summary.findings:
            wheres.setdefault(finding.what, []).append(finding.where)
        found = (f"{', '.join(dict.fromkeys(names))}: {what}" for what, names in wheres.items())
        return (*(self.end.causes if self.end else ()), *found)

    @property
    def seconds(self) -> float:
        """How long it took; until its last event, where it told no end."""
        if self.end is not None:
            return self.end.seconds
        return self.events[-1].elapsed if self.events else 0.0

    @property
    def overview(self) -> RunOverview:
        """The line of the history."""
        summary = self.summary
        done, planned = counts(self.began, [line.standing.value for line in summary.lines.values()])
        return RunOverview(
            run=self.run,
            began=self.began,
            is_complete=self.is_complete,
            done=done,
            planned=planned,
            seconds=self.seconds,
            exit_code=self.end.exit_code if self.end else None,
            taken_over_by=self.taken_over_by,
            of=summary.resumed or summary.recovery,
        )

    @property
    def servers(self) -> Mapping[str, TrafficCounters]:
        """By server, as ``backend/server@balancer``, by how much its counters rose."""
        return self.summary.impact.servers if self.summary.impact else {}

    @property
    def traffic(self) -> Iterator[tuple[float, TrafficSeen]]:
        """Each reading of HAProxy's counters, with the seconds since the run began."""
        for one in self.events:
            if isinstance(one.event, TrafficSeen):
                yield one.elapsed, one.event


def counts(began: RunBegan, standings: Sequence[str]) -> tuple[int, int]:
    """Count the targets that were seen through, and those that the run was about.

    Args:
        began: Who began the run.
        standings: Where each target stands; none for a run that came to no target.
    """
    planned = [one for one in standings if one != TargetPhase.SKIPPED]
    done = [one for one in planned if one in SEEN_THROUGH]
    return len(done), len(planned) if standings else len(began.hosts)
