"""How long each target is out of rotation, and in which phase: folded from stamped events."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from rollout import events
from rollout.events import Event
from rollout.text.timestamps import seconds_between

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

    ``earlier`` is how long it was out before this run.
    """

    phase: str
    since: float
    earlier: float = 0.0
    phases: dict[str, float] = field(default_factory=dict[str, float])

    def enter(self, phase: str, at: float) -> None:
        self.phases[self.phase] = self.phases.get(self.phase, 0.0) + at - self.since
        self.phase, self.since = phase, at

    @property
    def seconds(self) -> float:
        own = sum(spent for phase, spent in self.phases.items() if phase != WATCH)
        return self.earlier + own


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
            case events.TargetAdopted(target=name, asked=asked, since=since):
                earlier = seconds_between(since, at) or 0.0
                known = self._out.get(name)
                if known is None:
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
        return replace(event, seconds=round(out.seconds, 3), phases=phases)
