"""Stories of load balancers that reload, are lost, or have a mind of their own."""

from dataclasses import replace

import pytest

from rollout.events import BalancerReloaded, Noted, TargetSkipped
from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.plan import Share
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.restarts import QUICK, fleet, promises_broken, roll
from tests.support.simulation.world import clock


@pytest.mark.parametrize(
    "admin",
    [
        Admin.FORCED_MAINT,
        Admin.FORCED_DRAIN,
        Admin.INHERITED_MAINT,
        Admin.INHERITED_DRAIN,
        Admin.NO_ADDRESS,
    ],
)
def test_a_server_that_somebody_holds_out_is_skipped_and_named(admin: Admin) -> None:
    world = fleet(4)
    line = next(line for line in world.lines.values() if line.host.name == "web2")
    line.admin = admin
    world.found[line.server] = (admin, 1, False)
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert [e.target for e in told.events if isinstance(e, TargetSkipped)] == ["web2"]
    assert line.admin == admin
    assert all(app.restarts == 0 for app in world.hosts["web2"].apps)


def test_a_weight_of_zero_counts_as_held_out() -> None:
    world = fleet(4)
    line = next(iter(world.lines.values()))
    line.weight = 0
    world.found[line.server] = (Admin(0), 0, False)
    told = roll(world)
    assert told.summary.named(TargetPhase.SKIPPED) == ("web1",)
    assert promises_broken(world, told) == []


def test_a_reload_in_the_drain_is_noticed_and_the_drain_taken_again() -> None:
    world = fleet(3)
    world.reloads["lb1"] = [1001.0]
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert told.of(BalancerReloaded)


@pytest.mark.parametrize("at", [1000.1, 1001.0, 1008.0, 1012.0])
def test_nobody_is_restarted_while_the_process_before_a_reload_may_still_serve(at: float) -> None:
    """The last two strike while another target is out, or between two."""
    world = fleet(3)
    world.floor = Share(2)
    world.reloads["lb1"] = [at]
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_a_reload_that_loses_an_operators_hold_is_not_ours_to_mend() -> None:
    world = fleet(4)
    line = next(line for line in world.lines.values() if line.host.name == "web4")
    line.admin = Admin.FORCED_MAINT
    world.found[line.server] = (Admin.FORCED_MAINT, 1, False)
    world.reloads["lb1"] = [1010.0]
    told = roll(world)
    assert promises_broken(world, told) == []
    assert not line.admin


def test_a_reload_while_an_instance_boots_puts_its_server_back_in_maint() -> None:
    world = fleet(3)
    for host in world.hosts.values():
        for app in host.apps:
            app.boot = 20
    world.reloads["lb1"] = [1010.0]
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert [e.target for e in told.events if isinstance(e, BalancerReloaded)] == ["web1"]


def test_a_load_balancer_lost_after_the_restart_does_not_keep_the_other_from_its_server() -> None:
    happy = fleet(3, balancers=2)
    roll(happy)
    asked = happy.faults.calls.index("web1 restart")
    world = fleet(3, balancers=2)
    told = roll(world, Fault(Kind.REFUSED, asked + 1, calls=100_000, only="lb2"))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.lines["web1"].state == "ready"
    assert "lb2" in told.summary.lines["web1"].reason
    states = {str(server): line.admin for server, line in world.lines.items()}
    assert states["app/web1@lb1"] == Admin(0)
    assert told.summary.named(TargetPhase.UNTOUCHED) == ("web2", "web3")


def test_a_load_balancer_lost_in_the_drain_gets_the_server_back_on_the_other() -> None:
    happy = fleet(3, balancers=2)
    roll(happy)
    drained = happy.faults.calls.index("lb2 drain")
    world = fleet(3, balancers=2)
    told = roll(world, Fault(Kind.REFUSED, drained + 1, calls=100_000, only="lb2"))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert world.lines[Server("lb1", "app", "web1")].admin == Admin(0)
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_a_load_balancer_lost_between_two_servers_starts_nothing_more() -> None:
    happy = fleet(3, balancers=2)
    roll(happy)
    done = max(n for n, call in enumerate(happy.faults.calls) if call == "web1 status")
    world = fleet(3, balancers=2)
    told = roll(world, Fault(Kind.REFUSED, done + 1, calls=100_000, only="lb2"))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.DONE) == ("web1",)
    assert "lb2" in told.summary.halted


def test_a_weight_that_a_reload_reset_is_given_back_as_it_was_found() -> None:
    world = fleet(3)
    line = next(iter(world.lines.values()))
    line.weight = 7
    world.found[line.server] = (Admin(0), 7, False)
    world.reloads["lb1"] = [1001.0]
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert line.weight == 7


def test_an_agent_is_kept_from_undoing_the_drain_and_is_back_afterwards() -> None:
    world = fleet(3)
    for line in world.lines.values():
        line.agent = True
        world.found[line.server] = (Admin(0), 1, True)
    told = roll(world)
    assert promises_broken(world, told) == []
    assert "lb1 agent" in world.faults.calls
    assert all(line.agent for line in world.lines.values())


@pytest.mark.parametrize("at", [1000.5, 1005.0])
def test_an_agent_that_a_reload_woke_is_silenced_before_it_undoes_what_we_hold(at: float) -> None:
    world = fleet(3)
    for line in world.lines.values():
        line.agent, line.agent_says_ready = True, True
        world.found[line.server] = (Admin(0), 1, True)
    world.reloads["lb1"] = [at]
    told = roll(world)
    assert told.of(BalancerReloaded)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert all(line.agent for line in world.lines.values())


def test_after_a_reload_in_the_drain_the_old_process_gets_the_whole_drain_time() -> None:
    world = fleet(2, instances=1)
    world.reloads["lb1"] = [1000.5]
    told = roll(world)
    assert promises_broken(world, told) == []
    born = world.hosts["web1"].apps[0].lives[-1].process.started or 0
    assert born / 100 > 1000.5 + QUICK.drain_timeout


def test_an_order_that_somebody_undoes_at_once_is_not_fought_over() -> None:
    world = fleet(3)
    server = Server("lb1", "app", "web1")
    line = world.lines[server]

    def undo() -> bool:
        # asked between our looks: somebody makes ready whatever we drain or put in maint
        if line.admin:
            line.told(AdminState.READY, clock())
        return False

    told = roll(world, stop_asked=undo)
    assert told.summary.exit_code is Exit.HALTED
    assert "from outside" in told.summary.lines["web1"].reason
    assert not line.admin
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)
    assert sum(1 for call in world.faults.calls if call == "lb1 drain") == 1


def test_a_reload_in_maint_does_not_pass_for_sessions_that_do_not_end() -> None:
    world = fleet(2, instances=1)
    for line in world.lines.values():
        line.tail = 2.0
    world.reloads["lb1"] = [1003.0]
    told = roll(world, timeouts=replace(QUICK, drain_timeout=8, maint_timeout=3))
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_what_somebody_took_while_a_look_hung_is_not_given_back_by_us() -> None:
    world = fleet(2, balancers=2)
    line = world.lines[Server("lb2", "app", "web1")]
    line.tail = 3.0
    line.meddling.append((1005.0, Admin.FORCED_MAINT))
    told = roll(world, Fault(Kind.HANG, 20, only="lb1 look", calls=2))  # it is in drain by then
    assert promises_broken(world, told) == []
    assert line.admin == Admin.FORCED_MAINT
    assert "app/web1@lb2" in str(told.of(Noted))
