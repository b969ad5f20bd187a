"""Given old releases, when they are pruned, then no run begins until the last one is removed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from rollout.deploy.prune import Retention, measure, prune_hosts
from rollout.events import Event, Noted, ReleasesPruned
from rollout.lock.acquire import LockRequest
from rollout.lock.ask import ask_run
from rollout.lock.session import hold_lock, hold_lock_to_prune, look_only
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.model.errors import LockError, LockHeld, LockLost, RolloutError, UnfinishedRunFound
from rollout.model.fleet import Finding
from rollout.model.lock_state import Kind as LockKind
from rollout.model.lock_state import LockOwner, LockState
from rollout.model.releases import HostReleases
from rollout.ports.site import Site
from tests.scenarios.test_acquire import held, out
from tests.support.left_out import ALICE, BOB, CAROL
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import FakeReleases
from tests.support.simulation.fakes import FakeControl, FakeLock
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.restarts import Told, fleet, site_of
from tests.support.simulation.sessions import FakeHistory, new_run
from tests.support.simulation.world import Directory, World, clock

OLD = ("20100101000000", "20110101000000")


def with_old_releases() -> World:
    world = fleet(2)
    for host in world.hosts.values():
        host.disk |= {name: Directory("old", whole=True) for name in OLD}
    return world


class SlowReleases(FakeReleases):
    """Releases that take a minute to be read and to be removed."""

    async def look(self, host: str) -> HostReleases:
        found = await super().look(host)
        await asyncio.sleep(60)
        return found

    async def prune(self, host: str, names: Sequence[str]) -> tuple[str, ...]:
        await asyncio.sleep(60)
        return await super().prune(host, names)


def site_with(world: World, releases: FakeReleases | None = None) -> Site:
    return replace(site_of(world), lock=FakeLock(world), releases=releases or FakeReleases(world))


async def prune(site: Site, told: list[Event]) -> tuple[Finding, ...]:
    """Prune as the command does."""
    async with hold_lock_to_prune(ALICE, FakeHistory(), site) as locked:
        return await prune_hosts(("web1", "web2"), Retention(1), locked, told.append)


def left_of(world: World) -> list[int]:
    """Count by host the old releases that are there still."""
    return [len(set(OLD) & set(host.disk)) for host in world.hosts.values()]


def test_old_releases_go_and_the_lock_is_given_back() -> None:
    world, told = with_old_releases(), list[Event]()
    assert play(prune(site_with(world), told)) == ()
    assert [type(event) for event in told] == [ReleasesPruned, ReleasesPruned]
    assert (left_of(world), world.lock) == ([1, 1], None)  # one is what a rollback goes to


@pytest.mark.parametrize("shown", [{}, {"web1": OLD[:1]}], ids=["nothing", "of one host"])
def test_a_release_that_a_person_was_not_shown_stays_and_so_does_any_other(
    shown: Mapping[str, Sequence[str]],
) -> None:
    world, told = with_old_releases(), list[Event]()

    async def prune_what_was_shown() -> None:
        async with hold_lock_to_prune(ALICE, FakeHistory(), site_with(world)) as locked:
            await prune_hosts(("web1", "web2"), Retention(1, shown=shown), locked, told.append)

    with pytest.raises(RolloutError, match=f"{OLD[0]} would go as well, and was not shown"):
        play(prune_what_was_shown())
    assert (told, left_of(world), world.lock) == ([], [2, 2], None)


def test_a_deploy_that_starts_at_any_moment_of_a_prune_is_refused_until_its_end() -> None:
    world, told = with_old_releases(), list[Event]()

    async def beside() -> None:
        pruning = asyncio.ensure_future(prune(site_with(world, SlowReleases(world)), told))
        await asyncio.sleep(1)
        refused = 0
        while not pruning.done():
            with pytest.raises(LockHeld):
                await FakeLock(world).take(BOB)
            refused += 1
            await asyncio.sleep(5)
        assert refused >= 20
        await pruning
        await FakeLock(world).take(BOB)

    play(beside())
    assert left_of(world) == [1, 1]


def test_a_deploy_that_waits_for_the_lock_begins_after_the_last_removal() -> None:
    world, told = with_old_releases(), list[Event]()
    began: list[float] = []

    async def deploys() -> None:
        request = LockRequest(wait=600, hosts=("web1", "web2"), deploys=True)
        await asyncio.sleep(1)
        async with hold_lock(new_run(world), request, site_with(world), Told()):
            began.append(clock())
            assert left_of(world) == [1, 1]

    async def beside() -> None:
        await asyncio.gather(prune(site_with(world, SlowReleases(world)), told), deploys())

    play(beside())
    assert began[0] >= 1120


def test_a_prune_beside_a_deploy_neither_looks_nor_removes() -> None:
    world, told = with_old_releases(), list[Event]()
    world.lock = held(owner=BOB)
    with pytest.raises(LockHeld):
        play(prune(site_with(world), told))
    assert (left_of(world), told) == ([2, 2], [])
    assert not [call for call in world.faults.calls if "shelf" in call]
    assert world.lock.owner == BOB


def test_a_prune_whose_lock_was_broken_removes_nothing_more() -> None:
    """`lock break` and a deploy come between the look and the removal."""
    world, told = with_old_releases(), list[Event]()

    async def broken() -> None:
        async with hold_lock_to_prune(ALICE, FakeHistory(), site_with(world)) as locked:
            world.lock = held(owner=BOB)
            await prune_hosts(("web1", "web2"), Retention(1), locked, told.append)

    with pytest.raises(LockLost):
        play(broken())
    assert left_of(world) == [2, 2]
    assert all(isinstance(event, Noted) for event in told)
    assert world.lock is not None
    assert world.lock.owner == BOB


def test_the_end_of_a_prune_hides_no_error_of_it() -> None:
    world = with_old_releases()

    async def fails() -> None:
        async with hold_lock_to_prune(ALICE, FakeHistory(), site_with(world)):
            world.lock = held(owner=BOB)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failed:
        play(fails())
    assert "the lock was not released" in failed.value.__notes__[0]


def test_what_another_shell_asks_of_a_prune_is_answered_and_changes_nothing() -> None:
    world, told = with_old_releases(), list[Event]()
    control = FakeControl(world)
    site = replace(site_with(world, SlowReleases(world)), control=control)
    person = replace(CAROL, kind=LockKind.MANUAL)

    async def asked() -> list[ControlAnswer]:
        pruning = asyncio.ensure_future(prune(site, told))
        await asyncio.sleep(1)
        answers = [
            await ask_run(ALICE.run, ControlRequest(wanted=wanted, by=by), control)
            for wanted, by in ((Wanted.PAUSE, person), (Wanted.ABORT, replace(person, run="b")))
        ]
        await pruning
        return answers

    answers = play(asked())
    assert [one.outcome for one in answers] == [Outcome.ENDS_BY_ITSELF] * 2
    assert [len(one) for one in control.answers.values()] == [2]
    assert (left_of(world), world.lock) == ([1, 1], None), "what a rollback needs stays"


def test_nothing_is_removed_without_the_lock() -> None:
    world, told = with_old_releases(), list[Event]()
    site = look_only(site_with(world), LockError("lock", "this command has not taken it"))
    play(prune_hosts(("web1", "web2"), Retention(1), site, told.append))
    assert left_of(world) == [2, 2]
    assert all(isinstance(event, Noted) for event in told)


def test_a_host_that_does_not_tell_what_its_releases_take_keeps_no_other_from_it() -> None:
    world = with_old_releases()
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only="web2 sizes"))
    going = {"web1": OLD, "web2": OLD}
    sizes = play(measure(going, FakeReleases(world)))
    assert (sizes["web1"] is None, sizes["web2"] is None) == (False, True)


def test_nothing_is_removed_while_a_host_is_unknown() -> None:
    """Which release a rollback would go to is judged over all hosts."""
    world, told = with_old_releases(), list[Event]()
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only="web2 shelf"))
    findings = play(prune(site_with(world), told))
    assert [one.where for one in findings] == ["web2"]
    assert (left_of(world), told, world.lock) == ([2, 2], [], None)


def test_a_prune_that_was_killed_is_not_called_busy_by_the_next_one() -> None:
    """Its lock stays: only a run that restarts takes it over by itself."""
    world, told = with_old_releases(), list[Event]()
    world.lock = held(owner=BOB)
    history = FakeHistory(gone={BOB.run})

    async def beside() -> None:
        async with hold_lock_to_prune(ALICE, history, site_with(world)) as locked:
            await prune_hosts(("web1", "web2"), Retention(1), locked, told.append)

    with pytest.raises(UnfinishedRunFound, match="died; no server is out because of") as refused:
        play(beside())
    assert "`rollout recover`" in refused.value.fix
    assert (left_of(world), told, world.lock) == ([2, 2], [], held(owner=BOB))


class GivenBackMeanwhile(FakeLock):
    """A run held it when it was to be taken, and holds it no more when it is looked at."""

    refusals = 1

    async def take(self, owner: LockOwner) -> None:
        if self.refusals:
            self.refusals -= 1
            raise LockHeld("lb1", str(CAROL))
        await super().take(owner)


def test_a_lock_that_was_given_back_meanwhile_is_taken_before_anything_is_removed() -> None:
    world = fleet(1)
    site = replace(site_of(world), lock=GivenBackMeanwhile(world))

    async def beside() -> None:
        async with hold_lock_to_prune(ALICE, FakeHistory(), site):
            assert world.lock is not None
            assert world.lock.owner == ALICE

    play(beside())
    assert world.lock is None


def test_a_prune_begins_not_beside_a_run_that_has_left_a_server_out() -> None:
    """Another run can adopt that server, and want one of the releases."""
    world = fleet(1)
    site = site_with(world)
    world.lock = before = LockState(
        place="lb1", owner=BOB, owned_targets=(out(world),), ended="exit 6"
    )

    async def beside() -> None:
        async with hold_lock_to_prune(ALICE, FakeHistory(), site):
            raise AssertionError("it has begun")

    with pytest.raises(
        UnfinishedRunFound, match=r"ended exit 6; out because of it: web1"
    ) as refused:
        play(beside())
    assert "rollout recover" in refused.value.fix
    assert world.lock == before, "it is the record of what is out"
    world.lock = replace(world.lock, ended="")
    with pytest.raises(LockHeld):
        play(beside())
