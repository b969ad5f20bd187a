"""What becomes of a release, as scenarios."""

from dataclasses import replace

import pytest

from rollout.events import (
    CurrentSwitched,
    DeployFinished,
    DeployTakenBack,
    HookRan,
    ReleaseInPlace,
    ReleasesPruned,
    RestartAsked,
    RollbackFinished,
    RollbackHalted,
    StepFailed,
    TargetClaimed,
    UndoFailed,
)
from rollout.model.fleet import Admin, Server
from rollout.model.releases import BuildStep, OnFailure, Release, Switch
from rollout.ports.site import CheckResult
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.deploys import SECOND, THIRD, deploy, deploy_broken, is_as_before
from tests.support.simulation.fake_releases import FakeHooks, FakeReleases
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.restarts import QUICK, fleet
from tests.support.simulation.world import FIRST, Directory


@pytest.mark.parametrize("switch", Switch)
def test_a_good_release_serves_everywhere_and_is_marked_good(switch: Switch) -> None:
    world = fleet(4, balancers=2)
    told = deploy(world, switch=switch, max_out=2, canary=1)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    for host in world.hosts.values():
        assert host.current == SECOND
        assert host.disk[SECOND].mark == "good"
        assert host.disk[SECOND].built == ["stylesheets"]
        assert host.disk[SECOND].linked
        assert host.notes == {}
    assert {line.release for line in told.summary.lines.values()} == {SECOND}


def test_nothing_is_taken_out_before_every_host_holds_the_release() -> None:
    world = fleet(3)
    told = deploy(world)
    kinds = [type(event) for event in told.events]
    assert kinds.index(ReleaseInPlace) < kinds.index(TargetClaimed)
    assert len(told.of(CurrentSwitched)) == 3


def test_once_the_release_is_in_place_it_is_told_which_one_was_live_before() -> None:
    world = fleet(3)
    world.hosts["web2"].current = ""
    told = deploy(world)
    told_of = [event.before for event in told.events if isinstance(event, ReleaseInPlace)]
    assert told_of == [{"web1": FIRST, "web2": "", "web3": FIRST}]


def test_hosts_that_switch_one_by_one_move_their_link_while_nobody_visits_them() -> None:
    world = fleet(3)
    told = deploy(world, switch=Switch.EACH)
    kinds = [type(event) for event in told.events]
    assert kinds.index(TargetClaimed) < kinds.index(CurrentSwitched) < kinds.index(RestartAsked)
    assert deploy_broken(world, told) == []


@pytest.mark.parametrize("command", ["false", "fails on web2"])
def test_a_build_that_fails_on_one_host_is_taken_back_on_all(command: str) -> None:
    world = fleet(3)
    told = deploy(world, builds=(BuildStep("stylesheets", command, timeout=60),))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert is_as_before(world)
    assert told.of(TargetClaimed) == []
    failed = told.of(StepFailed)
    assert failed
    assert all(e.tail == ("no such style",) for e in failed if isinstance(e, StepFailed))


def test_no_host_is_switched_unless_all_hold_the_same_revision() -> None:
    world = fleet(3)
    world.deliveries["web3"] = "0ff0ff"
    told = deploy(world)
    assert told.of(CurrentSwitched) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert "web3: has revision 0ff0ff, not c0ffee" in told.summary.deploy.reason
    assert is_as_before(world)


def test_a_release_that_does_not_boot_goes_back_on_the_host_that_proved_it() -> None:
    world = fleet(4)
    world.manners[SECOND] = "never_boots"
    told = deploy(world)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert told.of(RollbackFinished)
    assert [app.restarts for app in world.hosts["web1"].apps] == [2, 2]
    assert [app.restarts for app in world.hosts["web2"].apps] == [0, 0]
    assert all(host.disk[SECOND].mark == "bad" for host in world.hosts.values())


@pytest.mark.parametrize("manner", ["never_boots", "hangs", "dies", "flaps", "crashes"])
def test_hosts_that_had_come_up_follow_through_the_ladder(manner: str) -> None:
    world = fleet(4)
    for app in world.hosts["web3"].apps:
        app.manner = manner
    world.manners[FIRST] = "good"
    told = deploy(world)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert [app.restarts for app in world.hosts["web1"].apps] == [2, 2]
    assert [app.restarts for app in world.hosts["web4"].apps] == [0, 0]


def test_when_the_release_before_does_not_come_up_either_nothing_more_is_touched() -> None:
    world = fleet(4)
    for app in world.hosts["web2"].apps:
        app.manner = "never_boots"
    told = deploy(world)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.out == ("web2",)
    assert told.of(RollbackHalted)
    assert [app.restarts for app in world.hosts["web1"].apps] == [1, 1]
    assert world.hosts["web1"].current == SECOND
    assert world.hosts["web2"].current == FIRST


