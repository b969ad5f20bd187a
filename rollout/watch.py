"""An eye on one target in HAProxy: every look asks all its load balancers, and knows a reload."""

import asyncio
from collections.abc import Iterable, Sequence

from rollout.errors import BalancerError
from rollout.events import BalancerReloaded
from rollout.fleet import ProcessMark, Reading, Seat, SeatState, Target
from rollout.ports import Site, Tell
from rollout.waiting import now

Rows = dict[Seat, SeatState]


class Watch:
    """What was last seen of a target.

    Attributes:
        readings: The last look at each load balancer, whole, from which the floor is judged.
        reloaded_at: When an HAProxy last began to serve, reloaded or not, on the loop's clock.
        away: Load balancers that did not answer the last look, with what they did instead.
    """

    def __init__(self, target: Target, site: Site, tell: Tell) -> None:
        self.readings: dict[str, Reading] = {}
        self.reloaded_at = float("-inf")
        self.away: dict[str, BalancerError] = {}
        self._target = target
        self._site = site
        self._tell = tell
        self._marks: dict[str, ProcessMark] = {}

    async def begin(self) -> Rows:
        """Look for the first time: reloads are those from now on, and the youngest one before."""
        rows = await self.read(self._target.balancers)
        self._marks = {name: reading.process for name, reading in self.readings.items()}
        self.reloaded_at = now() - min(reading.age for reading in self.readings.values())
        return rows

    async def read(self, names: Sequence[str]) -> Rows:
        """Read the seats on the load balancers ``names``.

        Raises:
            BalancerError: one of them did not answer.
        """
        if unknown := [name for name in names if name not in self._site.balancers]:
            raise BalancerError(unknown[0], "is not in the settings any more")
        readings = await asyncio.gather(*(self._site.balancers[name].look() for name in names))
        self.readings |= dict(zip(names, readings, strict=True))
        return {seat: self.row(seat) for seat in self._target.seats if seat.balancer in names}

    async def read_some(self) -> Rows:
        """Read the seats on all load balancers that answer.

        Raises:
            BalancerError: none did.
        """
        names = self._target.balancers
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
        if not rows:
            raise next(iter(self.away.values()))
        return rows

    def row(self, seat: Seat) -> SeatState:
        """Return how ``seat`` was at the last look.

        Raises:
            BalancerError: its load balancer does not have it any more.
        """
        row = self.readings[seat.balancer].seats.get(seat)
        if row is None:
            raise BalancerError(
                seat.balancer,
                f"has no server {seat.backend}/{seat.server} any more",
                "was its configuration changed?  `rollout check` shows what is there now",
            )
        return row

    def reloaded(self, names: Iterable[str]) -> tuple[str, ...]:
        """Name those that are another HAProxy process now, and were not noticed to be yet."""
        return tuple(n for n in names if self.readings[n].process != self._marks[n])

    def notice_reloads(self) -> bool:
        """Tell of those that are another process now; true when there was one."""
        changed = self.reloaded(name for name in self.readings if name not in self.away)
        for name in changed:
            self._marks[name] = self.readings[name].process
            self.reloaded_at = now()
            self._tell(BalancerReloaded(balancer=name, target=self._target.name))
        return bool(changed)
