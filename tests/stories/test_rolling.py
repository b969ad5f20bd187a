"""Stories of a rolling restart, in virtual time."""

from dataclasses import replace

import pytest

from rollout.events import (
    BalancerReloaded,
    RolloutFinished,
    RolloutHalted,
    SessionsCut,
    TargetDone,
    TargetGivenBack,
    TargetLeftOut,
    TargetNotDrained,
    TargetSkipped,
    TargetWaiting,
)
from rollout.fleet import Admin, AdminState, Seat
from rollout.ledger import Exit, Standing
from rollout.plan import OnBusy, Share
from rollout.verdicts import serving

from .faults import Fault, Kind
from .harness import QUICK, fleet, promises_broken, roll
from .world import World, clock


def out_at_once(world: World) -> int:
    return sum(1 for line in world.lines.values() if not serving(line.row(0)).settled)


@pytest.mark.parametrize("balancers", [1, 2])
@pytest.mark.parametrize("lines", ["host", "instance"])
@pytest.mark.parametrize("max_out", [1, 2])
def test_every_server_is_restarted_once_and_back_as_found(
    balancers: int, lines: str, max_out: int
) -> None:
    world = fleet(4, balancers=balancers, lines=lines)
    told = roll(world, max_out=max_out)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    assert told.ledger.named(Standing.DONE) == ("web1", "web2", "web3", "web4")
    assert isinstance(told.events[-1], RolloutFinished)


def test_a_server_that_does_not_come_back_stays_in_maint_and_is_named() -> None:
    world = fleet(3)
    world.hosts["web1"].apps[1].manner = "never_boots"
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.REDUCED
    assert told.ledger.out == ("web1",)
    assert told.ledger.lines["web1"].state == "maint"
    assert "mongrel_8001" in told.ledger.lines["web1"].because
    assert told.ledger.named(Standing.UNTOUCHED) == ("web2", "web3")
    line = next(line for line in world.lines.values() if line.host.name == "web1")
    assert line.admin == Admin.FORCED_MAINT


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("dies", "Does not exist"),
        ("stop_times_out", "not restarted"),
        ("keeps_pid", "not restarted"),
    ],
)
def test_each_false_success_of_monit_is_a_named_failure(manner: str, words: str) -> None:
    world = fleet(3)
    world.hosts["web2"].apps[0].manner = manner
    told = roll(world, patience=replace(QUICK, running_timeout=120))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.REDUCED
    assert words in told.ledger.lines["web2"].because


@pytest.mark.parametrize("lasts", [0.5, 2.0])
def test_an_instance_that_answers_and_dies_is_a_crash_loop(lasts: float) -> None:
    world = fleet(3, instances=1)
    app = world.hosts["web1"].apps[0]
    app.manner, app.boot, app.lasts = "crashes", 0.05, lasts
    told = roll(world)
    assert told.ledger.exit_code is Exit.REDUCED
    assert "crash loop" in told.ledger.lines["web1"].because
    if lasts < 1:  # it died while HAProxy checked it: then it is never made ready
        assert "lb1 ready" not in world.faults.calls
    assert promises_broken(world, told) == []


def test_a_restart_that_monit_certainly_refused_sends_the_server_back() -> None:
    happy = fleet(2)
    roll(happy)
    world = fleet(2)
    told = roll(world, Fault(Kind.REFUSED, happy.faults.calls.index("web1 restart")))
    assert promises_broken(world, told) == []
    assert told.ledger.named(Standing.GIVEN_BACK) == ("web1",)
    assert not told.ledger.lines["web1"].asked, "the JSON says what the sentence says"
    assert told.ledger.exit_code is Exit.HALTED


def test_a_restart_whose_reply_was_lost_is_not_asked_again_and_proves_itself() -> None:
    happy = fleet(2)
    roll(happy)
    world = fleet(2)
    told = roll(world, Fault(Kind.LOST, happy.faults.calls.index("web1 restart")))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE


