"""Deploys that died or halted: where `current` leads, what runs, what each command then does."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rollout.events import UnprovenTakenBack
from rollout.model.deploy import Deploy
from rollout.model.fleet import ProcessIdentity
from rollout.model.lock_state import PastRun
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from rollout.model.plan import Plan
from rollout.model.releases import OnFailure, Release
from rollout.output.messages import NextStepCommands, RunResult
from rollout.output.report.headline import headline
from rollout.output.report.next_steps import next_steps
from rollout.ports.context import RunContext
from rollout.recovery.recover import RecoveryRequest, recover
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND, deploy
from tests.support.simulation.fake_releases import REVISION
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.recoveries import (
    Typed,
    after_it,
    died_in,
    is_back,
    recovered,
    resumed,
    typed,
)
from tests.support.simulation.restarts import QUICK, Told, fleet
from tests.support.simulation.world import FIRST, Life, World, targets_of

RESTART = Typed(verb="restart")
ROLLBACK = Typed(verb="rollback")
ANEW = Typed(verb="uninterrupted")


def runs(world: World) -> set[str]:
    return {app.lives[-1].release for host in world.hosts.values() for app in host.apps}


def currents(world: World) -> set[str]:
    return {host.current for host in world.hosts.values()}


def dead_in_place(hosts: int = 3) -> World:
    """Let a deploy die when its release is in place on every host, and no server is out."""
    happy = fleet(hosts)
    deploy(happy)
    at = next(n for n, call in enumerate(happy.faults.calls) if call.endswith(" drain"))
    at = max(n for n in range(at) if happy.faults.calls[n].endswith("switch"))
    world = fleet(hosts)
    assert deploy(world, Fault(Kind.DEATH_DONE, at)).died
    assert currents(world) == {SECOND}
    return world


def test_a_release_that_nothing_ran_is_taken_back_by_recover_and_a_restart_is_safe_again() -> None:
    world = dead_in_place()
    world.manners[SECOND] = "never_boots"
    told = recovered(world)
    assert told.of(UnprovenTakenBack) == [
        UnprovenTakenBack(release=SECOND, hosts=("web1", "web2", "web3"))
    ]
    assert told.summary.exit_code is Exit.DONE
    assert (currents(world), runs(world)) == ({FIRST}, {FIRST})
    assert all(SECOND not in host.disk for host in world.hosts.values())
    assert typed(world, RESTART, begins=5000).summary.exit_code is Exit.DONE


def test_a_restart_onto_a_release_that_nothing_ran_is_refused_without_any_record() -> None:
    world = dead_in_place()
    world.owned_targets.clear()
    told = typed(world, RESTART, begins=3000)
    assert told.summary.exit_code is Exit.REFUSED
    assert [f.where for f in told.summary.findings] == ["web1", "web2", "web3"]
    assert all("rollout recover" in f.fix for f in told.summary.findings)
    assert not any(app.restarts for host in world.hosts.values() for app in host.apps)


def test_a_release_that_another_tool_has_switched_to_is_restarted_onto() -> None:
    world = dead_in_place()
    for host in world.hosts.values():
        host.notes.clear()
    assert typed(world, RESTART, begins=3000).summary.exit_code is Exit.DONE
    assert runs(world) == {SECOND}


@pytest.mark.parametrize("command", [ROLLBACK, ANEW], ids=lambda one: str(one.verb))
def test_what_the_refusal_tells_to_type_ends_with_the_whole_fleet_on_one_release(
    command: Typed,
) -> None:
    world = dead_in_place()
    world.manners[SECOND] = "never_boots"
    told = typed(world, command, begins=3000)
    assert told.summary.exit_code is Exit.DONE
    assert len(runs(world)) == 1
    assert currents(world) == runs(world) != {SECOND}


def journal(world: World, *, in_place: bool = True, done: tuple[str, ...] = ()) -> PastRun:
    """Tell what the journal says of a deploy of ``SECOND`` that died before any server's turn."""
    of = died_in(world, Deploy(release=Release(SECOND, REVISION), hosts=tuple(world.hosts)))
    assert of.deploy is not None
    was = replace(of.deploy, in_place=in_place, switching=True)
    return replace(of, targets=tuple(world.hosts) if done else (), done=done, deploy=was)


AWAY = Fault(Kind.REFUSED, 0, calls=10_000, only="web2 shelf")


