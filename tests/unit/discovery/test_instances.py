"""Which processes are the instances: by the ports that HAProxy has, else the only numbered ones."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.discovery.instances import (
    WatchedProcess,
    choose_instances,
    escape,
    family_of,
)

BOTH = "web1", "web2"


def watch(*names: str, **listens: int) -> list[WatchedProcess]:
    return [
        WatchedProcess(
            name=name,
            named_port=int(found[0]) if (found := re.search(r"\d{3,5}$", name)) else 0,
            listens=frozenset({listens[name]} if name in listens else ()),
        )
        for name in names
    ]


def test_names_that_end_in_haproxys_ports() -> None:
    hosts = {name: watch("nginx", "mongrel_8000", "mongrel_8001", "cron") for name in BOTH}
    choice = choose_instances(hosts, dict.fromkeys(BOTH, frozenset({8000, 8001})))
    assert (choice.match, choice.each, choice.ports) == ("mongrel_[0-9]+", 2, {})
    assert choice.names["web2"] == ("mongrel_8000", "mongrel_8001")
    assert choice.reason == (
        "mongrel_8000 on web1 is named for port 8000, which HAProxy sends visitors to"
    )


def test_a_process_that_listens_on_haproxys_port() -> None:
    hosts = {name: watch("sidekiq_1", "puma_1", puma_1=9000, sidekiq_1=7000) for name in BOTH}
    choice = choose_instances(hosts, dict.fromkeys(BOTH, frozenset({9000})))
    assert (choice.match, choice.ports) == ("puma_[0-9]+", {"puma_1": 9000})
    assert choice.instances_of(hosts)["web1"][0].port == 9000


def test_the_only_numbered_ones_behind_a_proxy_of_the_hosts_own() -> None:
    hosts = {name: watch("sshd", "mongrel_8000", "mongrel_8001") for name in BOTH}
    choice = choose_instances(hosts, dict.fromkeys(BOTH, frozenset({80})))
    assert choice.match == "mongrel_[0-9]+"
    assert "only numbered processes that every host has" in choice.reason


@pytest.mark.parametrize(
    ("names", "port", "why"),
    [
        (("puma_1", "sidekiq_1"), 80, "none of puma_N, sidekiq_N was seen on a port"),
        (
            ("app_8000", "old_8000"),
            8000,
            "several kinds have ports that HAProxy uses: app_N, old_N",
        ),
        (("app", "worker"), 80, "none of app, worker was seen"),
        ((), 80, "none is watched"),
    ],
)
def test_what_cannot_be_told_is_not_chosen(names: tuple[str, ...], port: int, why: str) -> None:
    choice = choose_instances({"web1": watch(*names)}, {"web1": frozenset({port})})
    assert choice.match == ""
    assert choice.reason.startswith(why)


def test_what_the_operator_says_is_only_counted() -> None:
    hosts = {"web1": watch("a", "b"), "web2": watch("a")}
    choice = choose_instances(hosts, {}, "[ab]")
    assert (choice.match, choice.each) == ("[ab]", 0)
    assert choice.names == {"web1": ("a", "b"), "web2": ("a",)}


def test_a_port_that_differs_between_hosts_is_not_said() -> None:
    hosts = {"web1": watch("app", app=9000), "web2": watch("app", app=9001)}
    ports = {"web1": frozenset({9000}), "web2": frozenset({9001})}
    assert choose_instances(hosts, ports).ports == {}


@given(st.text(min_size=1, max_size=20))
def test_a_family_matches_its_own_names_and_no_regular_expression_is_in_a_name(name: str) -> None:
    family = family_of(name)
    assert re.compile(family.match, re.DOTALL).fullmatch(name)
    assert re.fullmatch(escape(name), name)
    if not family.numbered:
        assert not re.fullmatch(family.match, f"{name}x")
