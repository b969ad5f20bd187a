"""Which host stands behind each of HAProxy's servers, as far as ssh and the resolver tell."""

import ipaddress
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rollout.model.fleet import ServerState
from rollout.ports.discovery import HostName, NameSource
from rollout.text.host_ranges import natural_order

SEPARATORS = re.compile(r"[-_.:]")
NUMBERED = re.compile(r"[-_.:](?:[A-Za-z_]*[-_.:]?)?[0-9]{1,5}")
"""What may follow the name of the host in that of a server: ``-8000``, ``_app_2``."""

PREFERRED = (NameSource.OPERATOR, NameSource.SSH_CONFIG, NameSource.KNOWN_HOSTS)
"""Names that a person has given: such a host is known even where its address differs."""


@dataclass(frozen=True, slots=True)
class MappedServer:
    """A server, the host behind it, and whether ssh goes to the address that HAProxy has."""

    row: ServerState
    host: HostName
    by_address: bool


@dataclass(frozen=True, slots=True)
class UnmappedServer:
    """A server whose host is not known, why, and what to do."""

    row: ServerState
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class HostMapping:
    """What became of each server."""

    mapped: tuple[MappedServer, ...] = ()
    unmapped: tuple[UnmappedServer, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts, each once, in natural order."""
        return tuple(sorted({one.host.name for one in self.mapped}, key=natural_order))

    def of_host(self, host: str) -> tuple[ServerState, ...]:
        """Return the servers of one host."""
        return tuple(one.row for one in self.mapped if one.host.name == host)

    def of_backends(self, backends: Mapping[str, Sequence[str]]) -> "HostMapping":
        """Keep the servers of ``backends``, which are listed by load balancer."""

        def chosen(row: ServerState) -> bool:
            return row.server.backend in backends.get(row.server.balancer, ())

        return HostMapping(
            tuple(one for one in self.mapped if chosen(one.row)),
            tuple(one for one in self.unmapped if chosen(one.row)),
        )


def stems(server: str) -> Iterator[str]:
    """Yield what may be the host's name in that of a server, the longest first.

    ``web1_mongrel_8000``, ``web1_mongrel``, ``web1``.
    """
    yield server
    cuts = [found.start() for found in SEPARATORS.finditer(server)]
    yield from (server[:cut] for cut in reversed(cuts) if cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKnowledge:
    """What is known of hosts beside HAProxy's own words.

    Attributes:
        names: All that could be a host, each name once.
        ssh_of: By load balancer, the host that it runs on; empty for this machine.
        said: What the operator says: the name of a host by address, or by the name of a server.
    """

    names: Sequence[HostName] = ()
    ssh_of: Mapping[str, str] = field(default_factory=dict[str, str])
    said: Mapping[str, str] = field(default_factory=dict[str, str])

    def named(self, name: str) -> HostName:
        """Return what is known of ``name``; one that does not resolve has no addresses."""
        for one in self.names:
            if one.name == name:
                return one
        return HostName(name=name, source=NameSource.OPERATOR)


def map_servers(rows: Iterable[ServerState], known: HostKnowledge) -> HostMapping:
    """Find the host of each server.

    What the operator says holds.  Else a name that stands in the server's own and leads to its
    address is best, then any name that leads there, then a name that a person gave to ssh and to
    the server.
    """
    mapped: list[MappedServer] = []
    unmapped: list[UnmappedServer] = []
    for row in rows:
        found = _find(row, known)
        if isinstance(found, MappedServer):
            mapped.append(found)
        else:
            unmapped.append(found)
    return HostMapping(_one_name_each(mapped), tuple(unmapped))


def _one_name_each(mapped: Sequence[MappedServer]) -> tuple[MappedServer, ...]:
    """Keep one name for each machine, the one that most servers have.

    Two names with one address and one port of sshd are one machine; it must not be restarted twice.
    """
    names: dict[tuple[str, int], Counter[HostName]] = defaultdict(Counter)
    for one in mapped:
        if one.by_address:
            names[ip_of(one.row), one.host.port][one.host] += 1
    best = {
        place: min(found, key=lambda name: (-found[name], name.source, natural_order(name.name)))
        for place, found in names.items()
    }
    return tuple(
        replace(one, host=best[ip_of(one.row), one.host.port]) if one.by_address else one
        for one in mapped
    )


def _find(row: ServerState, known: HostKnowledge) -> MappedServer | UnmappedServer:
    machine, address = known.ssh_of.get(row.server.balancer, ""), ip_of(row)
    if said := known.said.get(address) or known.said.get(row.server.name):
        host = known.named(said)
        return MappedServer(row, host, by_address=address in host.addresses)
    there = [one for one in known.names if address and address in one.addresses]
    parts = [*stems(row.server.name)]
    of_server = sorted((one for one in known.names if one.name in parts), key=_longest_first)
    chosen = [one for one in of_server if one in there]
    if chosen:
        return MappedServer(row, chosen[0], by_address=True)
    if machine and is_loopback(address):
        return MappedServer(row, known.named(machine), by_address=False)
    best = [one for one in there if one.source == min(other.source for other in there)]
    if len({one.port for one in best}) == 1:
        return MappedServer(row, best[0], by_address=True)
    say_which = f"say which one: --host {address or row.server.name}=NAME"
    if best:
        several = ", ".join(one.name for one in best[:4])
        why = f"several names lead to {address}, on different ports: {several}"
        return UnmappedServer(row, why, say_which)
    certain = [one for one in of_server if _is_certain(one, row)]
    if certain:
        return MappedServer(row, certain[0], by_address=False)
    if not address:
        return UnmappedServer(row, "HAProxy has no IP address for it", say_which)
    why = f"no name that ssh knows leads to {address}"
    fix = f'give it a name in ~/.ssh/config ("Host NAME", "HostName {address}")'
    return UnmappedServer(row, why, f"{fix}, or say it here: --host {address}=NAME")


def _longest_first(name: HostName) -> int:
    return -len(name.name)


def _is_certain(name: HostName, row: ServerState) -> bool:
    """Tell whether the name alone is enough: a person gave it, and the rest is a number."""
    rest = row.server.name[len(name.name) :]
    return name.source in PREFERRED and (not rest or NUMBERED.fullmatch(rest) is not None)


def ip_of(row: ServerState) -> str:
    """Return the address that HAProxy has for a server; empty where it is none, or a socket's."""
    try:
        return str(ipaddress.ip_address(row.address))
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Tell whether an address means the machine that uses it."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
