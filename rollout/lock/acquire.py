"""The lock is taken, waited for, or taken from the dead, if they have left nothing out.

It is never taken by age alone.  A holder that is gone for certain, on this machine, had either
taken nothing out, and its lock is ours; or it had, and the run is refused with what to type.
One that ended normally and named what it left out blocks only runs that include that.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from rollout.events import Noted, TargetLeftOut
from rollout.lock.previous_runs import (
    BEAT_EVERY,
    find_unfinished_run,
    is_settled,
    is_under_way,
    split_ours_and_changed,
)
from rollout.model.errors import Halted, LockHeld, RolloutError, UnfinishedRunFound
from rollout.model.lock_state import LockOwner
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun, in_doubt, story_of
from rollout.ports.ownership import Lock, OwnershipLog, RunHistory
from rollout.ports.site import Site, Tell
from rollout.wait import now

ASK_EVERY = 2.0
"""Seconds between two attempts at a lock that is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """What a new run wants of the lock.

    Attributes:
        wait: Seconds to wait for it.
        hosts: The hosts that it is about.
        deploys: It is about a release, so it sees itself to what a deploy has left half done.
        include_left_out: What an earlier run has left out there is restarted with the others.
        rollout: rollout itself, as it is typed.
    """

    wait: float
    hosts: Sequence[str]
    deploys: bool = False
    include_left_out: bool = False
    rollout: str = "rollout"


@dataclass(frozen=True, slots=True)
class LockGrant:
    """The lock is ours; and so is what ``runs`` before us had left out.

    Of the run ``abandoned`` nothing is brought back, not even its release.
    """

    owned_targets: tuple[OwnedTarget, ...] = ()
    runs: tuple[str, ...] = ()
    abandoned: str = ""


@dataclass(frozen=True, slots=True)
class LockContext:
    """What a run that wants the lock works with.

    Attributes:
        request: What it wants.
        history: The runs before it.
        site: The outside world, with the lock.
        tell: Hears of every event, in order.
    """

    request: LockRequest
    history: RunHistory
    site: Site
    tell: Tell


