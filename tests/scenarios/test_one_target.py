"""Stories of what happens while a target waits to be taken out, and of one taken out twice."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollout.events import FleetSeen, Noted, RestartAsked, TargetClaimed, TargetNotStarted
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.errors import BalancerError, LockLost
from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.plan import Plan, Share
from rollout.ports.context import RunContext
from rollout.restart.rolling import rolling_restart
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.scenarios.test_evidence import by_instance
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeBalancer
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.recoveries import Typed, after_it, typed
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, roll
from tests.support.simulation.world import World, clock

WEB1 = Server("lb1", "app", "web1")


def test_a_server_that_could_not_be_given_back_is_not_restarted_below_the_floor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = fleet(3)
    world.floor = Share(2)
    world.lines[WEB1].tail = 9.0
    peer = world.hosts["web2"].apps
    started: list[float] = []

    def dies_for_a_while() -> None:
        started[:] = started or [clock()]
        if 1 < clock() - started[0] < 1.2:
            for app in peer:
                app.lives[0].gone_at = clock()
        if 14 < clock() - started[0] < 14.2:
            for app in peer:
                app.lives[0].gone_at = math.inf

    order = FakeBalancer.set_state

    async def refused(self: FakeBalancer, servers: Sequence[Server], state: AdminState) -> None:
        if state is AdminState.READY and clock() - started[0] < 16:
            await asyncio.sleep(0.005)
            raise BalancerError("lb1", "refused")
        await order(self, servers, state)

    monkeypatch.setattr(FakeBalancer, "set_state", refused)
    world.operator = dies_for_a_while
    told = roll(world)
    assert told.summary.out == ("web1",)
    assert "could not be put back" in told.summary.lines["web1"].reason
    assert [e for e in told.events if isinstance(e, RestartAsked)] == []
    assert promises_broken(world, told) == []


@pytest.mark.parametrize("balancers", [1, 2])
def test_what_a_reload_made_ready_without_a_proof_can_be_taken_up(balancers: int) -> None:
    world = fleet(3, balancers=balancers)
    for app in world.hosts["web1"].apps:
        app.manner = "never_boots"
    assert roll(world).summary.out == ("web1",)
    world.lines[WEB1].admin, world.lines[WEB1].health = Admin(0), 0
    for app in world.hosts["web1"].apps:
        app.manner = "good"
    told = typed(world, Typed(verb="restart"), begins=3000)
    assert told.summary.exit_code is Exit.DONE
    assert set(told.summary.named(TargetPhase.DONE)) == set(world.hosts)
    assert world.broken == []


def test_what_somebody_made_ready_and_serves_is_left_to_them() -> None:
    world = fleet(3, balancers=2)
    for app in world.hosts["web1"].apps:
        app.manner = "never_boots"
    assert roll(world).summary.out == ("web1",)
    for app in world.hosts["web1"].apps:
        app.manner = "good"
        app.lives.append(replace(app.lives[0], answers_from=2000.0, gone_at=math.inf))
    world.lines[WEB1].admin, world.lines[WEB1].health = Admin(0), 3
    told = typed(world, Typed(verb="restart"), begins=3000)
    assert "app/web1@lb1 was changed" in told.summary.lines["web1"].reason
    assert world.lines[WEB1].admin == Admin(0)


def operator_takes(world: World, name: str) -> None:
    line = world.lines[Server("lb1", "app", name)]
    if clock() > 3 and not line.admin:
        line.admin = Admin.FORCED_MAINT
        world.found[line.server] = (line.admin, line.weight, line.agent)


def test_an_operators_own_work_on_a_host_stops_no_run() -> None:
    world = fleet(6)
    world.operator = lambda: operator_takes(world, "web5")
    told = roll(world, Fault(Kind.REFUSED, at=0, calls=10**6, only="web5 status"))
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.named(TargetPhase.SKIPPED) == ("web5",)
    assert len(told.summary.named(TargetPhase.DONE)) == 5


@pytest.mark.parametrize("monit", ["away", "busy"])
def test_a_server_that_is_taken_while_monit_is_away_or_busy_is_skipped(monit: str) -> None:
    world = fleet(4)
    away = Fault(Kind.REFUSED, at=0, calls=10**6, only="web2 status")
    if monit == "busy":
        world.hosts["web2"].apps[0].pending_until = math.inf

    def takes() -> None:
        if "web2 status" in world.faults.calls:
            operator_takes(world, "web2")

    world.operator = takes
    told = roll(world, *([away] if monit == "away" else []))
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.named(TargetPhase.SKIPPED) == ("web2",)


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.HANG])
def test_one_lost_look_before_a_server_is_taken_stops_no_run(kind: Kind) -> None:
    happy = fleet(3)
    roll(happy)
    looks = [n for n, call in enumerate(happy.faults.calls) if call == "web2 status"]
    for at in looks[:2]:  # before it is taken out, and in maint before the restart
        world = fleet(3)
        told = roll(world, Fault(kind, at))
        assert told.summary.exit_code is Exit.DONE
        assert promises_broken(world, told) == []


def test_a_monit_that_stays_away_stops_the_run_before_its_server_is_taken() -> None:
    world = fleet(3)
    told = roll(world, Fault(Kind.REFUSED, at=0, calls=10**6, only="web2 status"))
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.named(TargetPhase.NOT_TAKEN) == ("web2",)
    assert [e.target for e in told.events if isinstance(e, TargetClaimed)] == ["web1"]


def test_a_wait_for_monit_is_a_note_and_no_reason_of_the_summary() -> None:
    world = fleet(3)
    world.hosts["web2"].apps[0].pending_until = 1100.0
    told = roll(world, timeouts=replace(QUICK, busy_timeout=240))
    assert told.summary.exit_code is Exit.DONE
    notes = [e.what for e in told.events if isinstance(e, Noted) and e.where == "web2"]
    assert any("so the floor is counted again" in what for what in notes)
    assert [e for e in told.events if isinstance(e, TargetNotStarted)] == []


def test_a_server_that_is_brought_back_is_seen_to_take_no_other_with_it() -> None:
    world = fleet(2, lines="instance")
    first, second = world.hosts["web1"].apps
    target, *_ = by_instance(world)
    first.manner = "never_boots"
    assert roll(world, waves=(by_instance(world),)).summary.out == (target.name,)
    first.manner, second.depends_on = "good", first.name
    world.faults = Faults()
    told = Told()
    plan = Plan(waves=((target,),), floor=world.floor, timeouts=QUICK)
    play(rolling_restart(RunContext(plan, after_it(world), told)), begins=3000)
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.lines[target.name].took == (second.name,)


def test_the_old_child_of_one_that_went_with_an_earlier_batch_proves_nothing() -> None:
    world = fleet(2, instances=2)
    first, second = world.hosts["web1"].apps
    second.depends_on, second.outlived = first.name, math.inf
    told = roll(world, instances_at_a_time=1)
    assert promises_broken(world, told) == []
    assert told.summary.out == ("web1",)
    assert f"{second.name}: pid" in told.summary.lines["web1"].reason


def test_a_run_that_lost_its_lock_names_its_new_holder_in_the_last_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = fleet(3)
    world.lines[WEB1].tail = 3.0

    async def lost(self: PersistentOwnershipLog, *, anew: bool = False) -> None:
        del self, anew
        if clock() > 1002:
            raise LockLost("lb1", "ops@elsewhere")

    monkeypatch.setattr(PersistentOwnershipLog, "still_ours", lost)
    told = roll(world)
    (seen,) = told.of(FleetSeen)
    assert isinstance(seen, FleetSeen)
    assert "held by ops@elsewhere" in seen.other_owner
    assert [e for e in told.events if isinstance(e, RestartAsked)] == []
