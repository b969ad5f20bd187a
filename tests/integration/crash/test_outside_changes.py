"""Another hand works on the fleet, while we roll it or between our death and our recovery."""

from collections.abc import Callable

import pytest

from examples.fleet import until
from examples.fleet.balancer import FleetServerState
from rollout.output.lock import FREE
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.bastion import kill_9, last_in, open_in, restarts, state_of
from tests.support.fault_moments import asked, let_it_boot
from tests.support.fault_places import a_visitor_stays
from tests.support.started_runs import Running

pytestmark = pytest.mark.integration

READY, MAINT, DRAIN = 0, 1, 8

Dead = Callable[[Troubled], None]


def in_drain(shop: Troubled) -> Running:
    running = shop.start("restart", "--drain-timeout", "4s")
    running.until_says("web1 draining")
    return running


def dead_in_drain(shop: Troubled) -> None:
    """Kill a run that had web1 in drain, and had not asked it to restart."""
    with a_visitor_stays(shop.fleet, "web1"):
        kill_9(in_drain(shop))
    assert shop.admin("web1") == DRAIN


def dead_in_maint(shop: Troubled) -> None:
    """Kill a run that had restarted web1, which boots now."""
    kill_9(asked(shop))
    assert shop.admin("web1") == MAINT
    let_it_boot(shop)


def tell(shop: Troubled, server: str, state: str) -> None:
    shop.fleet.balancers["lb1"].command(f"set server app/{server} state {state}")


def all_done(shop: Troubled) -> None:
    assert shop.all_ready
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def nothing_is_left(shop: Troubled) -> None:
    assert open_in(state_of(shop)) == []
    assert shop.rollout("lock").data.startswith(FREE)


# Monit


def test_monit_that_is_reloaded_while_we_drain_changes_nothing(shop: Troubled) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        shop.fleet.hosts["web1"].ask_monit("reload")
    ended = running.end()

    assert ended.code == 0, ended.said
    all_done(shop)
    assert restarts(shop, "web1") == 1


def test_monit_that_is_reloaded_while_the_app_boots_costs_only_time(shop: Troubled) -> None:
    running = asked(shop)
    shop.fleet.hosts["web1"].ask_monit("reload")
    let_it_boot(shop)
    ended = running.end()

    assert ended.code == 0, ended.said
    all_done(shop)
    assert restarts(shop, "web1") == 1


def test_monit_that_is_reloaded_as_it_is_asked_is_not_asked_again_and_nobody_is_lost(
    shop: Troubled,
) -> None:
    shop.settings(restart__running_timeout="20s")
    running = shop.start()
    until(lambda: restarts(shop, "web1") == 1, "monit was asked", 20)
    shop.fleet.hosts["web1"].ask_monit("reload")
    ended = running.end()

    assert restarts(shop, "web1") == 1
    if ended.code == 0:  # it had begun, or remembered
        all_done(shop)
    else:
        assert ended.code == 6, ended.said
        assert "web1   out (maint)" in ended.said
        assert shop.admin("web1") == MAINT
        assert shop.same("web2")


def test_monit_that_is_stopped_and_started_while_we_drain_changes_nothing(shop: Troubled) -> None:
    web1 = shop.fleet.hosts["web1"]
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        web1.kill_monit()
        web1.start_monit()
        web1.until_watched(20)
    ended = running.end()

    assert ended.code == 0, ended.said
    all_done(shop)


def test_monit_that_is_stopped_and_started_while_the_app_boots_costs_only_time(
    shop: Troubled,
) -> None:
    web1 = shop.fleet.hosts["web1"]
    running = asked(shop)
    web1.ask_monit("quit")
    running.until_says("the monit daemon is not running")
    web1.start_monit()
    let_it_boot(shop)
    ended = running.end()

    assert ended.code == 0, ended.said
    all_done(shop)
    assert restarts(shop, "web1") == 1


# HAProxy, told by an operator while we hold a server in maint


def test_a_server_that_an_operator_made_ready_while_we_restart_it_stays_in_rotation(
    shop: Troubled,
) -> None:
    running = asked(shop)
    tell(shop, "web1", "ready")
    stopped = running.end()
    let_it_boot(shop)
    shop.fleet.hosts["web1"].until_up(20)
    until(lambda: shop.status("web1") == "UP", "HAProxy calls it up", 20)
    recovering, seen = shop.start("recover", "--yes"), set()
    while recovering.process.poll() is None:
        seen.add(shop.admin("web1"))
    ended = recovering.end()

    assert stopped.code == 6, stopped.said
    assert ended.code == 0, ended.said
    assert seen == {READY}
    nothing_is_left(shop)


def test_somebody_who_puts_our_server_in_drain_after_the_restart_is_not_fought(
    shop: Troubled,
) -> None:
    running = asked(shop)
    tell(shop, "web1", "drain")
    ended = running.end()

    assert ended.code == 6, ended.said
    assert "app/web1@lb1 was changed from outside" in ended.said
    assert "web1   out (drain)" in ended.said
    assert shop.admin("web1") == DRAIN
    assert shop.same("web2")


