"""Given a run that died, when another one sees to what it left, then nobody is missing."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from rollout.adapters.record import KeptRecord
from rollout.plan import Patience, Plan
from rollout.ports import Site
from rollout.recovery import recover
from rollout.rolling import rolling_restart

from .clock import play
from .fakes import FakeJournal
from .fakes_of_releases import FakeReleases
from .faults import Dead, Fault, Faults
from .harness import QUICK, Told, site_of
from .world import World, targets_of

LATER = 3000.0
"""When the next run begins, on the world's clock."""


def after_it(world: World, *, stop_asked: Callable[[], bool] = lambda: False) -> Site:
    """Return the site of a run that answers for what the one before it has left."""
    record = KeptRecord(FakeJournal(world), holdings=tuple(world.holdings.values()))
    return replace(
        site_of(world, stop_asked=stop_asked), record=record, releases=FakeReleases(world)
    )


def recovered(
    world: World, *faults: Fault, begins: float = LATER, patience: Patience = QUICK
) -> Told:
    """Bring back what the dead run of ``world`` left out, while ``faults`` befall it."""
    world.faults = Faults(*faults)
    told = Told()
    plan = Plan(waves=(), floor=world.floor, patience=patience)
    with suppress(Dead):
        story = recover("5f0c21", tuple(world.holdings.values()), plan, after_it(world), told)
        play(story, begins=begins)
    told.died = world.faults.dead
    return told


def resumed(
    world: World, *faults: Fault, begins: float = LATER, patience: Patience = QUICK
) -> Told:
    """Bring back what the dead run left out, and restart whoever had no turn."""
    world.faults = Faults(*faults)
    told = Told()
    plan = Plan(waves=(), floor=world.floor, patience=patience)

    async def story() -> None:
        site = after_it(world)
        if world.holdings:
            await recover("5f0c21", tuple(world.holdings.values()), plan, site, told)
        if told.ledger.out:
            return
        left = tuple(t for t in targets_of(world) if t.name not in world.restarted)
        if left:
            await rolling_restart(replace(plan, waves=(left,)), site, told)

    with suppress(Dead):
        play(story(), begins=begins)
    told.died = world.faults.dead
    return told


def is_back(world: World) -> list[str]:
    """List what is not as it was found; nobody's record names anything either."""
    wrong = [
        f"{line.seat} is {line.admin!r} weight {line.weight} agent {line.agent}"
        for line in world.lines.values()
        if (line.admin, line.weight, line.agent) != world.found[line.seat]
    ]
    return [*wrong, *(f"{name} is still recorded" for name in world.holdings)]
