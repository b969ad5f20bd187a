"""Measures how much the backends have to do now: two readings, about a second apart."""

import asyncio
from collections.abc import Mapping

from rollout.model.errors import RolloutError
from rollout.model.impact import Place
from rollout.model.traffic import TrafficNow
from rollout.ports.site import Balancer, Site
from rollout.wait import now

APART = 1.0
"""Seconds between the two readings."""


async def read_traffic_now(site: Site) -> Mapping[Place, TrafficNow]:
    """Read each backend twice; one whose load balancer does not answer is not there."""
    found = await asyncio.gather(*(_read(balancer) for balancer in site.balancers.values()))
    return {place: traffic for one in found for place, traffic in one.items()}


async def _read(balancer: Balancer) -> dict[Place, TrafficNow]:
    try:
        first, began = await balancer.read_traffic(servers=False), now()
        await asyncio.sleep(APART)
        second, seconds = await balancer.read_traffic(servers=False), now() - began
    except RolloutError:
        return {}
    found: dict[Place, TrafficNow] = {}
    for name, seen in second.backends.items():
        before = first.backends.get(name)
        anew = (
            before is None
            or first.process != second.process
            or seen.counters.is_before(before.counters)
        )
        rose = 0 if before is None else seen.counters.requests - before.counters.requests
        found[balancer.name, name] = TrafficNow(
            requests_per_second=None if anew else rose / seconds,
            sessions=seen.sessions,
            queued=seen.queued,
        )
    return found