def test_a_peer_that_dies_while_we_drain_gets_the_host_back_which_goes_when_it_serves_again(
    shop: Troubled,
) -> None:
    shop.settings(fleet__room_timeout="30s")
    web2 = shop.fleet.hosts["web2"]
    web2.break_boot()
    with a_visitor_stays(shop.fleet, "web1"):
        running = in_drain(shop)
        web2.kill_instance("mongrel_8000")
        running.until_says("web1 put back")
        given_back = shop.admin("web1")
        web2.heal()
        web2.until_up(20)
    ended = running.end()

    assert given_back == READY
    assert "app@lb1 would have 0 of 2 servers serving" in ended.said
    assert ended.code == 0, ended.said
    all_done(shop)
    assert restarts(shop, "web1") == 1


# Between the death of a run and its recovery


@pytest.mark.parametrize("dead", [dead_in_drain, dead_in_maint])
def test_what_a_reload_put_back_after_our_death_is_seen_to_serve(
    shop: Troubled, dead: Dead
) -> None:
    dead(shop)
    before = shop.fleet.processes()
    shop.fleet.balancers["lb1"].reload()
    until(lambda: shop.admin("web1") == READY, "the new HAProxy answers")

    refused = shop.rollout()
    recovered = shop.rollout("recover", "--yes")

    assert refused.code == 3, refused.said
    assert "recover` brings back what is out" in refused.said
    assert recovered.code == 0, recovered.said
    assert shop.all_ready
    assert restarts(shop, "web1") == (0 if dead is dead_in_drain else 1)
    assert shop.fleet.processes()["web2/mongrel_8000"] == before["web2/mongrel_8000"]
    nothing_is_left(shop)


@pytest.mark.parametrize(
    ("dead", "state", "admin"),
    [(dead_in_drain, "maint", MAINT), (dead_in_maint, "drain", DRAIN)],
)
def test_a_server_that_somebody_changed_after_our_death_is_left_as_it_is_now_and_named(
    shop: Troubled, dead: Dead, state: str, admin: int
) -> None:
    dead(shop)
    shop.fleet.hosts["web1"].until_up(20)
    tell(shop, "web1", state)
    processes = shop.fleet.processes()

    recovered = shop.rollout("recover", "--yes")

    assert "app/web1@lb1" in recovered.said
    assert "changed from outside since" in recovered.said
    assert recovered.code == 0, recovered.said
    assert "web1" in recovered.said.partition("rollout: recovered.")[2]
    assert shop.admin("web1") == admin
    assert shop.admin("web2") == READY
    assert shop.fleet.processes() == processes
    nothing_is_left(shop)


def test_what_a_reload_put_back_without_proof_after_our_death_is_not_called_recovered(
    shop: Troubled,
) -> None:
    kill_9(asked(shop))
    shop.fleet.balancers["lb1"].reload()
    until(lambda: shop.status("web1") == "DOWN", "HAProxy finds nobody there")
    shop.settings(restart__running_timeout="3s")

    recovered = shop.rollout("recover", "--yes", timeout=90)

    assert recovered.code == 6, recovered.said
    assert "web1 is NOT KNOWN TO SERVE." in recovered.said
    assert "web1  app/web1@lb1 is ready (DOWN), in rotation without a proof" in recovered.said
    assert "web1   unknown" in recovered.said
    past = last_in(state_of(shop))
    assert [owned_target.target.name for owned_target in past.owned_targets] == ["web1"]
    assert shop.same("web2")


def test_a_weight_that_somebody_set_after_our_death_stays_or_is_named(shop: Troubled) -> None:
    lb1 = shop.fleet.balancers["lb1"]
    dead_in_drain(shop)
    lb1.command("set server app/web1 weight 7")

    recovered = shop.rollout("recover", "--yes")

    assert recovered.code == 0, recovered.said
    assert shop.admin("web1") == READY
    assert shop.fleet.processes() == shop.before
    nothing_is_left(shop)
    assert lb1.states()["app/web1"].weight == 7 or "weight" in recovered.said


def test_one_of_two_seats_that_somebody_changed_after_our_death_is_left_and_the_other_comes_back(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(balancers=2)
    dead_in_drain(shop)
    tell(shop, "web1", "maint")

    recovered = shop.rollout("recover", "--yes")

    assert recovered.code == 0, recovered.said
    assert "app/web1@lb1 is maint now" in recovered.said
    assert shop.admin("web1", "lb1") == MAINT
    assert shop.fleet.balancers["lb2"].states()["app/web1"] == FleetServerState(0, "UP", 1)
    assert shop.fleet.processes() == shop.before
    nothing_is_left(shop)


def test_an_agent_that_says_ready_does_not_undo_what_a_dead_run_held_and_is_heard_again(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(agent=True)
    for host in shop.fleet.hosts.values():
        host.agent_says("ready up 100%")
    dead_in_maint(shop)
    until(lambda: shop.admin("web1") == MAINT, "web1 is still out")

    recovered = shop.rollout("recover", "--yes")

    assert recovered.code == 0, recovered.said
    assert shop.admin("web1") == READY
    assert shop.new_processes("web1")
    assert restarts(shop, "web1") == 1
    shop.fleet.hosts["web1"].agent_says("drain")
    until(lambda: shop.admin("web1") == DRAIN, "the agent is heard again")


def test_an_agent_that_a_reload_woke_after_our_death_does_not_hinder_the_recovery(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(agent=True)
    for host in shop.fleet.hosts.values():
        host.agent_says("ready up 100%")
    dead_in_maint(shop)
    shop.fleet.balancers["lb1"].reload()

    recovered = shop.rollout("recover", "--yes")

    assert recovered.code == 0, recovered.said
    assert shop.admin("web1") == READY
    assert shop.new_processes("web1")
    assert restarts(shop, "web1") == 1
