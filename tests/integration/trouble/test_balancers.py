"""HAProxy fails, or another hand has a hand on it: we give back what we can, and never fight."""

import time

import pytest

from examples.fleet import until
from examples.fleet.balancer import FleetServerState
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.fault_moments import asked, let_it_boot
from tests.support.fault_places import a_visitor_stays
from tests.support.started_runs import Running

pytestmark = pytest.mark.integration

MAINT, DRAIN = 1, 8


def in_drain(shop: Troubled, *words: str) -> Running:
    running = shop.start("restart", *(words or ("--drain-timeout", "20s")))
    running.until_says("web1 draining")
    return running


@pytest.mark.parametrize("state", ["maint", "drain"])
def test_a_server_that_an_operator_holds_out_is_skipped_and_left_as_it_is(
    trouble_in: MakeTrouble, state: str
) -> None:
    shop = trouble_in(hosts=3)
    lb1 = shop.fleet.balancers["lb1"]
    lb1.command(f"set server app/web2 state {state}")

    ended = shop.rollout()

    assert ended.code == 0, ended.said
    assert f"web2 (app/web2@lb1 is in {state}, not by rollout)" in ended.said
    assert shop.admin("web2") == {"maint": MAINT, "drain": DRAIN}[state]
    assert [shop.admin("web1"), shop.admin("web3")] == [0, 0]
    assert shop.same("web2")
    assert shop.new_processes("web1")
    assert shop.new_processes("web3")


