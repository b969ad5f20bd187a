"""Load balancers on other machines, reached by ssh in either way, and hosts on IPv6."""

import signal

import pytest

from examples.fleet import Fleet, Shape, until
from examples.fleet.processes import tell
from tests.integration.conftest import MakeFleet
from tests.support.http_server import free_port
from tests.support.observed_restart import restart, restarted_whole

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


def test_an_admin_socket_on_tcp_will_do(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, instances=1, boot=0.5))
    balancer, port = fleet.balancers["lb1"], free_port()
    line = f"global\n  stats socket ipv4@127.0.0.1:{port} level admin\n"
    balancer.config.write_text(balancer.config.read_text().replace("global\n", line, 1))
    balancer.reload()
    fleet.until_serving()
    fleet.settings({"balancers.lb1.socket": f"127.0.0.1:{port}"})

    outcome = restart(fleet)

    restarted_whole(outcome)
