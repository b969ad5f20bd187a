"""Where one target stands: a line of the account, folded from the events about it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from rollout import events


class Standing(StrEnum):
    """Where a target stands.  The values are the words that the screen shows."""

    UNTOUCHED = "untouched"
    SKIPPED = "skipped"
    CLAIMED = "claimed"
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
        Standing.CLAIMED,
        Standing.DRAINING,
        Standing.MAINT,
        Standing.RESTARTING,
        Standing.PROVING,
        Standing.PROBATION,
        Standing.LEFT_OUT,
        Standing.DOWN,
    }
)


FINISHED = frozenset({Standing.DONE, Standing.RECOVERED, Standing.SKIPPED})
"""Where every target of a good run ends."""


GONE = "HAProxy has no server of it that is switched on"


@dataclass(frozen=True, slots=True)
class Line:
    """One target in the account.

    Attributes:
        because: The last reason told about it.
        asked: It was asked to restart; of one that was given back, in vain.
        look: What to type to see more, or empty.
        state: What HAProxy was last seen to have for it, or empty.
        seconds: How long it was out of rotation, once it is done.
        seats: What was claimed, as ``backend/server@balancer``: what must be given back.
        release: What its processes were seen to run in; empty where nobody asked.
        cut: Sessions that were shut down in it.
        cure: What mends what stopped it, where that is known.
        now: What keeps visitors from it when the run ends, though it is not out because of us.
        visited: How many visitors HAProxy sent to it in maint, after its restart was asked for.
        took: Instances of other targets that monit restarted together with it.
    """

    standing: Standing = Standing.UNTOUCHED
    because: str = ""
    asked: bool = False
    look: str = ""
    state: str = ""
    seconds: float | None = None
    seats: tuple[str, ...] = ()
    release: str = ""
    cut: int = 0
    cure: str = ""
    now: str = ""
    visited: int = 0
    took: tuple[str, ...] = ()


TargetEvent = (
    events.TargetSkipped
    | events.TargetWaiting
    | events.TargetClaimed
    | events.TargetTakenUp
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
    | events.InstanceReborn
    | events.InstanceProven
    | events.TargetOnProbation
    | events.TargetReturned
    | events.OthersRestarted
    | events.TargetDone
    | events.TargetNotTaken
    | events.TargetGivenBack
    | events.TargetLeftOut
)


def line_after(line: Line, event: TargetEvent) -> Line:  # noqa: C901, PLR0912 - a case per event
    """Return the line after ``event``."""
    match event:
        case events.TargetSkipped(because=because) if not line.asked:
            return anew(line, Standing.SKIPPED, because)  # also of what a dead run had, and lost
        case events.TargetSkipped(because=because):  # on the way back to the release before
            return replace(line, because=because)
        case events.TargetWaiting(because=because) | events.TargetNotDrained(because=because):
            return replace(line, because=because)
        case events.TargetClaimed(seats=seats):
            return replace(anew(line, Standing.CLAIMED), seats=seats, release=line.release)
        case events.TargetTakenUp(seats=seats, asked=asked):
            return replace(anew(line, Standing.CLAIMED), asked=asked, seats=seats)
        case events.ServersChanged(gone=gone, new=new):
            return replace(line, seats=(*(s for s in line.seats if s not in gone), *new))
        case events.TargetVisited(sessions=sessions):
            return replace(line, visited=line.visited + sessions)
        case events.TargetRecovered(restarted=True, release=release):
            done = anew(line, Standing.DONE)
            return replace(done, state="ready", asked=True, release=release)
        case events.TargetRecovered(release=release, renewed=renewed):
            reached = f"new process: {', '.join(renewed)}" if renewed else ""
            back = anew(line, Standing.RECOVERED, reached)
            return replace(back, state="ready", release=release)
        case events.TargetDraining():
            return replace(line, standing=Standing.DRAINING, because="", state="drain")
        case events.TargetInMaint():
            return replace(line, standing=Standing.MAINT, because="", state="maint")
        case events.SessionsCut(sessions=sessions):
            return replace(line, because="", cut=line.cut + sessions)
        case events.TargetDrained() | events.TargetEmpty():
            return replace(line, because="")
        case events.RestartAsked():
            return replace(line, standing=Standing.RESTARTING, because="", asked=True)
        case events.InstanceReborn() | events.InstanceProven():
            return replace(line, standing=Standing.PROVING, because="")
        case events.TargetOnProbation():
            return replace(line, standing=Standing.PROBATION, because="", state="drain")
        case events.TargetReturned():
            return replace(line, standing=Standing.RETURNED, because="", state="ready")
        case events.OthersRestarted(instances=instances, cure=cure):
            return replace(line, took=instances, cure=cure)
        case events.TargetDone(seconds=seconds, release=release):
            done = replace(line, standing=Standing.DONE, because="", release=release)
            return replace(done, seconds=seconds)
        case events.TargetNotTaken(because=because, cure=cure):
            kept = anew(line, Standing.NOT_TAKEN, because)
            return replace(kept, release=line.release, cure=cure)
        case events.TargetGivenBack(because=because, cure=cure, asked=asked):
            back = replace(line, standing=Standing.GIVEN_BACK, because=because, state="ready")
            return replace(back, cure=cure, asked=asked)
        case events.TargetLeftOut(state=state, because=because, asked=asked, look=look):
            left = replace(line, standing=Standing.LEFT_OUT, because=because)
            seats = event.seats or line.seats
            return replace(left, asked=asked, look=look, state=state, seats=seats)
        case _:
            assert_never(event)


def anew(line: Line, standing: Standing, because: str = "") -> Line:
    """Begin a line again: of what was known only that stays which its visitors have met."""
    return Line(standing, because, cut=line.cut, visited=line.visited, took=line.took)


def line_at_the_end(name: str, line: Line, seen: events.FleetSeen) -> Line:
    """Return the line after the last look at the whole fleet.

    What was restarted and serves no visitors now is out, unless another hand holds it, or HAProxy
    has lost it.
    """
    taken, down = seen.taken.get(name, ""), seen.down.get(name, "")
    now = taken or down or (GONE if name in seen.gone else "")
    if now or name in seen.serving:  # a look is about the targets of one walk, not about all
        line = replace(line, now="")
    match line.standing:
        case Standing.DONE if down:
            because = f"it was back, and does not serve now: {down}"
            return replace(line, standing=Standing.DOWN, because=because, state="ready")
        case Standing.LEFT_OUT if seen.other_owner and name in seen.serving:
            because = f"{seen.other_owner}; it serves"
            return replace(line, standing=Standing.GIVEN_BACK, because=because, state="ready")
        case Standing.SKIPPED | Standing.LEFT_OUT:
            return line
        case _ if line.standing.out:
            return line
        case _:
            return replace(line, now=now or line.now)
