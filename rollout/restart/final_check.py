"""One look at the whole fleet when a run ends: what does not serve now, and what holds it out.

The summary counts what was restarted; this tells what came of it since, such as a server that an
operator has taken out again, or one that fell over after it was seen to be stable.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from rollout.events import FleetSeen
from rollout.model.conditions import external_hold, is_disabled, receives_traffic
from rollout.model.errors import RolloutError
from rollout.model.fleet import BalancerSnapshot, Server, ServerState, Target
from rollout.ports.site import Balancer, Site, Tell


async def check_at_the_end(
    targets: Sequence[Target], site: Site, tell: Tell, *, other_owner: str = ""
) -> tuple[Target, ...]:
    """Tell how every target stands on every load balancer, and what else carries no visitors.

    Without a target there is nothing to look at, and nothing is told.  A load balancer that
    does not answer is named; nothing is raised, because the run is over.

    Args:
        targets: What the run was about.
        site: The world.
        tell: Hears of it.
        other_owner: What is known of a run that has the lock by now, or empty.

    Returns:
        The targets that were seen not to serve, and that nothing holds out.
    """
    if not targets:
        return ()
    looks = await asyncio.gather(*(_look(balancer) for balancer in site.balancers.values()))
    readings = {seen.balancer: seen for seen in looks if isinstance(seen, BalancerSnapshot)}
    rows = {
        server: row
        for seen in readings.values()
        for server, row in seen.servers.items()
        if not is_disabled(row)  # by HAProxy's file: it is no server that could be missing
    }
    taken: dict[str, str] = {}
    down: dict[str, str] = {}
    for target in targets:
        idle = [
            rows[server]
            for server in target.servers
            if server in rows and not receives_traffic(rows[server])
        ]
        if by_hand := [row for row in idle if external_hold(row)]:
            taken[target.name] = _words(by_hand)
        elif idle:
            down[target.name] = _words(idle)
    ours = {server for target in targets for server in target.servers}
    backends = {(server.balancer, server.backend) for server in ours}
    tell(
        FleetSeen(
            serving=tuple(t.name for t in targets if _serves(t, rows, readings)),
            taken=taken,
            down=down,
            gone=tuple(t.name for t in targets if _gone(t, rows, readings)),
            others=tuple(
                _words([row])
                for server, row in rows.items()
                if (server.balancer, server.backend) in backends
                and server not in ours
                and not row.backup
                and not receives_traffic(row)
            ),
            unseen={
                name: str(seen)
                for name, seen in zip(site.balancers, looks, strict=True)
                if isinstance(seen, RolloutError)
            },
            other_owner=other_owner,
        )
    )
    return tuple(target for target in targets if target.name in down)


async def _look(balancer: Balancer) -> BalancerSnapshot | RolloutError:
    try:
        return await balancer.look()
    except RolloutError as error:
        return error


def _serves(
    target: Target, rows: Mapping[Server, ServerState], seen: Mapping[str, BalancerSnapshot]
) -> bool:
    """Judge whether visitors reach it through every load balancer of its own."""
    ours = [rows[server] for server in target.servers if server in rows]
    return set(target.balancers) <= set(seen) & _shown_by(ours) and all(map(receives_traffic, ours))


def _gone(
    target: Target, rows: Mapping[Server, ServerState], seen: Mapping[str, BalancerSnapshot]
) -> bool:
    """Judge whether every load balancer of its own answers, and none has a server line of it."""
    return set(target.balancers) <= set(seen) and not any(
        server in rows for server in target.servers
    )


def _shown_by(rows: Iterable[ServerState]) -> set[str]:
    return {row.server.balancer for row in rows}


def _words(rows: Sequence[ServerState]) -> str:
    return "; ".join(f"{row.server} is {external_hold(row) or row.status}" for row in rows)
