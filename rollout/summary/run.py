"""The summary of a run: where every target stands, folded from its events.

The summary is pessimistic: a target that is being taken out counts as out until it was seen to
serve.
The exit code is read off the same summary, so it cannot disagree with the screen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Self

from rollout import events
from rollout.events import DeployEvent, Event
from rollout.model.fleet import Finding
from rollout.model.impact import Impact
from rollout.summary.deploy import DeploySummary, Phase, enter_deploy
from rollout.summary.target import (
    FINISHED,
    TargetEvent,
    TargetPhase,
    TargetSummary,
    anew,
    line_after,
    line_at_the_end,
)


class Exit(IntEnum):
    """What the fleet looks like now, as a number for cron and scripts."""

    fleet_now: str

    def __new__(cls, value: int, fleet_now: str) -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.fleet_now = fleet_now
        return member

    DONE = 0, "every planned target restarted and serving, or nothing to do"
    BUG = 1, "a bug in rollout; the traceback is saved, its path is printed"
    USAGE = 2, "nothing was contacted: command, settings or host names are wrong"
    REFUSED = 3, "nothing was changed: preflight, floor, or an unfinished run"
    BUSY = 4, "nothing was changed: the lock is held"
    HALTED = 5, "stopped part-way; no server is out because of this run"
    REDUCED = (
        6,
        "a host is out of rotation, or not known to be as it was; it is named",
    )
    ROLLED_BACK = 7, "the deploy was undone; the old release is live"
    INTERRUPTED = 130, "a second Ctrl-C; no server is out because of this run"
    TERMINATED = 143, "a second SIGTERM; no server is out because of this run"


def exit_named(code: int) -> Exit:
    """Find the member whose number is ``code``."""
    return next(member for member in Exit if member == code)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The summary after some events.

    Attributes:
        lines: Each target of the plan, in its order, and what was skipped.
        started: Something may have been taken out.
        halted: Why the run stopped part-way, or empty.
        finished: Every planned target had its turn.
        findings: Why the run was refused.
        stop: Who asked us to stop, or empty.
        interrupted: The exit code of a second signal, or 0.
        paused: Who has paused it, or empty.
        recovery: The run whose remains were seen to, or empty.
        rest: Targets that had not come through that run.
        gone_back: That run was a deploy that had gone back from its release, or had begun to.
        resumed: The run that was gone on with, or empty.
        rolling: A rolling restart was begun; a mere recovery has none.
        deploy: What became of the release, where there was one.
        serving: Targets that were seen to serve, by every load balancer, when the run ended.
        others: Server lines of other hosts that got no visitors then.
        unseen: Load balancers that did not answer then, with what they did instead.
        fleet: How many servers the settings name; 0 where that is not known.
        began: What the run is and where it comes from; None for one that did not say.
        impact: What visitors met so far, by HAProxy's own counters; None where nothing was read.
    """

    lines: Mapping[str, TargetSummary] = field(default_factory=dict)
    started: bool = False
    halted: str = ""
    finished: bool = False
    findings: tuple[Finding, ...] = ()
    stop: str = ""
    interrupted: int = 0
    paused: str = ""
    max_out: int = 1
    floor: str = ""
    recovery: str = ""
    rest: tuple[str, ...] = ()
    gone_back: bool = False
    resumed: str = ""
    rolling: bool = False
    deploy: DeploySummary = field(default_factory=DeploySummary)
    serving: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict[str, str])
    fleet: int = 0
    began: events.RunBegan | None = None
    impact: Impact | None = None

    @property
    def out(self) -> tuple[str, ...]:
        """Targets that we took out and have not seen serving since, in order."""
        return tuple(name for name, line in self.lines.items() if line.standing.out)

    @property
    def touched(self) -> bool:
        """Something may have been changed, on a load balancer or on a disk."""
        return self.started or self.deploy.phase is not Phase.NONE

    def named(self, standing: TargetPhase) -> tuple[str, ...]:
        return tuple(name for name, line in self.lines.items() if line.standing is standing)

    @property
    def exit_code(self) -> Exit:
        """The consequence; it outranks the cause."""
        if self.out or self.deploy.unrestored:
            return Exit.REDUCED
        if self.interrupted:
            return exit_named(self.interrupted)
        if self.findings:
            return Exit.HALTED if self.started else Exit.REFUSED
        if self.deploy.phase.undone:
            return Exit.ROLLED_BACK
        if self.halted or self.named(TargetPhase.GIVEN_BACK) or self.named(TargetPhase.NOT_TAKEN):
            return Exit.HALTED
        unfinished = [x for x in self.lines.values() if x.standing not in FINISHED]
        if self.started and (unfinished or not self.finished):
            return Exit.BUG
        if self.deploy.phase not in {Phase.NONE, Phase.LIVE}:
            return Exit.BUG
        return Exit.DONE


