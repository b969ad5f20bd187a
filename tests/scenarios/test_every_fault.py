"""A fault at every call: count the calls of a happy run, break each one, check the six promises."""

import random
from dataclasses import dataclass, replace

import pytest

from rollout.model.fleet import Admin
from rollout.model.plan import OnBusy, Share
from rollout.summary.run import Exit
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, roll
from tests.support.simulation.world import World

SLOW_LOOKS = replace(QUICK, poll=0.5, poll_host=1.0)
"""Fewer looks make a sweep over every call shorter and leave out no kind of call."""


@dataclass(frozen=True)
class Shape:
    hosts: int = 3
    balancers: int = 1
    max_out: int = 1
    lines: str = "host"
    step: int = 1

    def roll(self, *faults: Fault) -> tuple[World, Told]:
        world = fleet(self.hosts, balancers=self.balancers, lines=self.lines)
        return world, roll(world, *faults, max_out=self.max_out, timeouts=SLOW_LOOKS)


SHAPES = {
    "one after another": Shape(),
    "two balancers, two at once": Shape(hosts=4, balancers=2, max_out=2, step=5),
    "a line per instance": Shape(hosts=2, lines="instance"),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fault_at_every_call_breaks_no_promise(shape: str, kind: Kind) -> None:
    happy = SHAPES[shape].roll()[0].faults.calls
    assert len(happy) > 50
    for at in range(0, len(happy), SHAPES[shape].step):
        world, told = SHAPES[shape].roll(Fault(kind, at))
        assert promises_broken(world, told) == [], f"{kind} at call {at} ({happy[at]})"
        if kind in {Kind.DEATH, Kind.DEATH_DONE}:
            assert told.died


@pytest.mark.parametrize("shape", SHAPES)
def test_a_load_balancer_that_stays_away_is_named_and_nobody_is_lost_unnamed(shape: str) -> None:
    happy = SHAPES[shape].roll()[0].faults.calls
    looks = [number for number, call in enumerate(happy) if call.startswith("lb")]
    last = looks[-SHAPES[shape].balancers]  # from here on: the look when all is done
    for at in (*range(0, last, 5), last):
        world, told = SHAPES[shape].roll(Fault(Kind.REFUSED, at, calls=100_000, only="lb"))
        assert promises_broken(world, told) == [], f"from call {at} on"
        if any(at <= number < last for number in looks):
            assert told.summary.exit_code is not Exit.DONE
        else:
            assert told.summary.unseen


MANNERS = ("good", "good", "good", "good", "never_boots", "dies", "crashes", "stop_times_out")


def any_world(seed: int) -> tuple[World, Told]:
    """Make a fleet, its misfortunes and a policy out of one number, and roll it."""
    dice = random.Random(seed)
    world = fleet(
        dice.randint(1, 6),
        instances=dice.randint(1, 4),
        balancers=dice.randint(1, 3),
        lines=dice.choice(["host", "instance"]),
    )
    world.floor = dice.choice([Share(0), Share(1), Share(2), Share(50, percent=True)])
    for host in world.hosts.values():
        for app in host.apps:
            app.boot, app.stop = dice.uniform(0.1, 8), dice.uniform(0, 3)
            app.manner = dice.choice(MANNERS)
    for line in world.lines.values():
        line.sticky, line.tail = dice.random() < 0.3, dice.uniform(0, 3)
        line.endless, line.agent = dice.random() < 0.05, dice.random() < 0.1
        if dice.random() < 0.05:
            line.admin = dice.choice([Admin.FORCED_MAINT, Admin.FORCED_DRAIN])
        world.found[line.server] = (line.admin, line.weight, line.agent)
    if dice.random() < 0.3:
        world.reloads[dice.choice(world.balancers)] = [1000 + dice.uniform(0, 60)]
    faults = [
        Fault(dice.choice(list(Kind)), dice.randint(0, 400), dice.choice([1, 1, 1, 5, 50]))
        for _ in range(dice.choice([0, 0, 1, 2]))
    ]
    told = roll(
        world,
        *faults,
        max_out=dice.randint(1, 3),
        canary=dice.choice([0, 0, 1]),
        max_failures=dice.choice([0, 0, 1]),
        on_busy=dice.choice(list(OnBusy)),
        instances_at_a_time=dice.choice([0, 0, 1, 2]),
    )
    return world, told


@pytest.mark.parametrize("tens", range(20))
def test_any_fleet_keeps_the_promises(tens: int) -> None:
    for seed in range(tens * 10, tens * 10 + 10):
        world, told = any_world(seed)
        assert promises_broken(world, told) == [], f"replay: any_world({seed})"
