"""How servers are going to be found: by address, by a pattern of names, by a table."""

from rollout.discovery.host_mapping import HostMapping, MappedServer
from rollout.discovery.server_naming import name_servers
from rollout.model.fleet import Instance, ServerState
from rollout.ports.discovery import HostName
from tests.support.fleets_seen import host, row


def at(state: ServerState, name: HostName) -> MappedServer:
    return MappedServer(state, name, by_address=state.address in name.addresses)


def test_by_address_where_that_is_enough() -> None:
    mapping = HostMapping(
        (
            at(row("a", "10.0.0.1"), host("web1", "10.0.0.1")),
            at(row("b", "10.0.0.2"), host("web2", "10.0.0.2", "192.0.2.2")),
        )
    )
    naming = name_servers(mapping, {})
    assert (naming.server, naming.addresses, naming.known) == ("", {}, True)


def test_by_a_pattern_where_hosts_share_an_address() -> None:
    web1, web2 = host("web1", "::1"), host("web2", "::1")
    mapping = HostMapping((at(row("web1", "::1", 1), web1), at(row("web2", "::1", 2), web2)))
    assert name_servers(mapping, {}).server == "{host}"
    mapping = HostMapping(
        (
            at(row("web1-8000", "::1", 9100), web1),
            at(row("web1-8001", "::1", 9101), web1),
            at(row("web2-8000", "::1", 9200), web2),
        )
    )
    instances = {
        "web1": [Instance("mongrel_8000", 8000), Instance("mongrel_8001", 8001)],
        "web2": [Instance("mongrel_8000", 8000)],
    }
    assert name_servers(mapping, instances).server == "{host}-{port}"
    assert not name_servers(mapping, {}).known


def test_by_the_name_of_the_instance() -> None:
    web1 = host("web1", "192.0.2.1")
    mapping = HostMapping((at(row("web1_app_a", "10.0.0.1"), web1),))
    naming = name_servers(mapping, {"web1": [Instance("app_a")]})
    assert naming.server == "{host}_{instance}"


def test_by_a_table_where_haproxy_has_addresses_of_its_own() -> None:
    mapping = HostMapping(
        (
            at(row("blue", "10.0.0.1"), host("web1", "192.0.2.1")),
            at(row("blue2", "10.1.0.1", 81), host("web1", "192.0.2.1")),
            at(row("green", "192.0.2.2"), host("web2", "192.0.2.2")),
        )
    )
    naming = name_servers(mapping, {})
    assert naming.addresses == {"web1": ("10.0.0.1", "10.1.0.1")}


def test_what_cannot_be_told_apart_is_not_known() -> None:
    mapping = HostMapping(
        (
            at(row("blue", "10.0.0.1", 80), host("web1", "10.0.0.1")),
            at(row("green", "10.0.0.1", 81), host("web2", "10.0.0.1")),
        )
    )
    naming = name_servers(mapping, {})
    assert not naming.known
    assert "share an address" in naming.reason
