"""The promise on the fleet it was made for: three hosts of two instances that boot for 3 s."""

import pytest

from examples.fleet import Shape
from tests.integration.conftest import MakeFleet
from tests.integration.rolling.stage import events_of, order_of, restart, restarted_whole

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(Shape(), id="one balancer"),
        pytest.param(Shape(balancers=2), id="two balancers"),
        pytest.param(Shape(redispatch=False, retries=0), id="no redispatch and no retries"),
    ],
)
def test_every_server_is_restarted_and_no_visitor_notices(
    make_fleet: MakeFleet, shape: Shape
) -> None:
    outcome = restart(make_fleet(shape))

    restarted_whole(outcome)
    assert "done. 3 of 3 servers restarted" in outcome.done.stderr


def test_no_visitor_of_haproxy_3_notices(make_fleet: MakeFleet, haproxy_3: str) -> None:
    fleet = make_fleet(Shape(haproxy=haproxy_3, balancers=2))

    outcome = restart(fleet)

    restarted_whole(outcome)
    versions = {lb.command("show info").split("Version: ")[1][0] for lb in fleet.balancers.values()}
    assert versions == {"3"}


def test_two_of_four_are_out_at_once_and_never_three(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=4))

    outcome = restart(fleet, "--max-out", "2", output="json")

    restarted_whole(outcome)
    events = events_of(outcome.done.stdout)
    out, most = 0, 0
    for event in events:
        out += (event["event"] == "target.claimed") - (event["event"] == "target.returned")
        most = max(most, out)
    assert most == 2
    assert sorted(map(str, order_of(events, "target.done"))) == ["web1", "web2", "web3", "web4"]
    assert (events[-1]["event"], events[-1]["exit_code"]) == ("account", outcome.done.returncode)
