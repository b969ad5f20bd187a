"""A run that could not ask for the lock looks, says what is wrong, and changes nothing."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from rollout.deploy.deploy import uninterrupted
from rollout.lock.acquire import LockRequest
from rollout.lock.session import hold_lock, look_only, take_over_lock
from rollout.model.deploy import Deploy
from rollout.model.errors import LockError, LockUnavailable, RolloutError
from rollout.model.past_runs import UnfinishedRun
from rollout.model.plan import Plan
from rollout.model.releases import Release
from rollout.ports.context import DeployContext, RunContext
from rollout.ports.site import DeployServices, Site
from rollout.recovery.recover import RecoveryRequest, recover, take_back_what_never_ran
from rollout.restart.rolling import rolling_restart
from tests.scenarios.test_acquire import held, out
from tests.scenarios.test_dead_deploys import dead_in_place
from tests.support.left_out import ALICE
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND
from tests.support.simulation.fake_releases import REVISION, FakeHooks, FakeReleases, FakeSource
from tests.support.simulation.fakes import FakeLock
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.restarts import QUICK, Told, fleet, site_of
from tests.support.simulation.sessions import new_run
from tests.support.simulation.world import World, targets_of

Story = Callable[[World, Site, Told], Awaitable[object]]
WHY = LockUnavailable("lb1", "refused")


async def restarts(world: World, site: Site, told: Told) -> None:
    plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)
    await rolling_restart(RunContext(plan, site, told))


async def deploys(world: World, site: Site, told: Told) -> None:
    plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)
    wanted = Deploy(release=Release(SECOND, REVISION), hosts=tuple(world.hosts))
    services = DeployServices(FakeSource(world), FakeHooks())
    await uninterrupted(DeployContext(plan, replace(site, services=services), told, wanted))


async def recovers(world: World, site: Site, told: Told) -> None:
    plan, hosts = Plan(waves=(), floor=world.floor, timeouts=QUICK), tuple(world.hosts)
    context = RunContext(plan, site, told)
    await recover(context, RecoveryRequest("unknown", site.record.owned_targets))
    await take_back_what_never_ran(context, hosts, None)


def looks_of(world: World) -> object:
    disks = {host.name: (host.current, sorted(host.disk)) for host in world.hosts.values()}
    restarted = [app.restarts for host in world.hosts.values() for app in host.apps]
    return disks, restarted, [line.admin for line in world.lines.values()]


@pytest.mark.parametrize("scenario", [restarts, deploys, recovers])
@pytest.mark.parametrize("make", [fleet, dead_in_place], ids=["whole", "dead deploy"])
def test_nothing_at_all_changes_in_a_world_that_is_only_looked_at(
    make: Callable[[int], World], scenario: Story
) -> None:
    world = make(3)
    world.owned_targets.clear()
    world.faults = Faults()
    site = replace(site_of(world), lock=FakeLock(world), releases=FakeReleases(world))
    told, before = Told(), looks_of(world)

    async def whole() -> None:
        with suppress(RolloutError):
            await scenario(world, look_only(site, WHY), told)

    play(whole())
    assert looks_of(world) == before
    assert world.lock is None


def test_a_new_run_that_cannot_ask_for_the_lock_does_not_begin() -> None:
    world, told = fleet(3), Told()
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only="lock take"))
    site = replace(site_of(world), lock=FakeLock(world))

    async def whole() -> None:
        async with hold_lock(new_run(world), LockRequest(wait=0, hosts=()), site, told):
            raise AssertionError("it has begun without the lock")

    with pytest.raises(LockUnavailable) as refused:
        play(whole())
    assert (refused.value.place, refused.value.what) == ("lb1", "refused")
    assert world.lock is None


def test_a_recovery_that_cannot_take_the_lock_over_does_not_begin() -> None:
    world, told = fleet(3), Told()
    world.lock = before = held(out(world))
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only="lock take over"))
    site = replace(site_of(world), lock=FakeLock(world))
    left = UnfinishedRun(owner=ALICE, held=world.lock, certain=True)

    async def whole() -> None:
        async with take_over_lock(left, new_run(world), site, told):
            raise AssertionError("it has begun without the lock")

    with pytest.raises(LockError):
        play(whole())
    assert world.lock == before
