"""Stories of who may go when: the floor, the window, waves, failures and requests to stop."""

from dataclasses import replace

from rollout.events import (
    RolloutHalted,
    SoakStarted,
    TargetDone,
    TargetLeftOut,
    TargetReturnedUntouched,
)
from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.plan import Share, waves_of
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.restarts import QUICK, fleet, promises_broken, roll
from tests.support.simulation.world import clock, targets_of


def test_the_floor_counts_servers_that_are_down_for_any_reason() -> None:
    world = fleet(3)
    world.floor = Share(2)
    last = list(world.lines.values())[-1]
    last.dies_at, last.health = 0, 0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.out == ()
    assert "floor is 2" in told.summary.halted
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_a_peer_that_dies_while_we_drain_sends_the_drained_one_back() -> None:
    world = fleet(3)
    world.floor = Share(2)
    for line in world.lines.values():
        line.sticky = True
    list(world.lines.values())[-1].dies_at = 1001.0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.out == ()
    assert told.of(TargetReturnedUntouched)


def test_two_that_were_given_back_do_not_wait_for_each_other_for_ever() -> None:
    world = fleet(4)
    world.floor = Share(2)
    for line in world.lines.values():
        line.sticky = True
    for line in list(world.lines.values())[2:]:
        line.dies_at = 1001.0
    told = roll(world, max_out=2, stop_asked=lambda: clock() > 2000)
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.GIVEN_BACK) == ("web1", "web2")
    assert "cannot be taken out" in told.summary.halted


def test_a_request_to_stop_starts_nothing_new_and_gives_back_what_was_not_restarted() -> None:
    world = fleet(3)
    told = roll(world, stop_asked=lambda: len(world.faults.calls) > 8)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.out == ()
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_a_request_to_stop_after_the_restart_sees_the_server_through() -> None:
    world = fleet(3)
    told = roll(world, stop_asked=lambda: any(a.restarts for a in world.hosts["web1"].apps))
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.DONE) == ("web1",)
    assert told.summary.exit_code is Exit.HALTED


def test_a_failure_starts_nothing_new_and_cancels_no_neighbour() -> None:
    world = fleet(4)
    world.hosts["web1"].apps[0].manner = "never_boots"
    told = roll(world, max_out=2)
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.LEFT_OUT) == ("web1",)
    assert set(told.summary.named(TargetPhase.DONE)) >= {"web2"}
    assert told.of(RolloutHalted)


def test_the_run_goes_on_after_as_many_failures_as_the_plan_forgives() -> None:
    world = fleet(4)
    world.hosts["web1"].apps[0].manner = "never_boots"
    told = roll(world, max_failures=1)
    assert told.summary.named(TargetPhase.DONE) == ("web2", "web3", "web4")
    assert told.summary.exit_code is Exit.REDUCED
    assert promises_broken(world, told) == []


def test_a_canary_goes_alone_and_the_rest_waits_for_its_soak() -> None:
    world = fleet(4)
    told = roll(world, canary=1, max_out=2, timeouts=replace(QUICK, soak=30))
    names = [e.target for e in told.events if isinstance(e, TargetDone)]
    assert names[0] == "web1"
    assert told.summary.exit_code is Exit.DONE
    assert promises_broken(world, told) == []


def test_a_canary_that_fails_in_its_soak_is_named_and_nobody_follows() -> None:
    world = fleet(4)
    line = next(iter(world.lines.values()))
    line.dies_at = 1030.0
    told = roll(world, canary=1, timeouts=replace(QUICK, soak=60))
    assert told.of(TargetLeftOut)
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.named(TargetPhase.UNTOUCHED) == ("web2", "web3", "web4")


def test_a_canary_that_failed_opens_nothing_however_many_failures_are_forgiven() -> None:
    world = fleet(4)
    world.hosts["web1"].apps[0].manner = "never_boots"
    told = roll(world, canary=1, max_failures=2, timeouts=replace(QUICK, soak=8))
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.UNTOUCHED) == ("web2", "web3", "web4")
    assert "no further server is risked after the canary: web1: " in told.summary.halted