def test_one_host_that_cannot_be_seen_is_named_and_the_others_are_taken_back() -> None:
    world = dead_in_place()
    world.manners[SECOND] = "never_boots"
    told = recovered(world, AWAY, past=journal(world))
    assert told.summary.exit_code is Exit.HALTED
    assert "web2" in told.summary.halted
    assert [world.hosts[name].current for name in ("web1", "web2", "web3")] == [
        FIRST,
        SECOND,
        FIRST,
    ]


def test_a_release_that_may_serve_on_a_host_that_cannot_be_seen_is_left_everywhere() -> None:
    world = dead_in_place()
    told = recovered(world, AWAY)
    assert told.of(UnprovenTakenBack) == []
    assert currents(world) == {SECOND}
    assert told.summary.exit_code is Exit.HALTED
    assert "release 20260202000000 is left on web1, web3: it may serve on web2" in (
        told.summary.halted
    )
    assert recovered(world, begins=6000).summary.exit_code is Exit.DONE
    assert currents(world) == {FIRST}


def dead_after_the_first(*, until: str = "drain") -> World:
    """Let a deploy die when web1 serves the release, and web2 is to be taken out."""
    happy = fleet(3)
    deploy(happy)
    calls = happy.faults.calls
    at = next(n for n in range(calls.index("lb1 ready"), len(calls)) if calls[n] == f"lb1 {until}")
    world = fleet(3)
    assert deploy(world, Fault(Kind.DEATH, at)).died
    return world


@pytest.mark.parametrize("known", [True, False], ids=["journal here", "no journal"])
@pytest.mark.parametrize("away", ["web1 status", "web1 shelf"])
def test_a_recovery_leaves_a_release_that_serves_on_a_host_that_is_away(
    away: str,
    known: bool,  # noqa: FBT001 - a case
) -> None:
    world = dead_after_the_first()
    assert {app.lives[-1].release for app in world.hosts["web1"].apps} == {SECOND}
    fault = Fault(Kind.REFUSED, 0, calls=10_000, only=away)
    told = recovered(world, fault, past=journal(world, done=("web1",)) if known else None)
    assert told.of(UnprovenTakenBack) == []
    assert currents(world) == {SECOND}
    assert all(SECOND in host.disk for host in world.hosts.values())
    assert told.summary.exit_code is Exit.HALTED
    wanted = Deploy(release=Release(SECOND, REVISION), hosts=tuple(world.hosts))
    assert resumed(world, deploy=wanted, begins=6000).summary.exit_code is Exit.DONE
    assert (currents(world), runs(world)) == ({SECOND}, {SECOND})


def test_what_was_asked_to_restart_on_a_host_that_is_away_may_serve_it() -> None:
    world = dead_after_the_first()
    world.restarted.clear()
    name, (target, *_) = "web1", targets_of(world)
    asked = {one.name: None for one in target.instances}
    found = tuple(ServerSnapshot(server, 1, agent=False) for server in target.servers)
    world.owned_targets.clear()
    world.owned_targets[name] = OwnedTarget(
        target=target, found=found, asked=asked, release=SECOND, returning=True
    )
    past = replace(journal(world), targets=tuple(world.hosts))
    told = recovered(world, Fault(Kind.REFUSED, 0, calls=10_000, only="web1 s"), past=past)
    assert currents(world) == {SECOND}
    assert told.summary.exit_code is Exit.REDUCED


def halted_on(*bad: str, hosts: int = 3, **wishes: object) -> tuple[World, Told]:
    """Let a deploy halt because the release does not come up on ``bad``."""
    world = fleet(hosts)
    for name in bad:
        for app in world.hosts[name].apps:
            app.manner = "never_boots"
    world.manners[FIRST] = "good"
    return world, deploy(world, **wishes)  # type: ignore[arg-type]  # as there


def test_a_halt_takes_a_release_that_came_up_nowhere_back_where_it_never_ran() -> None:
    world, told = halted_on("web1", on_failure=OnFailure.STOP)
    assert told.summary.exit_code is Exit.REDUCED
    assert [host.current for host in world.hosts.values()] == [SECOND, FIRST, FIRST]
    assert told.summary.deploy.unproven == {SECOND: ("web2", "web3")}
    assert told.summary.deploy.moved == {"web1"}


def test_a_halt_leaves_current_on_a_release_that_serves_on_another_host_and_says_so() -> None:
    world, told = halted_on("web2", on_failure=OnFailure.STOP)
    assert [host.current for host in world.hosts.values()] == [SECOND] * 3
    assert told.summary.deploy.seen["web3"].current == SECOND
    assert {*told.summary.deploy.seen["web3"].running.values()} == {FIRST}
    assert typed(world, RESTART, begins=5000).summary.named(TargetPhase.DONE) == ()
    assert runs(world) == {FIRST, SECOND}


