"""A fault at every call of a deploy: the promises hold, and the next deploy works by itself."""

import random
from dataclasses import dataclass, replace

import pytest

from rollout.model.plan import Share
from rollout.model.releases import BuildStep, OnFailure, Switch
from rollout.summary.run import Exit
from tests.support.simulation.deploys import SECOND, THIRD, deploy, deploy_broken
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.restarts import QUICK, Told, fleet
from tests.support.simulation.world import FIRST, World

SLOW_LOOKS = replace(QUICK, poll=0.5, poll_host=1.0)


@dataclass(frozen=True)
class Shape:
    """A deploy whose every call is broken once."""

    switch: Switch = Switch.TOGETHER
    boots: bool = True
    builds: bool = True
    step: int = 2

    def play(self, *faults: Fault) -> tuple[World, Told]:
        world = fleet(3)
        if not self.boots:
            for app in world.hosts["web2"].apps:
                app.manner = "never_boots"
            world.manners[FIRST] = "good"
        step = BuildStep("stylesheets", "true" if self.builds else "fails on web2", timeout=60)
        told = deploy(world, *faults, switch=self.switch, builds=(step,), timeouts=SLOW_LOOKS)
        return world, told


SHAPES = {
    "all at once": Shape(),
    "one by one": Shape(switch=Switch.EACH, step=3),
    "a build fails": Shape(builds=False, step=1),
    "it does not boot on the second": Shape(boots=False, step=4),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fault_at_every_call_breaks_no_promise(shape: str, kind: Kind) -> None:
    happy = SHAPES[shape].play()[0].faults.calls
    assert len(happy) > 20
    for at in range(0, len(happy), SHAPES[shape].step):
        world, told = SHAPES[shape].play(Fault(kind, at))
        assert deploy_broken(world, told) == [], f"{kind} at call {at} ({happy[at]})"


@pytest.mark.parametrize("kind", [Kind.DEATH, Kind.DEATH_DONE])
@pytest.mark.parametrize("shape", ["all at once", "one by one", "a build fails"])
def test_after_a_death_in_the_transaction_the_next_deploy_needs_no_hand(
    shape: str, kind: Kind
) -> None:
    happy = SHAPES[shape].play()[0].faults.calls
    before_the_window = next((i for i, call in enumerate(happy) if " drain" in call), len(happy))
    for at in range(before_the_window):
        world, told = SHAPES[shape].play(Fault(kind, at))
        if not told.died:  # the build failed first
            continue
        again = deploy(world, release=THIRD, timeouts=SLOW_LOOKS, begins=2000)
        assert deploy_broken(world, again, release=THIRD) == [], f"{kind} at {at} ({happy[at]})"
        assert again.summary.exit_code is Exit.DONE, f"{kind} at call {at} ({happy[at]})"
        for host in world.hosts.values():
            assert SECOND not in host.disk, f"{kind} at call {at} ({happy[at]})"
            assert host.notes == {}


MANNERS = ("good", "good", "good", "good", "good", "never_boots", "dies", "crashes")


def any_deploy(seed: int) -> tuple[World, Told]:
    """Make a fleet, a release and their misfortunes out of one number, and deploy it."""
    dice = random.Random(seed)
    world = fleet(
        dice.randint(1, 5),
        instances=dice.randint(1, 3),
        balancers=dice.randint(1, 2),
        lines=dice.choice(["host", "instance"]),
    )
    world.floor = dice.choice([Share(0), Share(1), Share(50, percent=True)])
    world.manners[SECOND] = dice.choice(MANNERS)
    for host in world.hosts.values():
        host.follows_current = dice.random() < 0.95
        for app in host.apps:
            app.boot, app.stop = dice.uniform(0.1, 8), dice.uniform(0, 3)
            app.manner = dice.choice(MANNERS)
    if dice.random() < 0.2:
        world.reloads[dice.choice(world.balancers)] = [1000 + dice.uniform(0, 90)]
    faults = [
        Fault(dice.choice(list(Kind)), dice.randint(0, 400), dice.choice([1, 1, 1, 5, 50]))
        for _ in range(dice.choice([0, 0, 1, 2]))
    ]
    told = deploy(
        world,
        *faults,
        max_out=dice.randint(1, 3),
        canary=dice.choice([0, 0, 1]),
        builds=(BuildStep("stylesheets", dice.choice(["true", "true", "false"]), timeout=60),),
        switch=dice.choice(list(Switch)),
        on_failure=dice.choice([OnFailure.ROLLBACK, OnFailure.ROLLBACK, OnFailure.STOP]),
        timeouts=SLOW_LOOKS,
    )
    return world, told


@pytest.mark.parametrize("tens", range(20))
def test_any_deploy_keeps_the_promises(tens: int) -> None:
    for seed in range(tens * 10, tens * 10 + 10):
        world, told = any_deploy(seed)
        assert deploy_broken(world, told) == [], f"replay: any_deploy({seed})"
