"""Given a fleet, when a release is deployed to it, then the promises are kept."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from rollout.deploy.deploy import uninterrupted
from rollout.model.deploy import Deploy
from rollout.model.fleet import Target
from rollout.model.plan import OnBusy, Plan, Share, Timeouts, waves_of
from rollout.model.releases import BuildStep, Release
from rollout.ports.context import DeployContext
from rollout.ports.site import DeployServices
from rollout.summary.deploy import Phase
from rollout.summary.run import Exit
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import REVISION, FakeHooks, FakeReleases, FakeSource
from tests.support.simulation.faults import Dead, Fault, Faults
from tests.support.simulation.restarts import QUICK, Told, promises_broken, site_of
from tests.support.simulation.world import FIRST, Host, World, targets_of

SECOND, THIRD = "20260202000000", "20260303000000"
STYLES = BuildStep("stylesheets", "true", timeout=60)


def deploy(
    world: World,
    *faults: Fault,
    release: str = SECOND,
    hooks: FakeHooks | None = None,
    releases: FakeReleases | None = None,
    max_out: int = 1,
    max_failures: int = 0,
    instances_at_a_time: int = 0,
    canary: int = 0,
    on_busy: OnBusy = OnBusy.STOP,
    timeouts: Timeouts = QUICK,
    stop_asked: Callable[[], bool] = lambda: False,
    begins: float = 1000.0,
    waves: tuple[tuple[Target, ...], ...] = (),
    **wishes: object,
) -> Told:
    """Deploy ``release`` to the whole fleet of ``world`` while ``faults`` befall it."""
    world.faults = Faults(*faults)
    plan = Plan(
        waves=waves or waves_of(targets_of(world), Share(canary)),
        max_out=max_out,
        max_failures=max_failures,
        instances_at_a_time=instances_at_a_time,
        on_busy=on_busy,
        floor=world.floor,
        timeouts=timeouts,
    )
    wanted = Deploy(
        release=Release(release, REVISION),
        hosts=tuple(world.hosts),
        builds=(STYLES,),
    )
    wanted = replace(wanted, **wishes)  # type: ignore[arg-type]  # the fields of Deploy, by name
    told = Told()
    site = replace(
        site_of(world, stop_asked=stop_asked),
        releases=releases or FakeReleases(world),
        services=DeployServices(FakeSource(world), hooks or FakeHooks()),
    )
    with suppress(Dead):
        play(uninterrupted(DeployContext(plan, site, told, wanted)), begins=begins)
    told.died = world.faults.dead
    return told


def deploy_broken(world: World, told: Told, *, release: str = SECOND) -> list[str]:
    """Check all promises on the world after a deploy, those about releases too."""
    broken = promises_broken(world, told)
    for host in world.hosts.values():
        if not host.disk.get(FIRST, None):
            broken.append(f"7 release: {host.name} lost the release that was live")
        if host.current not in host.disk:
            broken.append(f"7 release: `current` of {host.name} leads nowhere")
    if told.died:
        return broken
    return [*broken, *_by_its_ending(world, told, release)]


def _by_its_ending(world: World, told: Told, release: str) -> Iterable[str]:
    account, code = told.summary.deploy, told.summary.exit_code
    for host in world.hosts.values():
        if host.current == release and host.name not in account.moved:
            yield f"6 account: `current` of {host.name} has moved, and nobody says so"
        if code is Exit.DONE and _runs(host) != {release}:
            yield f"6 account: done, and {host.name} runs {_runs(host)}"
        if code is Exit.ROLLED_BACK and (host.current != FIRST or _runs(host) - {FIRST}):
            yield f"6 account: rolled back, and {host.name} is on {host.current} {_runs(host)}"
        left = release in host.disk or release in host.notes
        named = {*account.leftovers, *account.unrestored}
        if account.phase is Phase.TAKEN_BACK and left and host.name not in named:
            yield f"7 release: {host.name} keeps {release}, which was taken back"


def _runs(host: Host) -> set[str]:
    return {life.release for app in host.apps for life in app.lives if life.gone_at == float("inf")}


def is_as_before(world: World) -> bool:
    """Every host is on its first release, with nothing of another one left."""
    return all(
        host.current == FIRST and set(host.disk) == {FIRST} and not host.notes
        for host in world.hosts.values()
    )
