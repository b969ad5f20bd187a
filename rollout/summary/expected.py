"""How long a run will take from now: from the usual times of its targets, and from its own.

Nothing is guessed: a run of which neither an earlier one nor its own first target tells has no
expected end.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from rollout.model.impact import BackendImpact
from rollout.model.usual_times import UsualTimes
from rollout.summary.deploy import Phase
from rollout.summary.out_times import BOOT, CHECK, DRAIN, MAINT, WATCH
from rollout.summary.progress import Progress, Turn
from rollout.summary.run import RunSummary
from rollout.summary.target import TargetPhase

ORDER = (DRAIN, MAINT, BOOT, CHECK, WATCH)
ON_THE_WAY = frozenset(
    {
        TargetPhase.CLAIMED,
        TargetPhase.RECOVERING,
        TargetPhase.DRAINING,
        TargetPhase.MAINT,
        TargetPhase.RESTARTING,
        TargetPhase.PROVING,
        TargetPhase.PROBATION,
        TargetPhase.RETURNED,
    }
)
BEFORE_THE_RESTART = frozenset(
    {
        TargetPhase.CLAIMED,
        TargetPhase.RECOVERING,
        TargetPhase.DRAINING,
        TargetPhase.MAINT,
    }
)
"""Where a stop puts a target back as it was found, unless it was asked to restart before."""
LATE, LATE_BY = 1.5, 3.0
"""A phase is late that takes so many times its usual seconds, and so many seconds more."""
OUT_NOW = ON_THE_WAY - {TargetPhase.RETURNED}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is known of the time that a run has left.

    Args:
        summary: Where every target stands.
        progress: The clocks.
        usual: The times of earlier runs.
        now: Seconds since the run began.
    """

    summary: RunSummary
    progress: Progress
    usual: UsualTimes
    now: float

    def on_the_way(self) -> tuple[str, ...]:
        """Name the targets that are out, or watched after their return."""
        lines = self.summary.lines.items()
        return tuple(name for name, line in lines if line.standing in ON_THE_WAY)

    def put_back_by_a_stop(self) -> tuple[str, ...]:
        """Name those on the way that a stop puts back and does not restart."""
        lines = self.summary.lines
        return tuple(
            name
            for name in self.on_the_way()
            if lines[name].standing in BEFORE_THE_RESTART and not lines[name].asked
        )

    def to_come(self) -> tuple[str, ...]:
        """Name the targets that have not had their turn yet, in order; none when none will.

        In a rollback these are the targets that run the release that is taken back.
        """
        lines = self.summary.lines
        if self.summary.stop:
            return ()
        if self._rolls_back():
            new = self.summary.deploy.release
            through = (name for name, line in lines.items() if line.standing is TargetPhase.DONE)
            return tuple(name for name in through if lines[name].release == new)
        if self.summary.halted or self.summary.finished:
            return ()
        return tuple(
            name for name in self.progress.walk if lines[name].standing is TargetPhase.UNTOUCHED
        )

    def _rolls_back(self) -> bool:
        return self.summary.deploy.phase is Phase.ROLLING_BACK

    def width(self) -> int:
        """Return how many targets can be out at once: max-out, or fewer where the floor says so."""
        spare = [self._spared(one) for one in self._backends() if one.members and one.floor]
        return max(1, min([self.summary.max_out, *spare]))

    def seconds_left(self) -> float | None:
        """Return the seconds until the rolling restart is through; None where it is not known.

        What is left of the turns of those on the way, the turns of those to come, as many at once
        as may be out, and the soak.  How long it takes to put a target back no earlier run tells.
        """
        if not self.progress.walk:
            return None
        if (self.summary.finished or self.summary.halted) and not self._rolls_back():
            return None
        if self.summary.stop and self.put_back_by_a_stop():
            return None
        turns = self.turns((*self.on_the_way(), *self.to_come()))
        if None in turns.values():
            return None
        first = self.progress.walk[: self.progress.canaries]
        moving = {name: self._left_of(name, turns[name]) for name in self.on_the_way()}
        waiting = {name: turns[name] or 0.0 for name in self.to_come()}
        if self.progress.soak is not None:
            soaked = max(0.0, self.progress.soak.ends - self.now)
            return soaked + self._pass([], waiting.values())
        rest = [turn for name, turn in waiting.items() if name not in first]
        if len(rest) < len(self.progress.walk) - len(first):  # the others have their turn
            return self._pass(moving.values(), waiting.values())
        canaries = self._pass(
            [left for name, left in moving.items() if name in first],
            [turn for name, turn in waiting.items() if name in first],
        )
        return canaries + (self.progress.soak_seconds if rest else 0.0) + self._pass([], rest)

    def late(self) -> tuple[str, ...]:
        """Name the targets that are in their phase far longer than usual: the rest is not known."""
        names = self.on_the_way()
        return tuple(
            name for name in names if (turn := self._turn(name)) and self._is_late(name, turn)
        )

    def _turn(self, name: str) -> Turn | None:
        return self.progress.turns.get(name)

    def _is_late(self, name: str, turn: Turn) -> bool:
        usual = self.usual.phase(name, turn.phase)
        return usual is not None and self.now - turn.since > usual * LATE + LATE_BY

    def turns(self, names: Iterable[str]) -> dict[str, float | None]:
        """Return by target the usual seconds of a whole turn, by the best source that there is.

        That is its own turns, else those of the others, else those of this run.
        """
        own = {name: self.usual.turn(name) for name in names}
        if None not in own.values():
            return own
        others = self.usual.turn_of_any(self.summary.lines)
        if others is None and self.progress.done:
            others = median(one.turn for one in self.progress.done)
        return {name: others if known is None else known for name, known in own.items()}

    def _left_of(self, name: str, usual: float | None) -> float:
        """Return the seconds that one on the way has left of its usual turn; 0 when it is over."""
        turn = self._turn(name)
        if turn is None or usual is None:
            return usual or 0.0
        phases = [self.usual.phase(name, phase) for phase in ORDER[ORDER.index(turn.phase) :]]
        if None in phases:
            return max(0.0, usual - (self.now - turn.began))
        return self._of_phases(turn, [one or 0.0 for one in phases])

    def _of_phases(self, turn: Turn, phases: list[float]) -> float:
        present, *later = phases
        return max(0.0, present - (self.now - turn.since)) + sum(later)

    def _pass(self, moving: Iterable[float], waiting: Iterable[float]) -> float:
        """Let ``waiting`` follow one another wherever one of ``moving`` leaves room."""
        busy = sorted(moving)
        busy += [0.0] * (self.width() - len(busy))
        heapq.heapify(busy)
        for turn in waiting:
            heapq.heapreplace(busy, busy[0] + turn)
        return max(busy)

    def _backends(self) -> tuple[BackendImpact, ...]:
        return self.summary.impact.backends if self.summary.impact else ()

    def _spared(self, one: BackendImpact) -> int:
        """Return how many targets one backend can be without, as it stands now."""
        head, end = f"{one.backend}/", f"@{one.balancer}"
        lines = self.summary.lines.values()
        here = {
            number: sum(s.startswith(head) and s.endswith(end) for s in line.servers)
            for number, line in enumerate(lines)
        }
        out = sum(here[number] for number, line in enumerate(lines) if line.standing in OUT_NOW)
        each = max(here.values(), default=0) or max(1, one.members // max(1, len(here)))
        return max(1, (min(one.members, one.serving + out) - one.floor) // each)
