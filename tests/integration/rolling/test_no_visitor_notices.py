"""The promise on the fleet it was made for: three hosts of two instances that boot for 3 s."""

import pytest

from examples.fleet import Shape
from tests.integration.conftest import MakeFleet
from tests.support.newer_haproxy import newer_haproxy
from tests.support.observed_restart import events_of, order_of, restart, restarted_whole

pytestmark = pytest.mark.integration

NEWER = newer_haproxy()
HAS_NEWER = pytest.mark.skipif(
    not NEWER, reason="no HAProxy 3 here: python3 -m tests.support.newer_haproxy fetches it"
)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(Shape(), id="one balancer"),
        pytest.param(Shape(balancers=2), id="two balancers"),
        pytest.param(Shape(redispatch=False, retries=0), id="no redispatch and no retries"),
        pytest.param(Shape(haproxy=NEWER), id="HAProxy 3", marks=HAS_NEWER),
        pytest.param(
            Shape(haproxy=NEWER, hosts=2, lines="instance", balancers=2),
            id="HAProxy 3, two balancers, a line for each instance",
            marks=HAS_NEWER,
        ),
    ],
)
def test_every_server_is_restarted_and_no_visitor_notices(
    make_fleet: MakeFleet, shape: Shape
) -> None:
    outcome = restart(make_fleet(shape))

    restarted_whole(outcome)
    assert f"done. {shape.hosts} of {shape.hosts} hosts restarted" in outcome.done.stderr


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
    assert (events[-1]["event"], events[-1]["exit_code"]) == ("summary", outcome.done.returncode)
