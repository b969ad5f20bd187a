"""Which host is behind a server: the operator's word, addresses, then names; never a guess."""

import pytest

from rollout.discovery.host_mapping import HostKnowledge, HostMapping, map_servers, stems
from rollout.ports.discovery import HostName, NameSource
from tests.support.fleets_seen import host, row

IPS = "10.0.0.1", "10.0.0.2"


def mapped(mapping: HostMapping) -> dict[str, tuple[str, bool]]:
    return {one.row.server.name: (one.host.name, one.by_address) for one in mapping.mapped}


def known(*names: HostName, said: dict[str, str] | None = None) -> HostKnowledge:
    return HostKnowledge(names=names, said=said or {})


@pytest.mark.parametrize(
    ("server", "found"),
    [
        ("web1", ["web1"]),
        ("web1-8000", ["web1-8000", "web1"]),
        ("web1_mongrel_8000", ["web1_mongrel_8000", "web1_mongrel", "web1"]),
        (
            "web1.example.com:80",
            ["web1.example.com:80", "web1.example.com", "web1.example", "web1"],
        ),
        ("-x", ["-x"]),
    ],
)
def test_the_name_of_a_server_may_begin_with_that_of_its_host(
    server: str, found: list[str]
) -> None:
    assert list(stems(server)) == found


def test_a_name_in_the_servers_own_that_leads_to_its_address_is_best() -> None:
    names = [host("alias", IPS[0]), host("web1", IPS[0], source=NameSource.SERVER_NAME)]
    found = map_servers([row("web1_8000", IPS[0])], known(*names))
    assert mapped(found) == {"web1_8000": ("web1", True)}


def test_any_name_that_leads_there_will_do() -> None:
    names = [host("shop-a.example.com", IPS[0], source=NameSource.DNS), host("alpha", IPS[0])]
    assert mapped(map_servers([row("s1", IPS[0])], known(*names))) == {"s1": ("alpha", True)}


def test_hosts_that_share_an_address_are_told_apart_by_the_servers_names() -> None:
    names = [host("web1", "::1", port=9122), host("web2", "::1", port=9222)]
    rows = [row("web1", "::1", 9101), row("web2", "::1", 9201)]
    assert mapped(map_servers(rows, known(*names))) == {
        "web1": ("web1", True),
        "web2": ("web2", True),
    }
    (left,) = map_servers([row("blue", "::1", 9101)], known(*names)).unmapped
    assert left.why == "several names lead to ::1, on different ports: web1, web2"
    assert left.fix == "say which one: --host ::1=NAME"


def test_two_names_of_one_machine_are_no_question() -> None:
    names = [host("web1", IPS[0]), host("web1.example.com", IPS[0])]
    assert mapped(map_servers([row("s1", IPS[0])], known(*names))) == {"s1": ("web1", True)}


def test_a_machine_with_several_names_is_one_host() -> None:
    names = [host("alpha", IPS[0]), host("web1", IPS[0]), host("blog1", IPS[0])]
    rows = [row("web1", IPS[0]), row("web1-b", IPS[0]), row("blog1", IPS[0]), row("x", IPS[0])]
    found = map_servers(rows, known(*names))
    assert found.hosts == ("web1",)
    apart = [host("web1", IPS[0]), host("blog1", IPS[0], port=2222)]
    assert map_servers(rows[:3], known(*apart)).hosts == ("blog1", "web1")


def test_a_name_that_a_person_gave_is_enough_where_haproxy_has_a_private_address() -> None:
    names = [host("web1", "192.0.2.7")]
    rows = [row("web1", "10.0.0.1"), row("web1_8001", "10.0.0.1", 81)]
    assert mapped(map_servers(rows, known(*names))) == {
        "web1": ("web1", False),
        "web1_8001": ("web1", False),
    }


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("web1", host("web1", "192.0.2.7", source=NameSource.SERVER_NAME)),
        ("web1-blue", host("web1", "192.0.2.7")),
        ("web10", host("web1", "192.0.2.7")),
    ],
)
def test_a_likeness_alone_is_not(server: str, name: HostName) -> None:
    found = map_servers([row(server, "10.0.0.1")], known(name))
    assert not found.mapped
    assert found.unmapped[0].why == "no name that ssh knows leads to 10.0.0.1"
    assert "--host 10.0.0.1=NAME" in found.unmapped[0].fix


def test_what_the_operator_says_holds() -> None:
    names = [host("web1", IPS[0]), host("web2", IPS[1])]
    said = {IPS[0]: "web2", "odd": "web9"}
    rows = [row("s1", IPS[0]), row("odd", "10.0.0.9")]
    assert mapped(map_servers(rows, known(*names, said=said))) == {
        "s1": ("web2", False),
        "odd": ("web9", False),
    }


def test_loopback_behind_a_remote_load_balancer_is_that_machine() -> None:
    knowledge = HostKnowledge(
        names=[host("lb1", "192.0.2.1"), host("localhost", "127.0.0.1")], ssh_of={"lb1": "lb1"}
    )
    found = map_servers([row("local", "127.0.0.1")], knowledge)
    assert mapped(found) == {"local": ("lb1", False)}


@pytest.mark.parametrize("address", ["", "unix", "/run/app.sock", "10.0.0.1 x"])
def test_a_server_without_an_address_is_named(address: str) -> None:
    (left,) = map_servers([row("s1", address)], known(host("web1"))).unmapped
    assert left.why == "HAProxy has no IP address for it"
    assert left.fix == "say which one: --host s1=NAME"


def test_only_the_managed_backends_are_kept() -> None:
    rows = [row("web1", IPS[0]), row("web1", IPS[0], backend="api"), row("x", "10.9.9.9")]
    whole = map_servers(rows, known(host("web1", IPS[0])))
    kept = whole.of_backends({"lb1": ["api"]})
    assert [one.row.server.backend for one in kept.mapped] == ["api"]
    assert not kept.unmapped
    assert whole.hosts == ("web1",)
