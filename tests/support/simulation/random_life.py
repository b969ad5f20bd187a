"""A fleet, its misfortunes, a run that may die in them, and whoever sees to what it left.

All of it comes from one number, so that a life in which a promise was broken can be lived again:
``lived(SEED).broken``.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from rollout.deploy.deploy import uninterrupted
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.deploy import Deploy
from rollout.model.errors import LockError
from rollout.model.fleet import Admin
from rollout.model.lock_state import Kind, LockOwner, Process
from rollout.model.plan import OnBusy, Plan, Share, Timeouts, waves_of
from rollout.model.releases import BuildStep, OnFailure, Release, Switch
from rollout.ports.context import DeployContext, RunContext
from rollout.ports.site import DeployServices, Site
from rollout.recovery.recover import RecoveryRequest, recover
from rollout.restart.rolling import rolling_restart
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND
from tests.support.simulation.fake_releases import REVISION, FakeHooks, FakeReleases, FakeSource
from tests.support.simulation.fakes import FakeJournal, FakeLock
from tests.support.simulation.faults import Dead, Fault, Faults
from tests.support.simulation.faults import Kind as Trouble
from tests.support.simulation.restarts import QUICK, Told, as_found, fleet, promises_broken, site_of
from tests.support.simulation.world import FIRST, App, Host, Line, World, targets_of

HURRIED: Timeouts = replace(QUICK, poll=0.5, poll_host=1.0)
MANNERS = ("good",) * 8 + ("never_boots", "dies", "crashes", "stop_times_out", "flaps")
ALERTS = ("",) * 8 + ("Resource limit matched", "Uptime failed | PID changed")
WORDS = (Admin(0), Admin.FORCED_MAINT, Admin.FORCED_DRAIN)
LIVES = 4
"""Runs that see to what the first one left; in the last one nothing goes wrong any more."""


@dataclass
class Life:
    """What came of it.

    Attributes:
        broken: Every promise that was, with the run in which it was.
        ran: What each run was, and its exit code.
    """

    seed: int
    world: World
    broken: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)


def owner(run: str) -> LockOwner:
    process = Process(host="bastion", machine="m", boot="b", namespace="n", pid=1, started=1)
    return LockOwner(run=run, kind=Kind.RUN, user="ops", process=process, since="")


def lived(seed: int) -> Life:
    """Live through one life."""
    dice = random.Random(seed)
    world = _fleet(dice, seed)
    life = Life(seed, world)
    deploys = dice.random() < 0.3
    first = _deploy(dice, world) if deploys else _restart(dice, world)
    _run(life, "deploy" if deploys else "restart", first, _faults(dice), dice, again=deploys)
    for number in range(LIVES):
        if not world.owned_targets:
            break
        _meanwhile(dice, world, calm=number == LIVES - 1)
        faults = () if number == LIVES - 1 else _faults(dice)
        _run(life, "recover", _recover(world), faults, dice, again=True)
    life.broken += [f"at the end: {said}" for said in _left(world)]
    return life


def _run(
    life: Life,
    what: str,
    scenario: Callable[[Site, Told], object],
    faults: tuple[Fault, ...],
    dice: random.Random,
    *,
    again: bool,
) -> None:
    world = life.world
    begins = max(1000.0, world.faults.last + dice.uniform(1, 60))
    world.faults = Faults(*faults, last=begins)
    lock = FakeLock(world)
    record = PersistentOwnershipLog(FakeJournal(world), lock, tuple(world.owned_targets.values()))
    stop = begins + dice.uniform(0, 40) if dice.random() < 0.1 else float("inf")

    def stop_asked() -> bool:
        return world.faults.last > stop

    site = replace(
        site_of(world, stop_asked=stop_asked),
        record=record,
        releases=FakeReleases(world),
        lock=lock,
    )
    told = Told()

    async def whole() -> None:
        try:
            await lock.take_over(world.lock.owner.run if world.lock else "", owner("5f0c21"))
        except LockError:
            told.died = True  # before it began
            return
        await scenario(site, told)  # type: ignore[misc]  # a coroutine

    with suppress(Dead):
        play(whole(), begins=begins)
    told.died = told.died or world.faults.dead
    code = "died" if told.died else str(int(told.summary.exit_code))
    life.ran.append(f"{what} {code}")
    broken = promises_broken(world, told, again=again)
    life.broken += [f"{what}: {said}" for said in broken]
    world.broken.clear()
    world.lock_broken = float("inf")
    world.disk_full, world.full_from = False, float("inf")


def _fleet(dice: random.Random, seed: int) -> World:
    world = fleet(
        dice.randint(1, 4),
        instances=dice.randint(1, 3),
        balancers=dice.choice([1, 1, 2, 3]),
        lines=dice.choice(["host", "host", "instance"]),
    )
    world.floor = dice.choice([Share(0), Share(1), Share(2), Share(50, percent=True)])
    for host in world.hosts.values():
        host.follows_current = dice.random() < 0.97
        for app in host.apps:
            app.boot, app.stop = dice.uniform(0.1, 8), dice.uniform(0, 3)
            app.manner = dice.choice(MANNERS)
            _untidy(random.Random(f"{seed} {host.name} {app.name}"), host, app)
    for line in world.lines.values():
        line.sticky, line.tail = dice.random() < 0.3, dice.uniform(0, 3)
        line.endless, line.agent = dice.random() < 0.03, dice.random() < 0.1
        if dice.random() < 0.04:
            line.admin = dice.choice([Admin.FORCED_MAINT, Admin.FORCED_DRAIN])
        world.found[line.server] = (line.admin, line.weight, line.agent)
        if dice.random() < 0.05:
            line.meddling.append((1000 + dice.uniform(0, 60), dice.choice(WORDS)))
        if dice.random() < 0.04:
            line.dies_at = 1000 + dice.uniform(0, 40)
            line.revives_at = line.dies_at + dice.uniform(1, 60)
        _file_changes(dice, line)
    if dice.random() < 0.2:
        world.reloads[dice.choice(world.balancers)] = [1000 + dice.uniform(0, 60)]
    if dice.random() < 0.05:
        world.full_from = 1000 + dice.uniform(0, 40)
    if dice.random() < 0.05:
        world.lock_broken = 1000 + dice.uniform(0, 60)
    return world


def _untidy(dice: random.Random, host: Host, app: App) -> None:
    """Let monit tell more than "OK" of an instance, be busy with it, or restart it with another.

    ``dice`` of its own: what else befalls a life does not depend on it.
    """
    app.alert = dice.choice(ALERTS)
    if dice.random() < 0.04:
        app.outlived = dice.choice([dice.uniform(0, 30), float("inf")])
    if dice.random() < 0.05:
        app.pending_until = 1000 + dice.uniform(0, 90)
    if dice.random() < 0.05:
        app.depends_on = host.apps[0].name


def _file_changes(dice: random.Random, line: Line) -> None:
    """HAProxy's file may lose a line, have it again, or send visitors into maint."""
    if dice.random() < 0.03:
        line.leaves_at = 1000 + dice.uniform(0, 60)
        line.comes_at = line.leaves_at + dice.choice([1, 20, 1e9])
    if dice.random() < 0.02:
        line.visits_every = dice.choice([0.3, 2, 9])


