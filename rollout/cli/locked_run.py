"""Holds the lock for the length of a command, with the record and the signs of life."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from rollout.cli.new_run import NewRun
from rollout.events import Noted, RolloutHalted
from rollout.lock.acquire import LockRequest, acquire, alive, lock_of, release
from rollout.lock.guarded_releases import GuardedReleases, guarded
from rollout.lock.ownership_log import PersistentOwnershipLog, UnlockedOwnershipLog
from rollout.lock.previous_runs import collect_owned_targets
from rollout.model.errors import LockError, LockLost, RolloutError
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.ownership import Lock
from rollout.ports.site import DeployServices, Site, Tell
from rollout.restart.preflight import with_others


@dataclass(frozen=True, slots=True)
class LockedRun:
    """The world, in which acts are written down; or why we must not act in it.

    ``findings`` are told with all that the preflight finds, so that all comes at once; ``supply``
    is what only a deploy needs.
    """

    site: Site
    findings: tuple[Finding, ...] = field(default=())
    supply: DeployServices | None = None

    def with_(self, supply: DeployServices | None) -> "LockedRun":
        return replace(self, supply=supply)

    @property
    def with_deploy_services(self) -> DeployServices:
        """What a deploy needs, where it was asked for."""
        if self.supply is None:
            raise AssertionError("a deploy without a source")
        return self.supply

    def has_seen_to(self, hosts: Iterable[str]) -> None:
        """Say that nothing of a deploy that died is left to be seen to on ``hosts``."""
        if isinstance(self.site.releases, GuardedReleases):
            self.site.releases.tidied |= set(hosts)

    def add_lock_findings(self, fit: PreflightReport) -> PreflightReport:
        """Add to what the preflight found what keeps us from the lock, if that is not the same."""
        return with_others(fit, self.findings)


@asynccontextmanager
async def hold_lock(
    world: Site, begun: NewRun, request: LockRequest, tell: Tell
) -> AsyncIterator[LockedRun]:
    """Hold the lock for the length of the block.

    Where a place cannot be asked the block is entered all the same, to find out what else is wrong:
    with a world that can only be looked at.

    Raises:
        LockHeld: another hand has it.
        UnfinishedRunFound: its owner before has left something out.
    """
    try:
        claimed = await acquire(begun.owner, request, begun.history, world, tell)
    except LockError as error:
        looked_at = guarded(world, UnlockedOwnershipLog(error))
        yield LockedRun(looked_at, (Finding(error.place, error.what, error.fix),))
        return
    async with held(world, begun, claimed.owned_targets, claimed.runs, tell) as site:
        yield LockedRun(site)


@asynccontextmanager
async def take_over_lock(
    left: UnfinishedRun, world: Site, begun: NewRun, tell: Tell
) -> AsyncIterator[LockedRun]:
    """Hold the lock that a run before this one has left behind, and answer for what it left out.

    Raises:
        LockHeld: it is another hand's by now.
        LockError: a place could not be asked.
        RecordError: it could not be written down.
    """
    lock = lock_of(world)
    await lock.take_over(" ".join(left.runs), begun.owner, seize=left.unreadable)
    for broken in left.unreadable:
        what = (
            f"what stood there could not be read ({broken.unreadable}); it is kept beside the lock "
            f"as broken.{begun.run}: it may name servers that are out"
        )
        tell(Noted(where=broken.place, what=what))
    try:
        out = await _now_out(world, left, begun)
    except RolloutError:
        await release(lock)
        raise
    if left.abandoned:
        begun.history.settle(left.owner.run, begun.run)
    async with held(world, begun, out, left.runs, tell) as site:
        yield LockedRun(site)


async def _now_out(world: Site, left: UnfinishedRun, begun: NewRun) -> Sequence[OwnedTarget]:
    """Read again what the run holds, which may have lived until its lock was taken.

    Raises:
        RolloutError: another run has seen to it since we looked.
    """
    lock = lock_of(world)
    (ours, *_) = [one for one in await lock.look() if one.owner.run == begun.run]
    by = (await lock.settled()).get(left.owner.run, begun.run)
    past = begun.history.find(left.owner.run)
    named = left.held is not None and not left.unreadable
    gone = named and left.owner.run not in ours.before
    seen_to = by not in {begun.run, left.claimed_by}
    if seen_to or gone or (left.held is None and past is None):
        other = "another run" if by == begun.run else f"run {by}"
        raise RolloutError(
            f"nothing was changed: {other} has seen to run {left.owner.run} since you looked"
        )
    if left.held is None:
        return past.owned_targets if past else ()
    if left.unreadable:
        return tuple(left.owned_targets)
    out = collect_owned_targets(ours.owned_targets, left.runs, begun.history)
    split = len({run for run in left.others if run not in left.held.before}) > 1
    more = {h.target.name: h for h in left.owned_targets} if split else {}
    return tuple((more | {h.target.name: h for h in out}).values())


@asynccontextmanager
async def held(
    world: Site,
    begun: NewRun,
    owned_targets: Sequence[OwnedTarget],
    runs: Sequence[str],
    tell: Tell,
) -> AsyncIterator[Site]:
    """Give signs of life, and in the end the lock: back, or left behind with what is still out.

    What ``runs`` before this one left is first written down as ours, and only then as not theirs.
    A release that one of them had put in place, or had begun to, is in no lock: its journal stays
    open until all of its hosts were seen to.
    """
    lock = lock_of(world)
    record = PersistentOwnershipLog(begun.journal, lock, owned_targets)
    site = guarded(world, record)
    try:
        async with alive(lock, record):
            for owned_target in owned_targets:
                await begun.journal.held(owned_target)
            if owned_targets:
                await lock.keep(tuple(owned_targets), everywhere=True)
            if runs:
                await begun.journal.note("answers")
            half = _half_deployed(runs, begun)
            for run in runs:
                if run not in half:
                    begun.history.settle(run, begun.run)
            yield site
            for run, hosts in half.items():
                if isinstance(site.releases, GuardedReleases) and hosts <= site.releases.tidied:
                    begun.history.settle(run, begun.run)
    finally:
        await _end(lock, record, tell)


def _half_deployed(runs: Sequence[str], begun: NewRun) -> Mapping[str, frozenset[str]]:
    """Return by run the hosts whose ``current`` may lead to a release that no server runs yet."""
    pasts = filter(None, map(begun.history.find, runs))
    return {
        past.run: frozenset(past.deploy.hosts)
        for past in pasts
        if past.half_deployed and past.deploy is not None
    }


async def _end(lock: Lock, record: PersistentOwnershipLog, tell: Tell) -> None:
    """Give the lock back, or leave it behind with what is still out.

    That it could not be is an error of the run: from another machine it looks as if it went on.
    """
    if record.owned_targets:
        errors = await lock.end("ended with servers out")
    else:
        await record.catch_up(everywhere=True)
        errors = await lock.release()
    for error in errors:
        what = f"the lock was not released: {error}"
        lost = isinstance(error, LockLost)  # then it is another run's, and so is its end
        tell(Noted(where="lock", what=what) if lost else RolloutHalted(reason=what))