def test_a_host_whose_link_cannot_be_restored_is_not_restarted_again() -> None:
    world = fleet(3)
    world.manners[SECOND] = "never_boots"
    told = deploy(world, Fault(Kind.REFUSED, 0, calls=10_000, only="web1 restore"))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert [app.restarts for app in world.hosts["web1"].apps] == [1, 1]
    assert set(told.summary.deploy.unrestored) == {"web1"}


def test_on_failure_stop_leaves_it_out_and_halts() -> None:
    world = fleet(4)
    for app in world.hosts["web2"].apps:
        app.manner = "never_boots"
    told = deploy(world, on_failure=OnFailure.STOP)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.lines["web2"].standing is TargetPhase.LEFT_OUT
    assert world.hosts["web2"].current == SECOND
    assert [app.restarts for app in world.hosts["web2"].apps] == [1, 1]


def test_processes_that_answer_from_another_directory_are_no_proof() -> None:
    world = fleet(2)
    world.hosts["web1"].follows_current = False
    told = deploy(world)
    assert told.summary.lines["web1"].standing is TargetPhase.DONE, "it is back on the one before"
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert "runs in 20260101000000, not in 20260202000000" in told.summary.deploy.reason


def test_a_lost_connection_says_nothing_against_the_release() -> None:
    world = fleet(3)
    told = deploy(world, Fault(Kind.REFUSED, 0, calls=10_000, only="web2 restart"))
    assert deploy_broken(world, told) == []
    assert told.of(RollbackHalted) == []
    assert told.summary.exit_code is Exit.HALTED
    assert world.hosts["web1"].current == SECOND


def test_when_nobody_was_restarted_on_it_everything_is_taken_back() -> None:
    world = fleet(3)
    told = deploy(world, Fault(Kind.REFUSED, 0, calls=10_000, only="web1 restart"))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert is_as_before(world)


def test_a_stop_in_the_transaction_takes_everything_back() -> None:
    world = fleet(3)
    asked = iter([False] * 25)
    told = deploy(world, stop_asked=lambda: next(asked, True))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert "stopped on request" in told.summary.deploy.reason
    assert is_as_before(world)


def test_an_undo_that_fails_is_named_and_keeps_no_other_from_being_done() -> None:
    world = fleet(3)
    fault = Fault(Kind.REFUSED, 0, calls=10_000, only="web2 discard")
    told = deploy(world, fault, builds=(BuildStep("stylesheets", "false", timeout=60),))
    assert deploy_broken(world, told) == []
    assert set(told.summary.deploy.leftovers) == {"web2"}
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert [host.name for host in world.hosts.values() if SECOND in host.disk] == ["web2"]


def test_a_link_that_cannot_be_restored_is_worth_a_page() -> None:
    world = fleet(3)
    broken = Fault(Kind.LOST, 0, calls=10_000, only="web3 switch")
    stuck = Fault(Kind.REFUSED, 0, calls=10_000, only="web2 restore")
    told = deploy(world, broken, stuck)
    assert deploy_broken(world, told) == []
    assert [e.live for e in told.events if isinstance(e, UndoFailed)] == [True]
    assert told.summary.exit_code is Exit.REDUCED
    assert told.of(DeployTakenBack)
    assert world.hosts["web1"].current == world.hosts["web3"].current == FIRST


def test_a_release_that_does_not_hold_in_the_soak_goes_back() -> None:
    world = fleet(4)
    first = next(iter(world.lines.values()))
    first.dies_at, first.revives_at = 1030.0, 1045.0
    told = deploy(world, canary=1, timeouts=replace(QUICK, soak=60.0))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert "soak" in told.summary.deploy.reason
    assert [app.restarts for app in world.hosts["web1"].apps] == [2, 2]


def test_what_a_dead_deploy_left_is_taken_back_by_the_next_one() -> None:
    world = fleet(3)
    died = deploy(world, Fault(Kind.DEATH_DONE, 0, calls=10_000, only="web2 switch"))
    assert died.died
    assert world.hosts["web1"].current == SECOND, "code new, process old"
    told = deploy(world, release=THIRD, begins=2000)
    assert deploy_broken(world, told, release=THIRD) == []
    assert told.summary.exit_code is Exit.DONE
    assert all(set(host.disk) == {FIRST, THIRD} for host in world.hosts.values())