def _faults(dice: random.Random) -> tuple[Fault, ...]:
    """Choose what befalls a run; every second one dies."""
    deaths = (Trouble.DEATH, Trouble.DEATH_DONE)
    faults = [Fault(dice.choice(deaths), int(dice.triangular(0, 250, 30)))] * (dice.random() < 0.5)
    for _ in range(dice.choice([0, 0, 1, 2])):
        kind, calls = dice.choice(list(Trouble)), dice.choice([1, 1, 1, 5, 50])
        faults.append(Fault(kind, dice.randint(0, 300), calls))
    return tuple(faults)


def _meanwhile(dice: random.Random, world: World, *, calm: bool) -> None:
    """Between two runs an operator may have his hands in it, and HAProxy may be reloaded."""
    for line in world.lines.values():
        line.meddling.clear()
    world.reloads.clear()
    if calm:
        return
    now = world.faults.last
    for line in world.lines.values():
        if dice.random() < 0.1:
            line.meddling.append((now, dice.choice(WORDS)))
    if dice.random() < 0.1:
        world.reloads[dice.choice(world.balancers)] = [now]


def _plan(dice: random.Random, world: World) -> Plan:
    return Plan(
        waves=waves_of(targets_of(world), Share(dice.choice([0, 0, 1]))),
        max_out=dice.randint(1, 3),
        floor=world.floor,
        max_failures=dice.choice([0, 0, 1]),
        on_busy=dice.choice(list(OnBusy)),
        instances_at_a_time=dice.choice([0, 0, 1, 2]),
        timeouts=HURRIED,
    )


def _restart(dice: random.Random, world: World) -> Callable[[Site, Told], object]:
    plan = _plan(dice, world)
    return lambda site, told: rolling_restart(RunContext(plan, site, told))


def _deploy(dice: random.Random, world: World) -> Callable[[Site, Told], object]:
    plan = _plan(dice, world)
    world.manners[SECOND] = dice.choice(MANNERS)
    wanted = Deploy(
        release=Release(SECOND, REVISION),
        hosts=tuple(world.hosts),
        builds=(BuildStep("stylesheets", dice.choice(["true", "true", "false"]), timeout=60),),
        switch=dice.choice(list(Switch)),
        on_failure=dice.choice(list(OnFailure)),
    )
    world.together = wanted.switch is Switch.TOGETHER
    services = DeployServices(FakeSource(world), FakeHooks())

    def deployed(site: Site, told: Told) -> object:
        return uninterrupted(DeployContext(plan, replace(site, services=services), told, wanted))

    return deployed


def _recover(world: World) -> Callable[[Site, Told], object]:
    plan = Plan(waves=(), floor=world.floor, timeouts=HURRIED)
    owned_targets = tuple(world.owned_targets.values())
    return lambda site, told: recover(
        RunContext(plan, site, told), RecoveryRequest("5f0c21", owned_targets)
    )


def _left(world: World) -> list[str]:
    """Say who is still out though nothing kept him from being brought back."""
    wrong = []
    for line in world.lines.values():
        if as_found(world, line):
            continue
        if line.host.name not in world.owned_targets:
            wrong.append(f"{line.server} is {line.admin!r}, and in no record")
        elif _between_two_releases(world, line):
            continue
        elif any(app.outlived for app in line.host.apps):
            continue  # a process from before may hold the port for ever
        elif all(_well(world, app.manner, app.lives[-1].release) for app in line.host.apps):
            wrong.append(f"{line.server} is {line.admin!r}, though all its instances are well")
    return wrong


def _between_two_releases(world: World, line: Line) -> bool:
    """Tell whether proof cannot bring it back: it needs a restart, which a recovery does not do."""
    release = world.owned_targets[line.host.name].release
    runs = {app.lives[-1].release for app in line.host.apps}
    return bool(release) and {*runs, line.host.current} != {release}


def _well(world: World, manner: str, release: str) -> bool:
    kinds = {manner, world.manners.get(release, manner)}
    return kinds <= {"good"} or (release == FIRST and manner == "good")
