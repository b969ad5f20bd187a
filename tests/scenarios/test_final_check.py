"""Stories of the final check: what the summary says about the fleet is how the fleet stands."""

from dataclasses import dataclass, field, replace

from rollout.events import Event, InstanceVerified, TargetDone
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.lock_state import LockState
from rollout.model.plan import Plan, Share
from rollout.ports.context import RunContext
from rollout.restart.rolling import rolling_restart
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.left_out import ALICE, BOB
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeJournal, FakeLock
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, roll, site_of
from tests.support.simulation.world import World, clock, targets_of

WEB1 = Server("lb1", "app", "web1")


def back(world: World, target: str) -> float:
    """Play the run of ``world`` and return when ``target`` was done in it."""
    told, at = roll(world), 1000.0
    for event in told.events:
        if isinstance(event, TargetDone):
            at += event.seconds + QUICK.stable
            if event.target == target:
                return at
    raise AssertionError(target)


def test_a_server_that_an_operator_takes_after_its_turn_is_said_not_to_serve() -> None:
    taken = back(fleet(3), "web1") + 5
    world = fleet(3)
    world.floor = Share(1)
    world.lines[WEB1].meddling.append((taken, Admin.FORCED_DRAIN))
    told = roll(world)
    assert promises_broken(world, told) == []
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.lines["web1"].standing is TargetPhase.DONE
    assert told.summary.lines["web1"].now == "app/web1@lb1 is in drain"


def test_a_server_that_falls_over_after_its_turn_is_missing_because_of_us() -> None:
    dies = back(fleet(3), "web1") + 5
    world = fleet(3)
    world.lines[WEB1].dies_at = dies
    told = roll(world)
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.out == ("web1",)
    assert told.summary.lines["web1"].reason == (
        "it was back, and does not serve now: app/web1@lb1 is DOWN"
    )


def test_a_server_whose_lines_a_reload_has_taken_away_is_said_not_to_serve() -> None:
    gone = back(fleet(3), "web1") + 5
    world = fleet(3)
    world.floor = Share(1)
    world.operator = lambda: world.lines.pop(WEB1, None) if clock() > gone else None
    told = roll(world)
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.lines["web1"].now == "HAProxy has no server of it that is switched on"
    assert told.summary.serving == {"web2", "web3"}


def test_a_load_balancer_that_does_not_answer_at_the_end_is_named() -> None:
    calls = roll_calls(fleet(2, balancers=2))
    world = fleet(2, balancers=2)
    last = max(number for number, call in enumerate(calls) if call.startswith("lb2 look"))
    told = roll(world, Fault(Kind.REFUSED, last, 10, only="lb2"))
    assert told.summary.exit_code is Exit.DONE
    assert set(told.summary.unseen) == {"lb2"}


def test_what_is_of_no_target_is_named_too() -> None:
    world = fleet(3)
    other = world.lines[Server("lb1", "app", "web3")]
    other.dies_at, other.health = 0, 0
    world.floor = Share(1)
    told = roll(world, waves=(targets_of(world)[:2],))
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.others == ("app/web3@lb1 is DOWN",)


def roll_calls(world: World) -> list[str]:
    """Play a run without a fault and list what was called."""
    roll(world)
    return world.faults.calls


@dataclass
class TakenOver(Told):
    """Another run takes the lock when a server was asked to restart, and brings that back."""

    world: World = field(default_factory=lambda: fleet(1))

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        if isinstance(event, InstanceVerified):
            self.world.lock = LockState(place="lb1", owner=BOB)
            line = self.world.lines[WEB1]
            line.told(AdminState.READY, clock())
            self.world.owned_targets.clear()


def test_a_server_that_another_run_has_seen_to_meanwhile_is_not_called_missing() -> None:
    world = fleet(3)
    lock = FakeLock(world)
    record = PersistentOwnershipLog(FakeJournal(world), lock)
    told = TakenOver(world=world)
    plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)

    async def whole() -> None:
        await lock.take(ALICE)
        site = replace(site_of(world), record=record, lock=lock)
        await rolling_restart(RunContext(plan, site, told))

    play(whole())
    line = told.summary.lines["web1"]
    assert told.summary.out == ()
    assert line.standing is TargetPhase.GIVEN_BACK
    assert "taken away" in line.reason
    assert line.reason.endswith("it serves")
    assert told.summary.exit_code is Exit.HALTED
