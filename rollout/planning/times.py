"""How long the turns of a plan take, by the last turns of its targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rollout.model.usual_times import UsualTimes
from rollout.planning.forecast import Turn
from rollout.text.elapsed import in_words

WHOLE = 0.98
"""The share of a drain timeout from which on a drain counts as one that used all of it."""

OFTEN = 2
"""So many of the last turns make a habit."""


@dataclass(frozen=True, slots=True)
class ExpectedTurns:
    """The turns of some targets; empty where none of them is known.

    Attributes:
        usual: By target its median.
        slow: By target its 90th percentile.
        unknown: Targets without an earlier turn: the median of the others is taken for them.
    """

    usual: Mapping[str, Turn] = field(default_factory=dict[str, Turn])
    slow: Mapping[str, Turn] = field(default_factory=dict[str, Turn])
    unknown: tuple[str, ...] = ()


def expected_turns(times: UsualTimes, names: Sequence[str]) -> ExpectedTurns:
    """Find the turns of the targets ``names``."""
    any_turn = times.turn_of_any(names)
    unknown = tuple(name for name in names if times.turn(name) is None)
    if any_turn is None:
        return ExpectedTurns(unknown=unknown)
    look = times.before_a_turn
    any_watch = _watch(times, [one for one in names if one not in unknown])
    usual: dict[str, Turn] = {}
    slow: dict[str, Turn] = {}
    for name in names:
        if name in unknown:
            usual[name] = slow[name] = Turn(max(0.0, any_turn - any_watch), any_watch + look)
            continue
        turn, watch = times.turn(name) or 0.0, _watch(times, [name])
        usual[name] = Turn(max(0.0, turn - watch), watch + look)
        slow[name] = Turn(max(0.0, (times.turn_at_worst(name) or turn) - watch), watch + look)
    return ExpectedTurns(usual, slow, unknown)


def _watch(times: UsualTimes, names: Sequence[str]) -> float:
    """Return the shortest watch of any turn: it is a setting, and only a reload makes it longer."""
    found = [one.phases.get("watch", 0.0) for name in names for one in times.turns.get(name, ())]
    return min(found, default=0.0)


def habits(times: UsualTimes, names: Sequence[str], drain_timeout: float) -> tuple[str, ...]:
    """Say which targets used their whole drain timeout again and again."""
    said: list[str] = []
    for name in names:
        turns = times.turns.get(name, ())
        whole = sum(one.phases.get("drain", 0.0) >= drain_timeout * WHOLE for one in turns)
        if drain_timeout and whole >= OFTEN:
            patience = in_words(drain_timeout)
            said.append(
                f"{name} used the whole drain timeout ({patience}) in {whole} of its last "
                f"{len(turns)} turns"
            )
    return tuple(said)
