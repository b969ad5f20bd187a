"""Stories of what is believed: which process answers, what was restarted, what monit does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rollout.deploy.rollback import AGAINST_THE_RELEASE
from rollout.events import (
    DeployTakenBack,
    Noted,
    RestartAsked,
    RollbackHalted,
    TargetClaimed,
    TargetReturnedUntouched,
    TargetWaiting,
)
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.errors import SupervisorBusy
from rollout.model.fleet import AdminState, ProcessIdentity, Server, Target
from rollout.model.plan import Plan, Share, Timeouts
from rollout.output.messages import NextStepCommands
from rollout.output.report.next_steps import next_steps
from rollout.ports.context import RunContext
from rollout.recovery.recover import RecoveryRequest, recover
from rollout.restart.rolling import rolling_restart
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND, deploy, deploy_broken
from tests.support.simulation.fakes import FakeBalancer, FakeJournal, FakeSupervisor
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, roll, site_of
from tests.support.simulation.world import World, clock, targets_of

SLOW: Timeouts = replace(QUICK, busy_timeout=240, running_timeout=120)


def by_instance(world: World) -> tuple[Target, ...]:
    """One target per instance, each with the lines that lead to it alone."""
    return tuple(
        Target(
            f"{host.name}/{one.name}",
            host.name,
            tuple(server for server in host.servers if host.instances_by_server[server] == (one,)),
            (one,),
            {
                server: (one,)
                for server in host.servers
                if host.instances_by_server[server] == (one,)
            },
        )
        for host in targets_of(world)
        for one in host.instances
    )


def asked_in(told: Told) -> list[tuple[str, ...]]:
    return [e.instances for e in told.events if isinstance(e, RestartAsked)]


@pytest.mark.parametrize("alert", ["Resource limit matched", "Uptime failed | PID changed"])
def test_a_rule_that_matches_keeps_no_server_out(alert: str) -> None:
    world = fleet(2)
    for host in world.hosts.values():
        host.apps[0].alert = alert
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_where_nothing_else_proves_it_monits_own_test_of_the_port_does() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[0].alert = "Connection failed"
    assert roll(world).summary.exit_code is Exit.DONE
    world = fleet(2)
    world.hosts["web1"].apps[0].alert = "Connection failed"
    plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)
    told = Told()
    play(rolling_restart(RunContext(plan, replace(site_of(world), prober=None), told)))
    assert told.summary.exit_code is Exit.REDUCED
    assert 'monit calls it "Connection failed"' in told.summary.lines["web1"].reason


def test_a_graceful_old_worker_is_waited_for() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[0].outlived = 20
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    reasons = [e.reason for e in told.events if isinstance(e, TargetWaiting)]
    old = "pid 99 (ruby) from before the restart still listens on port 8000"
    assert any(old in reason for reason in reasons)
    looks = [call for call in world.faults.calls if call == "web1 status"]
    assert len(looks) < 60  # two a second at the most, each a process on the host


def test_a_port_that_an_old_process_keeps_is_no_proof() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[0].outlived = float("inf")
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert "mongrel_8000: pid 99 (ruby)" in told.summary.lines["web1"].reason


def test_an_instance_that_monit_restarts_with_another_stops_the_run() -> None:
    world = fleet(2, lines="instance")
    for host in world.hosts.values():
        host.apps[1].depends_on = "mongrel_8000"
    told = roll(world, waves=(by_instance(world),), max_failures=3)
    assert told.summary.exit_code is Exit.HALTED
    assert asked_in(told) == [("mongrel_8000",)]
    assert "web1: mongrel_8001 got a new process when mongrel_8000 was asked" in told.summary.halted
    assert "restart whole hosts (--by host)" in told.summary.lines["web1/mongrel_8000"].fix
    assert told.summary.lines["web1/mongrel_8000"].took == ("mongrel_8001",)
    along = told.summary.lines["web1/mongrel_8001"]
    assert along.reason == "monit restarted it together with web1/mongrel_8000"
    (go_on,) = [
        step for step in next_steps(told.summary, NextStepCommands()) if step.label == "go on"
    ]
    assert go_on.command == "rollout restart --hosts web2 --by host"
    hosts = tuple(target for target in targets_of(world) if target.host == "web2")
    again = roll(world, waves=(hosts,))  # as that line has it: whole hosts, and only those
    assert again.summary.exit_code is Exit.DONE
    assert [app.restarts for app in world.hosts["web1"].apps] == [1, 1]
    assert world.hosts["web1"].apps[1].restarts == 1


def test_an_instance_that_was_restarted_with_an_earlier_batch_is_proven_and_not_asked_again() -> (
    None
):
    world = fleet(2, instances=3)
    world.hosts["web1"].apps[1].depends_on = "mongrel_8000"
    told = roll(world, instances_at_a_time=1)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert asked_in(told)[:2] == [("mongrel_8000",), ("mongrel_8002",)]
    what = "monit restarted mongrel_8001 as well: not asked again"
    assert Noted(where="web1", what=what) in told.events


def test_what_was_restarted_with_an_earlier_batch_is_in_the_record_as_well() -> None:
    world = fleet(2, instances=3)
    first, second, third = world.hosts["web1"].apps
    second.depends_on, third.manner = first.name, "never_boots"
    told = roll(world, instances_at_a_time=1)
    assert promises_broken(world, told) == []
    assert told.summary.out == ("web1",)
    assert set(world.owned_targets["web1"].asked) == {first.name, second.name, third.name}


def test_whole_hosts_may_depend_on_what_they_like() -> None:
    world = fleet(2)
    for host in world.hosts.values():
        host.apps[1].depends_on = "mongrel_8000"
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE


def test_a_deploy_that_restarted_more_than_it_asked_for_is_not_taken_back_below_it() -> None:
    world = fleet(3, lines="instance")
    world.hosts["web1"].apps[1].depends_on = "mongrel_8000"
    told = deploy(world, waves=(by_instance(world),))
    first = world.hosts["web1"]
    assert {app.lives[-1].release for app in first.apps} == {SECOND}
    assert first.current == SECOND, "its processes run there"
    assert SECOND in first.disk
    assert told.of(DeployTakenBack) == [], "it was restarted on it"
    assert told.summary.lines["web1/mongrel_8000"].standing is TargetPhase.DONE
    assert told.summary.exit_code is Exit.HALTED


def test_two_instances_of_a_host_that_go_together_are_not_taken_for_dependent() -> None:
    world = fleet(2, lines="instance")
    told = roll(world, waves=(by_instance(world),), max_out=2)
    assert told.summary.exit_code is Exit.DONE


def test_a_request_that_is_on_its_way_yet_does_not_look_like_a_dependency() -> None:
    world = fleet(2, lines="instance")
    world.requests_take = 9.0
    second = next(
        line for line in world.lines.values() if line.apps == world.hosts["web1"].apps[1:]
    )
    second.tail = 4.0  # it is asked to restart meanwhile
    told = roll(world, waves=(by_instance(world),), max_out=2)
    assert world.broken == []
    assert told.summary.exit_code is Exit.DONE


def test_a_server_whose_process_monit_keeps_goes_back_as_it_was() -> None:
    world = fleet(2)
    for app in world.hosts["web1"].apps:
        app.manner = "keeps_pid"
    told = roll(world, timeouts=SLOW)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.GIVEN_BACK) == ("web1",)
    (back,) = told.of(TargetReturnedUntouched)
    assert isinstance(back, TargetReturnedUntouched)
    assert back.asked
    assert "take `restart program` out of monit's control file" in back.fix


@pytest.mark.parametrize("manner", ["stop_times_out", "one_of_two"])
def test_a_process_that_may_still_end_does_not_go_back(manner: str) -> None:
    """A stop that timed out has asked it to end; and a host of two kinds is no host as it was."""
    world = fleet(2)
    first, second = world.hosts["web1"].apps
    first.manner = "keeps_pid"
    second.manner = "good" if manner == "one_of_two" else manner
    told = roll(world, timeouts=SLOW)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.out == ("web1",)


def test_a_kept_process_that_does_not_answer_stays_out() -> None:
    world = fleet(2)
    for app in world.hosts["web1"].apps:
        app.manner = "keeps_pid"
        app.lives[-1].answers_from = float("inf")
    told = roll(world, timeouts=SLOW)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.out == ("web1",)


def test_monit_is_waited_for_before_a_server_is_taken_out() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[1].pending_until = 1060.0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    kinds = [
        e
        for e in told.events
        if isinstance(e, TargetClaimed | TargetWaiting) and e.target == "web1"
    ]
    first = kinds[0]
    assert isinstance(first, TargetWaiting)
    assert first.reason == "monit is busy with mongrel_8001 (restart pending)"


def test_a_monit_that_stays_busy_leaves_the_server_where_it_is() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[1].pending_until = 1600.0
    told = roll(world, timeouts=SLOW)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.NOT_TAKEN) == ("web1",)
    reason = told.summary.lines["web1"].reason
    assert "not free to be restarted after 240s: monit is busy with mongrel_8001" in reason


def test_the_floor_is_counted_again_once_monit_was_waited_for() -> None:
    world = fleet(3)
    world.floor = Share(2)
    world.hosts["web1"].apps[1].pending_until = 1015.0
    others = [line for line in world.lines.values() if line.host.name != "web1"]
    others[0].dies_at = 1005.0
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.NOT_TAKEN) == ("web1",)


def test_an_old_release_is_not_judged_by_a_monit_that_is_busy_with_the_new_one() -> None:
    world = fleet(2)
    world.manners[SECOND] = "hangs"  # in its start, for 80 s; monit waits for it
    told = deploy(world, timeouts=replace(QUICK, running_timeout=15, busy_timeout=20))
    assert deploy_broken(world, told) == []
    (halted,) = told.of(RollbackHalted)
    assert isinstance(halted, RollbackHalted)
    assert "not free to be restarted after 20s: monit is busy with mongrel_8000" in halted.reason
    assert "not the cause" not in halted.reason

    world = fleet(2)
    world.manners[SECOND] = "hangs"
    told = deploy(world, timeouts=replace(QUICK, running_timeout=15))
    assert deploy_broken(world, told) == []
    assert told.summary.exit_code is Exit.ROLLED_BACK
    waits = [e.reason for e in told.events if isinstance(e, TargetWaiting)]
    assert any("monit is busy with mongrel_8000 (restart pending)" in words for words in waits)


def test_a_run_after_a_crash_hands_on_what_the_dead_one_saw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, tuple[str, ...]]] = []

    def remember(
        _: FakeSupervisor, host: str, before: Mapping[str, ProcessIdentity | None]
    ) -> None:
        seen.append((host, tuple(before)))

    monkeypatch.setattr(FakeSupervisor, "remember", remember)
    world = fleet(2)
    happy = fleet(2)
    roll(happy)
    roll(world, Fault(Kind.DEATH, happy.faults.calls.index("web1 restart") + 4))
    owned_targets = tuple(world.owned_targets.values())
    told = Told()
    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK)
    site = site_of(world)
    record = PersistentOwnershipLog(FakeJournal(world), None, owned_targets)
    world.faults = Faults(last=2000.0)
    play(
        recover(
            RunContext(plan, replace(site, record=record), told),
            RecoveryRequest("r", owned_targets),
        ),
        begins=2000.0,
    )
    assert told.summary.exit_code is Exit.DONE
    assert seen == [("web1", ("mongrel_8000", "mongrel_8001"))]


def test_monit_that_gets_busy_while_the_server_is_drained_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = fleet(2)
    order = FakeBalancer.set_state
    app = world.hosts["web1"].apps[0]

    async def busy(self: FakeBalancer, servers: Sequence[Server], state: AdminState) -> None:
        await order(self, servers, state)
        if state is AdminState.DRAIN and not app.restarts:
            app.pending_until = clock() + 30

    monkeypatch.setattr(FakeBalancer, "set_state", busy)
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    waits = [e.reason for e in told.events if isinstance(e, TargetWaiting)]
    assert "monit is busy with mongrel_8000 (restart pending)" in waits


def test_being_busy_is_no_judgement_of_a_release() -> None:
    assert not issubclass(SupervisorBusy, AGAINST_THE_RELEASE)


def test_a_helper_that_lives_on_is_noted_and_keeps_no_server_out() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[0].helper = True
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    notes = [(e.where, e.what) for e in told.events if isinstance(e, Noted)]
    what = "pid 98 (sleep), a process of mongrel_8000 from before the restart, has not ended"
    assert notes == [("web1", what)]
