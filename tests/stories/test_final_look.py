"""Stories of the last look: what the summary says about the fleet is how the fleet stands."""

from rollout.events import TargetDone
from rollout.fleet import Admin, Seat
from rollout.ledger import Exit
from rollout.plan import Share
from rollout.standings import Standing

from .faults import Fault, Kind
from .harness import QUICK, fleet, promises_broken, roll
from .world import World, targets_of

WEB1 = Seat("lb1", "app", "web1")


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
    assert told.ledger.exit_code is Exit.DONE
    assert told.ledger.lines["web1"].standing is Standing.DONE
    assert told.ledger.lines["web1"].now == "app/web1@lb1 is in drain"


def test_a_server_that_falls_over_after_its_turn_is_missing_because_of_us() -> None:
    dies = back(fleet(3), "web1") + 5
    world = fleet(3)
    world.lines[WEB1].dies_at = dies
    told = roll(world)
    assert told.ledger.exit_code is Exit.REDUCED
    assert told.ledger.out == ("web1",)
    assert told.ledger.lines["web1"].because == (
        "it was back, and does not serve now: app/web1@lb1 is DOWN"
    )


def test_a_load_balancer_that_does_not_answer_at_the_end_is_named() -> None:
    calls = roll_calls(fleet(2, balancers=2))
    world = fleet(2, balancers=2)
    last = max(number for number, call in enumerate(calls) if call.startswith("lb2 look"))
    told = roll(world, Fault(Kind.REFUSED, last, 10, only="lb2"))
    assert told.ledger.exit_code is Exit.DONE
    assert set(told.ledger.unseen) == {"lb2"}


def test_what_is_of_no_target_is_named_too() -> None:
    world = fleet(3)
    other = world.lines[Seat("lb1", "app", "web3")]
    other.dies_at, other.health = 0, 0
    world.floor = Share(1)
    told = roll(world, waves=(targets_of(world)[:2],))
    assert told.ledger.exit_code is Exit.DONE
    assert told.ledger.others == ("app/web3@lb1 is DOWN",)


def roll_calls(world: World) -> list[str]:
    """Play a run without a fault and list what was called."""
    roll(world)
    return world.faults.calls
