"""The operator asks once, or orders twice; what the summary says is how the fleet is."""

import signal
import time
from pathlib import Path

import pytest

from examples.fleet import until
from examples.fleet.balancer import FleetServerState
from tests.integration.trouble.conftest import Troubled
from tests.support.fault_places import a_visitor_stays, black_hole, say_of
from tests.support.started_runs import Ended, Running

pytestmark = pytest.mark.integration

MAINT, DRAIN = 1, 8


def in_drain(shop: Troubled) -> Running:
    running = shop.start("restart", "--drain-timeout", "30s")
    running.until_says("web1 draining")
    return running


def asked(shop: Troubled, *, boots: bool) -> Running:
    """Return when the first host was asked to restart."""
    if not boots:
        shop.fleet.hosts["web1"].misbehave("hang-boot")
    running = shop.start()
    running.until_says("restart requested")
    return running


def leaves_within(running: Running, seconds: float) -> Ended:
    began = time.monotonic()
    ended = running.end(20)
    assert time.monotonic() - began < seconds, ended.said
    return ended


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_in_drain_gives_the_host_back_and_ends(
    shop: Troubled, sign: signal.Signals
) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        running.send(sign)
        ended = running.end(20)

    assert ended.code == 5, ended.said
    assert "0 of 2 hosts restarted, no server is out because of this run" in ended.said
    assert "web1   put back" in ended.said
    assert shop.untouched


def test_one_ctrl_c_after_the_restart_sees_the_host_through_and_starts_nobody_else(
    shop: Troubled,
) -> None:
    running = asked(shop, boots=True)
    running.send(signal.SIGINT)

    ended = running.end(30)

    assert ended.code == 5, ended.said
    assert "1 of 2 hosts restarted, no server is out because of this run" in ended.said
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.same("web2")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_two_signals_after_the_restart_leave_within_two_seconds_and_name_the_host(
    shop: Troubled, sign: signal.Signals
) -> None:
    running = asked(shop, boots=False)
    running.send(sign)
    running.until_says("rollout stopping")
    running.send(sign)

    ended = leaves_within(running, 2)

    assert ended.code == 6, ended.said
    assert "FAILED (exit 6): web1 is OUT OF ROTATION." in ended.said
    by_hand = shop.fleet.rollout("show", "--by-hand").stdout
    assert "set server app/web1 state ready" in by_hand
    assert shop.admin("web1") == MAINT
    assert shop.admin("web2") == 0
    assert shop.same("web2")


def test_two_ctrl_c_with_nobody_out_are_130(shop: Troubled) -> None:
    shop.settings(restart__stable="20s")
    running = shop.start()
    running.until_says("web1 in rotation")
    running.send(signal.SIGINT)
    running.until_says("rollout stopping")
    running.send(signal.SIGINT)

    ended = leaves_within(running, 2)

    assert ended.code == 130, ended.said
    assert "no server is out because of this run" in ended.said
    assert shop.all_ready
    assert shop.new_processes("web1")


def test_two_signals_in_one_breath_leave_at_once_with_a_true_account(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        running.send(signal.SIGINT)
        running.send(signal.SIGTERM)
        ended = leaves_within(running, 2)
        state = shop.fleet.balancers["lb1"].states()["app/web1"]

    if ended.code == 6:
        assert state.admin == DRAIN
        assert "FAILED (exit 6): web1 is OUT OF ROTATION." in ended.said
    else:  # the first one was served before the second arrived
        assert ended.code in {5, 143}
        assert state == FleetServerState(0, "UP", 1)
        assert "no server is out because of this run" in ended.said


def test_a_lost_terminal_does_not_stop_the_rollout(shop: Troubled) -> None:
    running = asked(shop, boots=True)
    running.send(signal.SIGHUP)

    ended = running.end(30)

    assert ended.code == 0, ended.said
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def test_ctrl_c_during_the_preflight_touches_nobody(shop: Troubled) -> None:
    shop.settings(ssh__connect_timeout="20s")
    with black_hole() as (address, port):
        say_of(shop.fleet, "web2", HostName=address, Port=port)
        running = shop.start()
        time.sleep(4)  # it says nothing before it has looked at everything
        running.send(signal.SIGINT)
        ended = leaves_within(running, 3)

    assert ended.code == 5, ended.said
    assert "stopped on request, before anything was changed" in ended.said
    assert shop.untouched


def test_a_second_signal_ends_what_runs_here_for_us(shop: Troubled) -> None:
    mark = shop.fleet.directory / "smoke"
    shop.settings(restart__smoke=f"echo $$ > {mark}; sleep 300", restart__smoke_timeout="5m")
    running = shop.start()
    until(lambda: mark.exists() and mark.read_text().strip() != "", "the smoke test runs")
    pid = int(mark.read_text())
    running.send(signal.SIGTERM)
    running.until_says("rollout stopping")
    running.send(signal.SIGTERM)

    ended = leaves_within(running, 2)

    assert ended.code == 6, ended.said
    until(lambda: not Path(f"/proc/{pid}").exists(), "the smoke test is gone", 3)
    shop.settings()
    recovered = shop.rollout("recover", "--yes")
    assert recovered.code == 0, recovered.said
    assert shop.all_ready
    assert shop.new_processes("web1")
