"""Whether the floor lets a target go: in a run, and by what serves now before a run begins."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rollout.model.conditions import (
    Removal,
    costing,
    external_hold,
    floor_holds,
    is_member,
    receives_traffic,
)
from rollout.model.findings import BackendTotals
from rollout.model.fleet import (
    BalancerSnapshot,
    Condition,
    Finding,
    Server,
    ServerState,
    Target,
)
from rollout.model.plan import Share


@dataclass(frozen=True, slots=True)
class FloorRule:
    """Whether one more target may go while others are out.

    Attributes:
        floor: The fewest servers that must keep serving.
        accept_sick: What carries no visitors costs nothing when it is taken.
    """

    floor: Share
    accept_sick: bool = False

    def holds_without(
        self,
        servers: Collection[Server],
        out: Iterable[Collection[Server]],
        readings: Iterable[BalancerSnapshot],
    ) -> Condition:
        """Judge whether the floor holds on every load balancer without ``servers``.

        Args:
            servers: Those of the target that would go.
            out: For each target that has its turn already, its servers.
            readings: The load balancers of the target, as they are.
        """
        removed = frozenset[Server]().union(servers, *out)
        for reading in readings:
            rows = [row for server, row in reading.servers.items() if server in servers]
            backends = costing(rows, accept_sick=self.accept_sick)
            condition = floor_holds(self.floor, reading, Removal(removed, backends))
            if not condition.met:
                return condition
        return Condition(met=True, reason="")


@dataclass(frozen=True, slots=True)
class BackendCapacity:
    """One backend of one load balancer, counted for the target that takes most of it.

    Attributes:
        place: ``backend@balancer``.
        members: How many servers share its visitors, whatever they are now.
        needed: How many of them must serve, by the floor.
        serving: How many carry visitors now.
        held: How many an operator holds out.
        takes: How many of the members the largest target takes.
        left: How many would carry visitors without the largest target, as it is now.
        spare: A backup would carry them where no member does.
    """

    place: str
    members: int
    needed: int
    serving: int
    held: int
    takes: int
    left: int
    spare: bool

    @property
    def lowest(self) -> int:
        """The floor that would let the largest target go now."""
        return self.left or int(self.spare)

    @property
    def at_best(self) -> int:
        """How many could serve without it, if all that is down or held out came up."""
        return self.members - self.takes or int(self.spare)


class FloorCheck:
    """The backends of some targets, against the floor.

    Args:
        floor: The fewest servers that must keep serving.
        readings: Each load balancer as it is now.
        ours: Servers that are out because of us already: they come back first.
        accept_sick: What carries no visitors costs nothing when it is taken.
    """

    def __init__(
        self,
        floor: Share,
        readings: Mapping[str, BalancerSnapshot],
        ours: Collection[Server],
        *,
        accept_sick: bool = False,
    ) -> None:
        self._accept_sick = accept_sick
        self._floor = floor
        self._readings = readings
        self._ours = ours

    def findings(self, targets: Sequence[Target]) -> list[Finding]:
        """Find backends in which the floor could never let any target go, however healthy."""
        return [
            Finding(
                farm.place,
                f"the floor is {self._words(farm)}, and one target takes "
                f"{farm.takes} of them out: no restart is possible",
                _fix(farm),
            )
            for farm in self._farms(targets)
            if farm.takes and farm.at_best < farm.needed
        ]

    def notes(self, targets: Sequence[Target]) -> list[Finding]:
        """Say where no target can be spared as it is now, until other servers are up again."""
        return [
            Finding(
                farm.place,
                f"{farm.serving} of {farm.members} servers serve now{_held(farm)} and the floor is "
                f"{self._words(farm)}: a restart waits fleet.room_timeout for more of them; "
                f"fleet.floor = {farm.lowest} would let one target go now",
                "",
            )
            for farm in self._farms(targets)
            if farm.takes and farm.at_best >= farm.needed > farm.lowest
        ]

    def _words(self, farm: BackendCapacity) -> str:
        share = f" ({self._floor})" if self._floor.percent else ""
        return f"{farm.needed} of {farm.members} servers{share}"

    def _farms(self, targets: Sequence[Target]) -> Iterable[BackendCapacity]:
        for name, backend in sorted({(s.balancer, s.backend) for t in targets for s in t.servers}):
            rows = [r for r in self._readings[name].servers.values() if r.server.backend == backend]
            yield self._farm(f"{backend}@{name}", rows, targets)

    def _farm(
        self, place: str, rows: Sequence[ServerState], targets: Sequence[Target]
    ) -> BackendCapacity:
        members = {r.server: r for r in rows if is_member(r, ours=r.server in self._ours)}
        serving = {
            server
            for server, row in members.items()
            if receives_traffic(row) or server in self._ours
        }
        held = sum(1 for s, row in members.items() if external_hold(row) and s not in self._ours)
        costly = serving if self._accept_sick else set(members)
        largest = max((set(t.servers) for t in targets), key=lambda servers: len(servers & costly))
        takes = len(largest & costly)
        return BackendCapacity(
            place=place,
            members=len(members),
            needed=self._floor.at_least(len(members)),
            serving=len(serving),
            held=held,
            takes=takes,
            left=len(serving) - max(len(serving & set(t.servers)) for t in targets),
            spare=any(r.backup and receives_traffic(r) and r.server not in largest for r in rows),
        )


def totals(
    floor: Share,
    readings: Mapping[str, BalancerSnapshot],
    servers: Iterable[Server],
    ours: Collection[Server] = (),
) -> tuple[BackendTotals, ...]:
    """Count each backend of which one of ``servers`` is a part; ``ours`` are out because of a run.

    A server counts as serving only where HAProxy sends visitors to it now.
    """
    found: list[BackendTotals] = []
    for name, backend in sorted({(s.balancer, s.backend) for s in servers}):
        rows = [r for r in readings[name].servers.values() if r.server.backend == backend]
        members = [r for r in rows if is_member(r, ours=r.server in ours)]
        found.append(
            BackendTotals(
                balancer=name,
                backend=backend,
                servers=len(members),
                serving=sum(map(receives_traffic, members)),
                floor=floor.at_least(len(members)),
                sessions=sum(r.sessions for r in rows),
                queued=sum(r.queued for r in rows),
            )
        )
    return tuple(found)


def _held(farm: BackendCapacity) -> str:
    if not farm.held:
        return ""
    return f" ({farm.held} {'is' if farm.held == 1 else 'are'} held out by operators)"


def _fix(farm: BackendCapacity) -> str:
    now = f"{farm.serving} of {farm.members} servers serve now"
    if farm.lowest:
        return f"{now}: lower fleet.floor to {farm.lowest}, or add a server"
    accepts = "fleet.floor = 0 accepts that no server serves meanwhile"
    return f"{now}: add a server, or a `backup` server that serves meanwhile; {accepts}"
