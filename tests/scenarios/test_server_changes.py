"""Stories of server lines that vanish, come back, appear, or are no operator's doing."""

from dataclasses import replace

import pytest

from rollout.events import Noted, ServersChanged, TargetNotDrained, TargetSkipped, TargetVisited
from rollout.model.fleet import Admin, Server
from rollout.model.plan import Share
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.recoveries import is_back, recovered
from tests.support.simulation.restarts import QUICK, fleet, promises_broken, roll
from tests.support.simulation.world import Line, World, clock


def slow_fleet(hosts: int = 3, *, balancers: int = 1, lines: str = "instance") -> World:
    """Return a fleet that boots for 20 s, so that a scenario can strike meanwhile."""
    world = fleet(hosts, balancers=balancers, lines=lines)
    for host in world.hosts.values():
        for app in host.apps:
            app.boot = 20
    return world


def line_of(world: World, server: str, balancer: str = "lb1") -> Line:
    return world.lines[Server(balancer, "app", server)]


def test_a_line_that_a_reload_takes_away_is_named_and_the_others_are_held() -> None:
    world = slow_fleet()
    line_of(world, "web1_8001").leaves_at = 1000
    world.reloads["lb1"] = [1012.0]
    told = roll(world, timeouts=replace(QUICK, probation_timeout=30))
    assert told.summary.exit_code is Exit.DONE
    assert promises_broken(world, told) == []
    gone = [e.gone for e in told.events if isinstance(e, ServersChanged) and e.gone]
    assert gone[0] == ("app/web1_8001@lb1",)
    assert "app/web1_8001@lb1" not in told.summary.lines["web1"].servers


def test_a_line_that_a_later_reload_brings_back_is_taken_again() -> None:
    world = slow_fleet()
    line = line_of(world, "web1_8001")
    line.leaves_at, line.comes_at = 1000, 1015
    world.reloads["lb1"] = [1010.0, 1016.0]
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert promises_broken(world, told) == []
    changes = [(e.gone, e.new) for e in told.events if isinstance(e, ServersChanged)]
    assert changes[:2] == [(("app/web1_8001@lb1",), ()), ((), ("app/web1_8001@lb1",))]
    assert not line.admin


@pytest.mark.parametrize("lines", ["host", "instance"])
def test_a_line_that_appears_while_its_host_boots_is_taken_and_given_back(lines: str) -> None:
    world = slow_fleet(lines=lines)
    web1 = world.hosts["web1"]
    apps = web1.apps if lines == "host" else web1.apps[:1]
    new = Line(Server("lb1", "app", "another"), web1, apps, gone=True, comes_at=1000)
    world.lines[new.server], world.found[new.server] = new, (Admin(0), 1, False)
    world.reloads["lb1"] = [1010.0]
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert promises_broken(world, told) == []
    assert "app/another@lb1" in str(told.of(ServersChanged))
    assert not new.admin


def test_all_lines_of_a_host_gone_on_one_balancer_keep_it_from_nothing() -> None:
    world = slow_fleet(1, balancers=2, lines="host")
    world.floor = Share(0)
    line_of(world, "web1").leaves_at = 1000
    world.reloads["lb1"] = [1010.0]
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert promises_broken(world, told) == []


def test_a_host_without_a_line_left_anywhere_comes_through() -> None:
    world = slow_fleet(1, lines="host")
    world.floor = Share(0)
    line_of(world, "web1").leaves_at = 1000
    world.reloads["lb1"] = [1010.0]
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.lines["web1"].servers == ()


def test_a_line_that_is_gone_before_its_host_is_taken_halts_with_nothing_touched() -> None:
    world = fleet(4)
    line_of(world, "web2").leaves_at = 1000
    world.reloads["lb1"] = [1003.0]
    told = roll(world)
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.NOT_TAKEN) == ("web2",)
    assert promises_broken(world, told) == []


def test_recover_ends_when_a_line_of_what_is_out_has_vanished() -> None:
    happy = slow_fleet()
    roll(happy)
    asked = happy.faults.calls.index("web1 restart")
    world = slow_fleet()
    roll(world, Fault(Kind.DEATH, asked + 30))
    line_of(world, "web1_8001").gone = True
    told = recovered(world)
    assert told.summary.exit_code is Exit.DONE
    assert is_back(world) == []


def test_the_record_lists_no_line_that_is_gone() -> None:
    world = slow_fleet()
    line_of(world, "web1_8001").leaves_at = 1000
    world.reloads["lb1"] = [1010.0]
    happy = slow_fleet()
    roll(happy)
    roll(world, Fault(Kind.DEATH, happy.faults.calls.index("web1 restart") + 120))
    (owned_target,) = world.owned_targets.values()
    assert owned_target.target.servers == (Server("lb1", "app", "web1_8000"),)
    assert [one.server for one in owned_target.found] == list(owned_target.target.servers)


