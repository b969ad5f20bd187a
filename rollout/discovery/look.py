"""Looks at load balancers, names and hosts, each within a time of its own; changes nothing."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rollout.discovery.fleet import SeenBalancer, SeenFleet, SeenHost, SocketPlace
from rollout.discovery.host_mapping import (
    HostKnowledge,
    HostMapping,
    ip_of,
    is_loopback,
    map_servers,
    stems,
)
from rollout.discovery.instances import InstanceChoice, WatchedProcess, family_of
from rollout.model.errors import RolloutError
from rollout.model.fleet import Finding, ServerState
from rollout.ports.discovery import (
    CheckPaths,
    HostInspector,
    HostName,
    HostNames,
    NameSource,
    ReleaseLayout,
    SupervisorFinder,
)
from rollout.ports.site import Balancer

T = TypeVar("T")

HOST_WITHIN = 60.0
"""Seconds for all that is asked of one host."""


@dataclass(frozen=True, slots=True)
class FleetReaders:
    """All that is asked of the world."""

    names: HostNames
    finder: SupervisorFinder
    inspector: HostInspector


async def read_balancers(
    places: Sequence[SocketPlace], balancers: Mapping[str, Balancer]
) -> tuple[SeenBalancer, ...]:
    """Read every load balancer; one that cannot be read has a note that says why."""
    return tuple(await asyncio.gather(*(_read(place, balancers[place.name]) for place in places)))


async def _read(place: SocketPlace, balancer: Balancer) -> SeenBalancer:
    notes = await balancer.examine()  # which raises nothing, and says best what is wrong
    try:
        return SeenBalancer(place=place, snapshot=await balancer.look(), notes=notes)
    except RolloutError as error:
        return SeenBalancer(place=place, notes=(*notes, _finding(place.name, error)))


async def map_hosts(
    rows: Sequence[ServerState],
    names: HostNames,
    ssh_of: Mapping[str, str],
    said: Mapping[str, str],
) -> HostMapping:
    """Find the host of each server, with the names that cost least first.

    Args:
        rows: The servers.
        names: What ssh and the resolver know.
        ssh_of: By load balancer, the host that it runs on; empty for this machine.
        said: What the operator says: a name of a host by address, or by the name of a server.
    """
    found: dict[str, HostName] = {}

    async def add(wanted: Iterable[str], source: NameSource) -> None:
        more = await names.resolve([one for one in wanted if one not in found], source)
        found.update({one.name: one for one in more})

    def mapping() -> HostMapping:
        known = HostKnowledge(names=[*found.values()], ssh_of=ssh_of, said=said)
        return map_servers(rows, known)

    await add(said.values(), NameSource.OPERATOR)
    await add(await names.configured(), NameSource.SSH_CONFIG)
    listed = await names.in_known_hosts()
    parts = {stem for row in rows for stem in stems(row.server.name)} | set(ssh_of.values())
    await add(sorted(parts & set(listed)), NameSource.KNOWN_HOSTS)
    await add(sorted(parts - {""}), NameSource.SERVER_NAME)
    if any(ip_of(one.row) for one in mapping().unmapped):
        await add(listed, NameSource.KNOWN_HOSTS)
    left = {ip_of(one.row) for one in mapping().unmapped} - {""}
    strange = sorted(address for address in left if not is_loopback(address))
    for more in await asyncio.gather(*map(names.of_address, strange)):
        found.update({one.name: one for one in more if one.name not in found})
    return mapping()


async def look_at_hosts(hosts: Sequence[str], readers: FleetReaders) -> dict[str, SeenHost]:
    """Look at all hosts at once: what is watched there, and where it runs and listens."""
    seen = await asyncio.gather(*(_look_at(host, readers) for host in hosts))
    return dict(zip(hosts, seen, strict=True))


async def _look_at(host: str, readers: FleetReaders) -> SeenHost:
    try:
        async with asyncio.timeout(HOST_WITHIN):
            supervised = await readers.finder.look(host)
            pids = {
                state.name: state.process.pid
                for state in supervised.states
                if state.process is not None
            }
            places = await readers.inspector.places(host, [*pids.values()])
    except TimeoutError:
        late = Finding(host, f"no whole answer within {HOST_WITHIN:g}s", "is it overloaded?")
        return SeenHost(name=host, trouble=late)
    except RolloutError as error:
        return SeenHost(name=host, trouble=_finding(host, error))
    return SeenHost(
        name=host,
        supervised=supervised,
        processes=tuple(
            WatchedProcess(
                name=state.name,
                named_port=state.port,
                listens=places.ports.get(pids.get(state.name, 0), frozenset()),
            )
            for state in supervised.states
            if state.name.isprintable()
        ),
        directories={
            name: places.directories[pid] for name, pid in pids.items() if pid in places.directories
        },
    )


async def find_group(
    choice: InstanceChoice,
    hosts: Mapping[str, SeenHost],
    candidates: Sequence[str],
    finder: SupervisorFinder,
) -> str:
    """Return a group that has exactly the chosen instances on every host; empty for none."""
    names = {name for found in choice.names.values() for name in found}
    families = {family_of(name).before.rstrip("-_.") for name in names}
    asked = list(dict.fromkeys(filter(None, (*candidates, *sorted(families)))))
    seen = [(host, host.supervised) for host in hosts.values() if host.supervised and choice.match]
    answers = await asyncio.gather(
        *(
            _within(finder.groups(host.name, supervised.command, asked), {})
            for host, supervised in seen
        )
    )
    for group in asked:
        exact = [
            groups.get(group) == frozenset(choice.names[host.name])
            for (host, _), groups in zip(seen, answers, strict=True)
        ]
        if exact and all(exact):
            return group
    return ""


async def find_layouts(
    choice: InstanceChoice, hosts: Mapping[str, SeenHost], inspector: HostInspector
) -> dict[str, ReleaseLayout]:
    """Find the layout of releases that the instances of each host run in."""

    async def find(name: str, host: SeenHost) -> ReleaseLayout | None:
        places = {host.directories.get(one) for one in choice.names.get(name, ())} - {None}
        asked = [_within(inspector.layout(name, place), None) for place in places if place]
        (layout, *others) = {*await asyncio.gather(*asked)} or {None}
        return None if others else layout

    found = await asyncio.gather(*(find(name, host) for name, host in hosts.items()))
    return {name: layout for name, layout in zip(hosts, found, strict=True) if layout}


async def check_paths(seen: SeenFleet, configuration: CheckPaths) -> list[str]:
    """Return the paths that HAProxy's own checks of the managed backends ask for."""
    asked = [
        configuration.check_paths(one.place.ssh, one.snapshot.process.pid)
        for one in seen.balancers
        if one.snapshot
    ]
    found = await asyncio.gather(*(_within(one, {}) for one in asked))
    return [
        paths[backend]
        for one, paths in zip(seen.balancers, found, strict=True)
        for backend in seen.backends.get(one.place.name, ())
        if backend in paths
    ]


async def _within(asked: Awaitable[T], otherwise: T) -> T:
    """Await what may be left out: an error, or no answer in time, is as good as nothing found."""
    try:
        async with asyncio.timeout(HOST_WITHIN):
            return await asked
    except (TimeoutError, RolloutError):
        return otherwise


def _finding(where: str, error: RolloutError) -> Finding:
    return Finding(where, getattr(error, "what", str(error)), error.fix)


def common_command(hosts: Mapping[str, SeenHost]) -> tuple[str, bool]:
    """Return how the supervisor is called, and whether it is so on all hosts that were seen.

    Where hosts differ it is the last of those that are tried, which asks for the most rights.
    """
    commands = [host.supervised.command for host in hosts.values() if host.supervised]
    return max(commands, key=len, default=""), len(set(commands)) <= 1
