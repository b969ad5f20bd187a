"""In charge of the fleet: with the lock, a record, and signs of life, from claim to release."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from rollout.adapters.guarding import GuardedReleases
from rollout.adapters.record import KeptRecord
from rollout.claiming import Wish, claim, keep_alive, lock_of
from rollout.cli.begun import Begun
from rollout.dead_runs import inherited
from rollout.errors import LockError, RolloutError
from rollout.events import Noted
from rollout.fleet import Finding
from rollout.holders import Left
from rollout.holdings import Holding
from rollout.ports import Site, Supply, Tell
from rollout.record_ports import Lock
from rollout.sights import Fitness


@dataclass(frozen=True, slots=True)
class Charge:
    """The world, in which acts are written down; or why we must not act in it.

    ``findings`` are told with all that the preflight finds, so that all comes at once; ``supply``
    is what only a deploy needs.
    """

    site: Site
    findings: tuple[Finding, ...] = field(default=())
    supply: Supply | None = None

    def with_(self, supply: Supply | None) -> "Charge":
        return replace(self, supply=supply)

    @property
    def supplied(self) -> Supply:
        """What a deploy needs, where it was asked for."""
        if self.supply is None:
            raise AssertionError("a deploy without a source")
        return self.supply

    def but_for(self, fit: Fitness) -> Fitness:
        """Add to what the preflight found what keeps us from the lock, if that is not the same."""
        known = {finding.where for finding in fit.findings}
        more = tuple(finding for finding in self.findings if finding.where not in known)
        return replace(fit, findings=(*fit.findings, *more))


@asynccontextmanager
async def in_charge(world: Site, begun: Begun, wish: Wish, tell: Tell) -> AsyncIterator[Charge]:
    """Hold the lock for the length of the block.

    Where a place cannot be asked the block is entered all the same, to find out what else is wrong.

    Raises:
        LockHeld: somebody else has it.
        Unfinished: somebody had it, and has left something out.
    """
    try:
        claimed = await claim(begun.holder, wish, begun.history, world, tell)
    except LockError as error:
        yield Charge(world, (Finding(error.place, error.what, error.cure),))
        return
    async with held(world, begun, claimed.holdings, claimed.runs, tell) as site:
        yield Charge(site)


@asynccontextmanager
async def in_charge_after(
    left: Left, world: Site, begun: Begun, tell: Tell
) -> AsyncIterator[Charge]:
    """Hold the lock that a run before this one has left behind, and answer for what it left out.

    Raises:
        LockHeld: it is somebody else's by now.
        LockError: a place could not be asked.
        RecordError: it could not be written down.
    """
    lock = lock_of(world)
    await lock.take_over(" ".join(left.runs), begun.holder)
    try:
        out = await _now_out(lock, left, begun)
    except RolloutError:
        await lock.release()
        raise
    async with held(world, begun, out, left.runs, tell) as site:
        yield Charge(site)


async def _now_out(lock: Lock, left: Left, begun: Begun) -> Sequence[Holding]:
    """Read again what the run holds, which may have lived until its lock was taken.

    Raises:
        RolloutError: somebody else has seen to it since we looked.
    """
    (ours, *_) = [one for one in await lock.look() if one.holder.run == begun.run]
    settled = await lock.settled()
    by = settled.get(left.holder.run, begun.run)
    past = begun.history.find(left.holder.run)
    gone = left.held is not None and left.holder.run not in ours.before
    if by != begun.run or gone or (left.held is None and past is None):
        who = "somebody" if by == begun.run else f"run {by}"
        raise RolloutError(
            f"nothing was touched: {who} has seen to run {left.holder.run} since you looked"
        )
    if left.held is None:
        return past.holdings if past else ()
    out = inherited(ours.holdings, left.runs, begun.history)
    split = len({run for run in left.others if run not in left.held.before}) > 1
    more = {h.target.name: h for h in left.holdings} if split else {}
    return tuple((more | {h.target.name: h for h in out}).values())


@asynccontextmanager
async def held(
    world: Site, begun: Begun, holdings: Sequence[Holding], runs: Sequence[str], tell: Tell
) -> AsyncIterator[Site]:
    """Give signs of life, and in the end the lock: back, or left behind with what is still out.

    What ``runs`` before this one left is first written down as ours, and only then as not theirs.
    """
    lock = lock_of(world)
    record = KeptRecord(begun.journal, lock, holdings)
    releases = world.releases and GuardedReleases(world.releases, record)
    alive = asyncio.create_task(keep_alive(lock))
    try:
        for holding in holdings:
            await begun.journal.held(holding)
        if holdings:
            await lock.keep(tuple(holdings), everywhere=True)
        if runs:
            await begun.journal.note("answers")
        for run in runs:
            begun.history.settle(run, begun.run)
        yield replace(world, record=record, releases=releases)
    finally:
        alive.cancel()
        await asyncio.wait({alive})
        ending = lock.end("ended with servers out") if record.held else lock.release()
        for error in await ending:
            tell(Noted(where="lock", what=f"it could not be given back: {error}"))
