"""Deploys that meet an operator's hand, a late reply, a bug: what becomes of the release then."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rollout.adapters.monit.profile import MONIT
from rollout.deploy.rollback import failed_because_of_release
from rollout.events import (
    CurrentSwitching,
    DeployTakenBack,
    Noted,
    RollbackFinished,
    RollbackHalted,
    StepDone,
    UndoFailed,
)
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.errors import (
    CrashLoop,
    NotRestarted,
    ReleaseError,
    RemoteError,
    SmokeFailed,
    StopAsked,
    TimedOut,
    WrongRelease,
)
from rollout.model.fleet import Server
from rollout.model.ownership import OwnedTarget
from rollout.model.plan import Share
from rollout.model.releases import BuildStep, OnFailure, Release, Switch
from rollout.output.messages import NextStepCommands
from rollout.output.report.next_steps import to_old_code
from rollout.ports.site import CheckResult
from rollout.restart.rolling import RollingResult
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.deploys import SECOND, deploy, deploy_broken, is_as_before
from tests.support.simulation.fake_releases import FakeHooks, FakeReleases
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.recoveries import Typed, typed
from tests.support.simulation.restarts import QUICK, fleet, site_of
from tests.support.simulation.world import FIRST, Directory, Life, World, clock, targets_of


def server(name: str) -> Server:
    return Server("lb1", "app", name)


def restarts(world: World, host: str) -> list[int]:
    return [app.restarts for app in world.hosts[host].apps]


def spoil(world: World, host: str, manner: str = "never_boots") -> None:
    for app in world.hosts[host].apps:
        app.manner = manner
    world.manners[FIRST] = "good"


@pytest.mark.parametrize("begun", [True, False])
def test_the_release_before_has_failed_only_where_a_process_of_it_was_seen(
    begun: bool,  # noqa: FBT001 - a case
) -> None:
    world = fleet(3)
    spoil(world, "web2")
    world.manners[FIRST] = "never_boots"
    web2 = world.hosts["web2"]

    def busy() -> None:
        if web2.apps[0].restarts == 1 and web2.current == FIRST and not begun:
            web2.free_at = 9999.0  # monit works on something else

    world.operator = busy
    (halted,) = deploy(world).of(RollbackHalted)
    assert isinstance(halted, RollbackHalted)
    assert ("failed on the release before too" in halted.reason) == begun
    assert ("may not be the cause" in halted.reason) == begun
    assert ("is not known" in halted.reason) == (not begun)


def test_one_that_an_operator_takes_before_the_way_back_is_not_said_to_be_back() -> None:
    world = fleet(4)
    spoil(world, "web2")
    world.lines[server("web1")].theirs_from = 1040.0
    told = deploy(world)
    assert told.of(RollbackFinished) == []
    assert "not back on the release before: web1" in told.summary.deploy.reason
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.lines["web1"].release == SECOND
    assert restarts(world, "web1") == [1, 1]


def test_an_operator_who_takes_the_canary_in_its_soak_says_nothing_against_the_release() -> None:
    world = fleet(5)
    world.lines[server("web1")].theirs_from = 1030.0
    told = deploy(world, canary=1, timeouts=replace(QUICK, soak=40.0))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert "carry traffic first, and app/web1@lb1 is in drain" in told.summary.halted
    assert told.of(RollbackFinished) == []
    assert restarts(world, "web1") == [1, 1]
    assert restarts(world, "web2") == [0, 0], "nothing is risked after a canary that did not stay"


def test_a_host_that_was_somebody_elses_in_its_turn_is_left_on_the_release_before() -> None:
    world = fleet(5)
    world.lines[server("web5")].theirs_from = 1012.0
    told = deploy(world)
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.lines["web5"].standing is TargetPhase.SKIPPED
    web5 = world.hosts["web5"]
    assert (web5.current, set(web5.disk), web5.notes) == (FIRST, {FIRST}, {})
    assert world.hosts["web1"].disk[SECOND].mark == "good"


def test_when_every_turn_finds_somebody_else_nothing_is_called_live() -> None:
    world = fleet(2)
    world.floor = Share(0)
    for line in world.lines.values():
        line.theirs_from = 1002.0
    told = deploy(world)
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert is_as_before(world)


def test_where_a_host_had_no_release_before_there_is_no_way_back_and_nobody_is_moved() -> None:
    world = fleet(3)
    world.hosts["web1"].current = "somewhere else"
    spoil(world, "web2")
    told = deploy(world)
    assert told.of(RollbackHalted)
    assert "no release of ours was live on web1" in told.summary.deploy.reason
    assert {host.current for host in world.hosts.values()} == {SECOND}
    assert restarts(world, "web2") == [1, 1]
    assert told.summary.out == ("web2",)


class LateSwitch(FakeReleases):
    """The switch of web1 stalls, and comes when `current` was restored already."""

    late = True

    async def restore(self, host: str, release: Release) -> None:
        await super().restore(host, release)
        if host == "web1" and self.late:
            self.late = False
            self.world.hosts[host].current = release.name


def test_a_switch_that_comes_late_is_taken_back_once_more() -> None:
    world = fleet(3)
    fault = Fault(Kind.REFUSED, 0, calls=10_000, only="web2 switch")
    told = deploy(world, fault, releases=LateSwitch(world))
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert told.summary.deploy.leftovers == {}
    assert is_as_before(world)


class BuggyRestore(FakeReleases):
    """What should never happen happens in an undo."""

    async def restore(self, host: str, release: Release) -> None:
        if host == "web1":
            raise ValueError("a bug")
        await super().restore(host, release)


def test_a_bug_in_one_undo_keeps_no_other_from_being_done() -> None:
    world = fleet(3)
    fault = Fault(Kind.REFUSED, 0, calls=10_000, only="web2 switch")
    told = deploy(world, fault, releases=BuggyRestore(world))
    assert told.of(DeployTakenBack)
    assert set(told.summary.deploy.unrestored) == {"web1"}
    assert told.summary.exit_code is Exit.REDUCED
    assert world.hosts["web2"].current == world.hosts["web3"].current == FIRST


class BuggyLink(FakeReleases):
    async def link_shared(self, host: str, release: Release) -> None:
        raise ValueError(f"a bug with {release} on {host}")


def test_a_bug_in_a_step_is_undone_like_any_failure_and_the_hook_learns_of_it() -> None:
    world, hooks = fleet(2), FakeHooks()
    with pytest.raises(ValueError, match="a bug"):
        deploy(world, releases=BuggyLink(world), hooks=hooks)
    assert is_as_before(world)
    assert hooks.ran["after"]["outcome"] == "halted"


def test_one_that_failed_for_another_reason_comes_back_with_the_others() -> None:
    world = fleet(4)
    spoil(world, "web1")
    at = _calls_of_two_at_once().index("web2 restart")
    fault = Fault(Kind.REFUSED, at + 1, calls=900, only="web2 status")
    told = deploy(world, fault, max_out=2)
    assert told.of(RollbackFinished)
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert restarts(world, "web2") == [2, 2]
    assert world.hosts["web2"].current == FIRST


def _calls_of_two_at_once() -> list[str]:
    world = fleet(4)
    spoil(world, "web1")
    deploy(world, max_out=2)
    return world.faults.calls


class Hiccup(FakeReleases):
    """The load balancer does not answer for a moment just when the way back begins."""

    async def restore(self, host: str, release: Release) -> None:
        await super().restore(host, release)
        faults = self.world.faults
        after = len(faults.calls)
        faults.faults = (Fault(Kind.REFUSED, after, calls=3, only="lb1 look"),)


def test_one_look_that_is_lost_says_nothing_about_the_release_before() -> None:
    world = fleet(3)
    world.manners[SECOND] = "never_boots"
    told = deploy(world, releases=Hiccup(world))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK


class ForgetfulProc(FakeReleases):
    """One look at where processes work fails."""

    failed = False

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        if not self.failed:
            self.failed = True
            raise ReleaseError(host, "fork: Resource temporarily unavailable")
        return await super().whereabouts(host, pids)


def test_one_failed_look_at_where_it_runs_is_asked_again() -> None:
    world = fleet(2)
    told = deploy(world, releases=ForgetfulProc(world))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


class DiesWhenSeen(FakeReleases):
    """The process that answered dies right after it was seen where it works."""

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        found = await super().whereabouts(host, pids)
        if SECOND in found.values():
            machine = self.world.hosts[host]
            for app in machine.apps:
                app.lives[-1].gone_at = clock()
                app.lives.append(Life(machine.born(clock()), release=SECOND))
        return found


def test_one_that_dies_between_two_looks_is_a_crash_loop_and_no_wrong_release() -> None:
    world = fleet(2)
    told = deploy(world, releases=DiesWhenSeen(world))
    assert "died after it had answered" in told.summary.deploy.reason
    assert told.summary.exit_code is Exit.ROLLED_BACK


def test_a_server_that_was_never_asked_to_restart_keeps_no_release_in_place() -> None:
    calls = _calls_of_one()
    world = fleet(3)
    at = next(i for i, call in enumerate(calls) if call == "lb1 drain")
    told = deploy(world, Fault(Kind.REFUSED, at + 1, calls=100_000, only="lb1"))
    assert told.of(DeployTakenBack)
    assert is_as_before(world)
    assert told.summary.out == ("web1",)
    assert told.summary.exit_code is Exit.REDUCED


def _calls_of_one() -> list[str]:
    world = fleet(3)
    deploy(world)
    return world.faults.calls


class StopsInTheMiddle(FakeReleases):
    stop = False

    async def restore(self, host: str, release: Release) -> None:
        self.stop = True
        await super().restore(host, release)


def test_a_stop_on_the_way_back_leaves_the_others_as_they_are() -> None:
    world = fleet(3)
    spoil(world, "web2")
    releases = StopsInTheMiddle(world)
    told = deploy(world, releases=releases, stop_asked=lambda: releases.stop)
    assert "stopped on request; web2 runs the release before again" in told.summary.deploy.reason
    assert told.summary.exit_code is Exit.HALTED
    assert world.hosts["web1"].current == SECOND, "what its processes run"
    assert world.hosts["web2"].current == FIRST
    assert restarts(world, "web1") == [1, 1]


class SlowBuild(FakeReleases):
    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        if host == "web2":
            await asyncio.sleep(1000)
        await super().build(host, release, step)


class Clocked(FakeHooks):
    ended = math.inf

    async def run(self, hook: str, facts: Mapping[str, str]) -> CheckResult | None:
        self.ended = clock()
        return await super().run(hook, facts)


def test_one_host_that_hangs_does_not_hold_the_undo_of_the_others() -> None:
    world, hooks = fleet(3), Clocked()
    step = BuildStep("stylesheets", "fails on web1", timeout=2000)
    told = deploy(world, builds=(step,), releases=SlowBuild(world), hooks=hooks)
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert is_as_before(world)
    assert hooks.ended < 1030
    done = [event for event in told.events if isinstance(event, StepDone)]
    assert ("web2", "compile stylesheets") not in {(event.host, event.step) for event in done}


def test_once_asked_a_host_that_switched_by_itself_keeps_its_link() -> None:
    world = fleet(3)
    world.manners[SECOND] = "never_boots"
    told = deploy(world, switch=Switch.EACH, on_failure=OnFailure.STOP)
    assert told.summary.out == ("web1",)
    assert [host.current for host in world.hosts.values()] == [SECOND, FIRST, FIRST]


def test_hosts_that_switch_one_by_one_go_back_as_well() -> None:
    world = fleet(4)
    spoil(world, "web3")
    told = deploy(world, switch=Switch.EACH)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert restarts(world, "web1") == [2, 2]


def test_an_other_host_whose_link_cannot_be_restored_is_named() -> None:
    world = fleet(3)
    world.manners[SECOND] = "never_boots"
    told = deploy(world, Fault(Kind.REFUSED, 0, calls=10_000, only="web3 restore"))
    assert told.of(RollbackHalted)
    assert set(told.summary.deploy.unrestored) == {"web3"}
    assert told.summary.exit_code is Exit.REDUCED


class FailsOnce(FakeReleases):
    failed = False

    async def restore(self, host: str, release: Release) -> None:
        if not self.failed:
            self.failed = True
            raise RemoteError(host, "connection lost")
        await super().restore(host, release)


def test_an_undo_that_fails_once_is_done_again() -> None:
    world = fleet(2)
    fault = Fault(Kind.LOST, 0, calls=10_000, only="web2 switch")
    told = deploy(world, fault, releases=FailsOnce(world))
    assert told.of(UndoFailed) == []
    assert is_as_before(world)


def test_current_counts_as_moved_from_before_the_call() -> None:
    world = fleet(2)
    fault = Fault(Kind.DEATH_DONE, 0, calls=10_000, only="web1 switch")
    told = deploy(world, fault)
    assert told.died
    assert "web1" in told.summary.deploy.moved
    assert {event.host for event in told.events if isinstance(event, CurrentSwitching)}


def test_a_prune_that_fails_only_warns() -> None:
    world = fleet(2)
    old = {f"{year}0101000000": Directory("old", whole=True) for year in range(2000, 2010)}
    world.hosts["web1"].disk |= old
    told = deploy(world, Fault(Kind.REFUSED, 0, calls=10_000, only="web1 prune"))
    assert told.summary.exit_code is Exit.DONE
    assert any("not pruned" in e.what for e in told.events if isinstance(e, Noted))


def test_failures_that_the_operator_tolerates_start_no_way_back() -> None:
    world = fleet(5)
    spoil(world, "web2")
    told = deploy(world, max_failures=1)
    assert told.summary.out == ("web2",)
    assert restarts(world, "web3") == [1, 1]
    assert told.summary.exit_code is Exit.REDUCED
    assert world.hosts["web1"].current == SECOND


@pytest.mark.parametrize(
    ("failure", "blamed"),
    [
        (TimedOut("proven", 60, "no answer"), True),
        (CrashLoop(["app"]), True),
        (NotRestarted(["app"], MONIT, after=35), True),
        (WrongRelease({"app": FIRST}, SECOND), True),
        (SmokeFailed("smoke test: 500"), True),
        (RemoteError("web1", "connection lost"), False),
        (StopAsked(), False),
    ],
)
def test_only_what_a_release_can_cause_is_held_against_it(
    failure: Exception,
    blamed: bool,  # noqa: FBT001 - a case of the table above
) -> None:
    world = fleet(1)
    (target,) = targets_of(world)
    rolled, site = RollingResult((), {target: failure}, (), {}, halted=True), site_of(world)
    owned_target = OwnedTarget(target=target, found=(), asked={"mongrel_8000": None})
    asked = replace(site, record=PersistentOwnershipLog(owned_targets=(owned_target,)))
    assert failed_because_of_release(rolled, site) == (), "it was never asked to restart"
    assert failed_because_of_release(rolled, asked) == ((target,) if blamed else ())


def test_what_does_not_stay_stable_stays_in_the_record() -> None:
    world = fleet(2)
    for app in world.hosts["web1"].apps:
        app.manner, app.lasts = "crashes", 8.0
    told = deploy(world, on_failure=OnFailure.STOP, timeouts=replace(QUICK, stable=20.0))
    assert told.summary.out == ("web1",)
    assert "web1" not in world.released


def test_a_process_that_monit_started_on_it_meanwhile_is_no_leftover_but_live() -> None:
    world = fleet(2)
    hooks = RespawnOnTheNew(world)
    told = deploy(world, hooks=hooks, stop_asked=lambda: hooks.done)
    assert told.of(DeployTakenBack)
    assert set(told.summary.deploy.unrestored) == {"web2"}
    assert told.summary.exit_code is Exit.REDUCED


class RespawnOnTheNew(FakeHooks):
    """Between the switch and the first restart a process of web2 dies, and monit starts it anew."""

    done = False

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    async def run(self, hook: str, facts: Mapping[str, str]) -> CheckResult | None:
        if hook == "switched":
            machine = self.world.hosts["web2"]
            app = machine.apps[0]
            app.lives[-1].gone_at = clock()
            app.lives.append(Life(machine.born(clock()), release=SECOND))
            self.done = True
        return await super().run(hook, facts)


class MovesCurrent(FakeReleases):
    """A build step that moves `current` by itself, as an old deploy script does, and fails."""

    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        if host == "web1":
            self.world.hosts[host].current = release.name
        await super().build(host, release, step)


def test_a_build_that_moves_current_by_itself_is_undone_as_well() -> None:
    world = fleet(2)
    step = BuildStep("stylesheets", "false", timeout=60)
    told = deploy(world, builds=(step,), releases=MovesCurrent(world))
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert is_as_before(world)


def test_a_canary_whose_process_dies_under_the_visitors_did_not_hold() -> None:
    world = fleet(4)
    for app in world.hosts["web1"].apps:
        app.manner, app.lasts, app.boot = "crashes", 12.0, 0.2
    world.manners[FIRST] = "good"
    told = deploy(world, canary=1, timeouts=replace(QUICK, soak=30.0))
    assert "died under the visitors" in told.summary.deploy.reason
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert restarts(world, "web2") == [0, 0]


def test_who_was_given_back_on_the_way_back_still_runs_the_new_release() -> None:
    world = fleet(4)
    spoil(world, "web2")
    calls = _calls_of_a_way_back()
    at = len(calls) - 1 - calls[::-1].index("web1 restart")
    told = deploy(world, Fault(Kind.REFUSED, at, only="web1 restart"))
    line = told.summary.lines["web1"]
    assert (line.standing, line.release) == (TargetPhase.GIVEN_BACK, SECOND)
    assert told.summary.exit_code is Exit.HALTED


def _calls_of_a_way_back() -> list[str]:
    world = fleet(4)
    spoil(world, "web2")
    deploy(world)
    return world.faults.calls


def test_a_host_that_serves_and_was_not_deployed_to_is_no_success() -> None:
    world = fleet(5, balancers=2)
    world.lines[Server("lb2", "app", "web5")].theirs_from = 1012.0
    told = deploy(world)
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.halted.startswith("web5: not deployed to, and still serving")
    assert world.hosts["web5"].current == FIRST
    assert world.hosts["web1"].disk[SECOND].mark == "good"


def test_going_back_from_a_release_that_served_well_does_not_make_it_bad() -> None:
    world = fleet(2)
    assert deploy(world).summary.exit_code is Exit.DONE
    back = typed(world, Typed(verb="rollback", to=FIRST), begins=5000)
    assert back.summary.exit_code is Exit.DONE
    assert {host.disk[SECOND].mark for host in world.hosts.values()} == {"good"}


def test_going_back_from_a_release_that_no_deploy_of_ours_brought_does_not_judge_it() -> None:
    world = fleet(2)
    for host in world.hosts.values():
        host.disk["20200101000000"] = Directory("capistrano", whole=True)
    back = typed(world, Typed(verb="rollback", to="20200101000000"), begins=5000)
    assert back.summary.exit_code is Exit.DONE
    assert {host.current for host in world.hosts.values()} == {"20200101000000"}
    assert {host.disk[FIRST].mark for host in world.hosts.values()} == {""}


def test_going_back_from_a_release_that_never_came_up_everywhere_makes_it_bad() -> None:
    world = fleet(3)
    spoil(world, "web2")
    deploy(world, on_failure=OnFailure.STOP)
    typed(world, Typed(verb="rollback", to=FIRST), begins=5000)
    assert world.hosts["web1"].disk[SECOND].mark == "bad"


@pytest.mark.parametrize("accept_sick", [True, False])
def test_a_server_that_is_down_again_comes_back_with_what_the_summary_says(
    *, accept_sick: bool
) -> None:
    world = fleet(3)

    def falls_over() -> None:
        if world.lines[Server("lb1", "app", "web3")].admin:
            for app in world.hosts["web1"].apps:
                if len(app.lives) > 1:
                    app.lives[-1].gone_at = min(app.lives[-1].gone_at, clock())

    world.operator = falls_over
    told = deploy(world)
    assert told.summary.lines["web1"].standing is TargetPhase.DOWN
    line = told.summary.lines["web1"]
    back = to_old_code("web1", line, told.summary.deploy, NextStepCommands())
    assert back == f"rollout rollback --to {FIRST} --hosts web1 --accept-sick"
    world.operator = lambda: None
    command = Typed(verb="rollback", hosts=("web1",), to=FIRST, accept_sick=accept_sick)
    again = typed(world, command, begins=9000.0)
    assert again.summary.exit_code is (Exit.DONE if accept_sick else Exit.REFUSED)
