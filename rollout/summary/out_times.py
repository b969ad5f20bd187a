"""How long each target is out of rotation, and in which phase: folded from stamped events."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from rollout import events
from rollout.events import Event
from rollout.text.timestamps import seconds_before, seconds_between

E = TypeVar("E", bound=Event)

DRAIN, MAINT, BOOT, CHECK, WATCH = "drain", "maint", "boot", "check", "watch"

Entering = (
    events.TargetInMaint | events.RestartAsked | events.TargetOnProbation | events.TargetReturned
)
PHASES: dict[type[Entering], str] = {
    events.TargetInMaint: MAINT,
    events.RestartAsked: BOOT,
    events.TargetOnProbation: CHECK,
    events.TargetReturned: WATCH,
}
"""Which phase of a turn begins with which event; its first one, drain, begins with the turn."""
ENTERS = tuple(PHASES)

Ending = (
    events.TargetDone
    | events.TargetRecovered
    | events.TargetReturnedUntouched
    | events.TargetLeftOut
)


@dataclass(slots=True)
class _OutTime:
    """One target that is out, all in seconds since the run began.

    ``earlier`` is how long it was out before this run; None where that is not known.
    """

    phase: str
    since: float
    earlier: float | None = 0.0
    phases: dict[str, float] = field(default_factory=dict[str, float])

    def enter(self, phase: str, at: float) -> None:
        self.phases[self.phase] = self.phases.get(self.phase, 0.0) + at - self.since
        self.phase, self.since = phase, at

    @property
    def seconds(self) -> float | None:
        own = sum(spent for phase, spent in self.phases.items() if phase != WATCH)
        return None if self.earlier is None else round(self.earlier + own, 3)


class OutTimes:
    """The clocks of the targets that are out."""

    def __init__(self) -> None:
        self._out: dict[str, _OutTime] = {}

    def complete(self, event: Event, elapsed: float, at: str) -> Event:
        """Return ``event``; the end of a target with how long it was out, and in which phase.

        Args:
            event: What happened.
            elapsed: Seconds since the run began.
            at: The moment, in UTC.
        """
        match event:
            case events.TargetClaimed(target=name):
                self._out[name] = _OutTime(DRAIN, elapsed)
            case events.TargetPrepared(target=name):
                self._out[name] = _OutTime(DRAIN, elapsed)  # until now it has served
            case events.TargetDraining(target=name) if (known := self._out.get(name)) is not None:
                if not known.phases:
                    known.since = drain_began(event, elapsed, at, known.since)
            case events.TargetAdopted(target=name, asked=asked, since=since):
                if name not in self._out:
                    earlier = seconds_before(since, at)
                    self._out[name] = _OutTime(BOOT if asked else MAINT, elapsed, earlier)
            case _ if isinstance(event, ENTERS):
                self._enter(event.target, PHASES[type(event)], elapsed)
            case (
                events.TargetDone()
                | events.TargetRecovered()
                | events.TargetReturnedUntouched()
                | events.TargetLeftOut()
            ):
                return self._ended(event, elapsed)
            case _:
                pass
        return event

    def _enter(self, name: str, phase: str, elapsed: float) -> None:
        if (out := self._out.get(name)) is not None:
            out.enter(phase, elapsed)

    def _ended(self, event: Ending, elapsed: float) -> Event:
        if isinstance(event, events.TargetLeftOut):  # it goes on to be out; recovered, it ends
            out = self._out.get(event.target)
        else:
            out = self._out.pop(event.target, None)
        if out is None:
            return event
        out.enter(out.phase, elapsed)
        if out.phase == WATCH:  # it was back, and is out once more
            out.phase = MAINT
        phases = {phase: round(spent, 3) for phase, spent in out.phases.items()}
        if not isinstance(event, events.TargetDone):
            return replace(event, seconds=out.seconds, phases=phases)
        seconds = event.seconds if out.seconds is None else out.seconds
        return replace(event, seconds=seconds, phases=phases)


def drain_began(event: events.TargetDraining, elapsed: float, at: str, claimed: float) -> float:
    """Return when a target left rotation, in seconds since the run began.

    Its claim is told before what takes its time to be written, and its drain once every load
    balancer has confirmed it: up to 0.1 s later on the demo fleet, more over ssh.

    Args:
        event: The drain, which has the moment by the wall clock.
        elapsed: When it was told, in seconds since the run began.
        at: Likewise, by the wall clock.
        claimed: When the target was claimed, in seconds since the run began.
    """
    before = seconds_between(event.since, at)
    return claimed if before is None else min(elapsed, max(claimed, elapsed - before))