def test_a_canary_that_was_taken_out_before_its_turn_opens_nothing() -> None:
    world = fleet(4)
    world.lines[Server("lb1", "app", "web1")].meddling.append((1000.0, Admin.FORCED_MAINT))
    told = roll(world, canary=1)
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.SKIPPED) == ("web1",)
    assert told.summary.named(TargetPhase.UNTOUCHED) == ("web2", "web3", "web4")
    assert "web1: held out from outside before its turn" in told.summary.halted
    assert told.summary.exit_code is Exit.HALTED


def test_without_a_soak_the_gate_still_sees_the_canary_carry_traffic() -> None:
    world = fleet(4)
    happy = fleet(4)
    done = next(e for e in roll(happy, canary=1).events if isinstance(e, TargetDone))
    taken = 1000 + done.seconds + QUICK.stable
    world.lines[Server("lb1", "app", "web1")].meddling.append((taken, Admin.FORCED_MAINT))
    told = roll(world, canary=1)
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.UNTOUCHED) == ("web2", "web3", "web4")
    assert "web1 was to carry traffic first, and app/web1@lb1 is in maint" in told.summary.halted


def test_a_run_that_goes_on_soaks_the_canary_that_was_done_before_it() -> None:
    world = fleet(4)
    first, *rest = targets_of(world)
    waves = waves_of(rest, Share(25, percent=True), (first,))
    assert waves == ((), tuple(rest))
    told = roll(world, waves=waves, canaries_done=(first,), timeouts=replace(QUICK, soak=8))
    assert told.of(SoakStarted) == [SoakStarted(targets=("web1",), seconds=8)]
    assert told.summary.exit_code is Exit.DONE
    assert waves_of(rest[1:], Share(1), (first, rest[0])) == (tuple(rest[1:]),)


def test_a_share_of_canaries_is_rounded_up() -> None:
    targets = targets_of(fleet(5))
    assert waves_of(targets, Share(10, percent=True)) == (targets[:1], targets[1:])
    assert waves_of(targets, Share(50, percent=True)) == (targets[:3], targets[3:])
    assert waves_of(targets, Share(100, percent=True)) == (targets,)


def test_the_deadline_counts_from_the_start_of_the_command() -> None:
    world = fleet(4)
    told = roll(world, timeouts=replace(QUICK, deadline=15), started=990.0)
    assert promises_broken(world, told) == []
    assert told.summary.named(TargetPhase.DONE) == ("web1",)
    assert roll(fleet(4), timeouts=replace(QUICK, deadline=15), started=980.0).summary.halted


def test_after_the_deadline_nothing_is_started() -> None:
    world = fleet(4)
    told = roll(world, timeouts=replace(QUICK, deadline=15))
    assert promises_broken(world, told) == []
    assert 0 < len(told.summary.named(TargetPhase.DONE)) < 4
    assert told.summary.exit_code is Exit.HALTED
    assert "deadline" in told.summary.halted


def test_instances_restart_in_groups_where_a_host_cannot_boot_them_together() -> None:
    world = fleet(2, instances=4)
    told = roll(world, instances_at_a_time=2)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    processes = [
        min(life.process.started or 0 for life in app.lives[-1:])
        for app in world.hosts["web1"].apps
    ]
    assert processes[2] - processes[1] > 300, "the second pair starts when the first is proven"


def test_a_large_fleet_takes_no_time_in_virtual_time() -> None:
    world = fleet(60, instances=1)
    told = roll(world, max_out=10)
    assert told.summary.exit_code is Exit.DONE
    assert len(told.summary.named(TargetPhase.DONE)) == 60
    assert promises_broken(world, told) == []


def test_a_server_that_somebody_takes_on_one_balancer_is_given_back_on_the_other() -> None:
    world = fleet(3, balancers=2)
    theirs, ours = (world.lines[Server(name, "app", "web1")] for name in ("lb1", "lb2"))
    was_told = theirs.told

    def told_and_taken(state: AdminState, at: float) -> None:
        was_told(AdminState.MAINT if state is AdminState.READY else state, at)

    theirs.told = told_and_taken  # type: ignore[method-assign]  # this one line has its own will
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.lines["web1"].state == "maint and ready"
    assert not ours.admin
