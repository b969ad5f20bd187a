"""When each target was out of rotation in a run, and in which phase: folded from stamped events."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout import events
from rollout.events import Event
from rollout.summary.out_times import BOOT, DRAIN, ENTERS, MAINT, PHASES, drain_began

LEFT_OUT = "left out"
"""In place of a phase: the time between being left out and being adopted by the same run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpan:
    """A phase of a turn.

    Attributes:
        phase: ``drain``, ``maint``, ``boot``, ``check``, or ``watch``, when it was back.
        begin: Seconds since the run began.
        end: Likewise; None where the run told no end of it.
    """

    phase: str
    begin: float
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One time that a run had a target out of rotation.

    Attributes:
        since: When it was taken out, in UTC; for one that an earlier run left, when that took it
            out, and empty where that is not known.
        until: When it was back in rotation, in UTC; empty as long as it is not.
        adopted: An earlier run had taken it out.
        spans: The phases, in order.
        pids: By instance the pid of the new process.
        seconds: How long it was out, as the end of the turn says; None where none was told.
        phases: Seconds of each phase, as the end of the turn says.
        left_out: It ended out of rotation.
    """

    since: str
    until: str = ""
    adopted: bool = False
    spans: tuple[PhaseSpan, ...] = ()
    pids: Mapping[str, int] = field(default_factory=dict[str, int])
    seconds: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict[str, float])
    left_out: bool = False

    def entered(self, phase: str, elapsed: float) -> "Turn":
        """Return it with ``phase`` begun, and the one before ended."""
        return replace(
            self, spans=(*self.ended(elapsed).spans, PhaseSpan(phase=phase, begin=elapsed))
        )

    def ended(self, elapsed: float) -> "Turn":
        """Return it with its last phase ended."""
        if not self.spans or self.spans[-1].end is not None:
            return self
        *before, last = self.spans
        return replace(self, spans=(*before, replace(last, end=elapsed)))


class Turns:
    """The turns of each target, entered event after event."""

    def __init__(self) -> None:
        self._turns: dict[str, list[Turn]] = {}

    @property
    def by_target(self) -> Mapping[str, tuple[Turn, ...]]:
        return {name: tuple(turns) for name, turns in self._turns.items()}

    def enter(self, event: Event, elapsed: float, at: str) -> None:
        """Enter one event.

        Args:
            event: What happened.
            elapsed: Seconds since the run began.
            at: The moment, in UTC.
        """
        match event:
            case events.TargetClaimed(target=name):
                turn = Turn(since=at).entered(DRAIN, elapsed)
                self._turns.setdefault(name, []).append(turn)
            case events.TargetAdopted(target=name, asked=asked, since=since):
                self._adopt(name, since, BOOT if asked else MAINT, elapsed)
            case _:
                name = getattr(event, "target", "")
                if (last := self._last(name)) is not None:
                    self._turns[name][-1] = _turn_after(last, event, elapsed, at)

    def _adopt(self, name: str, since: str, phase: str, elapsed: float) -> None:
        """Begin a turn, or go on with one that this run left out itself."""
        last = self._last(name)
        if last is None or last.until:
            last = Turn(since=since, adopted=True)
            self._turns.setdefault(name, []).append(last)
        elif last.spans and (end := last.spans[-1].end) is not None:
            gap = PhaseSpan(phase=LEFT_OUT, begin=end, end=elapsed)
            last = replace(last, spans=(*last.spans, gap))
        self._turns[name][-1] = last.entered(phase, elapsed)

    def _last(self, name: str) -> Turn | None:
        return turns[-1] if (turns := self._turns.get(name)) else None


def _turn_after(turn: Turn, event: Event, elapsed: float, at: str) -> Turn:
    match event:
        case events.TargetPrepared():
            return Turn(since=at).entered(DRAIN, elapsed)  # until now it has served
        case events.TargetDraining(since=since) if since and len(turn.spans) == 1:
            began = drain_began(event, elapsed, at, turn.spans[0].begin)
            return replace(turn, since=since, spans=(PhaseSpan(phase=DRAIN, begin=began),))
        case events.InstanceRestarted(instance=instance, pid=pid):
            return replace(turn, pids={**turn.pids, instance: pid})
        case _ if isinstance(event, ENTERS):
            entered = turn.entered(PHASES[type(event)], elapsed)
            return (
                replace(entered, until=at) if isinstance(event, events.TargetReturned) else entered
            )
        case events.TargetLeftOut():
            left = replace(turn.ended(elapsed), until="", left_out=True)
            return replace(left, seconds=event.seconds, phases=event.phases)
        case events.TargetDone() | events.TargetRecovered() | events.TargetReturnedUntouched():
            back = replace(turn.ended(elapsed), until=turn.until or at, left_out=False)
            return replace(back, seconds=event.seconds, phases=event.phases)
        case _:
            return turn