def test_after_one_has_failed_no_further_host_is_begun() -> None:
    world = fleet(4)
    told = deploy(world, builds=(BuildStep("stylesheets", "false", timeout=60),), at_once=1)
    assert [e.host for e in told.events if isinstance(e, StepFailed)] == ["web1"]
    assert [call for call in world.faults.calls if "build" in call] == ["web1 build stylesheets"]


def test_who_was_left_out_comes_back_with_the_weight_and_the_agent_it_was_found_with() -> None:
    world = fleet(2)
    world.manners[SECOND] = "never_boots"
    line = world.lines[Server("lb1", "app", "web1")]
    line.weight, line.agent = 7, True
    world.found[line.server] = (line.admin, 7, True)
    told = deploy(world, on_failure=OnFailure.ROLLBACK)
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert (line.weight, line.agent) == (7, True)


def test_one_that_somebody_else_takes_in_hand_meanwhile_is_theirs() -> None:
    world = fleet(2)
    world.manners[SECOND] = "never_boots"
    line = world.lines[Server("lb1", "app", "web1")]

    class Meddling(FakeReleases):
        async def restore(self, host: str, release: Release) -> None:
            line.admin = Admin.FORCED_DRAIN
            await super().restore(host, release)

    told = deploy(world, releases=Meddling(world))
    assert told.of(RollbackHalted)
    assert "changed from outside" in told.summary.deploy.reason
    assert [app.restarts for app in world.hosts["web1"].apps] == [1, 1]
    assert line.admin == Admin.FORCED_DRAIN
    assert told.summary.exit_code is Exit.REDUCED


def test_a_hook_that_says_no_before_it_keeps_everything_as_it_is() -> None:
    world = fleet(2)
    hooks = FakeHooks(before=CheckResult(ok=False, message="no migrations on a Friday"))
    told = deploy(world, hooks=hooks)
    assert told.summary.exit_code is Exit.REFUSED
    assert is_as_before(world)
    assert world.faults.calls == []


def test_hooks_learn_what_is_deployed_and_what_came_of_it() -> None:
    world = fleet(2)
    hooks = FakeHooks(after=CheckResult(ok=False, message="no route to chat"))
    told = deploy(world, hooks=hooks)
    assert told.summary.exit_code is Exit.DONE
    assert hooks.ran["before"]["release"] == SECOND
    assert list(hooks.ran) == ["before", "switched", "after"]
    assert hooks.ran["after"]["outcome"] == "live"
    assert [e.ok for e in told.events if isinstance(e, HookRan)] == [False]


def test_a_rollback_on_request_only_switches_and_restarts() -> None:
    world = fleet(3)
    assert deploy(world).summary.exit_code is Exit.DONE
    for app in (app for host in world.hosts.values() for app in host.apps):
        app.restarts = 0
    for host in world.hosts.values():
        host.disk[FIRST].revision = "c0ffee"
    told = deploy(world, release=FIRST, fresh=False, begins=2000)
    assert told.summary.exit_code is Exit.DONE
    assert told.of(DeployFinished)
    assert all(host.current == FIRST for host in world.hosts.values())
    assert all(host.disk[SECOND].mark == "good" for host in world.hosts.values())
    assert not any("deliver" in call or "build" in call for call in world.faults.calls)


def test_old_releases_are_pruned_but_none_that_is_needed() -> None:
    world = fleet(2)
    for host in world.hosts.values():
        for year in range(2010, 2020):
            host.disk[f"{year}0101000000"] = Directory("old", whole=True)
    told = deploy(world, keep=3)
    assert deploy_broken(world, told) == []
    assert len(told.of(ReleasesPruned)) == 2
    kept = set(world.hosts["web1"].disk)
    assert kept == {SECOND, FIRST, "20190101000000"}


def test_who_went_back_one_too_far_can_go_forward_again() -> None:
    world = fleet(2)
    assert deploy(world).summary.exit_code is Exit.DONE
    for host in world.hosts.values():
        host.disk[THIRD] = Directory("bad", whole=True, mark="bad")
        host.disk[FIRST].revision = "c0ffee"
        for app in host.apps:
            app.restarts = 0
    told = deploy(world, release=FIRST, fresh=False, keep=1, begins=2000)
    assert told.summary.exit_code is Exit.DONE
    assert all(SECOND in host.disk for host in world.hosts.values())


def test_what_a_rollback_would_go_to_is_kept_however_few_are() -> None:
    world = fleet(2)
    told = deploy(world, keep=1)
    assert told.summary.exit_code is Exit.DONE
    assert all(set(host.disk) == {FIRST, SECOND} for host in world.hosts.values())
