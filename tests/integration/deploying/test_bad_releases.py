"""A release that does not come up is taken back by itself, and no visitor notices."""

import pytest

from examples.fleet import Fleet, Shape
from tests.integration.conftest import MakeFleet
from tests.support.observed_deploy import (
    DEPLOYABLE,
    SMALL,
    SOON,
    Deployed,
    deploy,
    deployed_whole,
)
from tests.support.observed_restart import served_without_a_failure

pytestmark = pytest.mark.integration

MAINT = 1
"""The bit of HAProxy's administrative state that ``set server state maint`` sets."""


def rolled_back_whole(fleet: Fleet, deployed: Deployed, *hosts: str) -> None:
    """Hold that the old release is live as before, and only ``hosts`` have new processes."""
    outcome = deployed.outcome
    served_without_a_failure(outcome)
    assert deployed.code == 7
    before, after = deployed.places
    assert after.links == before.links
    assert after.live == before.live
    assert {name.partition("/")[0] for name in outcome.new_processes} == set(hosts)
    assert len(outcome.new_processes) == len(hosts) * fleet.shape.instances
    assert outcome.servers[1] == outcome.servers[0]
    assert deployed.the("rollback.finished")


@pytest.mark.parametrize(
    ("how", "switch", "shape"),
    [("fail-boot", "together", DEPLOYABLE), ("hang-boot", "each", SMALL)],
)
def test_a_release_that_does_not_boot_is_rolled_back_by_itself(
    make_fleet: MakeFleet, how: str, switch: str, shape: Shape
) -> None:
    fleet = make_fleet(shape)
    fleet.settings(SOON | {"deploy.switch": switch})
    fleet.shop.release(broken=how)

    deployed = deploy(fleet)

    rolled_back_whole(fleet, deployed, "web1")
    assert list(deployed.tally.releases) == ["1"]


def test_a_release_that_dies_on_the_second_host_is_taken_back_on_the_first_as_well(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(DEPLOYABLE)
    fleet.settings(SOON)
    fleet.shop.release(broken="fail-boot@web2")

    deployed = deploy(fleet)

    rolled_back_whole(fleet, deployed, "web1", "web2")
    assert list(deployed.tally.releases) == ["1", "2"]


def test_a_release_that_dies_soon_after_its_boot_is_rolled_back(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.settings(SOON | {"restart.stable": "4s"})
    fleet.shop.release(broken="die-after=4")

    deployed = deploy(fleet)

    assert deployed.code == 7
    assert deployed.places[1].live == deployed.places[0].live


def test_after_a_bad_release_a_good_one_can_be_deployed(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.settings(SOON)
    fleet.shop.release(broken="fail-boot")
    bad = deploy(fleet)
    commit = fleet.shop.release()

    deployed = deploy(fleet)

    assert bad.code == 7
    deployed_whole(fleet, deployed, commit)
    assert list(deployed.tally.releases) == ["1", "3"]


def test_told_to_stop_it_leaves_the_host_out_and_names_it(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.settings(SOON | {"deploy.on_failure": "stop"})
    fleet.shop.release(broken="fail-boot")

    deployed = deploy(fleet)

    served_without_a_failure(deployed.outcome)
    assert deployed.code == 6
    assert "web1" in deployed.said
    assert deployed.all("rollback.started") == []
    left_out(deployed, "web1")
    untouched(deployed, "web2")


def test_where_neither_release_comes_up_nothing_more_is_touched(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    fleet.settings(SOON)
    fleet.shop.release()
    fleet.hosts["web2"].break_boot()

    deployed = deploy(fleet)

    served_without_a_failure(deployed.outcome)
    assert deployed.code == 6
    assert "web2" in deployed.said
    assert deployed.the("rollback.halted")
    left_out(deployed, "web2")
    untouched(deployed, "web3")
    now = deployed.places[1]
    assert {now.running[f"web1/mongrel_{port}"] for port in (8000, 8001)} == {deployed.release}


def left_out(deployed: Deployed, host: str) -> None:
    server = deployed.outcome.servers[1]["lb1"][f"app/{host}"]
    assert server.admin & MAINT
    assert [event["target"] for event in deployed.all("target.left_out")][-1:] == [host]


def untouched(deployed: Deployed, *hosts: str) -> None:
    outcome = deployed.outcome
    for host in hosts:
        assert host not in {event["target"] for event in deployed.all("target.claimed")}
        assert outcome.servers[1]["lb1"][f"app/{host}"] == outcome.servers[0]["lb1"][f"app/{host}"]
        ours = [name for name in outcome.processes[0] if name.startswith(f"{host}/")]
        assert all(outcome.unchanged(name) for name in ours)
