"""Load balancers on other machines, reached by ssh in either way, and hosts on IPv6."""

import signal

import pytest

from examples.fleet import Fleet, Shape, until
from examples.fleet.processes import tell
from tests.integration.conftest import MakeFleet
from tests.integration.rolling.stage import restart, restarted_whole

pytestmark = pytest.mark.integration


def forbid_forwarding(fleet: Fleet, balancer: str) -> None:
    """Let the sshd of ``balancer`` refuse to forward sockets, as hardened machines do."""
    machine = fleet.balancers[balancer]
    config = machine.directory / "sshd_config"
    config.write_text(config.read_text() + "AllowStreamLocalForwarding no\n")
    tell(machine.sshd, signal.SIGHUP)
    log = machine.directory / "sshd.log"
    until(lambda: log.read_text().count("Server listening") > 1, "sshd has read its file again")


def test_balancers_are_reached_by_ssh_whether_it_forwards_sockets_or_not(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(Shape(hosts=2, boot=1, balancers=2, remote_balancers=True, ipv6=True))
    forbid_forwarding(fleet, "lb2")

    outcome = restart(fleet)

    restarted_whole(outcome)
    refused = "refused streamlocal"
    assert refused not in (fleet.balancers["lb1"].directory / "sshd.log").read_text()
    assert refused in (fleet.balancers["lb2"].directory / "sshd.log").read_text()
