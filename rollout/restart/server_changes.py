"""Which server lines of HAProxy are a target's by now: lines vanish, move, appear, change.

A line belongs to a target by its address and port: what is there under another name is the same
app, and what has another address under the old name is another server.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from rollout.model.conditions import admin_state_of, is_disabled, receives_traffic
from rollout.model.fleet import Admin, AdminState, BalancerSnapshot, Server, ServerState, Target

Place = tuple[str, int]


def places_of(rows: Iterable[ServerState]) -> dict[str, set[Place]]:
    """Return by load balancer the addresses and ports of ``rows``."""
    places: dict[str, set[Place]] = {}
    for row in rows:
        if row.address:
            places.setdefault(row.server.balancer, set()).add((row.address, row.port))
    return places


def new_lines(
    target: Target, places: Mapping[str, set[Place]], readings: Iterable[BalancerSnapshot]
) -> list[ServerState]:
    """Find lines that lead to the target and are not known as its own.

    What the file disables, or has no address, brings it no visitor and is left as it is.
    """
    known = set(target.servers)
    everywhere = set[Place]().union(*places.values())
    found = []
    for reading in readings:
        there = places.get(reading.balancer) or everywhere
        found += [
            row
            for row in reading.servers.values()
            if (row.address, row.port) in there and row.server not in known and not is_disabled(row)
        ]
    return found


def vanished(servers: Sequence[Server], readings: Mapping[str, BalancerSnapshot]) -> list[Server]:
    """Find the servers that their load balancers, as far as they were read, have no more."""
    return [s for s in servers if s.balancer in readings and s not in readings[s.balancer].servers]


def has_moved(found: ServerState, row: ServerState, wanted: AdminState) -> bool:
    """Judge whether a line that forgot what it was told leads to another server by now."""
    place, before = (row.address, row.port), (found.address, found.port)
    forgot = admin_state_of(row) is AdminState.READY and wanted is not AdminState.READY
    return forgot and bool(row.address and found.address) and place != before


def is_disabled_since(found: ServerState, row: ServerState) -> bool:
    """Judge whether HAProxy's file disables a line now that it did not when it was found."""
    return bool(row.admin & ~found.admin & Admin.CONFIG_MAINT)


def is_others_weight(found: ServerState, before: ServerState | None, row: ServerState) -> bool:
    """Judge whether an operator has set the weight since the line was found.

    ``before`` is the line at the last look, if the same HAProxy process showed it.  A reload goes
    back to the weight of the file, and an agent may set any.
    """
    if row.agent or row.weight == found.weight:
        return False
    changed = before is not None and not before.agent and before.weight != row.weight
    return changed or row.weight != row.initial_weight


def as_new(row: ServerState) -> ServerState:
    """Say how a new line was found: it serves unless HAProxy found out otherwise.

    After a reload it is ``UP 1/2`` until its first check.
    """
    return replace(row, status="UP") if row.checked and receives_traffic(row) else row


def with_lines(
    target: Target, servers: Sequence[Server], rows: Mapping[Server, ServerState]
) -> Target:
    """Return ``target`` with ``servers``; a new one leads to what others at its place lead to."""
    behind = {}
    for server in servers:
        port = rows[server].port if server in rows else 0
        own = tuple(one for one in target.instances if one.port and one.port == port)
        behind[server] = target.instances_by_server.get(server, own or target.instances)
    return replace(target, servers=tuple(servers), instances_by_server=behind)