STOPPED = ("web1", "web2", "web3")


@pytest.mark.parametrize("bad", STOPPED)
def test_what_is_out_comes_back_on_the_release_before_by_one_command(bad: str) -> None:
    world, told = halted_on(bad, on_failure=OnFailure.STOP)
    assert told.summary.out == (bad,)
    back = typed(world, Typed(verb="rollback", hosts=(bad,), to=FIRST), begins=5000)
    assert back.summary.exit_code is Exit.DONE
    assert [*is_back(world), *world.broken] == []
    assert world.hosts[bad].current == FIRST
    assert {app.lives[-1].release for app in world.hosts[bad].apps} == {FIRST}


@pytest.mark.parametrize("command", [ROLLBACK, ANEW], ids=lambda one: str(one.verb))
@pytest.mark.parametrize("bad", STOPPED)
def test_what_is_out_is_taken_up_first_whatever_its_instances_do(bad: str, command: Typed) -> None:
    world, _ = halted_on(bad, on_failure=OnFailure.STOP)
    for app in world.hosts[bad].apps:
        app.manner = "good"
        app.lives[-1].gone_at = 3000.0  # monit has given it up: "not running"
    world.manners.clear()
    told = typed(world, command, begins=5000)
    assert told.summary.exit_code is Exit.DONE
    # nothing of a deploy falls into the window of a rollout; this server was out before
    assert [*is_back(world), *(b for b in world.broken if "8 window" not in b)] == []
    assert len(runs(world)) == 1
    assert currents(world) == runs(world)
    drained = [call for call in world.faults.calls if call.endswith(" restart")]
    assert drained[0] == f"{bad} restart"


def test_what_is_out_need_not_wait_for_room_that_it_takes_from_nobody() -> None:
    world, _ = halted_on("web3", on_failure=OnFailure.STOP)
    for app in world.hosts["web3"].apps:
        app.manner = "good"
    world.manners.clear()
    down = next(line for line in world.lines.values() if line.host.name == "web2")
    down.dies_at, down.revives_at = 4000.0, 5030.0  # two of three do not serve: floor 2
    told = typed(world, Typed(verb="rollback", hosts=("web3",), to=FIRST), begins=5000)
    assert told.summary.exit_code is Exit.DONE
    assert world.broken == []


def deaths_on_the_way_back() -> Iterator[tuple[int, str]]:
    happy, _ = halted_on("web2")
    calls = happy.faults.calls
    first = calls.index("web2 restore")
    for at in range(first, len(calls), 3):
        yield at, calls[at]


def test_after_a_death_on_the_way_back_recover_and_rollback_make_the_fleet_whole() -> None:
    moments = [*deaths_on_the_way_back()]
    assert len(moments) > 10
    for at, call in moments:
        world = fleet(3)
        for app in world.hosts["web2"].apps:
            app.manner = "never_boots"
        world.manners[FIRST] = "good"
        died = deploy(world, Fault(Kind.DEATH, at))
        moment = f"at call {at} ({call})"
        assert died.died, moment
        recovered(world, begins=3000)
        told = typed(world, ROLLBACK, begins=6000)
        assert told.summary.exit_code in {Exit.DONE, Exit.REFUSED}, moment  # it is whole already
        assert [*is_back(world), *world.broken] == [], moment
        assert (currents(world), runs(world)) == ({FIRST}, {FIRST}), moment


def test_the_release_before_that_monit_brings_up_by_itself_needs_no_restart_of_ours() -> None:
    world = fleet(3)
    world.manners[SECOND] = "revives"
    told = deploy(world)
    assert told.summary.exit_code is Exit.ROLLED_BACK
    assert (currents(world), runs(world)) == ({FIRST}, {FIRST})
    assert [app.restarts for app in world.hosts["web1"].apps] == [1, 1]
    assert is_back(world) == []


def test_a_release_is_not_acquitted_while_monit_is_busy_with_it() -> None:
    world = fleet(3)
    world.manners[SECOND] = "hangs_long"
    told = deploy(world)
    assert "is not the cause" not in told.summary.deploy.reason
    assert "whether it comes up on the release before is not known" in told.summary.deploy.reason
    assert currents(world) == {FIRST}
    assert told.summary.out == ("web1",)


