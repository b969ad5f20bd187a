"""Hooks and silences: each at its point, only `before` stops a run, and no silence is forgotten."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from rollout.adapters.local.smoke import CommandSmoke
from rollout.events import (
    Noted,
    RolloutRefused,
    TargetDone,
    TargetDraining,
    TargetLeftOut,
    TargetReturnedUntouched,
)
from rollout.model.errors import Halted
from rollout.model.fleet import Admin, Server
from rollout.model.plan import Plan, Share, waves_of
from rollout.ports.context import RunContext
from rollout.ports.operator_commands import CommandEnd
from rollout.recovery.recover import RecoveryRequest, abandon, recover
from rollout.restart.operator_commands import ORDERS, allowed_by_before_hook, longest_out
from rollout.restart.rolling import rolling_restart
from rollout.summary.run import Exit
from tests.support.simulation.clock import play
from tests.support.simulation.faults import Dead, Fault, Faults, Kind
from tests.support.simulation.operator_commands import FakeRunHooks, FakeSilencer, Monitoring
from tests.support.simulation.recoveries import LATER, after_it
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, site_of
from tests.support.simulation.world import World, targets_of

SAYS_NO = CommandEnd(ok=False, message="exit 1")


def plan_of(world: World, *, max_out: int = 1) -> Plan:
    waves = waves_of(targets_of(world), Share(0))
    return Plan(waves=waves, max_out=max_out, floor=world.floor, timeouts=QUICK)


def roll(
    world: World,
    *faults: Fault,
    monitoring: Monitoring | None = None,
    hooks: FakeRunHooks | None = None,
    max_out: int = 1,
    change: Callable[[FakeSilencer], None] = lambda _: None,
) -> Told:
    world.faults = Faults(*faults)
    told = Told()
    silencer = FakeSilencer(world, monitoring) if monitoring is not None else None
    if silencer is not None:
        change(silencer)
    site = replace(site_of(world), hooks=hooks, silencer=silencer)
    with suppress(Dead):
        play(rolling_restart(RunContext(plan_of(world, max_out=max_out), site, told)))
    told.died = world.faults.dead
    return told


def recovered(world: World, monitoring: Monitoring, *faults: Fault, leave: bool = False) -> Told:
    world.faults = Faults(*faults)
    told = Told()
    silencer = FakeSilencer(world, monitoring, run="recover")
    site = replace(after_it(world), silencer=silencer)
    context = RunContext(Plan(waves=(), floor=world.floor, timeouts=QUICK), site, told)
    request = RecoveryRequest("5f0c21", tuple(world.owned_targets.values()))
    with suppress(Dead):
        play(abandon(context, request) if leave else recover(context, request), begins=LATER)
    told.died = world.faults.dead
    return told


def calls_of_a_good_run() -> list[str]:
    world = fleet(2)
    roll(world, monitoring=Monitoring())
    return world.faults.calls


def test_each_target_is_silenced_before_it_is_out_and_not_longer_than_that() -> None:
    world, monitoring = fleet(3), Monitoring()
    told = roll(world, monitoring=monitoring)
    assert told.summary.exit_code is Exit.DONE
    assert monitoring.ended == ["web1#1", "web2#2", "web3#3"]
    assert monitoring.still == []
    assert promises_broken(world, told) == []
    calls = world.faults.calls
    assert calls.index("silence begin") < calls.index(next(c for c in calls if "drain" in c))


def test_a_silence_stands_in_the_journal_before_the_command_that_begins_it() -> None:
    world, monitoring = fleet(2), Monitoring()
    roll(world, Fault(Kind.DEATH, 0, only="silence begin", calls=1000), monitoring=monitoring)
    silence = world.owned_targets["web1"].silence
    assert silence is not None
    assert (silence.run, silence.number) == ("5f0c21", "")


@pytest.mark.parametrize("kind", [Kind.DEATH, Kind.DEATH_DONE])
def test_recover_ends_the_silence_of_a_run_that_died_at_any_call(kind: Kind) -> None:
    calls = calls_of_a_good_run()
    for at in range(len(calls)):
        world, monitoring = fleet(2), Monitoring()
        roll(world, Fault(kind, at), monitoring=monitoring)
        if world.owned_targets:
            recovered(world, monitoring)
        assert monitoring.still == [], f"{kind} at call {at} ({calls[at]})"
        assert world.owned_targets == {}


@pytest.mark.parametrize("kind", [Kind.DEATH, Kind.DEATH_DONE])
def test_a_second_recover_ends_what_the_first_had_not(kind: Kind) -> None:
    def dead() -> tuple[World, Monitoring]:
        world, monitoring = fleet(2), Monitoring()
        calls = calls_of_a_good_run()
        roll(world, Fault(kind, calls.index("silence end")), monitoring=monitoring)
        return world, monitoring

    world, monitoring = dead()
    recovered(world, monitoring)
    for at in range(len(world.faults.calls)):
        world, monitoring = dead()
        recovered(world, monitoring, Fault(kind, at))
        if world.owned_targets:
            recovered(world, monitoring)
        assert monitoring.still == [], at


def test_the_silence_ends_when_the_run_leaves_the_target_out() -> None:
    world, monitoring = fleet(2), Monitoring()
    world.hosts["web1"].apps[0].manner = "never_boots"
    told = roll(world, monitoring=monitoring)
    assert told.of(TargetLeftOut)
    assert told.summary.exit_code is Exit.REDUCED
    assert monitoring.still == []
    assert world.owned_targets["web1"].silence is None
    recovered(world, monitoring)
    assert monitoring.ended == ["web1#1"]


def test_a_silence_whose_number_cannot_be_written_is_ended_at_once() -> None:
    calls = calls_of_a_good_run()
    world, monitoring = fleet(2), Monitoring()
    number = calls.index("silence begin") + 1
    assert calls[number] == "journal held"
    told = roll(world, Fault(Kind.REFUSED, number), monitoring=monitoring)
    assert monitoring.still == []
    assert not told.of(TargetDraining)
    assert promises_broken(world, told) == []


def test_what_is_abandoned_is_not_silent_any_more() -> None:
    world, monitoring = fleet(2), Monitoring()
    calls = calls_of_a_good_run()
    roll(world, Fault(Kind.DEATH, calls.index("silence end")), monitoring=monitoring)
    assert monitoring.still == ["web1#1"]
    recovered(world, monitoring, leave=True)
    assert monitoring.still == []


def test_a_silence_that_cannot_be_begun_or_ended_only_warns() -> None:
    world, monitoring = fleet(2), Monitoring()
    told = roll(world, monitoring=monitoring, change=lambda one: setattr(one, "answer", SAYS_NO))
    assert told.summary.exit_code is Exit.DONE
    notes = [event.what for event in told.of(Noted) if isinstance(event, Noted)]
    number = "silence web1#1 of run 5f0c21"
    assert notes[:2] == [
        "its monitoring is not known to be silent, silence.begin failed: exit 1",
        f"its monitoring may still be silent, by {number}: silence.end failed: exit 1",
    ]


def test_a_silence_that_no_settings_end_is_named() -> None:
    world, monitoring = fleet(2), Monitoring()
    calls = calls_of_a_good_run()
    roll(world, Fault(Kind.DEATH, calls.index("silence end")), monitoring=monitoring)
    told = Told()
    context = RunContext(Plan(waves=(), floor=world.floor, timeouts=QUICK), after_it(world), told)
    world.faults = Faults()
    play(recover(context, RecoveryRequest("5f0c21", tuple(world.owned_targets.values()))))
    said = "by silence web1#1 of run 5f0c21: there is no silence.end"
    assert any(isinstance(e, Noted) and said in e.what for e in told.events)
    assert told.summary.exit_code is Exit.DONE


def test_hooks_run_at_their_points_with_the_event() -> None:
    world, hooks = fleet(2), FakeRunHooks()
    told = roll(world, hooks=hooks)
    assert told.summary.exit_code is Exit.DONE
    assert hooks.ran == [
        ("host_out", "web1", "target.claimed"),
        ("host_back", "web1", "target.done"),
        ("host_out", "web2", "target.claimed"),
        ("host_back", "web2", "target.done"),
    ]
    assert promises_broken(world, told) == []


def test_a_target_serves_while_its_hook_runs_and_that_is_no_time_out() -> None:
    world = fleet(2)
    during: list[bool] = []

    def look(hook: str, target: str) -> None:
        line = world.lines[Server("lb1", "app", target)]
        during.append(not line.admin)
        assert hook

    slow, quick = roll(world, hooks=FakeRunHooks(meanwhile=look, takes=20.0)), roll(fleet(2))
    assert during == [True] * 4

    def seconds(told: Told) -> list[float]:
        return [event.seconds for event in told.events if isinstance(event, TargetDone)]

    assert abs(seconds(slow)[0] - seconds(quick)[0]) < 2.0


def test_a_hook_that_fails_only_warns() -> None:
    world = fleet(2)
    told = roll(world, hooks=FakeRunHooks({"host_out": SAYS_NO, "host_back": SAYS_NO}))
    assert told.summary.exit_code is Exit.DONE
    notes = [event.what for event in told.of(Noted) if isinstance(event, Noted)]
    assert notes == ["hooks.host_out failed: exit 1", "hooks.host_back failed: exit 1"] * 2


@pytest.mark.parametrize("reloaded", [False, True])
def test_what_an_operator_takes_out_while_a_hook_runs_is_left_to_them(*, reloaded: bool) -> None:
    """A reload keeps it out, with ``load-server-state-from-file``."""
    world = fleet(2)
    web1 = world.lines[Server("lb1", "app", "web1")]

    def meanwhile(hook: str, target: str) -> None:
        if (hook, target) == ("host_out", "web1"):
            web1.admin, web1.theirs = Admin.FORCED_MAINT, True
            if reloaded:
                mark = world.marks["lb1"]
                world.marks["lb1"] = replace(mark, pid=mark.pid + 1, started=mark.started + 1)

    told = roll(world, hooks=FakeRunHooks(meanwhile=meanwhile))
    assert web1.admin == Admin.FORCED_MAINT
    assert not told.of(TargetDraining)
    assert told.of(TargetReturnedUntouched)
    assert told.summary.exit_code is Exit.HALTED
    assert [app.restarts for app in world.hosts["web1"].apps] == [0, 0]


def test_before_can_refuse_a_run_and_then_nothing_was_touched() -> None:
    world, told = fleet(2), Told()
    hooks = FakeRunHooks({"before": SAYS_NO})
    site = replace(site_of(world), hooks=hooks)
    allowed = play(allowed_by_before_hook(RunContext(plan_of(world), site, told)))
    assert not allowed
    assert hooks.ran == [("before", "web1 web2", "")]
    assert told.of(RolloutRefused)
    assert told.summary.exit_code is Exit.REFUSED
    assert world.faults.calls == []


def test_before_is_ended_by_a_stop_and_what_stood_before_it_is_not_denied() -> None:
    """A resume has brought back servers when its hooks.before runs."""
    world, told = fleet(2), Told()
    site = replace(site_of(world, stop_asked=lambda: True), hooks=FakeRunHooks(takes=1000.0))
    with pytest.raises(Halted, match=r"^stopped on request while hooks\.before ran$"):
        play(allowed_by_before_hook(RunContext(plan_of(world), site, told)))


def test_the_longest_time_out_counts_every_step_and_each_boot() -> None:
    world = fleet(2, instances=2)
    plan = replace(plan_of(world), instances_at_a_time=1)
    plan = replace(plan, timeouts=replace(plan.timeouts, busy_timeout=40.0))
    target = targets_of(world)[0]
    without = 5 + 2 * 10 + 40 + 2 * 60 + 20 + 2 + ORDERS
    assert longest_out(plan, target, None) == without
    assert longest_out(plan, target, CommandSmoke("true", 30.0, {})) == without + 30
