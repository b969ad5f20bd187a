"""Plays the window in advance: which targets are out when, and how many servers serve then.

The floor is judged by the function that judges it in a run; the load balancers are as they were
read, and a target that has had its turn serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout.model.conditions import is_member, receives_traffic
from rollout.model.fleet import (
    Admin,
    BalancerSnapshot,
    OperationalState,
    Server,
    ServerState,
    Target,
)
from rollout.model.impact import Place
from rollout.model.plan import Plan
from rollout.restart.floor import FloorRule
from rollout.text.durations import spell_duration

HELD_BY_US = Admin.FORCED_MAINT | Admin.FORCED_DRAIN


@dataclass(frozen=True, slots=True)
class Turn:
    """How long one target is out of rotation, in seconds, and how long until the next may go.

    ``watch`` is that it is watched, and the look at the next one.
    """

    out: float
    watch: float


ANY_TURN = Turn(1.0, 0.25)
"""What a turn counts where none is known: the order of the steps is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the plan meets.

    Attributes:
        readings: Each load balancer.
        left_out: The names of targets that an earlier run left out of rotation.
        turns: By target its turn; of one that is not there :data:`ANY_TURN` is taken.
        around: Seconds before the first target has its turn.
    """

    readings: Mapping[str, BalancerSnapshot]
    left_out: frozenset[str] = frozenset()
    turns: Mapping[str, Turn] = field(default_factory=dict[str, Turn])
    around: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One moment: seconds since the first turn began, what is out, what serves in each place."""

    at: float
    out: tuple[str, ...]
    serving: Mapping[Place, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How a run goes if nothing fails.

    Attributes:
        steps: The moments at which servers leave or come back; the first is the one before.
        members: By place how many servers share its visitors.
        at_once: The most targets out at once.
        limited_by: Why fewer than ``max_out`` were out though one more waited, or empty.
        stuck: Why not every target can have its turn, or empty.
        seconds: From the first turn to the end of the last.
    """

    steps: tuple[Step, ...]
    members: Mapping[Place, int]
    at_once: int
    limited_by: str
    stuck: str
    seconds: float

    def lowest(self, place: Place) -> int:
        """Return the fewest servers that serve in ``place`` at any step."""
        return min(step.serving[place] for step in self.steps)


def foretell(plan: Plan, world: World) -> Forecast:
    """Play ``plan`` in ``world``."""
    walk = _Walk(plan, world)
    walk.record()
    for wave in plan.waves:
        if not all(walk.take_when_spared(target) for target in wave):
            break
        walk.see_all_back()
        if wave is not plan.waves[-1]:
            walk.clock += plan.timeouts.soak
    walk.see_all_back()
    return walk.result()


@dataclass(slots=True)
class _Running:
    """One target that has its turn; ``back`` and ``end`` are moments of the walk's clock."""

    target: Target
    back: float
    end: float
    returned: bool = False


class _Walk:
    """The window's decisions, on a clock that jumps to the next moment at which one can change."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.clock = 0.0
        self._plan = plan
        self._world = world
        self._rule = FloorRule(plan.floor, accept_sick=plan.accept_sick)
        self._rows = {name: dict(seen.servers) for name, seen in world.readings.items()}
        self._running: list[_Running] = []
        self._steps: list[Step] = []
        self._at_once = 0
        self._limited_by = ""
        self._stuck = ""
        places = sorted({(s.balancer, s.backend) for s in plan.servers})
        ours = {s for t in plan.targets if t.name in world.left_out for s in t.servers}
        self._members: dict[Place, list[Server]] = {
            place: [
                row.server
                for row in self._rows[place[0]].values()
                if row.server.backend == place[1] and is_member(row, ours=row.server in ours)
            ]
            for place in places
        }

    def take_when_spared(self, target: Target) -> bool:
        """Take ``target`` out as soon as the window would; false where it never would."""
        while True:
            if len(self._running) >= self._plan.max_out:
                self._go_on()
                continue
            refused = self._refused(target)
            if not refused:
                break
            if not self._running:
                patience = spell_duration(self._plan.timeouts.room_timeout)
                self._stuck = f"{target} waits up to {patience} for others to serve: {refused}"
                return False
            self._limited_by = refused
            self._go_on()
        if late := self._past_the_deadline():
            self._stuck = f"{target} is not started: {late}"
            return False
        turn = self._world.turns.get(target.name, ANY_TURN)
        back = self.clock + turn.out
        self._running.append(_Running(target, back, back + turn.watch))
        self._at_once = max(self._at_once, sum(not one.returned for one in self._running))
        self.record()
        return True

    def see_all_back(self) -> None:
        """Let the clock run until no target has its turn."""
        while self._running:
            self._go_on()

    def record(self) -> None:
        """Keep what is out and what serves from now on; a moment has one step."""
        out = [one.target for one in self._running if not one.returned]
        gone = {server for target in out for server in target.servers}
        serving = {
            place: sum(
                receives_traffic(self._rows[place[0]][server])
                for server in members
                if server not in gone
            )
            for place, members in self._members.items()
        }
        step = Step(self.clock, tuple(target.name for target in out), serving)
        if len(self._steps) > 1 and self._steps[-1].at == self.clock:
            self._steps.pop()
        last = self._steps[-1] if self._steps else None
        if last is None or (last.out, last.serving) != (step.out, step.serving):
            self._steps.append(step)

    def result(self) -> Forecast:
        return Forecast(
            steps=tuple(self._steps),
            members={place: len(servers) for place, servers in self._members.items()},
            at_once=self._at_once,
            limited_by=self._limited_by,
            stuck=self._stuck,
            seconds=self.clock,
        )

    def _refused(self, target: Target) -> str:
        """Say why the floor does not let ``target`` go now; empty where it does."""
        if target.name in self._world.left_out:
            return ""  # it is out already and takes nothing away
        readings = [
            replace(self._world.readings[name], servers=self._rows[name])
            for name in target.balancers
        ]
        out = [one.target.servers for one in self._running]
        condition = self._rule.holds_without(target.servers, out, readings)
        return "" if condition.met else condition.reason

    def _past_the_deadline(self) -> str:
        deadline = self._plan.timeouts.deadline
        if not deadline or not self._world.turns or self._world.around + self.clock < deadline:
            return ""
        return f"the deadline of {spell_duration(deadline)} for the whole run has passed"

    def _go_on(self) -> None:
        """Let the clock jump to the next return or end of a turn."""
        self.clock = min(one.end if one.returned else one.back for one in self._running)
        for one in self._running:
            if not one.returned and one.back <= self.clock:
                one.returned = True
                for server in one.target.servers:
                    rows = self._rows[server.balancer]
                    if server in rows:
                        rows[server] = _serving_again(rows[server])
        self._running = [one for one in self._running if one.end > self.clock or not one.returned]
        self.record()


def _serving_again(row: ServerState) -> ServerState:
    """Return ``row`` as it is when its target has had its turn."""
    return replace(
        row,
        status="UP" if row.checked else "no check",
        admin=row.admin & ~HELD_BY_US,
        operation=OperationalState.RUNNING,
        throttle=None,
        weight=row.weight or row.initial_weight,
    )
