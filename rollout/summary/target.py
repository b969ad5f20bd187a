"""Where one target stands: a line of the summary, folded from the events about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from rollout import events


class TargetPhase(StrEnum):
    """Where a target stands.  The values are the words in JSON."""

    UNTOUCHED = "untouched"
    SKIPPED = "skipped"
    CLAIMED = "claimed"
    RECOVERING = "recovering"
    DRAINING = "draining"
    MAINT = "maint"
    RESTARTING = "restarting"
    PROVING = "proving"
    PROBATION = "probation"
    RETURNED = "returned"
    DONE = "restarted"
    RECOVERED = "recovered"
    NOT_TAKEN = "not taken"
    GIVEN_BACK = "given back"
    LEFT_OUT = "left out"
    DOWN = "down again"

    @property
    def out(self) -> bool:
        """We took it out and have not seen it serve since."""
        return self in OUT


OUT = frozenset(
    {
        TargetPhase.CLAIMED,
        TargetPhase.RECOVERING,
        TargetPhase.DRAINING,
        TargetPhase.MAINT,
        TargetPhase.RESTARTING,
        TargetPhase.PROVING,
        TargetPhase.PROBATION,
        TargetPhase.LEFT_OUT,
        TargetPhase.DOWN,
    }
)


SEEN_THROUGH = frozenset({TargetPhase.DONE, TargetPhase.RECOVERED})
"""Where a target stands that the run has brought back, restarted or as it was found."""

FINISHED = SEEN_THROUGH | {TargetPhase.SKIPPED}
"""Where every target of a good run ends."""


GONE = "HAProxy has no server of it that is switched on"


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """One target in the summary.

    Attributes:
        reason: The last reason told about it.
        asked: It was asked to restart; of one that was given back, in vain.
        look: What to type to see more, or empty.
        state: What HAProxy was last seen to have for it, or empty.
        seconds: How long it was out of rotation, once it is back; of one that was left out so far.
        phases: Seconds of each phase of that time: drain, maint, boot, check; and of the watch.
        servers: What was claimed, as ``backend/server@balancer``: what must be given back.
        release: What its processes were seen to run in; empty where that was not asked.
        cut: Sessions that were shut down in it.
        fix: What mends what stopped it, where that is known.
        now: What keeps visitors from it when the run ends, though it is not out because of us.
        visited: How many visitors HAProxy sent to it in maint, after its restart was asked for.
        took: Instances of other targets that were restarted together with it.
    """

    standing: TargetPhase = TargetPhase.UNTOUCHED
    reason: str = ""
    asked: bool = False
    look: str = ""
    state: str = ""
    seconds: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict[str, float])
    servers: tuple[str, ...] = ()
    release: str = ""
    cut: int = 0
    fix: str = ""
    now: str = ""
    visited: int = 0
    took: tuple[str, ...] = ()


TargetEvent = (
    events.TargetSkipped
    | events.TargetWaiting
    | events.TargetClaimed
    | events.TargetPrepared
    | events.TargetAdopted
    | events.ServersChanged
    | events.TargetVisited
    | events.TargetRecovered
    | events.TargetDraining
    | events.TargetDrained
    | events.TargetNotDrained
    | events.TargetInMaint
    | events.SessionsCut
    | events.TargetEmpty
    | events.RestartAsked
    | events.InstanceRestarted
    | events.InstanceVerified
    | events.TargetOnProbation
    | events.TargetReturned
    | events.OthersRestarted
    | events.TargetDone
    | events.TargetNotStarted
    | events.TargetReturnedUntouched
    | events.TargetLeftOut
)


def line_after(line: TargetSummary, event: TargetEvent) -> TargetSummary:  # noqa: C901, PLR0912 - a case per event
    """Return the line after ``event``."""
    match event:
        case events.TargetSkipped(reason=reason) if not line.asked:
            return anew(line, TargetPhase.SKIPPED, reason)  # also of what a dead run had, and lost
        case events.TargetSkipped(reason=reason):  # on the way back to the release before
            return replace(line, reason=reason)
        case events.TargetWaiting(reason=reason) | events.TargetNotDrained(reason=reason):
            return replace(line, reason=reason)
        case events.TargetClaimed(servers=servers):
            return replace(anew(line, TargetPhase.CLAIMED), servers=servers, release=line.release)
        case events.TargetAdopted(servers=servers, asked=asked):
            return replace(anew(line, TargetPhase.RECOVERING), asked=asked, servers=servers)
        case events.ServersChanged(gone=gone, new=new):
            return replace(line, servers=(*(s for s in line.servers if s not in gone), *new))
        case events.TargetVisited(sessions=sessions):
            return replace(line, visited=line.visited + sessions)
        case events.TargetRecovered(restarted=True, release=release):
            done = _timed(anew(line, TargetPhase.DONE), event)
            return replace(done, state="ready", asked=True, release=release)
        case events.TargetRecovered(release=release, renewed=renewed):
            reached = f"new process: {', '.join(renewed)}" if renewed else ""
            back = _timed(anew(line, TargetPhase.RECOVERED, reached), event)
            return replace(back, state="ready", release=release)
        case events.TargetDraining():
            return replace(line, standing=TargetPhase.DRAINING, reason="", state="drain")
        case events.TargetInMaint():
            return replace(line, standing=TargetPhase.MAINT, reason="", state="maint")
        case events.SessionsCut(sessions=sessions):
            return replace(line, reason="", cut=line.cut + sessions)
        case events.TargetDrained() | events.TargetEmpty() | events.TargetPrepared():
            return replace(line, reason="")
        case events.RestartAsked():
            return replace(line, standing=TargetPhase.RESTARTING, reason="", asked=True)
        case events.InstanceRestarted() | events.InstanceVerified():
            return replace(line, standing=TargetPhase.PROVING, reason="")
        case events.TargetOnProbation():
            return replace(line, standing=TargetPhase.PROBATION, reason="", state="drain")
        case events.TargetReturned():
            return replace(line, standing=TargetPhase.RETURNED, reason="", state="ready")
        case events.OthersRestarted(instances=instances, fix=fix):
            return replace(line, took=instances, fix=fix)
        case events.TargetDone(release=release):
            done = replace(line, standing=TargetPhase.DONE, reason="", release=release)
            return _timed(done, event)
        case events.TargetNotStarted(reason=reason, fix=fix):
            kept = anew(line, TargetPhase.NOT_TAKEN, reason)
            return replace(kept, release=line.release, fix=fix)
        case events.TargetReturnedUntouched(reason=reason, fix=fix, asked=asked):
            back = replace(line, standing=TargetPhase.GIVEN_BACK, reason=reason, state="ready")
            return _timed(replace(back, fix=fix, asked=asked), event)
        case events.TargetLeftOut(state=state, reason=reason, asked=asked, look=look):
            left = replace(line, standing=TargetPhase.LEFT_OUT, reason=reason)
            servers = event.servers or line.servers
            left = _timed(left, event)
            return replace(left, asked=asked, look=look, state=state, servers=servers)
        case _:
            assert_never(event)


def _timed(
    line: TargetSummary,
    event: events.TargetDone
    | events.TargetRecovered
    | events.TargetReturnedUntouched
    | events.TargetLeftOut,
) -> TargetSummary:
    return replace(line, seconds=event.seconds, phases=event.phases)


def anew(line: TargetSummary, standing: TargetPhase, reason: str = "") -> TargetSummary:
    """Begin a line again: of what was known only that stays which its visitors have met."""
    return TargetSummary(standing, reason, cut=line.cut, visited=line.visited, took=line.took)


def line_at_the_end(name: str, line: TargetSummary, seen: events.FleetSeen) -> TargetSummary:
    """Return the line after the last look at the whole fleet.

    What was restarted and serves no visitors now is out, unless it is held out from outside, or
    HAProxy has lost it.
    """
    taken, down = seen.taken.get(name, ""), seen.down.get(name, "")
    now = taken or down or (GONE if name in seen.gone else "")
    if now or name in seen.serving:  # a look is about the targets of one restart, not about all
        line = replace(line, now="")
    match line.standing:
        case TargetPhase.DONE if down:
            reason = f"it was back, and does not serve now: {down}"
            return replace(line, standing=TargetPhase.DOWN, reason=reason, state="ready")
        case TargetPhase.LEFT_OUT if seen.other_owner and name in seen.serving:
            reason = f"{seen.other_owner}; it serves"
            return replace(line, standing=TargetPhase.GIVEN_BACK, reason=reason, state="ready")
        case TargetPhase.SKIPPED | TargetPhase.LEFT_OUT:
            return line
        case _ if line.standing.out:
            return line
        case _:
            return replace(line, now=now or line.now)
