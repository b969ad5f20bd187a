"""In an outage the release that ends it can be deployed, and what serves is not risked for it."""

import math

from rollout.model.findings import PreflightReport
from rollout.model.fleet import Admin
from rollout.model.plan import Share
from rollout.restart.preflight import preflight
from rollout.restart.server_mapping import Selection
from rollout.summary.run import Exit
from tests.support.simulation.clock import play
from tests.support.simulation.restarts import Told, fleet, promises_broken, roll, site_of
from tests.support.simulation.world import World


def sick(world: World, *hosts: str) -> World:
    """Let no instance of ``hosts`` answer, for longer than HAProxy needs to see it."""
    for host in hosts:
        for app in world.hosts[host].apps:
            app.lives[-1].answers_from = math.inf
    for line in world.lines.values():
        if line.host.name in hosts:
            line.health = 0
    return world


def fit(world: World, *, accept_sick: bool, floor: Share) -> PreflightReport:
    scope = Selection(hosts=tuple(world.hosts), floor=floor, accept_sick=accept_sick)
    return play(preflight(scope, site_of(world)))


def whole(world: World, told: Told) -> None:
    assert told.summary.exit_code is Exit.DONE, told.summary
    assert promises_broken(world, told) == []
    assert all(line.admin == Admin(0) and line.up for line in world.lines.values())


def test_a_fleet_that_is_down_is_refused_and_the_flag_is_named() -> None:
    found = fit(sick(fleet(2), "web1", "web2"), accept_sick=False, floor=Share(1))
    assert len(found.findings) == 4
    assert all(f.fix.endswith("in an outage: --accept-sick") for f in found.findings)


def test_with_the_flag_what_is_sick_is_a_note_even_where_no_floor_could_be_held() -> None:
    found = fit(sick(fleet(1), "web1"), accept_sick=True, floor=Share(50, percent=True))
    assert found.findings == ()
    assert [(n.where, n.what.endswith("restarted all the same")) for n in found.notes] == [
        ("web1", True),
        ("web1", True),
    ]


def test_a_server_that_still_serves_is_held_by_the_floor_with_the_flag_too() -> None:
    found = fit(fleet(1), accept_sick=True, floor=Share(50, percent=True))
    assert "no restart is possible" in found.findings[0].what


def test_those_that_no_visitor_meets_go_first() -> None:
    found = fit(sick(fleet(3), "web2"), accept_sick=True, floor=Share(1))
    assert [target.name for target in found.targets] == ["web2", "web1", "web3"]


def test_a_fleet_that_is_down_is_restarted_at_the_usual_floor() -> None:
    world = sick(fleet(3), "web1", "web2", "web3")
    whole(world, roll(world, accept_sick=True))


def test_a_fleet_that_is_down_and_may_not_be_restarted_so_is_left_alone() -> None:
    world = sick(fleet(3), "web1", "web2", "web3")
    told = roll(world)
    assert "the floor is 2" in told.summary.halted
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_one_that_monit_has_given_up_is_started() -> None:
    world = sick(fleet(2), "web1", "web2")
    for app in world.hosts["web1"].apps:
        app.lives[-1].gone_at = -1.0
        app.manner = "unmonitored"
    whole(world, roll(world, accept_sick=True))


def test_what_comes_up_no_better_stays_out_and_halts() -> None:
    world = sick(fleet(2), "web1", "web2")
    for app in world.hosts["web1"].apps:
        app.manner = "never_boots"
    told = roll(world, accept_sick=True)
    assert told.summary.exit_code is Exit.REDUCED
    assert list(told.summary.out) == ["web1"]
    assert all(app.restarts == 0 for app in world.hosts["web2"].apps)


def test_what_still_serves_waits_for_the_sick_that_are_out() -> None:
    world = sick(fleet(2), "web1")
    world.floor = Share(1)
    told = roll(world, accept_sick=True, max_out=2)
    whole(world, told)


def test_one_that_monit_would_only_begin_to_watch_is_given_back_untouched() -> None:
    world = sick(fleet(2), "web1", "web2")
    for app in world.hosts["web1"].apps:
        app.manner = "unmonitored"
    told = roll(world, accept_sick=True)
    assert "not monitored" in told.summary.halted
    assert promises_broken(world, told) == []
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)
