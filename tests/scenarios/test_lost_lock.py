"""Whoever could not take the lock looks, says what is wrong, and changes nothing."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rollout.cli.locked_run import LockedRun, hold_lock
from rollout.deploy.deploy import uninterrupted
from rollout.lock.acquire import LockRequest
from rollout.model.deploy import Deploy
from rollout.model.errors import RolloutError
from rollout.model.fleet import Finding
from rollout.model.plan import Plan
from rollout.model.releases import Release
from rollout.ports.site import DeployServices
from rollout.recovery.recover import recover, take_back_what_never_ran
from rollout.restart.rolling import rolling_restart
from tests.scenarios.test_acquire import FakeHistory
from tests.scenarios.test_dead_deploys import dead_in_place
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND
from tests.support.simulation.fake_releases import REVISION, FakeHooks, FakeReleases, FakeSource
from tests.support.simulation.fakes import FakeLock
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.random_life import owner
from tests.support.simulation.restarts import QUICK, Told, fleet, site_of
from tests.support.simulation.world import World, targets_of

Story = Callable[[World, LockedRun, Told], Awaitable[object]]


async def restarts(world: World, locked_run: LockedRun, told: Told) -> None:
    plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)
    await rolling_restart(plan, locked_run.site, told)


async def deploys(world: World, locked_run: LockedRun, told: Told) -> None:
    plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)
    wanted = Deploy(release=Release(SECOND, REVISION), hosts=tuple(world.hosts))
    await uninterrupted(
        wanted, plan, locked_run.site, DeployServices(FakeSource(world), FakeHooks()), told
    )


async def recovers(world: World, locked_run: LockedRun, told: Told) -> None:
    plan, hosts = Plan(waves=(), floor=world.floor, timeouts=QUICK), tuple(world.hosts)
    await recover("unknown", locked_run.site.record.owned_targets, plan, locked_run.site, told)
    await take_back_what_never_ran(hosts, None, locked_run.site, told)


def looks_of(world: World) -> object:
    disks = {host.name: (host.current, sorted(host.disk)) for host in world.hosts.values()}
    restarted = [app.restarts for host in world.hosts.values() for app in host.apps]
    return disks, restarted, [line.admin for line in world.lines.values()]


@pytest.mark.parametrize("scenario", [restarts, deploys, recovers])
@pytest.mark.parametrize("make", [fleet, dead_in_place], ids=["whole", "dead deploy"])
def test_nothing_at_all_changes_where_the_lock_could_not_be_taken(
    make: Callable[[int], World], scenario: Story
) -> None:
    world = make(3)
    world.owned_targets.clear()
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only="lock take"))
    site = replace(site_of(world), lock=FakeLock(world), releases=FakeReleases(world))
    begun = SimpleNamespace(owner=owner("a11ce0"), history=FakeHistory(), journal=None)
    told, before = Told(), looks_of(world)

    async def whole() -> tuple[Finding, ...]:
        request = LockRequest(wait=0, hosts=())
        async with hold_lock(site, begun, request, told) as locked_run:  # type: ignore[arg-type]  # enough
            with suppress(RolloutError):
                await scenario(world, locked_run, told)
            return locked_run.findings

    findings = play(whole())
    assert [one.where for one in findings] == ["lb1"]
    assert looks_of(world) == before
    assert world.lock is None
