"""The metrics of a run in Prometheus' text format, for the textfile collector of node_exporter.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4).  The
collector takes no timestamps and reads only ``*.prom``.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rollout.model.impact import BackendImpact, Impact
from rollout.output.messages import RunResult, StampedEvent
from rollout.output.notices import STARTS

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """How a run ended.

    Attributes:
        at: When, in seconds of Unix time.
        seconds: How long it took.
        exit_code: What its process ended with.
    """

    at: float
    seconds: float
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is known of a run.

    Attributes:
        app: Its app.
        verb: What it does: ``restart``.
        since: When it started, in Unix time; None before something may be changed.
        out: How many targets are out of rotation because of it.
        out_seconds: By target how long it was out.
        impact: What visitors met, as far as it was measured.
        last: How it ended; None while it goes on.
    """

    app: str
    verb: str
    since: float | None = None
    out: int = 0
    out_seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    impact: Impact = field(default_factory=Impact)
    last: LastRun | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it is for, and its samples."""

    name: str
    help: str
    samples: Callable[[Figures], Sequence[Sample]]


def _of_the_app(figures: Figures, value: float) -> Sequence[Sample]:
    return [({"app": figures.app}, value)]


def _of_the_verb(figures: Figures, value: Callable[[LastRun], float]) -> Sequence[Sample]:
    if figures.last is None:
        return []
    return [({"app": figures.app, "command": figures.verb}, value(figures.last))]


def _of_each_backend(figures: Figures, value: Callable[[BackendImpact], int]) -> Sequence[Sample]:
    return [
        ({"app": figures.app, "balancer": one.balancer, "backend": one.backend}, value(one))
        for one in figures.impact.backends
    ]


IMPACT = (
    Family(
        "rollout_impact_requests",
        "Requests that HAProxy counted in that run; in TCP mode sessions.",
        lambda run: _of_each_backend(run, lambda one: one.counters.requests),
    ),
    Family(
        "rollout_impact_responses_5xx",
        "Responses 5xx in that run, of the app and of HAProxy.",
        lambda run: _of_each_backend(run, lambda one: one.counters.responses_5xx),
    ),
    Family(
        "rollout_impact_failed_requests",
        "Requests that visitors may have seen fail in that run: 5xx, and responses that broke off.",
        lambda run: _of_each_backend(run, lambda one: one.counters.failed),
    ),
    Family(
        "rollout_impact_retries",
        "Connections to a server that were tried again in that run, at the same server or another.",
        lambda run: _of_each_backend(
            run, lambda one: one.counters.retries + one.counters.redispatches
        ),
    ),
    Family(
        "rollout_impact_lowest_servers",
        "The fewest servers that got visitors in that run.",
        lambda run: _of_each_backend(run, lambda one: one.lowest),
    ),
    Family(
        "rollout_impact_sessions_cut",
        "Sessions that the run has shut down.",
        lambda run: _of_the_app(run, run.impact.cut),
    ),
    Family(
        "rollout_impact_gaps",
        "Times in that run of which no counter tells; then the counters are lower bounds.",
        lambda run: _of_the_app(
            run, sum(gap.times for gap in run.impact.gaps) + len(run.impact.unread)
        ),
    ),
)
"""What visitors met in a run."""

STATE = (
    Family(
        "rollout_targets_out",
        "Targets that are out of rotation because of rollout.",
        lambda run: _of_the_app(run, run.out),
    ),
    Family(
        "rollout_run_active",
        "1 while a run goes on; of one that was killed it stays 1.",
        lambda run: _of_the_app(run, run.last is None),
    ),
    Family(
        "rollout_run_started_timestamp_seconds",
        "When the run that goes on, or was the last, has started.",
        lambda run: _of_the_app(run, run.since or 0),
    ),
    Family(
        "rollout_out_seconds",
        "How long each target was out of rotation in that run.",
        lambda run: [
            ({"app": run.app, "target": name}, seconds) for name, seconds in run.out_seconds.items()
        ],
    ),
    *IMPACT,
)
"""How the fleet stands because of a run that changes something, and what visitors met in it."""

ENDS = (
    Family(
        "rollout_last_run_timestamp_seconds",
        "When the last run of the command ended.",
        lambda run: _of_the_verb(run, lambda last: last.at),
    ),
    Family(
        "rollout_last_run_seconds",
        "How long it took.",
        lambda run: _of_the_verb(run, lambda last: last.seconds),
    ),
    Family(
        "rollout_last_run_exit_code",
        "Its exit code: 0 is good, 3 and 4 changed nothing, 6 left a host out of rotation.",
        lambda run: _of_the_verb(run, lambda last: last.exit_code),
    ),
)
"""How the last run of each command ended, also of one that changed nothing."""

LINE = re.compile(r'(?P<name>[a-z_]+)(?P<labels>\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}) \S+')


def exposition(figures: Figures, before: str) -> str:
    """Write the whole file: what ``figures`` tell, and of the text before what they do not.

    A run that changed nothing leaves the state as another run has written it; one that goes on
    leaves the ends of those before.
    """
    kept = dict(_lines_of(before))
    text = []
    for family in (*STATE, *ENDS):
        lines = kept.get(family.name, {})
        if family in ENDS:
            lines = {**lines, **_spelled(family, figures)}
        elif figures.since is not None:
            lines = _spelled(family, figures)
        if lines:
            text += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} gauge"]
            text += [f"{family.name}{labels} {value}" for labels, value in lines.items()]
    return "".join(f"{line}\n" for line in text)


def _spelled(family: Family, figures: Figures) -> dict[str, str]:
    return {_labels(labels): _number(value) for labels, value in family.samples(figures)}


def _lines_of(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what a file of ours has by family; what is not ours is passed over."""
    names = [family.name for family in (*STATE, *ENDS)]
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for line in text.split("\n"):
        match = LINE.fullmatch(line)
        if match and match["name"] in found:
            found[match["name"]][match["labels"]] = line.rpartition(" ")[2]
    yield from found.items()


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


class Metrics:
    """A renderer of the file: at the start, at each change, and at the end.

    Args:
        app: The app.
        verb: What the run does.
        time: The wall clock, in Unix time.
        write: Takes what makes the new text of the text before; must not wait.
    """

    def __init__(
        self,
        app: str,
        verb: str,
        time: Callable[[], float],
        write: Callable[[Callable[[str], str]], None],
    ) -> None:
        self._figures = Figures(app=app, verb=verb)
        self._time = time
        self._write = write

    def show(self, told: StampedEvent) -> None:
        figures, lines = self._figures, told.summary.lines
        if figures.since is None:
            if not isinstance(told.event, STARTS):
                return
            figures = replace(figures, since=self._time())
        seconds = {n: line.seconds for n, line in lines.items() if line.seconds is not None}
        impact = told.summary.impact or Impact()
        out = len(told.summary.out)
        self._put(replace(figures, out=out, out_seconds=seconds, impact=impact))

    def end(self, ending: RunResult) -> None:
        code = ending.exit_code.value
        last = LastRun(at=self._time(), seconds=ending.seconds, exit_code=code)
        self._put(replace(self._figures, out=len(ending.summary.out), last=last))

    def _put(self, figures: Figures) -> None:
        if figures != self._figures:
            self._figures = figures
            self._write(lambda before: exposition(figures, before))
