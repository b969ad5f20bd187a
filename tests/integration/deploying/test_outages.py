"""Every instance of the fleet is sick, and the release that fixes it is deployed all the same."""

import pytest

from examples.fleet import Fleet, Shape
from examples.fleet import until as until_true
from tests.integration.conftest import MakeFleet
from tests.integration.deploying.test_killed import deploying, until
from tests.support.observed_deploy import SOON, places, rollout

pytestmark = pytest.mark.integration

DOWN_SOON = Shape(hosts=2, instances=1, boot=0.5, deploys=True, start_timeout=2)
FLOOR: dict[str, object] = SOON | {"fleet.floor": "50%"}


def with_an_outage(fleet: Fleet, how: str) -> Fleet:
    """Make the release that is live a bad one, of which no server line stays up."""
    for host in fleet.hosts.values():
        (host.srv.directory / "current" / "misbehave").write_text(f"{how}\n")
        for instance in host.instances:
            host.kill_instance(instance)
    until_true(lambda: status_of(fleet) == "DOWN", "every line is DOWN", 20)
    fleet.settings(FLOOR)
    return fleet


def status_of(fleet: Fleet) -> str:
    rows = [row.status for lb in fleet.balancers.values() for row in lb.states().values()]
    return rows[0] if len(set(rows)) == 1 else ", ".join(rows)


@pytest.mark.parametrize("how", ["answer-503", "fail-boot"])
def test_a_fleet_that_is_down_gets_its_new_release_at_the_usual_floor(
    make_fleet: MakeFleet, how: str
) -> None:
    fleet = with_an_outage(make_fleet(DOWN_SOON), how)
    commit = fleet.shop.release()

    refused = rollout(fleet, "uninterrupted")
    done = rollout(fleet, "uninterrupted", "--accept-sick")

    assert refused.returncode == 3
    assert "in an outage: --accept-sick" in refused.stderr
    assert done.returncode == 0
    assert "restarted all the same" in done.stderr
    live = places(fleet).live
    assert {host.srv.revision(live) for host in fleet.hosts.values()} == {commit}
    assert status_of(fleet) == "UP"


def test_a_run_that_was_killed_in_an_outage_is_resumed_in_it(make_fleet: MakeFleet) -> None:
    fleet = with_an_outage(make_fleet(DOWN_SOON), "answer-503")
    fleet.shop.release()
    with deploying(fleet, "--accept-sick") as process:
        until(process, event="target.done", target="web1")
        process.kill()

    done = rollout(fleet, "resume", "--yes")

    assert done.returncode == 0
    assert places(fleet).live > "20260101000000"
    assert status_of(fleet) == "UP"
