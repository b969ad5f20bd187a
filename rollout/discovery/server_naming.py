"""How rollout is going to find the servers of a host: by address, by name, or by a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rollout.discovery.host_mapping import HostMapping, MappedServer, ip_of
from rollout.model.fleet import Instance

SHORTEST_PORT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNaming:
    """What the settings say about it, and why.

    Attributes:
        server: The pattern; empty: by address.
        addresses: Addresses by host, where they are not those that ssh goes to.
        reason: One sentence.
        known: False where no way was found; the reason says why.
    """

    server: str = ""
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    reason: str
    known: bool = True


def name_servers(mapping: HostMapping, instances: Mapping[str, Sequence[Instance]]) -> ServerNaming:
    """Choose the first way that finds each server for its own host alone.

    By address, as the resolver has them; by a pattern of names; by a table of addresses.
    """
    addresses = {one.host.name: one.host.addresses for one in mapping.mapped}
    if all(one.by_address for one in mapping.mapped) and _apart(mapping, addresses):
        return ServerNaming(reason="the addresses that HAProxy has are those that ssh goes to")
    if pattern := _pattern(mapping, instances):
        return ServerNaming(server=pattern, reason=f"HAProxy names every server {pattern}")
    table = _addresses_in_haproxy(mapping)
    if all(table.values()) and _apart(mapping, table):
        differing = {
            host: found for host, found in table.items() if set(found) - set(addresses[host])
        }
        return ServerNaming(
            addresses=differing,
            reason="HAProxy has other addresses for these hosts than ssh goes to",
        )
    return ServerNaming(
        reason="several hosts share an address in HAProxy, and no pattern fits all server names",
        known=False,
    )


def _apart(mapping: HostMapping, addresses: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether each server is at an address of its own host, and of no other."""
    return all(
        (ip_of(one.row) in found) is (host == one.host.name)
        for one in mapping.mapped
        for host, found in addresses.items()
    )


def _addresses_in_haproxy(mapping: HostMapping) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {host: {} for host in mapping.hosts}
    for one in mapping.mapped:
        if address := ip_of(one.row):
            found[one.host.name][address] = None
    return {host: tuple(addresses) for host, addresses in found.items()}


def _pattern(mapping: HostMapping, instances: Mapping[str, Sequence[Instance]]) -> str:
    """Return the pattern that every server fits, the shortest if there are several."""
    common: set[str] | None = None
    for one in mapping.mapped:
        fits = set(_patterns_of(one, instances.get(one.host.name, ())))
        common = fits if common is None else common & fits
    return min(common or {""}, key=lambda pattern: (len(pattern), pattern))


def _patterns_of(one: MappedServer, instances: Sequence[Instance]) -> Iterator[str]:
    name, host = one.row.server.name, one.host.name
    if host not in name:
        return
    framed = name.replace(host, "{host}", 1)
    if framed == "{host}":
        yield framed
    for instance in instances:
        before, blank, after = framed.partition("{host}")
        if instance.name in after:
            yield f"{before}{blank}{after.replace(instance.name, '{instance}', 1)}"
        port = str(instance.port)
        if len(port) >= SHORTEST_PORT and port in after:
            yield f"{before}{blank}{after.replace(port, '{port}', 1)}"