@pytest.mark.parametrize(
    ("admin", "weight", "initial"),
    [
        (Admin.CONFIG_MAINT | Admin.FORCED_MAINT, 1, 1),
        (Admin.NO_ADDRESS, 1, 1),
        (Admin(0), 0, 0),
    ],
)
def test_a_line_that_the_file_keeps_out_skips_no_host(
    admin: Admin, weight: int, initial: int
) -> None:
    world = fleet(3, lines="instance")
    line = line_of(world, "web1_8001")
    line.admin, line.weight, line.initial_weight = admin, weight, initial
    world.found[line.server] = (admin, weight, False)
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.named(TargetPhase.SKIPPED) == ()
    assert promises_broken(world, told) == []
    assert (line.admin, line.weight) == (admin, weight)


def test_a_host_whose_every_line_the_file_disables_is_skipped() -> None:
    world = fleet(3)
    line = line_of(world, "web2")
    line.admin = Admin.CONFIG_MAINT | Admin.FORCED_MAINT
    world.found[line.server] = (line.admin, 1, False)
    told = roll(world)
    assert [e.target for e in told.events if isinstance(e, TargetSkipped)] == ["web2"]
    assert promises_broken(world, told) == []


def test_visitors_that_come_in_maint_are_noticed_before_the_restart() -> None:
    world = fleet(2)
    line_of(world, "web1").visits_every = 0.15
    told = roll(world)
    assert told.summary.exit_code is Exit.HALTED
    assert "force-persist" in told.summary.lines["web1"].reason
    assert all(app.restarts == 0 for app in world.hosts["web1"].apps)
    assert promises_broken(world, told) == []


def test_visitors_that_come_in_maint_after_the_request_are_confessed() -> None:
    world = slow_fleet(2, lines="host")
    line_of(world, "web1").visits_every = 7.0
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    (visited,) = [e for e in told.events if isinstance(e, TargetVisited)]
    assert (visited.target, visited.servers) == ("web1", ("app/web1@lb1",))
    assert visited.sessions == told.summary.lines["web1"].visited >= 2


def test_a_weight_that_an_operator_sets_while_we_hold_it_is_left_so() -> None:
    world = slow_fleet(2, lines="host")
    line = line_of(world, "web1")

    def operator() -> None:
        if clock() > 1012 and line.admin & Admin.FORCED_MAINT and line.weight == 1:
            line.weight = 7
            world.found[line.server] = (Admin(0), 7, False)

    world.operator = operator
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert line.weight == 7
    assert "weight 7" in str(told.of(Noted))


def test_a_server_that_an_operator_takes_while_its_host_proves_stable_leaves_the_rest_watched() -> (
    None
):
    world = fleet(1, balancers=2)
    world.floor = Share(0)
    happy = fleet(1, balancers=2)
    happy.floor = Share(0)
    roll(happy, timeouts=replace(QUICK, stable=8))
    end = happy.faults.last
    taken = line_of(world, "web1")
    taken.meddling.append((end - 6, Admin.FORCED_MAINT))
    other = line_of(world, "web1", "lb2")
    other.dies_at, other.revives_at = end - 5, end + 60
    told = roll(world, timeouts=replace(QUICK, stable=8))
    assert told.summary.exit_code is Exit.REDUCED
    assert "app/web1@lb2 DOWN" in told.summary.lines["web1"].reason
    assert "app/web1@lb1" in str(told.of(Noted))
    assert taken.admin == Admin.FORCED_MAINT


def test_the_last_active_server_can_be_spared_where_a_backup_serves() -> None:
    world = fleet(2)
    world.floor = Share(1)
    line_of(world, "web2").backup = True
    target = world.lines[Server("lb1", "app", "web1")]
    told = roll(world)
    assert target.admin == Admin(0)
    assert told.summary.exit_code is Exit.DONE


def test_a_drain_without_time_for_a_second_look_says_so() -> None:
    told = roll(fleet(2), timeouts=replace(QUICK, drain_timeout=0))
    said = [e.reason for e in told.events if isinstance(e, TargetNotDrained)]
    assert said
    assert all(said)


@pytest.mark.parametrize(("hosts", "code"), [(3, Exit.DONE), (2, Exit.HALTED)])
def test_a_line_that_forgot_and_leads_elsewhere_is_the_other_hosts(hosts: int, code: Exit) -> None:
    """With two hosts the second has three of four lines by then, and cannot be taken out."""
    world = slow_fleet(hosts, lines="instance")
    line = line_of(world, "web1_8001")
    elsewhere = world.hosts["web2"]

    def move() -> None:
        if clock() > 1011 and line.host is not elsewhere and not line.admin:
            line.host, line.apps = elsewhere, elsewhere.apps[1:]

    world.operator = move
    world.reloads["lb1"] = [1011.0]
    told = roll(world)
    changed = [event for event in told.events if isinstance(event, ServersChanged)]
    assert ("web1", ("app/web1_8001@lb1",)) in [(event.target, event.gone) for event in changed]
    assert told.summary.exit_code is code
    assert promises_broken(world, told) == []


def test_a_backend_in_which_the_file_gives_no_server_a_share_has_no_floor() -> None:
    world = fleet(2)
    for host in world.hosts.values():
        line = Line(Server("lb1", "canary", host.name), host, host.apps, weight=0, initial_weight=0)
        world.lines[line.server], world.found[line.server] = line, (Admin(0), 0, False)
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert promises_broken(world, told) == []
