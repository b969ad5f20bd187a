"""How many hosts may be out at once, and how many servers must serve: from how many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout.discovery.host_mapping import HostMapping
from rollout.model.conditions import is_member, receives_traffic
from rollout.model.fleet import ServerState
from rollout.model.plan import Share

QUARTER = 4
"""One of so many hosts may be out."""

STEP = 5
"""Percent: a floor that must fit backends of different sizes goes in such steps."""


@dataclass(frozen=True, slots=True)
class CapacityChoice:
    """``max_out`` and ``floor`` with their reasons; ``floor`` is None where none can be met."""

    max_out: int
    max_out_reason: str
    floor: Share | None
    floor_reason: str


def choose_capacity(mapping: HostMapping, rows: Sequence[ServerState]) -> CapacityChoice:
    """Let a quarter of the hosts out, one at least, and ask of each backend all the others.

    Args:
        mapping: The hosts and their servers.
        rows: All servers of the backends that are managed, with those of unknown hosts.
    """
    hosts = len(mapping.hosts)
    max_out = max(1, hosts // QUARTER)
    why = (
        f"{hosts} hosts: at most a quarter of them out at once"
        if max_out > 1
        else (f"{hosts} {'host' if hosts == 1 else 'hosts'}: one at a time")
    )
    sizes = _sizes(mapping, rows, max_out)
    if not sizes:
        return CapacityChoice(max_out, why, None, "no backend has a server that counts")
    largest = [f"{size} servers in {place}" for place, (size, _, _) in sizes.items()]
    down = [
        f"{size - serving} of {size} in {place} {'does' if size - serving == 1 else 'do'} "
        "not serve now"
        for place, (size, _, serving) in sizes.items()
        if serving < size
    ]
    notes = f"; {'; '.join(down)}" if down else ""
    floor = _floor(sizes)
    if floor is None:
        tight = next(place for place, (size, takes, _) in sizes.items() if size <= takes)
        return CapacityChoice(
            max_out,
            why,
            None,
            f"{tight} has no server left when one host is out: no restart without downtime. "
            f"Add a server, or accept it with floor = 0{notes}",
        )
    return CapacityChoice(
        max_out,
        why,
        floor,
        f"{', '.join(largest)}: with {max_out} {'host' if max_out == 1 else 'hosts'} out "
        f"the others must serve{notes}",
    )


def _floor(sizes: Mapping[str, tuple[int, int, int]]) -> Share | None:
    left = {size - takes for size, takes, _ in sizes.values()}
    if min(left) < 1:
        return None
    if len({size for size, _, _ in sizes.values()}) == 1:
        return Share(min(left))
    percent = min(100 * (size - takes) // size for size, takes, _ in sizes.values())
    return Share(percent // STEP * STEP or percent, percent=True)


def _sizes(
    mapping: HostMapping, rows: Sequence[ServerState], max_out: int
) -> dict[str, tuple[int, int, int]]:
    """Count, by ``backend@balancer``: servers that count, those of the hosts out, those serving."""
    found: dict[str, tuple[int, int, int]] = {}
    host_of = {one.row.server: one.host.name for one in mapping.mapped}
    for place in dict.fromkeys((row.server.balancer, row.server.backend) for row in rows):
        members = [
            row
            for row in rows
            if (row.server.balancer, row.server.backend) == place and is_member(row)
        ]
        by_host: dict[str, int] = {}
        for row in members:
            if row.server in host_of:
                host = host_of[row.server]
                by_host[host] = by_host.get(host, 0) + 1
        takes = sum(sorted(by_host.values(), reverse=True)[:max_out])
        if takes:
            serving = sum(receives_traffic(row) for row in members)
            found[f"{place[1]}@{place[0]}"] = (len(members), takes, serving)
    return found
