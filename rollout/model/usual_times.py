"""How long targets usually take: what earlier runs of this app needed, from their journals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles

REMEMBERED = 5
"""Runs of a target that count: enough for a median, few enough to follow a change of the app."""

FEW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTimes:
    """One turn of one target in an earlier run, in seconds.

    Attributes:
        out: How long it was out of rotation.
        phases: Of ``drain``, ``maint``, ``boot``, ``check``, and of ``watch``, when it was back.
    """

    out: float
    phases: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def turn(self) -> float:
        """From its being taken out to its being stable: the time until the next may go."""
        return self.out + self.phases.get("watch", 0.0)


@dataclass(frozen=True, slots=True)
class UsualTimes:
    """The last turns of each target, the newest first; a target without one is not known.

    Attributes:
        turns: By target.
        around: By command what its last runs took before the first turn and after the last one, in
            seconds.
        before: How long the first target of each of the last runs was looked at before it was taken
            out, in seconds: no turn has that.
    """

    turns: Mapping[str, tuple[TurnTimes, ...]] = field(
        default_factory=dict[str, tuple[TurnTimes, ...]]
    )
    around: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])
    before: tuple[float, ...] = ()

    def out(self, target: str) -> float | None:
        """Return the median of the seconds that ``target`` was out; None where it is not known."""
        times = [one.out for one in self.turns.get(target, ())]
        return median(times) if times else None

    def turn(self, target: str) -> float | None:
        """Return the median of the seconds of a whole turn; None where it is not known."""
        times = [one.turn for one in self.turns.get(target, ())]
        return median(times) if times else None

    def phase(self, target: str, phase: str) -> float | None:
        """Return the median of the seconds of one phase of a turn; None where it is not known."""
        times = [one.phases[phase] for one in self.turns.get(target, ()) if phase in one.phases]
        return median(times) if times else None

    def turn_at_worst(self, target: str) -> float | None:
        """Return the 90th percentile of the seconds of a turn; None where it is not known."""
        times = [one.turn for one in self.turns.get(target, ())]
        if len(times) < FEW:
            return times[0] if times else None
        return quantiles(times, n=10, method="inclusive")[-1]

    @property
    def before_a_turn(self) -> float:
        """The median of the seconds before a target is taken out; 0 where it is not known."""
        return median(self.before) if self.before else 0.0

    def around_turns(self, verb: str) -> float | None:
        """Return the median of what runs of ``verb`` took besides; None where it is not known."""
        times = self.around.get(verb)
        return median(times) if times else None

    def turn_of_any(self, targets: Iterable[str]) -> float | None:
        """Return the median of the turns of all ``targets``, for one that is not known itself."""
        times = [one.turn for name in targets for one in self.turns.get(name, ())]
        return median(times) if times else None