def enter(summary: RunSummary, event: Event) -> RunSummary:  # noqa: C901, PLR0912 - a case per event
    """Return the summary after ``event``."""
    match event:
        case events.RolloutStarted(targets=targets, max_out=max_out, floor=floor):
            lines = {name: TargetSummary() for name in targets} | dict(summary.lines)
            ordered = {name: lines[name] for name in _in_order(targets, summary)}
            begun = replace(summary, lines=ordered, started=True, rolling=True, finished=False)
            return replace(begun, max_out=max_out, floor=floor)
        case events.RolloutRefused(findings=findings):
            return replace(summary, findings=findings)
        case events.RolloutHalted(reason=reason):
            return replace(summary, halted=reason, paused="")
        case events.RolloutFinished() | events.RecoveryFinished():
            return replace(summary, finished=True, paused="")
        case events.RunResumed(of=of, done=done, release=release):
            line = TargetSummary(
                TargetPhase.DONE, f"by run {of}", asked=True, state="ready", release=release
            )
            through = {name: line for name in done if name not in summary.lines}
            return replace(summary, lines={**through, **summary.lines}, resumed=of)
        case events.RecoveryStarted(
            of=run, targets=targets, asked=asked, rest=rest, gone_back=gone
        ):
            known = {name: summary.lines.get(name, TargetSummary()) for name in targets}
            left = {
                name: replace(
                    anew(line, TargetPhase.LEFT_OUT, f"by run {run}"),
                    state="unknown",
                    asked=name in asked,
                )
                for name, line in known.items()
            }
            return replace(
                summary, lines=left, started=True, recovery=run, rest=rest, gone_back=gone
            )
        case events.TargetSkipped(target=name, reason=reason) if _was_out(summary, name):
            # held out from outside since, asked or not
            taken = anew(summary.lines[name], TargetPhase.SKIPPED, reason)
            return replace(summary, lines={**summary.lines, name: taken})
        case events.OthersRestarted():
            went = _enter_target(summary.lines, event)
            went = {**went, **_taken_along(went, event)}
            return replace(summary, lines=went)
        case events.StopRequested(by=by):
            return replace(summary, stop=by, paused="")
        case events.RolloutPaused(by=by):
            return replace(summary, paused=by)
        case events.RolloutContinued():
            return replace(summary, paused="")
        case events.Interrupted(by=by, exit_code=code):
            return replace(summary, stop=by, interrupted=code, paused="")
        case events.FleetSeen(serving=serving, others=others, unseen=unseen):
            lines = {n: line_at_the_end(n, line, event) for n, line in summary.lines.items()}
            idle = {*event.taken, *event.down, *event.gone}
            serve = (summary.serving | {*serving}) - idle
            seen = replace(summary, lines=lines, serving=serve)
            return replace(seen, others=others, unseen=unseen)
        case events.RunBegan():
            return replace(summary, began=event)
        case events.TrafficSeen() | events.ImpactMeasured():
            return replace(summary, impact=_impact_after(summary.impact, event))
        case events.SessionsCut() | events.TargetVisited():
            impact = _impact_after(summary.impact, event)
            return replace(summary, lines=_enter_target(summary.lines, event), impact=impact)
        case events.Noted() | events.BalancerReloaded() | events.SoakStarted() | events.SoakSeen():
            return summary
        case _ if isinstance(event, DeployEvent):
            return replace(summary, deploy=enter_deploy(summary.deploy, event))
        case _:
            return replace(summary, lines=_enter_target(summary.lines, event))


def _in_order(targets: Sequence[str], summary: RunSummary) -> Sequence[str]:
    """List ``targets`` in their order, and what has a line besides where its host stands."""
    order = list(targets)
    place = {host: n for n, host in enumerate(summary.began.hosts if summary.began else ())}

    def rank(name: str) -> int:
        return place.get(name.partition("/")[0], len(place))

    for name in summary.lines:
        if name not in order:
            later = (n for n, other in enumerate(order) if rank(other) > rank(name))
            order.insert(next(later, len(order)), name)
    return order


def _impact_after(
    impact: Impact | None,
    event: events.TrafficSeen | events.ImpactMeasured | events.SessionsCut | events.TargetVisited,
) -> Impact:
    """Return what visitors met: a reading replaces those of its load balancer."""
    before = impact or Impact()
    match event:
        case events.SessionsCut(sessions=sessions):
            return replace(before, cut=before.cut + sessions)
        case events.TargetVisited(sessions=sessions):
            return replace(before, visited=before.visited + sessions)
        case events.ImpactMeasured(backends=backends, servers=servers, gaps=gaps, unread=unread):
            return replace(before, backends=backends, servers=servers, gaps=gaps, unread=unread)
        case events.TrafficSeen(balancer=name):
            others = (one for one in before.backends if one.balancer != name)
            backends = tuple(sorted((*others, *event.backends), key=lambda one: one.place))
            gaps = (*(gap for gap in before.gaps if gap.balancer != name), *event.gaps)
            return replace(before, backends=backends, gaps=gaps)


def _taken_along(
    lines: Mapping[str, TargetSummary], event: events.OthersRestarted
) -> Mapping[str, TargetSummary]:
    """Return the lines of targets without a turn of which an instance was restarted as well."""
    host = event.target.partition("/")[0]
    reason = f"{event.supervisor} restarted it together with {event.target}"
    along = TargetSummary(TargetPhase.NOT_TAKEN, reason)
    others = [other for one in event.instances if (other := f"{host}/{one}") in lines]
    return {other: along for other in others if lines[other].standing is TargetPhase.UNTOUCHED}


def _was_out(summary: RunSummary, name: str) -> bool:
    """Whether it is known only as what the run before this one had left out."""
    line = summary.lines.get(name)
    return bool(summary.recovery) and line is not None and line.standing is TargetPhase.LEFT_OUT


def _enter_target(
    lines: Mapping[str, TargetSummary], event: TargetEvent
) -> Mapping[str, TargetSummary]:
    before = lines.get(event.target, TargetSummary())
    return {**lines, event.target: line_after(before, event)}