def test_an_unmonitored_instance_sends_its_server_back_untouched() -> None:
    world = fleet(3)
    world.hosts["web1"].apps[0].manner = "unmonitored"
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.HALTED
    assert told.ledger.named(Standing.GIVEN_BACK) == ("web1",)
    assert world.hosts["web1"].apps[1].restarts == 0


def test_sticky_clients_do_not_hold_up_a_rollout_for_ever() -> None:
    world = fleet(3)
    for line in world.lines.values():
        line.sticky = True
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    reasons = [e.because for e in told.events if isinstance(e, TargetNotDrained)]
    assert len(reasons) == 3
    assert all("sticky clients keep coming" in reason for reason in reasons)


def test_sessions_that_do_not_end_send_the_server_back_by_default() -> None:
    world = fleet(3)
    next(iter(world.lines.values())).endless = True
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.HALTED
    assert told.of(TargetGivenBack)
    assert "still open" in told.ledger.lines["web1"].because


def test_sessions_that_do_not_end_are_cut_when_the_operator_says_so() -> None:
    world = fleet(3)
    next(iter(world.lines.values())).endless = True
    told = roll(world, on_busy=OnBusy.CUT)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    assert told.of(SessionsCut) == [SessionsCut(target="web1", sessions=1)]


@pytest.mark.parametrize("admin", [Admin.FORCED_MAINT, Admin.FORCED_DRAIN, Admin.INHERITED_MAINT])
def test_a_server_that_somebody_holds_out_is_skipped_and_named(admin: Admin) -> None:
    world = fleet(4)
    line = next(line for line in world.lines.values() if line.host.name == "web2")
    line.admin = admin
    world.found[line.seat] = (admin, 1, False)
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    assert [e.target for e in told.events if isinstance(e, TargetSkipped)] == ["web2"]
    assert line.admin == admin
    assert all(app.restarts == 0 for app in world.hosts["web2"].apps)


def test_a_weight_of_zero_counts_as_held_out() -> None:
    world = fleet(4)
    line = next(iter(world.lines.values()))
    line.weight = 0
    world.found[line.seat] = (Admin(0), 0, False)
    told = roll(world)
    assert told.ledger.named(Standing.SKIPPED) == ("web1",)
    assert promises_broken(world, told) == []


def test_the_floor_counts_servers_that_are_down_for_any_reason() -> None:
    world = fleet(3)
    world.floor = Share(2)
    last = list(world.lines.values())[-1]
    last.dies_at, last.health = 0, 0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.HALTED
    assert told.ledger.out == ()
    assert "floor is 2" in told.ledger.halted
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_a_peer_that_dies_while_we_drain_sends_the_drained_one_back() -> None:
    world = fleet(3)
    world.floor = Share(2)
    for line in world.lines.values():
        line.sticky = True
    list(world.lines.values())[-1].dies_at = 1001.0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.HALTED
    assert told.ledger.out == ()
    assert told.of(TargetGivenBack)


def test_two_that_were_given_back_do_not_wait_for_each_other_for_ever() -> None:
    world = fleet(4)
    world.floor = Share(2)
    for line in world.lines.values():
        line.sticky = True
    for line in list(world.lines.values())[2:]:
        line.dies_at = 1001.0
    told = roll(world, max_out=2, stop_asked=lambda: clock() > 2000)
    assert promises_broken(world, told) == []
    assert told.ledger.named(Standing.GIVEN_BACK) == ("web1", "web2")
    assert "cannot be spared" in told.ledger.halted


def test_a_reload_in_the_drain_is_noticed_and_the_drain_taken_again() -> None:
    world = fleet(3)
    world.reloads["lb1"] = [1001.0]
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    assert told.of(BalancerReloaded)


@pytest.mark.parametrize("at", [1000.1, 1001.0, 1008.0, 1012.0])
def test_nobody_is_restarted_while_the_process_before_a_reload_may_still_serve(at: float) -> None:
    """The last two strike while another target is out, or between two."""
    world = fleet(3)
    world.floor = Share(2)
    world.reloads["lb1"] = [at]
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE


def test_a_reload_that_loses_an_operators_hold_is_not_ours_to_mend() -> None:
    world = fleet(4)
    line = next(line for line in world.lines.values() if line.host.name == "web4")
    line.admin = Admin.FORCED_MAINT
    world.found[line.seat] = (Admin.FORCED_MAINT, 1, False)
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
    assert told.ledger.exit_code is Exit.DONE
    assert [e.target for e in told.events if isinstance(e, BalancerReloaded)] == ["web1"]


def test_a_load_balancer_lost_after_the_restart_does_not_keep_the_other_from_its_server() -> None:
    happy = fleet(3, balancers=2)
    roll(happy)
    asked = happy.faults.calls.index("web1 restart")
    world = fleet(3, balancers=2)
    told = roll(world, Fault(Kind.REFUSED, asked + 1, calls=100_000, only="lb2"))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.REDUCED
    assert told.ledger.lines["web1"].state == "ready"
    assert "lb2" in told.ledger.lines["web1"].because
    states = {str(seat): line.admin for seat, line in world.lines.items()}
    assert states["app/web1@lb1"] == Admin(0)
    assert told.ledger.named(Standing.UNTOUCHED) == ("web2", "web3")


def test_a_load_balancer_lost_in_the_drain_gets_the_server_back_on_the_other() -> None:
    happy = fleet(3, balancers=2)
    roll(happy)
    drained = happy.faults.calls.index("lb2 drain")
    world = fleet(3, balancers=2)
    told = roll(world, Fault(Kind.REFUSED, drained + 1, calls=100_000, only="lb2"))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.REDUCED
    assert world.lines[Seat("lb1", "app", "web1")].admin == Admin(0)
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_a_load_balancer_lost_between_two_servers_starts_nothing_more() -> None:
    happy = fleet(3, balancers=2)
    roll(happy)
    done = max(n for n, call in enumerate(happy.faults.calls) if call == "web1 status")
    world = fleet(3, balancers=2)
    told = roll(world, Fault(Kind.REFUSED, done + 1, calls=100_000, only="lb2"))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.HALTED
    assert told.ledger.named(Standing.DONE) == ("web1",)
    assert "lb2" in told.ledger.halted


def test_a_request_to_stop_starts_nothing_new_and_gives_back_what_was_not_restarted() -> None:
    world = fleet(3)
    told = roll(world, stop_asked=lambda: len(world.faults.calls) > 8)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.HALTED
    assert told.ledger.out == ()
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)


def test_a_request_to_stop_after_the_restart_sees_the_server_through() -> None:
    world = fleet(3)
    told = roll(world, stop_asked=lambda: any(a.restarts for a in world.hosts["web1"].apps))
    assert promises_broken(world, told) == []
    assert told.ledger.named(Standing.DONE) == ("web1",)
    assert told.ledger.exit_code is Exit.HALTED


def test_a_failure_starts_nothing_new_and_cancels_no_neighbour() -> None:
    world = fleet(4)
    world.hosts["web1"].apps[0].manner = "never_boots"
    told = roll(world, max_out=2)
    assert promises_broken(world, told) == []
    assert told.ledger.named(Standing.LEFT_OUT) == ("web1",)
    assert set(told.ledger.named(Standing.DONE)) >= {"web2"}
    assert told.of(RolloutHalted)


def test_the_run_goes_on_after_as_many_failures_as_the_plan_forgives() -> None:
    world = fleet(4)
    world.hosts["web1"].apps[0].manner = "never_boots"
    told = roll(world, max_failures=1)
    assert told.ledger.named(Standing.DONE) == ("web2", "web3", "web4")
    assert told.ledger.exit_code is Exit.REDUCED
    assert promises_broken(world, told) == []


def test_a_canary_goes_alone_and_the_rest_waits_for_its_soak() -> None:
    world = fleet(4)
    told = roll(world, canary=1, max_out=2, patience=replace(QUICK, soak=30))
    names = [e.target for e in told.events if isinstance(e, TargetDone)]
    assert names[0] == "web1"
    assert told.ledger.exit_code is Exit.DONE
    assert promises_broken(world, told) == []


