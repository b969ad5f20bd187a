"""An eye on one target in HAProxy: every look asks all its load balancers, and knows a reload."""

import asyncio
from collections.abc import Iterable, Sequence

from rollout.events import BalancerReloaded, Noted
from rollout.model.errors import BalancerError
from rollout.model.fleet import BalancerSnapshot, HaproxyProcess, Server, ServerState, Target
from rollout.ports.site import Site, Tell
from rollout.restart.server_changes import new_lines, places_of, vanished
from rollout.wait import now

Rows = dict[Server, ServerState]


class TargetObserver:
    """What was last seen of a target.

    Attributes:
        readings: The last look at each load balancer, whole, from which the floor is judged.
        target: The target with the servers that it has by now.
        reloaded_at: When an HAProxy last began to serve, reloaded or not, on the loop's clock.
        away: Load balancers that did not answer the last look, with what they did instead.
    """

    def __init__(self, target: Target, site: Site, tell: Tell) -> None:
        self.readings: dict[str, BalancerSnapshot] = {}
        self.reloaded_at = float("-inf")
        self.away: dict[str, BalancerError] = {}
        self.target = target
        self._names = target.balancers  # also of one that has no line of it any more
        self._site = site
        self._tell = tell
        self._marks: dict[str, HaproxyProcess] = {}

    async def begin(self) -> Rows:
        """Look for the first time: reloads are those from now on, and the youngest one before."""
        rows = await self.read(self._names)
        self._marks = {name: reading.process for name, reading in self.readings.items()}
        youngest = min((reading.age for reading in self.readings.values()), default=float("inf"))
        self.reloaded_at = now() - youngest
        return rows

    async def begin_with_new_lines(self) -> Rows:
        """Look for the first time at a target that is not ours yet, and at what leads to it by now.

        Raises:
            BalancerError: one did not answer, or has no line of the target any more.
        """
        rows = await self.begin()
        for server in vanished(self.target.servers, self.readings):
            what = f"has no server {server.backend}/{server.name} any more"
            if server.balancer not in {there.balancer for there in rows}:
                fix = "was its configuration changed?  `rollout check` shows what is there now"
                raise BalancerError(server.balancer, what, fix)
            self._tell(Noted(where=self.target.name, what=f"{server.balancer} {what}"))
        places = places_of(rows.values())
        new = new_lines(self.target, places, self.readings.values())
        return rows | {row.server: row for row in new}

    async def read(self, names: Sequence[str]) -> Rows:
        """Read the servers on the load balancers ``names``; one that is gone is not among the rows.

        Raises:
            BalancerError: one of them did not answer.
        """
        if unknown := [name for name in names if name not in self._site.balancers]:
            raise BalancerError(unknown[0], "is not in the settings any more")
        readings = await asyncio.gather(*(self._site.balancers[name].look() for name in names))
        self.readings |= dict(zip(names, readings, strict=True))
        return self.rows(names)

    async def read_some(self) -> Rows:
        """Read the servers on all load balancers that answer.

        Raises:
            BalancerError: none did.
        """
        names = self._names
        results = await asyncio.gather(
            *(self.read((name,)) for name in names), return_exceptions=True
        )
        rows: Rows = {}
        self.away = {}
        for name, result in zip(names, results, strict=True):
            if isinstance(result, BalancerError):
                self.away[name] = result
            elif isinstance(result, BaseException):
                raise result
            else:
                rows |= result
        if len(self.away) == len(names):
            raise next(iter(self.away.values()))
        return rows

    def rows(self, names: Iterable[str]) -> Rows:
        """Return the servers on the load balancers ``names`` as the last look found them."""
        wanted = set(names)
        found = {
            server: self.find(server) for server in self.target.servers if server.balancer in wanted
        }
        return {server: row for server, row in found.items() if row is not None}

    @property
    def answered(self) -> dict[str, BalancerSnapshot]:
        """The last look at each load balancer that is not away."""
        return {name: seen for name, seen in self.readings.items() if name not in self.away}

    def find(self, server: Server) -> ServerState | None:
        """Return how ``server`` was at the last look; None where it was not there."""
        reading = self.readings.get(server.balancer)
        return reading.servers.get(server) if reading else None

    def reloaded(self, names: Iterable[str]) -> tuple[str, ...]:
        """Name those that are another HAProxy process now, and were not noticed to be yet."""
        return tuple(n for n in names if self.readings[n].process != self._marks[n])

    def notice_reloads(self) -> bool:
        """Tell of those that are another process now; true when there was one."""
        changed = self.reloaded(name for name in self.readings if name not in self.away)
        for name in changed:
            self._marks[name] = self.readings[name].process
            self.reloaded_at = now()
            self._tell(BalancerReloaded(balancer=name, target=self.target.name))
        return bool(changed)
