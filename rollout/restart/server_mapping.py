"""Who sits where: from hosts, instances and server lines to targets.

A line belongs to a host when its address is one of the host's, or when its name is the pattern's;
and whatever shares address and port with such a line is the same app under another name, in
whatever backend.  A line whose port is an instance's stands for that instance alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rollout.model.conditions import is_disabled
from rollout.model.findings import HostSnapshot
from rollout.model.fleet import (
    BalancerSnapshot,
    Finding,
    Instance,
    ProcessIdentity,
    Server,
    ServerState,
    Target,
)
from rollout.model.plan import Share


class Granularity(StrEnum):
    """What is taken out together."""

    HOST = "host"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a run is about.

    Attributes:
        hosts: The chosen hosts, in order.
        floor: The least servers that must serve meanwhile.
        server: HAProxy's name for a host's line, with ``{host}``, ``{instance}`` and ``{port}``;
            empty: found by address.
        by: What is taken out together.
        accept_sick: Instances that do not run or answer now are restarted all the same.
        ports_setting: The setting that says where instances listen.
    """

    hosts: tuple[str, ...]
    floor: Share
    server: str = ""
    by: Granularity = Granularity.HOST
    accept_sick: bool = False
    ports_setting: str = "ports"


@dataclass(frozen=True, slots=True)
class TargetMapping:
    """The targets of one host, or why it has none."""

    targets: tuple[Target, ...] = ()
    findings: tuple[Finding, ...] = ()


def map_host(
    host_snapshot: HostSnapshot, scope: Selection, readings: Mapping[str, BalancerSnapshot]
) -> TargetMapping:
    """Find the servers of one host on every load balancer, and the instances behind each.

    A host that one load balancer does not know is a finding: traffic that we cannot stop there
    would meet the restart.
    """
    instances = tuple(Instance(state.name, state.port) for state in host_snapshot.instances)
    behind: dict[Server, tuple[Instance, ...]] = {}
    findings = []
    for name, reading in readings.items():
        rows = _servers_of(host_snapshot, scope, instances, reading)
        if not rows:
            findings.append(_no_server_finding(host_snapshot, scope, name, reading))
        for row in rows:
            behind[row.server] = _instances_of_server(row, scope, host_snapshot.host, instances)
    if findings or not instances:
        return TargetMapping(findings=tuple(findings))
    if scope.by is Granularity.INSTANCE:
        return _one_by_one(host_snapshot, scope, behind, readings)
    behind = _in_use(behind, readings)
    return TargetMapping(
        (Target(host_snapshot.host, host_snapshot.host, tuple(behind), instances, behind),)
    )


def _in_use(
    behind: Mapping[Server, tuple[Instance, ...]], readings: Mapping[str, BalancerSnapshot]
) -> dict[Server, tuple[Instance, ...]]:
    """Leave out lines that bring no visitor whatever we do: they stay as they are.

    Where there is no other line they are kept, and tell why the target cannot have a turn.
    """
    used = {
        s: group for s, group in behind.items() if not is_disabled(readings[s.balancer].servers[s])
    }
    return used or dict(behind)


def find_duplicates(snapshots: Sequence[HostSnapshot], targets: Sequence[Target]) -> list[Finding]:
    """Find machines that were named twice, and server lines that two hosts would take out.

    A machine with two names would be restarted twice; of two hosts with one line each would
    give back what the other still restarts.
    """
    findings = []
    known: dict[frozenset[tuple[str, ProcessIdentity]], str] = {}
    for host_snapshot in snapshots:
        processes = frozenset(
            (one.name, one.process) for one in host_snapshot.instances if one.process
        )
        first = known.setdefault(processes, host_snapshot.host) if processes else host_snapshot.host
        if first != host_snapshot.host:
            what = f"is the same machine as {first}: the same processes run on both"
            findings.append(Finding(host_snapshot.host, what, "name it once in fleet.hosts"))
    if findings:
        return findings
    owner: dict[Server, str] = {}
    for target in targets:
        for server in target.servers:
            first = owner.setdefault(server, target.host)
            if first != target.host:
                what = f"{server} would be taken out for {first} as well"
                fix = "set fleet.server to how HAProxy names each host: an address can be shared"
                findings.append(Finding(target.host, what, fix))
    return findings