def test_a_canary_that_fails_in_its_soak_is_named_and_nobody_follows() -> None:
    world = fleet(4)
    line = next(iter(world.lines.values()))
    line.dies_at = 1030.0
    told = roll(world, canary=1, patience=replace(QUICK, soak=60))
    assert told.of(TargetLeftOut)
    assert told.ledger.exit_code is Exit.REDUCED
    assert told.ledger.named(Standing.UNTOUCHED) == ("web2", "web3", "web4")


def test_a_look_that_fails_in_the_soak_is_waited_out_and_leaves_no_line_of_its_own() -> None:
    patience = replace(QUICK, soak=30)
    happy = fleet(4)
    roll(happy, canary=2, patience=patience)
    web2, web3 = (happy.faults.calls.index(f"{name} restart") for name in ("web2", "web3"))
    world = fleet(4)
    told = roll(world, Fault(Kind.REFUSED, (web2 + web3) // 2), canary=2, patience=patience)
    assert promises_broken(world, told) == []
    assert any(isinstance(e, TargetWaiting) and e.awaited == "soaked" for e in told.events)
    assert list(told.ledger.lines) == ["web1", "web2", "web3", "web4"]
    assert told.ledger.exit_code is Exit.DONE


def test_after_the_deadline_nothing_is_started() -> None:
    world = fleet(4)
    told = roll(world, patience=replace(QUICK, deadline=15))
    assert promises_broken(world, told) == []
    assert 0 < len(told.ledger.named(Standing.DONE)) < 4
    assert told.ledger.exit_code is Exit.HALTED
    assert "deadline" in told.ledger.halted


def test_instances_restart_in_groups_where_a_host_cannot_boot_them_together() -> None:
    world = fleet(2, instances=4)
    told = roll(world, instances_at_a_time=2)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    births = [
        min(life.birth.started or 0 for life in app.lives[-1:]) for app in world.hosts["web1"].apps
    ]
    assert births[2] - births[1] > 300, "the second pair starts when the first is proven"


def test_a_weight_that_a_reload_reset_is_given_back_as_it_was_found() -> None:
    world = fleet(3)
    line = next(iter(world.lines.values()))
    line.weight = 7
    world.found[line.seat] = (Admin(0), 7, False)
    world.reloads["lb1"] = [1001.0]
    told = roll(world)
    assert told.ledger.exit_code is Exit.DONE
    assert line.weight == 7


def test_a_server_that_fails_its_checks_while_it_settles_is_taken_out_again() -> None:
    world = fleet(3)
    line = next(iter(world.lines.values()))
    line.dies_at = 1015.0
    told = roll(world, patience=replace(QUICK, stable=20))
    assert told.ledger.exit_code is Exit.REDUCED
    assert line.admin == Admin.FORCED_MAINT
    assert "DOWN" in told.ledger.lines["web1"].because


def test_an_agent_is_kept_from_undoing_the_drain_and_is_back_afterwards() -> None:
    world = fleet(3)
    for line in world.lines.values():
        line.agent = True
        world.found[line.seat] = (Admin(0), 1, True)
    told = roll(world)
    assert promises_broken(world, told) == []
    assert "lb1 agent" in world.faults.calls
    assert all(line.agent for line in world.lines.values())


@pytest.mark.parametrize("at", [1000.5, 1005.0])
def test_an_agent_that_a_reload_woke_is_silenced_before_it_undoes_what_we_hold(at: float) -> None:
    world = fleet(3)
    for line in world.lines.values():
        line.agent, line.agent_says_ready = True, True
        world.found[line.seat] = (Admin(0), 1, True)
    world.reloads["lb1"] = [at]
    told = roll(world)
    assert told.of(BalancerReloaded)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
    assert all(line.agent for line in world.lines.values())


def test_a_large_fleet_takes_no_time_in_virtual_time() -> None:
    world = fleet(60, instances=1)
    told = roll(world, max_out=10)
    assert told.ledger.exit_code is Exit.DONE
    assert len(told.ledger.named(Standing.DONE)) == 60
    assert out_at_once(world) == 0


def test_after_a_reload_in_the_drain_the_old_process_gets_the_whole_drain_time() -> None:
    world = fleet(2, instances=1)
    world.reloads["lb1"] = [1000.5]
    told = roll(world)
    assert promises_broken(world, told) == []
    born = world.hosts["web1"].apps[0].lives[-1].birth.started or 0
    assert born / 100 > 1000.5 + QUICK.drain_timeout


def test_a_server_whose_monit_is_busy_already_goes_back() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[1].pending_until = 1060.0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.named(Standing.GIVEN_BACK) == ("web1",)
    assert "monit is busy with mongrel_8001" in told.ledger.lines["web1"].because


def test_an_order_that_somebody_undoes_at_once_is_not_fought_over() -> None:
    world = fleet(3)
    seat = Seat("lb1", "app", "web1")
    line = world.lines[seat]

    def undo() -> bool:
        # asked between our looks: somebody makes ready whatever we drain or put in maint
        if line.admin:
            line.told(AdminState.READY, clock())
        return False

    told = roll(world, stop_asked=undo)
    assert told.ledger.exit_code is Exit.HALTED
    assert "somebody else" in told.ledger.lines["web1"].because
    assert not line.admin
    assert all(app.restarts == 0 for host in world.hosts.values() for app in host.apps)
    assert sum(1 for call in world.faults.calls if call == "lb1 drain") == 1


def test_a_server_that_somebody_takes_on_one_balancer_is_given_back_on_the_other() -> None:
    world = fleet(3, balancers=2)
    theirs, ours = (world.lines[Seat(name, "app", "web1")] for name in ("lb1", "lb2"))
    was_told = theirs.told

    def told_and_taken(state: AdminState, at: float) -> None:
        was_told(AdminState.MAINT if state is AdminState.READY else state, at)

    theirs.told = told_and_taken  # type: ignore[method-assign]  # this one line has its own will
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.REDUCED
    assert told.ledger.lines["web1"].state == "maint and ready"
    assert not ours.admin


def test_a_reload_in_maint_does_not_pass_for_sessions_that_do_not_end() -> None:
    world = fleet(2, instances=1)
    for line in world.lines.values():
        line.tail = 2.0
    world.reloads["lb1"] = [1003.0]
    told = roll(world, patience=replace(QUICK, drain_timeout=8, maint_timeout=3))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE


def test_a_process_that_monit_has_not_looked_at_yet_does_not_pass_for_a_new_one_later() -> None:
    """Monit was reloaded in the drain; the stop will time out, and the old process live on."""
    world = fleet(3)
    app = world.hosts["web1"].apps[0]
    app.manner, app.initializing_until = "stop_times_out", 1010.0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert app.restarts == 0
    assert told.ledger.exit_code is Exit.HALTED
    assert "has not looked at mongrel_8000 yet" in told.ledger.lines["web1"].because


def test_an_instance_that_is_born_again_and_again_says_how_often() -> None:
    world = fleet(2, instances=1)
    world.hosts["web1"].apps[0].manner = "flaps"
    told = roll(world, patience=replace(QUICK, running_timeout=18))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.REDUCED
    reasons = [e.because for e in told.events if isinstance(e, TargetWaiting)]
    assert any("new processes so far, none stayed" in reason for reason in reasons)


def test_one_lost_look_before_the_return_does_not_keep_a_proven_server_out() -> None:
    happy = fleet(2, instances=1)
    roll(happy)
    ready = happy.faults.calls.index("lb1 ready")
    last = max(n for n, call in enumerate(happy.faults.calls[:ready]) if call == "web1 status")
    world = fleet(2, instances=1)
    told = roll(world, Fault(Kind.REFUSED, last, calls=3, only="web1"))
    assert promises_broken(world, told) == []
    assert told.ledger.exit_code is Exit.DONE