def test_a_server_at_weight_0_is_skipped_and_keeps_its_weight(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(hosts=3)
    lb1 = shop.fleet.balancers["lb1"]
    lb1.command("set server app/web2 weight 0")

    ended = shop.rollout()

    assert ended.code == 0, ended.said
    assert lb1.states()["app/web2"].weight == 0
    assert shop.same("web2")


def test_a_fleet_that_is_all_held_out_leaves_nothing_to_do(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(hosts=1)
    shop.fleet.balancers["lb1"].command("set server app/web1 state maint")

    ended = shop.rollout("restart", "--floor", "0")

    assert ended.code == 0, ended.said
    assert "nothing to do" in ended.said
    assert shop.admin("web1") == MAINT
    assert shop.same("web1")


def test_a_server_that_an_operator_holds_out_counts_as_missing_for_the_floor(
    shop: Troubled,
) -> None:
    shop.fleet.balancers["lb1"].command("set server app/web2 state maint")

    ended = shop.rollout()

    assert ended.code == 5, ended.said
    assert "cannot be taken out" in ended.said
    assert "the floor is 1" in ended.said
    assert shop.admin("web1") == 0
    assert shop.fleet.processes() == shop.before


def test_a_peer_that_dies_while_we_drain_gets_the_host_back_into_rotation(shop: Troubled) -> None:
    shop.fleet.hosts["web2"].break_boot()
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.hosts["web2"].kill_instance("mongrel_8000")
        ended = running.end()

    assert ended.code == 5, ended.said
    assert "web1   put back        app@lb1 would have 0 of 2 servers serving" in ended.said
    assert "nothing of it was changed" not in ended.said
    assert shop.admin("web1") == 0
    assert shop.same("web1")


def test_somebody_who_makes_our_server_ready_in_drain_is_not_fought(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.balancers["lb1"].command("set server app/web1 state ready")
        ended = running.end()

    assert ended.code == 5, ended.said
    assert "app/web1@lb1 was changed from outside" in ended.said
    assert shop.untouched


def test_somebody_who_puts_our_server_in_maint_in_drain_is_not_fought(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.balancers["lb1"].command("set server app/web1 state maint")
        ended = running.end()

    assert "app/web1@lb1 was changed from outside" in ended.said
    assert shop.admin("web1") == MAINT
    assert shop.same("web1")
    assert shop.same("web2")
    assert ended.code == 5, ended.said
    assert "it is left to them" in ended.said


def test_somebody_who_makes_our_server_ready_after_the_restart_is_not_fought_and_it_is_named(
    shop: Troubled,
) -> None:
    running = asked(shop)
    shop.fleet.balancers["lb1"].command("set server app/web1 state ready")

    ended = running.end()

    assert ended.code == 6, ended.said
    assert "app/web1@lb1 was changed from outside" in ended.said
    assert "web1 is NOT KNOWN TO SERVE." in ended.said
    assert "web1   unknown (ready)" in ended.said
    assert shop.admin("web1") == 0
    assert shop.same("web2")


def test_haproxy_that_is_dead_at_the_start_is_a_finding(shop: Troubled) -> None:
    shop.fleet.balancers["lb1"].kill()

    ended = shop.rollout()

    assert ended.code == 3, ended.said
    assert "no process listens on it (a dead HAProxy left it behind)" in ended.said
    assert shop.fleet.processes() == shop.before


def test_haproxy_that_is_frozen_at_the_start_is_a_finding_in_time(shop: Troubled) -> None:
    shop.fleet.balancers["lb1"].suspend()

    ended = shop.rollout()

    assert ended.code == 3, ended.said
    assert "no answer within 5s" in ended.said
    assert ended.seconds < 5 + 8
    shop.fleet.balancers["lb1"].resume()
    assert shop.untouched


def test_haproxy_that_freezes_for_a_moment_in_drain_costs_only_time(shop: Troubled) -> None:
    lb1 = shop.fleet.balancers["lb1"]
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop, "--drain-timeout", "8s")
        lb1.suspend()
        running.until_says("no answer within 5s")
        lb1.resume()

    ended = running.end()

    assert ended.code == 0, ended.said
    assert shop.all_ready


def test_the_only_haproxy_dies_in_drain_and_the_host_is_named(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop, "--drain-timeout", "2s")
        shop.fleet.balancers["lb1"].kill()

    ended = running.end(90)

    assert ended.code == 6, ended.said
    assert "web1   unknown" in ended.said
    assert "web1 is NOT KNOWN TO SERVE." in ended.said
    assert "no process listens" in ended.said
    assert shop.fleet.processes() == shop.before


def test_one_dead_balancer_of_two_refuses(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(balancers=2)
    shop.fleet.balancers["lb2"].kill()

    ended = shop.rollout()

    assert ended.code == 3, ended.said
    assert "lb2" in ended.said
    assert shop.admin("web1") == 0
    assert shop.fleet.processes() == shop.before


def test_one_balancer_of_two_dies_in_drain_and_the_other_gets_the_host_back(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(balancers=2)
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop, "--drain-timeout", "2s")
        shop.fleet.balancers["lb2"].kill()
    ended = running.end(90)

    assert ended.code == 6, ended.said
    assert "lb2" in ended.said.partition("rollout: FAILED")[2]
    assert shop.fleet.balancers["lb1"].states()["app/web1"] == FleetServerState(0, "UP", 1)
    assert shop.fleet.processes() == shop.before


def test_one_balancer_of_two_dies_after_the_restart_and_the_other_gets_the_host_back(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(balancers=2)
    running = asked(shop)
    shop.fleet.balancers["lb2"].kill()
    let_it_boot(shop)

    ended = running.end(90)

    assert ended.code == 6, ended.said
    assert "lb2" in ended.said.partition("rollout: FAILED")[2]
    assert shop.fleet.balancers["lb1"].states()["app/web1"] == FleetServerState(0, "UP", 1)
    assert shop.new_processes("web1")
    assert shop.same("web2")


def test_a_reload_in_drain_is_noticed_and_the_server_is_taken_out_again(shop: Troubled) -> None:
    running = in_drain_with_a_reload(shop)

    ended = running.end()

    assert ended.code == 0, ended.said
    assert "was reloaded: its state is set again" in ended.said
    until(lambda: shop.all_ready, "all are ready")
    assert shop.new_processes("web1")


def in_drain_with_a_reload(shop: Troubled) -> Running:
    with a_visitor_stays(shop.fleet, "web1"):
        running = shop.start("restart", "--drain-timeout", "3s")
        running.until_says("web1 draining")
        shop.fleet.balancers["lb1"].reload()
        running.until_says("was reloaded")
    return running


def test_a_reload_hides_visitors_of_hosts_whose_turn_comes_later_and_they_are_waited_for(
    shop: Troubled,
) -> None:
    with a_visitor_stays(shop.fleet, "web2") as finish:
        running = shop.start("restart", "--drain-timeout", "8s")
        running.until_says("web1 restart requested")
        shop.fleet.balancers["lb1"].reload()
        running.until_says("web2 draining")
        time.sleep(2)
        answer = finish()

    assert answer == "HTTP/1.1 200 OK"
    assert running.end().code == 0


def test_a_reload_during_a_lost_floor_still_hides_visitors(shop: Troubled) -> None:
    """HAProxy calls nobody wholly up for a moment, so the host goes back and has another turn."""
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = shop.start("restart", "--drain-timeout", "8s")
        running.until_says("web1 draining")
        shop.fleet.balancers["lb1"].reload()
        running.until_says("was reloaded")
        time.sleep(4)
        answer = finish()

    assert answer == "HTTP/1.1 200 OK"
    assert running.end().code == 0