def servers_of(
    host_snapshot: HostSnapshot, scope: Selection, readings: Mapping[str, BalancerSnapshot]
) -> tuple[ServerState, ...]:
    """Find the server lines of one host on every load balancer that was read."""
    instances = tuple(Instance(state.name, state.port) for state in host_snapshot.instances)
    return tuple(
        r
        for reading in readings.values()
        for r in _servers_of(host_snapshot, scope, instances, reading)
    )


def _one_by_one(
    host_snapshot: HostSnapshot,
    scope: Selection,
    behind: Mapping[Server, tuple[Instance, ...]],
    readings: Mapping[str, BalancerSnapshot],
) -> TargetMapping:
    host, targets, findings = host_snapshot.host, [], []
    shared = [server for server, group in behind.items() if len(group) != 1]
    if shared:
        what = f"{shared[0]} stands for all instances of the host, not for one"
        fix = 'take out whole hosts (fleet.by = "host"), or give each instance its own line'
        return TargetMapping(findings=(Finding(host, what, fix),))
    for state in host_snapshot.instances:
        one = Instance(state.name, state.port)
        own = _in_use({s: group for s, group in behind.items() if group == (one,)}, readings)
        if own:
            targets.append(Target(f"{host}/{one.name}", host, tuple(own), (one,), own))
        else:
            what = f"no server line is {one.name}'s own (port {one.port or 'unknown'})"
            fix = f'take out whole hosts (fleet.by = "host"), or set {scope.ports_setting}'
            findings.append(Finding(host, what, fix))
    return TargetMapping(tuple(targets), tuple(findings))


def _servers_of(
    host_snapshot: HostSnapshot,
    scope: Selection,
    instances: Sequence[Instance],
    reading: BalancerSnapshot,
) -> tuple[ServerState, ...]:
    rows = reading.servers.values()
    if scope.server:
        names = {
            _name(scope.server, host_snapshot.host, one) for one in instances or (Instance(""),)
        }
        first = [row for row in rows if row.server.name in names]
    else:
        first = [row for row in rows if row.address in host_snapshot.addresses]
    places = {(row.address, row.port) for row in first if row.address}
    return tuple(row for row in rows if row in first or (row.address, row.port) in places)


def _name(pattern: str, host: str, instance: Instance) -> str:
    return pattern.format(host=host, instance=instance.name, port=instance.port)


def _instances_of_server(
    row: ServerState, scope: Selection, host: str, instances: tuple[Instance, ...]
) -> tuple[Instance, ...]:
    if "{instance}" in scope.server or "{port}" in scope.server:
        named = [i for i in instances if row.server.name == _name(scope.server, host, i)]
        if named:
            return tuple(named)
    own = tuple(one for one in instances if one.port and one.port == row.port)
    return own or instances


def _no_server_finding(
    host_snapshot: HostSnapshot, scope: Selection, name: str, reading: BalancerSnapshot
) -> Finding:
    instances = tuple(Instance(state.name, state.port) for state in host_snapshot.instances)
    names = dict.fromkeys(_name(scope.server, host_snapshot.host, one) for one in instances)
    sought = (
        f"named {' or '.join(names) or scope.server}"
        if scope.server
        else f"at {', '.join(host_snapshot.addresses)}"
    )
    backends = dict.fromkeys(server.backend for server in reading.servers)
    shown = [
        f"{row.server.backend}/{row.server.name} {row.address}" for row in reading.servers.values()
    ]
    few = ", ".join(shown[:4]) + (", …" if len(shown) > 4 else "")  # noqa: PLR2004 - a line's worth
    return Finding(
        host_snapshot.host,
        f"{name} has no server line {sought} in {', '.join(backends) or 'any backend'}",
        f"HAProxy knows {few or 'no server'}: in [fleet.addresses] give {host_snapshot.host} "
        "the address that HAProxy has for it, or set fleet.server to how HAProxy names a host, or "
        f"balancers.{name}.backends to where it is",
    )
