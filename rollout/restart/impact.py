"""Measures what visitors meet while a run is under way, from HAProxy's own counters.

Measuring never stops a run, and delays it by no more than the first and the last reading: a load
balancer that does not answer is left alone for a while, and what it did not tell is named at the
end.  A reading takes a connection of its own, so that no question of the run waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager

from rollout.events import ImpactMeasured, TrafficSeen
from rollout.model.conditions import is_member
from rollout.model.fleet import Server
from rollout.model.impact import ImpactMeter, Place
from rollout.model.plan import Share
from rollout.ports.site import Balancer, Site, Tell
from rollout.wait import now

EVERY = 1.0
"""Seconds between two readings of a run's first ten minutes; later a 600th of its age, so that the
journal of an hour has some 1,700 readings of each load balancer, and of a night some 3,000."""

LONG_RUN = 600.0

MANY_BACKENDS = 20
"""Each of them takes some 450 bytes of the journal at a reading: so many a second, and no more."""

AWAY_FOR = 10.0
"""Seconds for which a load balancer that did not answer is left alone: each question that waits
keeps one of the few connections that HAProxy takes on its socket."""

ANSWERS_WITHIN = 1.5
"""Seconds that a reading may take.  One delays the end of a run, two its begin, where HAProxy hangs
in that moment.  With 1,000 servers a reading takes some 30 ms, and two round trips more by ssh."""


class ImpactMeasurement:
    """Reads the load balancers while a run is under way, and tells what they count."""

    def __init__(self, site: Site, tell: Tell) -> None:
        self._site = site
        self._tell = tell
        self._meter = ImpactMeter()
        self._readers: dict[str, _Reader] = {}

    async def include(self, servers: Iterable[Server], floor: Share | None = None) -> None:
        """Count the backends of ``servers`` from now on; it returns once they were read.

        Args:
            servers: Whose backends count.
            floor: The fewest that must serve; None where no floor holds, as in a recovery:
                ``servers`` are out because of the run before then.
        """
        chosen = {*servers}
        out = chosen if floor is None else set[Server]()
        places = {(server.balancer, server.backend) for server in chosen}
        balancers = sorted({name for name, _ in places} & {*self._site.balancers})

        async def begin(name: str) -> None:
            counted = await _members(
                self._site.balancers[name], [p for p in places if p[0] == name], out
            )
            await self._include(name, counted, floor)

        await asyncio.gather(*map(begin, balancers))

    async def _include(self, name: str, counted: Mapping[Place, int], floor: Share | None) -> None:
        balancer = self._site.balancers[name]
        for place, members in counted.items():
            least = floor.at_least(members) if floor is not None else 0
            self._meter.add(place, now(), members=members, floor=least)
        reader = self._readers.setdefault(name, _Reader(balancer, self._meter, self._tell))
        await reader.read(servers=True)

    async def go_on(self) -> None:
        """Read again and again, until it is cancelled."""
        began = now()
        while True:
            many = len(self._meter.backends) / MANY_BACKENDS
            await asyncio.sleep(EVERY * max(1.0, (now() - began) / LONG_RUN, many))
            readers = tuple(self._readers.values())
            await asyncio.gather(*(reader.read_when_due() for reader in readers))

    async def finish(self) -> None:
        """Read a last time, servers too, and tell all of it; nothing where nothing was included."""
        if not self._readers:
            return
        readers = self._readers.values()
        await asyncio.gather(*(reader.read(servers=True) for reader in readers))
        self._tell(
            ImpactMeasured(
                backends=self._meter.backends,
                servers={str(server): rose for server, rose in self._meter.servers.items()},
                gaps=self._meter.gaps,
                unread={reader.name: reader.trouble for reader in readers if reader.trouble},
            )
        )


@asynccontextmanager
async def measure_impact(site: Site, tell: Tell) -> AsyncIterator[ImpactMeasurement]:
    """Measure for the length of the block what visitors meet, of what is included in it.

    The last reading is made after the end of the block, also where it raises.  No reading raises.
    """
    measurement = ImpactMeasurement(site, tell)
    reading = asyncio.create_task(measurement.go_on())
    try:
        yield measurement
    finally:
        reading.cancel()
        await asyncio.wait({reading})
        await measurement.finish()


async def _members(
    balancer: Balancer, places: Collection[Place], out: Collection[Server]
) -> Mapping[Place, int]:
    """Count the members of ``places``, backends of ``balancer``; 0 where it is silent.

    One that HAProxy's file disables counts where it is ``out`` because of a run: it had served.
    """
    counted = dict.fromkeys(places, 0)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            seen = await balancer.look()
    except Exception:  # noqa: BLE001 - a measurement never ends a run
        return counted
    for row in seen.servers.values():
        place = row.server.balancer, row.server.backend
        if place in counted:
            counted[place] += is_member(row, ours=row.server in out)
    return counted


class _Reader:
    """Reads one load balancer, and tells what it counted since the first reading."""

    def __init__(self, balancer: Balancer, meter: ImpactMeter, tell: Tell) -> None:
        self.name = balancer.name
        self.trouble = ""
        self._balancer = balancer
        self._meter = meter
        self._tell = tell
        self._next = float("-inf")
        self._turn = asyncio.Lock()

    async def read(self, *, servers: bool = False) -> None:
        """Read now; with ``servers`` each of them as well.

        One reading after the other: two that cross would look as if counters had fallen.
        """
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), self._turn:
                reading = await self._balancer.read_traffic(servers=servers)
                self._meter.see(reading, now())
        except Exception as error:  # noqa: BLE001 - a measurement never ends a run
            self.trouble, self._next = _words_of(error), now() + AWAY_FOR
            return
        self.trouble = ""
        backends, gaps = self._meter.of(self.name), self._meter.gaps_of(self.name)
        self._tell(TrafficSeen(balancer=self.name, backends=backends, gaps=gaps))

    async def read_when_due(self) -> None:
        if now() >= self._next:
            await self.read()


def _words_of(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {ANSWERS_WITHIN:g}s"
    return str(error) or type(error).__name__
