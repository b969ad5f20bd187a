"""What an operator, or a wish for more patience, changes about a run."""

import pytest

from examples.fleet import Shape
from tests.integration.conftest import MakeFleet
from tests.support.observed_restart import restart, served_without_a_failure

pytestmark = pytest.mark.integration


def test_servers_that_an_operator_holds_out_are_named_and_left_alone(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(Shape(hosts=4, instances=1, boot=1))
    lb1 = fleet.balancers["lb1"]
    lb1.command("set server app/web1 state maint")
    lb1.command("set weight app/web2 0")

    outcome = restart(fleet)

    served_without_a_failure(outcome)
    assert outcome.done.returncode == 0
    assert outcome.new_processes == {"web3/mongrel_8000", "web4/mongrel_8000"}
    assert outcome.unchanged("web1/mongrel_8000")
    assert outcome.unchanged("web2/mongrel_8000")
    assert outcome.servers[1] == outcome.servers[0]
    assert (lb1.states()["app/web1"].admin, lb1.states()["app/web2"].weight) == (1, 0)
    assert "web1 skipped" in outcome.done.stderr
    assert "web2 skipped" in outcome.done.stderr
