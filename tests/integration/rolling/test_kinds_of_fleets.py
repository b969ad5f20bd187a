"""Fleets laid out in other ways: lines, backends, weights, checks, addresses, agents."""

import pytest

from examples.fleet import Shape, until
from tests.integration.conftest import MakeFleet
from tests.support.observed_restart import events_of, order_of, restart, restarted_whole

pytestmark = pytest.mark.integration


def test_a_host_with_a_line_for_each_instance_goes_as_one(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=1, lines="instance", slowstart="2s"))
    fleet.settings({"fleet.server": "{host}-{port}"})

    outcome = restart(fleet, output="json")

    restarted_whole(outcome)
    claimed = [e for e in events_of(outcome.done.stdout) if e["event"] == "target.claimed"]
    assert [event["servers"] for event in claimed] == [
        ["app/web1-8000@lb1", "app/web1-8001@lb1"],
        ["app/web2-8000@lb1", "app/web2-8001@lb1"],
    ]


def test_instances_with_lines_of_their_own_go_one_by_one(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=1, lines="instance", balancers=2))

    outcome = restart(fleet, "--by", "instance", "--max-out", "2", output="json")

    restarted_whole(outcome)
    names = order_of(events_of(outcome.done.stdout), "target.done")
    assert sorted(map(str, names)) == sorted(fleet.processes())


def test_weights_two_backends_and_an_idle_spare_stay_as_they_were(make_fleet: MakeFleet) -> None:
    shape = Shape(hosts=2, boot=1, backends=("app", "api"), weights=(10, 30), backup=True)
    fleet = make_fleet(shape)

    outcome = restart(fleet)

    restarted_whole(outcome)
    assert outcome.servers[1]["lb1"]["api/web2"] == (0, "UP", 30)
    assert "spare" not in outcome.tally.served_by


def test_servers_without_health_checks_are_proven_by_the_probe(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=1, checks=""))

    outcome = restart(fleet, "--instances-at-a-time", "1", output="json")

    restarted_whole(outcome)
    assert outcome.servers[0]["lb1"]["app/web1"].status == "no check"
    asked = [e for e in events_of(outcome.done.stdout) if e["event"] == "target.restart_asked"]
    one_by_one = [["mongrel_8000"], ["mongrel_8001"]]
    assert [event["instances"] for event in asked] == 2 * one_by_one


def test_an_agent_that_says_ready_does_not_undo_our_drain(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=1, balancers=2, agent=True))
    for host in fleet.hosts.values():
        host.agent_says("ready up 100%")  # measured: without more, this ends a drain and a maint

    outcome = restart(fleet)

    restarted_whole(outcome)
    fleet.hosts["web2"].agent_says("drain")
    until(
        lambda: {lb.states()["app/web2"].admin for lb in fleet.balancers.values()} == {8},
        "the agent is heard again, by both balancers",
    )