def test_a_recovery_leaves_current_on_a_release_that_serves_on_another_host() -> None:
    happy = fleet(3)
    deploy(happy)
    at = [n for n, call in enumerate(happy.faults.calls) if call == "lb1 drain"][2]  # web2's
    world = fleet(3)
    assert deploy(world, Fault(Kind.DEATH, at)).died
    assert {app.lives[-1].release for app in world.hosts["web1"].apps} == {SECOND}
    assert {app.lives[-1].release for app in world.hosts["web3"].apps} == {FIRST}
    told = recovered(world)
    assert told.of(UnprovenTakenBack) == []
    assert world.hosts["web3"].current == SECOND
    assert told.summary.deploy.seen["web3"].current == SECOND


def test_after_a_death_on_the_way_back_recover_says_that_rollback_goes_on() -> None:
    world, told = fleet(2), Told()
    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK)
    back = recover(
        RunContext(plan, after_it(world), told),
        RecoveryRequest("5f0c21", (), rest=("web2",), gone_back=True),
    )
    play(back, begins=3000)
    said = headline(RunResult(run="r", number=1, at="", summary=told.summary, seconds=1.0))
    assert "`rollout rollback` takes every host to the release before" in said
    assert "resume" not in said


def test_a_recovery_leaves_current_of_a_host_that_was_asked_to_restart() -> None:
    world = fleet(3)
    world.manners[SECOND] = "dies"
    deploy(world, on_failure=OnFailure.STOP)
    told = recovered(world)
    assert told.summary.out == ("web1",)
    assert [host.current for host in world.hosts.values()] == [SECOND, FIRST, FIRST]
    assert told.summary.deploy.seen["web1"].unproven
    commands = {step.label: step.command for step in next_steps(told.summary, NextStepCommands())}
    assert commands["old code"] == "rollout rollback --hosts web1 --include-left-out"


def half_switched(nth: int = 1) -> World:
    happy = fleet(3)
    deploy(happy)
    at = [n for n, call in enumerate(happy.faults.calls) if call.endswith("switch")][nth]
    world = fleet(3)
    assert deploy(world, Fault(Kind.DEATH, at)).died
    return world


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_what_recover_takes_back_of_a_half_switched_deploy_is_told_by_release(nth: int) -> None:
    world = half_switched(nth)
    half = [name for name, host in world.hosts.items() if host.current == SECOND]
    told = recovered(world, past=journal(world, in_place=False))
    back = [UnprovenTakenBack(release=SECOND, hosts=tuple(half))] if half else []
    assert told.of(UnprovenTakenBack) == back
    assert told.summary.exit_code is Exit.DONE
    assert currents(world) == {FIRST}
    assert all({*host.disk} == {FIRST} and not host.notes for host in world.hosts.values())


@pytest.mark.parametrize("act", ["restore", "discard"])
def test_a_half_switched_deploy_that_one_host_refuses_to_give_back_is_told_as_it_is(
    act: str,
) -> None:
    world = half_switched(2)
    switched = [name for name, host in world.hosts.items() if host.current == SECOND]
    fault = Fault(Kind.REFUSED, 0, calls=99, only=f"{switched[-1]} {act}")
    told = recovered(world, fault, past=journal(world, in_place=False))
    (back,) = told.of(UnprovenTakenBack)
    assert isinstance(back, UnprovenTakenBack)
    assert switched[0] in back.hosts
    moved = {name for name, host in world.hosts.items() if host.current == SECOND}
    assert set(told.summary.deploy.unrestored) == moved
    assert told.summary.exit_code is (Exit.REDUCED if moved else Exit.DONE)


def test_what_monit_has_started_on_the_release_by_itself_is_told_and_left_as_it_is() -> None:
    world = dead_in_place()
    machine = world.hosts["web2"]
    machine.apps[0].lives[-1].gone_at = 2000.0
    born = ProcessIdentity(900, 200_000, "boot-web2")
    machine.apps[0].lives.append(Life(born, answers_from=2001.0, release=SECOND))
    told = recovered(world)
    assert [host.current for host in world.hosts.values()] == [FIRST, SECOND, FIRST]
    assert told.summary.deploy.seen["web2"].running["mongrel_8000"] == SECOND
    assert typed(world, RESTART, begins=5000).summary.exit_code is Exit.REFUSED
    assert typed(world, ROLLBACK, begins=7000).summary.exit_code is Exit.DONE
    assert (currents(world), runs(world)) == ({FIRST}, {FIRST})


def test_the_process_from_before_is_not_taken_for_an_attempt_of_monits_own() -> None:
    world = fleet(3)
    for app in world.hosts["web1"].apps:
        app.manner = "stop_times_out"
    told = deploy(world)
    assert told.summary.exit_code is Exit.REDUCED
    assert [app.restarts for app in world.hosts["web1"].apps] == [2, 2]