async def acquire(context: LockContext, owner: LockOwner) -> LockGrant:
    """Take the lock for ``owner``, waiting for it if that is wished.

    Raises:
        LockHeld: its owner lives, or that cannot be told.
        UnfinishedRunFound: its owner before has left something out that this run includes.
        LockError: a place could not be asked.
        Halted: the operator wants us to stop.
    """
    site, lock = context.site, lock_of(context.site)
    deadline, said = now() + context.request.wait, ""
    while True:
        try:
            await lock.take(owner)
        except LockHeld as held:
            left = await find_unfinished_run(lock, context.history, site)
            if left is not None and left.held is not None and left.certain:
                with suppress(LockHeld):  # another one was quicker: then that one is waited for
                    return await _taken_over(context, left, owner)
            if now() >= deadline:
                raise
            if said != held.owner:
                said = held.owner
                context.tell(Noted(where="lock", what=f"waiting: {held}"))
        else:
            return await _acquire_past_open_journals(context)
        if site.stop_asked():
            raise Halted("stopped on request, before anything was changed")
        await asyncio.sleep(ASK_EVERY)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run that wants the lock now would meet.

    Attributes:
        refused: Why :func:`acquire` would refuse it; None where it would not.
        found: The runs before it as lock and journals tell of them, that of the lock first.
        runs: The same, each with what is still out because of it, unchanged from outside since.
    """

    refused: RolloutError | None = None
    found: tuple[UnfinishedRun, ...] = ()
    runs: tuple[UnfinishedRun, ...] = ()

    @property
    def owned_targets(self) -> tuple[OwnedTarget, ...]:
        """What is out because of the runs before."""
        out = {h.target.name: h for run in self.runs for h in run.owned_targets}
        return tuple(out.values())

    @property
    def run_by_target(self) -> Mapping[str, UnfinishedRun]:
        """By target the run that left it out."""
        return {h.target.name: run for run in self.runs for h in run.owned_targets}


async def foresee(context: LockContext) -> Outlook:
    """Say what :func:`acquire` would come to now, and what is out because of other runs.

    Nothing is written: neither the lock nor a journal.
    """
    history, site, tell = context.history, context.site, context.tell
    lock, found, runs = lock_of(site), list[UnfinishedRun](), list[UnfinishedRun]()
    refused: RolloutError | None = None
    try:
        if seen := await lock.look():
            left = await find_unfinished_run(lock, history, site)
            found = [left] if left else []
            if left is None or left.held is None or not left.certain:
                refused = LockHeld(seen[0].place, str(seen[0].owner))
                return Outlook(refused, tuple(found), tuple(found))
        unfinished, _ = await _open_runs(history, found[0].runs if found else (), site)
        found += unfinished
        for run in found:
            ours = await _without_theirs(run, site, tell)
            runs.append(ours)
            refused = refused or _in_the_way(ours, context.request)
            if refused is None:
                _report_left_out(ours, site, tell)
    except RolloutError as error:
        refused = error
    return Outlook(refused, tuple(found), tuple(runs))


async def _open_runs(
    history: RunHistory, known: Collection[str], site: Site
) -> tuple[list[UnfinishedRun], dict[str, str]]:
    """List the runs whose journals are open; apart from them those that another has seen to."""
    settled = await lock_of(site).settled()
    found, seen_to = [], {}
    for past in history.open_runs():
        if past.run in known or is_under_way(past, history):
            continue
        by = settled.get(past.run, "")  # from another machine: that one wrote to the lock
        if by and not past.half_deployed and await is_settled(past.owned_targets, site):
            seen_to[past.run] = by
            continue
        found.append(
            UnfinishedRun(
                owner=past.owner,
                owned_targets=past.owned_targets,
                past=past,
                certain=True,
                claimed_by=by,
            )
        )
    return found, seen_to


def lock_of(site: Site) -> Lock:
    """Return the lock of a world that has one."""
    if site.lock is None:
        raise AssertionError("a world without a lock")
    return site.lock


async def _taken_over(context: LockContext, left: UnfinishedRun, owner: LockOwner) -> LockGrant:
    owned_targets = await _reject_unfinished(context, left)
    await lock_of(context.site).take_over(" ".join(left.runs), owner)
    what = f"the lock was still that of run {left.owner.run}, which is no more: taken over"
    context.tell(Noted(where="lock", what=what))
    more = await _acquire_past_open_journals(context, left.runs)
    return LockGrant((*owned_targets, *more.owned_targets), (*left.runs, *more.runs))


async def _acquire_past_open_journals(
    context: LockContext, known: Collection[str] = ()
) -> LockGrant:
    """Hold the lock against the journals that are open, though no lock speaks for them.

    Those of the runs in ``known`` have been seen to already.
    """
    history, site, granted = context.history, context.site, LockGrant()
    try:
        unfinished, seen_to = await _open_runs(history, known, site)
        for run, by in seen_to.items():
            history.settle(run, by)
        for left in unfinished:
            more = await _reject_unfinished(context, left)
            granted = LockGrant((*granted.owned_targets, *more), (*granted.runs, left.owner.run))
    except BaseException:  # a bug or a cancellation as well leaves no lock behind
        await release(lock_of(site))
        raise
    return granted


async def _reject_unfinished(context: LockContext, left: UnfinishedRun) -> tuple[OwnedTarget, ...]:
    """See that this run includes nothing that a run left, and return what of it is still out.

    Raises:
        UnfinishedRunFound: it does.
    """
    left = await _without_theirs(left, context.site, context.tell)
    if refused := _in_the_way(left, context.request):
        raise refused
    _report_left_out(left, context.site, context.tell)
    return tuple(left.owned_targets)


async def _without_theirs(left: UnfinishedRun, site: Site, tell: Tell) -> UnfinishedRun:
    """Leave out what a person or another run has changed since, which is told."""
    ours, theirs = await split_ours_and_changed(left.owned_targets, site)
    if theirs:
        names = ", ".join(owned_target.target.name for owned_target in theirs)
        run = left.owner.run
        what = f"left out by run {run}, changed from outside since; rollout no longer manages it"
        tell(Noted(where=names, what=what))
    return replace(left, owned_targets=ours)


def _in_the_way(left: UnfinishedRun, request: LockRequest) -> UnfinishedRunFound | None:
    """Say why targets that a run left, unchanged since, keep another run from its ``request``."""
    ours = left.owned_targets
    wanted = [owned_target for owned_target in ours if owned_target.target.host in request.hosts]
    if left.ended:
        if request.include_left_out or not wanted:
            return None
        names = ",".join(dict.fromkeys(owned_target.target.host for owned_target in wanted))
        fix = (
            f"`{request.rollout} recover` brings back what can be proven; --include-left-out "
            f"restarts it with the others, --exclude {names} goes on without"
        )
        return UnfinishedRunFound(left.owner.run, story_of(left), fix)
    if left.claimed_by and ours:
        return UnfinishedRunFound(left.owner.run, story_of(left), in_doubt(request.rollout))
    if left.past is not None and left.past.half_deployed and not request.deploys:
        fix = (
            f"`{request.rollout} recover` takes it back; "
            f"`{request.rollout} uninterrupted` deploys anew"
            + ("" if left.past.half_switched else f"; `{request.rollout} resume` restarts onto it")
        )
        return UnfinishedRunFound(left.owner.run, story_of(left), fix)
    if ours or (left.past is not None and left.past.unfinished):
        deploy = left.past.deploy if left.past is not None else None
        then = "`{} resume` then goes on with the rest"
        if deploy is not None and deploy.gone_back:
            then = "`{} rollback` then takes every host to the release before"
        fix = f"`{request.rollout} recover` brings back what is out; {then.format(request.rollout)}"
        return UnfinishedRunFound(left.owner.run, story_of(left), fix)
    return None


def _report_left_out(left: UnfinishedRun, site: Site, tell: Tell) -> None:
    """Name what is out before this run begins: the summary is of the fleet as it is."""
    for owned_target in left.owned_targets:
        states = {state for told in owned_target.possible_states.values() for state in told}
        tell(
            TargetLeftOut(
                target=owned_target.target.name,
                state=states.pop() if len(states) == 1 else "unknown",
                reason=f"by run {left.owner.run}, before this one",
                asked=bool(owned_target.asked),
                look=site.supervisor.look_command(owned_target.target.host),
                servers=tuple(map(str, owned_target.target.servers)),
            )
        )


async def release(lock: Lock) -> None:
    """Give the lock back, or leave it behind where it still lists servers: it is their record."""
    if await lock.release():
        await lock.leave_behind("ended before it had seen to what is out")


@asynccontextmanager
async def alive(lock: Lock, record: OwnershipLog) -> AsyncIterator[None]:
    """Give signs of life for the length of the block, and write into the lock what is not there.

    Apart from each other: a place that is slow to take the news must not make the run seem dead in
    the others.  The last news is seen through, for it could reach the place after the end.
    """
    over = asyncio.Event()
    signs = asyncio.create_task(_every(BEAT_EVERY, lock.beat, over))
    news = asyncio.create_task(_every(BEAT_EVERY, record.catch_up, over))
    try:
        yield
    finally:
        over.set()
        signs.cancel()
        await asyncio.wait({signs, news})


async def _every(seconds: float, act: Callable[[], Awaitable[None]], over: asyncio.Event) -> None:
    while not over.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await over.wait()
        if not over.is_set():
            await act()
