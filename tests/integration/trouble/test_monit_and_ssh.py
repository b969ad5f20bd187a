"""Monit or ssh fails on the way: what was not asked to restart goes back, the rest is named."""

import pytest

from examples.fleet import until
from tests.integration.trouble.conftest import Troubled
from tests.support.fault_places import a_visitor_stays
from tests.support.started_runs import Ended, Running

pytestmark = pytest.mark.integration

MAINT = 1
DRAINING = "web1 draining"
ASKED = "restart requested"


def in_drain(shop: Troubled) -> Running:
    running = shop.start("restart", "--drain-timeout", "5s")
    running.until_says(DRAINING)
    return running


def asked(shop: Troubled) -> Running:
    """Start a restart and return when the first host was asked; its app boots slowly."""
    shop.fleet.hosts["web1"].misbehave("hang-boot")
    running = shop.start()
    running.until_says("not verified yet")
    return running


def given_back(shop: Troubled, ended: Ended) -> None:
    assert ended.code == 5, ended.said
    assert "halted. 0 of 2 hosts restarted, no server is out because of this run." in ended.said
    assert "web1   put back" in ended.said
    assert "web1: web1:" not in ended.said
    assert "web2   not restarted" in ended.said
    assert shop.untouched


def left_out(shop: Troubled, ended: Ended) -> None:
    assert ended.code == 6, ended.said
    assert "FAILED (exit 6): web1 is OUT OF ROTATION." in ended.said
    assert "web1   out (maint)" in ended.said
    assert shop.admin("web1") == MAINT
    assert shop.admin("web2") == 0
    assert shop.same("web2")


def test_monit_that_dies_while_we_drain_gives_the_host_back(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.hosts["web1"].kill_monit()

    ended = running.end()

    given_back(shop, ended)
    assert "the monit daemon is not running" in ended.said


def test_monit_that_freezes_while_we_drain_gives_the_host_back(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.hosts["web1"].suspend_monit()

    ended = running.end()

    given_back(shop, ended)
    assert "the monit daemon does not answer" in ended.said


def test_monit_that_freezes_after_it_was_asked_leaves_the_host_out(shop: Troubled) -> None:
    running = asked(shop)
    shop.fleet.hosts["web1"].suspend_monit()

    ended = running.end(40)

    left_out(shop, ended)


def test_monit_that_dies_after_it_was_asked_leaves_the_host_out(shop: Troubled) -> None:
    running = asked(shop)
    shop.fleet.hosts["web1"].kill_monit()

    ended = running.end(40)

    left_out(shop, ended)
    assert "the monit daemon is not running" in ended.said


def test_sshd_that_dies_while_we_drain_gives_the_host_back(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.hosts["web1"].kill_sshd()

    ended = running.end()

    given_back(shop, ended)
    assert "connection refused" in ended.said


def test_sshd_that_freezes_while_we_drain_gives_the_host_back(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.hosts["web1"].suspend_sshd()

    ended = running.end(40)

    given_back(shop, ended)


def test_sshd_that_freezes_after_the_restart_leaves_the_host_out_in_time(shop: Troubled) -> None:
    running = asked(shop)
    shop.fleet.hosts["web1"].suspend_sshd()

    ended = running.end(40)

    left_out(shop, ended)


def test_sshd_that_dies_after_the_restart_leaves_the_host_out(shop: Troubled) -> None:
    running = asked(shop)
    shop.fleet.hosts["web1"].kill_sshd()

    ended = running.end(40)

    left_out(shop, ended)
    assert "connection refused" in ended.said


def test_a_lost_connection_after_the_restart_is_made_again_and_nothing_is_asked_twice(
    shop: Troubled,
) -> None:
    web1 = shop.fleet.hosts["web1"]
    shop.settings(restart__running_timeout="25s")
    running = asked(shop)
    web1.kill_sshd()
    running.until_says("connection refused")
    web1.heal()
    web1.start_sshd()
    web1.kill_instance("mongrel_8000")

    ended = running.end()

    assert ended.code == 0, ended.said
    log = (web1.directory / "monit.log").read_text()
    assert log.count("restart on user request") == 1
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def test_a_frozen_sshd_that_thaws_costs_only_time(shop: Troubled) -> None:
    web1 = shop.fleet.hosts["web1"]
    shop.settings(restart__running_timeout="25s")
    running = asked(shop)
    web1.suspend_sshd()
    web1.heal()
    web1.kill_instance("mongrel_8000")
    until(lambda: web1.answers("mongrel_8000"), "the app is back", 15)
    web1.resume_sshd()

    ended = running.end()

    assert ended.code == 0, ended.said
    assert shop.all_ready
