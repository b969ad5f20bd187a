"""Given a run that died, when another one sees to what it left, then nobody is missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from rollout.adapters.record import KeptRecord
from rollout.deploys import Deploy
from rollout.holders import Past, PastDeploy
from rollout.past_runs import Left
from rollout.plan import Patience, Plan, Share
from rollout.ports import Site, Supply
from rollout.recovery import recover
from rollout.resuming import Resumption, resume
from rollout.seating import Scope

from .any_life import holder
from .clock import play
from .fakes import FakeJournal
from .fakes_of_releases import FakeHooks, FakeReleases, FakeSource
from .faults import Dead, Fault, Faults
from .harness import QUICK, Told, site_of
from .world import FIRST, World

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
    world: World,
    *faults: Fault,
    begins: float = LATER,
    patience: Patience = QUICK,
    deploy: Deploy | None = None,
) -> Told:
    """Bring back what the dead run left out, and restart whoever had no turn."""
    world.faults = Faults(*faults)
    told = Told()
    past = died_in(world, deploy)
    wanted = Resumption(
        past=past,
        left=Left(holder=past.holder, holdings=past.holdings, past=past, certain=True),
        scope=Scope(hosts=tuple(world.hosts)),
        plan=Plan(waves=(), floor=world.floor, patience=patience),
        max_out=Share(1),
        canary=0,
        deploy=deploy,
        whoever_is_there=False,
    )
    supply = Supply(FakeSource(world), FakeHooks())
    with until_it_dies():
        play(resume(wanted, after_it(world), supply, told), begins=begins)
    told.died = world.faults.dead
    return told


@contextmanager
def until_it_dies() -> Iterator[None]:
    """Let a death end the block, also that of a task among others."""
    try:
        yield
    except* Dead:
        pass


def died_in(world: World, deploy: Deploy | None = None) -> Past:
    """Tell what the journal of a run over the whole of ``world`` would say of it."""
    was = None
    if deploy is not None:
        was = PastDeploy(
            release=deploy.release.name,
            revision=deploy.release.revision,
            hosts=deploy.hosts,
            fresh=deploy.fresh,
            before=dict.fromkeys(deploy.hosts, FIRST),
            in_place=True,
        )
    return Past(
        file="",
        holder=holder("5f0c21"),
        verb="uninterrupted" if deploy else "restart",
        hosts=tuple(world.hosts),
        targets=tuple(world.hosts),
        done=tuple(sorted(world.restarted)),
        renewed={n: r for n, r in world.renewed.items() if r and n not in world.restarted},
        holdings=tuple(world.holdings.values()),
        deploy=was,
    )


def is_back(world: World) -> list[str]:
    """List what is not as it was found; nobody's record names anything either."""
    wrong = [
        f"{line.seat} is {line.admin!r} weight {line.weight} agent {line.agent}"
        for line in world.lines.values()
        if (line.admin, line.weight, line.agent) != world.found[line.seat]
    ]
    return [*wrong, *(f"{name} is still recorded" for name in world.holdings)]
