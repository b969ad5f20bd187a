"""A run that holds the lock: what it owns from the first moment on, and what it settles at the end.

The order keeps a server from being forgotten when the run dies between two steps: the journal has
begun; the lock is acquired; what earlier runs left is written into the journal of this one, then
into the lock; the journal says that it has all of it; only then the earlier journals are settled.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from rollout.events import Noted, RolloutHalted
from rollout.lock.acquire import (
    LockContext,
    LockGrant,
    LockRequest,
    acquire,
    alive,
    lock_of,
    release,
)
from rollout.lock.guarded_releases import guarded
from rollout.lock.listen import listening
from rollout.lock.ownership_log import PersistentOwnershipLog, UnlockedOwnershipLog
from rollout.lock.previous_runs import collect_owned_targets, find_unfinished_run
from rollout.model.errors import (
    LockError,
    LockHeld,
    LockLost,
    LockUnavailable,
    RolloutError,
    UnfinishedRunFound,
)
from rollout.model.lock_state import LockOwner
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun, story_of
from rollout.ports.control import Steering
from rollout.ports.ownership import Lock, NewRun, RunHistory
from rollout.ports.site import Site, Tell


@dataclass(frozen=True, slots=True)
class LockedRun:
    """A run that holds the lock; only this module makes one.

    Attributes:
        site: The outside world, in which every act is first written down.
        seen_to: Hosts on which nothing is left of a deploy that died.
    """

    site: Site
    seen_to: set[str] = field(default_factory=set[str])

    def has_seen_to(self, hosts: Iterable[str]) -> None:
        """Say that nothing of a deploy that died is left on ``hosts``."""
        self.seen_to.update(hosts)


def look_only(site: Site, why: RolloutError) -> Site:
    """Return the same world, in which each act raises ``why``."""
    return guarded(site, UnlockedOwnershipLog(why))


@asynccontextmanager
async def hold_lock(
    run: NewRun, request: LockRequest, site: Site, tell: Tell
) -> AsyncIterator[LockedRun]:
    """Hold the lock for the length of the block; without the lock the block is not entered.

    Raises:
        LockUnavailable: a place could not be asked; the block was not entered.
        LockHeld: another run or a person has it.
        UnfinishedRunFound: its owner before has left something out.
        Halted: the operator wants us to stop.
        RecordError: what an earlier run left could not be written down.
    """
    try:
        grant = await acquire(LockContext(request, run.history, site, tell), run.owner)
    except LockError as error:
        raise LockUnavailable(error.place, error.what, error.fix) from error
    async with _answer_for(grant, run, site, tell) as locked_run:
        yield locked_run


@asynccontextmanager
async def take_over_lock(
    left: UnfinishedRun, run: NewRun, site: Site, tell: Tell
) -> AsyncIterator[LockedRun]:
    """Hold the lock that a run before this one has left behind, and answer for what it left out.

    Raises:
        LockHeld: it is another run's by now.
        LockError: a place could not be asked.
        RecordError: it could not be written down.
        RolloutError: another run has recovered it since ``left`` was read.
    """
    lock = lock_of(site)
    await lock.take_over(" ".join(left.runs), run.owner, seize=left.unreadable)
    for broken in left.unreadable:
        what = (
            f"what stood there could not be read ({broken.unreadable}); it is kept beside the lock "
            f"as broken.{run.owner.run}: it may name servers that are out"
        )
        tell(Noted(where=broken.place, what=what))
    try:
        out = await _still_left(left, run, lock)
    except BaseException:  # a bug or a cancellation as well leaves no lock behind
        await release(lock)
        raise
    abandoned = left.owner.run if left.abandoned else ""
    grant = LockGrant(out, left.runs, abandoned=abandoned)
    async with _answer_for(grant, run, site, tell) as locked_run:
        yield locked_run


@asynccontextmanager
async def hold_lock_to_prune(
    owner: LockOwner, history: RunHistory, site: Site
) -> AsyncIterator[Site]:
    """Hold the lock for the length of the block, so that no run begins beside it.

    Returns the same world, in which releases can be removed as long as the lock is held.

    Raises:
        LockHeld: a run has it that may live, or a person.
        UnfinishedRunFound: a run left it behind, or died: the lock may be the record of servers.
        LockError: a place could not be asked.
    """
    lock = lock_of(site)
    log = PersistentOwnershipLog(lock=lock)
    site = replace(site, steering=Steering(takes_out=False))
    await _acquire_to_prune(owner, history, site)
    try:
        async with alive(lock, log), listening(owner.run, site, lambda _: None):
            yield guarded(site, log)
    except BaseException as failure:
        for error in await lock.release():
            failure.add_note(f"and the lock was not released: {error}")
        raise
    for error in await lock.release():
        raise error


async def _acquire_to_prune(owner: LockOwner, history: RunHistory, site: Site) -> None:
    lock = lock_of(site)
    try:
        await lock.take(owner)
    except LockHeld:
        left = await find_unfinished_run(lock, history, site)
        if left is not None and left.held is not None:
            if not left.certain:
                raise
            fix = "`rollout recover` brings back what can be proven, and releases the lock"
            raise UnfinishedRunFound(left.owner.run, story_of(left), fix) from None
        await lock.take(owner)  # it was given back between the two


async def _still_left(left: UnfinishedRun, run: NewRun, lock: Lock) -> tuple[OwnedTarget, ...]:
    """Read again what a run left out: it may have lived until its lock was taken.

    Raises:
        LockLost: the lock was broken or taken over since this run took it.
        RolloutError: another run has recovered it since ``left`` was read.
    """
    seen = await lock.look()
    ours = next((one for one in seen if one.owner.run == run.owner.run), None)
    if ours is None:
        where, owner = (seen[0].place, str(seen[0].owner)) if seen else ("every place", "")
        raise LockLost(where, owner)
    settled_by = (await lock.settled()).get(left.owner.run, run.owner.run)
    past = run.history.find(left.owner.run)
    listed = left.held is not None and not left.unreadable
    given_back = listed and left.owner.run not in ours.before
    recovered = settled_by not in {run.owner.run, left.claimed_by}
    if recovered or given_back or (left.held is None and past is None):
        other = "another run" if settled_by == run.owner.run else f"run {settled_by}"
        raise RolloutError(
            f"nothing was changed: {other} has seen to run {left.owner.run} since you looked"
        )
    if left.held is None:
        return past.owned_targets if past else ()
    if left.unreadable:
        return tuple(left.owned_targets)
    out = collect_owned_targets(ours.owned_targets, left.runs, run.history)
    split = len({other for other in left.others if other not in left.held.before}) > 1
    more = {h.target.name: h for h in left.owned_targets} if split else {}
    return tuple((more | {h.target.name: h for h in out}).values())


@asynccontextmanager
async def _answer_for(
    grant: LockGrant, run: NewRun, site: Site, tell: Tell
) -> AsyncIterator[LockedRun]:
    """Give signs of life, and in the end the lock: back, or left behind with what is still out.

    A release that a run before this one had put in place, or had begun to, is in no lock: its
    journal stays open until all of its hosts were seen to.
    """
    lock = lock_of(site)
    log = PersistentOwnershipLog(run.journal, lock, grant.owned_targets)
    seen_to: set[str] = set()
    try:
        async with alive(lock, log), listening(run.owner.run, site, tell):
            await _inherit(grant, run, lock)
            unsettled = [one for one in grant.runs if one != grant.abandoned]
            half = _half_deployed(unsettled, run.history)
            for earlier in grant.runs:
                if earlier not in half:
                    run.history.settle(earlier, run.owner.run)
            yield LockedRun(guarded(site, log, seen_to), seen_to)
            for earlier, hosts in half.items():
                if hosts <= seen_to:
                    run.history.settle(earlier, run.owner.run)
    finally:
        await _end(lock, log, tell)


async def _inherit(grant: LockGrant, run: NewRun, lock: Lock) -> None:
    """Write down as ours what earlier runs left; before that it is not settled as theirs."""
    for owned_target in grant.owned_targets:
        await run.journal.held(owned_target)
    if grant.owned_targets:
        await lock.keep(grant.owned_targets, everywhere=True)
    if grant.runs:
        await run.journal.inherited_all()


def _half_deployed(runs: Sequence[str], history: RunHistory) -> Mapping[str, frozenset[str]]:
    """Return by run the hosts whose ``current`` may lead to a release that no server runs yet."""
    pasts = filter(None, map(history.find, runs))
    return {
        past.run: frozenset(past.deploy.hosts)
        for past in pasts
        if past.half_deployed and past.deploy is not None
    }


async def _end(lock: Lock, log: PersistentOwnershipLog, tell: Tell) -> None:
    """Give the lock back, or leave it behind with what is still out.

    That it could not be is an error of the run: from another machine it looks as if it went on.
    """
    if log.owned_targets:
        errors = await lock.leave_behind("ended with servers out")
    else:
        await log.catch_up(everywhere=True)
        errors = await lock.release()
    for error in errors:
        what = f"the lock was not released: {error}"
        lost = isinstance(error, LockLost)  # then it is another run's, and so is its end
        tell(Noted(where="lock", what=what) if lost else RolloutHalted(reason=what))
