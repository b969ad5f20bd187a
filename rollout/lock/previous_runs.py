"""Runs before this one: whether they live, and what they have left out."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from rollout.model.conditions import serving
from rollout.model.errors import RolloutError
from rollout.model.fleet import BalancerSnapshot, ServerState
from rollout.model.lock_state import Kind, LockOwner, LockState, PastRun
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.ownership import Lock, RunHistory
from rollout.ports.site import Site
from rollout.wait import now

BEAT_EVERY = 5.0
"""Seconds between two signs of life in the lock."""

LISTEN_FOR = 3 * BEAT_EVERY + 1
"""Seconds in which whoever lives has given a sign of it, on a machine however busy."""


async def split_ours_and_changed(
    holdings: Sequence[OwnedTarget], site: Site
) -> tuple[tuple[OwnedTarget, ...], tuple[OwnedTarget, ...]]:
    """Part what can be out because of us from what somebody has changed since, whole.

    What cannot be seen counts as ours.
    """
    rows = await _rows_of(holdings, site)
    ours = tuple(h for h in holdings if any(row is None or h.may_be_ours(row) for row in rows(h)))
    return ours, tuple(holding for holding in holdings if holding not in ours)


async def is_settled(holdings: Sequence[OwnedTarget], site: Site) -> bool:
    """Judge whether the word that another run has seen to these can be believed.

    The word alone could be forged, or that run have failed: each server must be seen to serve, or
    to be as another hand has put it.  What cannot be seen is not seen to.
    """
    rows = await _rows_of(holdings, site)
    return not any(
        row is None or (holding.may_be_ours(row) and not serving(row).met)
        for holding in holdings
        for row in rows(holding)
    )


async def _rows_of(
    holdings: Sequence[OwnedTarget], site: Site
) -> Callable[[OwnedTarget], list[ServerState | None]]:
    """Read how the servers of ``holdings`` are now; None for one that cannot be seen.

    One that its load balancer has no more is left out: no visitor can be sent to it.
    """
    names = {seat.balancer for holding in holdings for seat in holding.target.servers}
    readings: dict[str, BalancerSnapshot] = {}
    for name in names & set(site.balancers):
        with suppress(RolloutError):
            readings[name] = await site.balancers[name].look()

    def rows(holding: OwnedTarget) -> list[ServerState | None]:
        seats = holding.target.servers
        known = [(readings.get(seat.balancer), seat) for seat in seats]
        return [
            r.servers[seat] if r else None for r, seat in known if r is None or seat in r.servers
        ]

    return rows


async def find_unfinished_run(lock: Lock, history: RunHistory, site: Site) -> UnfinishedRun | None:
    """Find the run that holds the lock, or one whose journal is open; None where there is neither.

    Where it is not the same run everywhere, one that may live comes first.
    """
    seen = await lock.look()
    if not seen:
        return await _by_its_journal(history, await lock.settled(), site)
    over = [held for held in seen if await is_over(held, lock, history)]
    chosen = next((held for held in seen if held not in over), seen[0])
    latest = max(_for_owner(chosen.holder, seen), key=lambda held: held.number)
    out: dict[str, OwnedTarget] = {}
    for held in (*(one for one in over if one.holder.run != chosen.holder.run), latest):
        of_it = collect_owned_targets(held.holdings, (held.holder.run, *held.before), history)
        out |= {holding.target.name: holding for holding in of_it}
    return UnfinishedRun(
        holder=chosen.holder,
        holdings=tuple(out.values()),
        past=history.find(chosen.holder.run),
        held=latest,
        certain=len(over) == len(seen),
        others=tuple(run for held in seen for run in (held.holder.run, *held.before)),
        unreadable=tuple(held for held in seen if held.unreadable),
    )


def _for_owner(holder: LockOwner, seen: Sequence[LockState]) -> list[LockState]:
    return [held for held in seen if held.holder.run == holder.run]


async def _by_its_journal(
    history: RunHistory, settled: Mapping[str, str], site: Site
) -> UnfinishedRun | None:
    """Find a run that nobody's lock speaks for, and that nobody has seen to elsewhere."""
    for past in history.open_runs():
        by = settled.get(past.run, "")
        if by and not past.half_deployed and await is_settled(past.holdings, site):
            continue
        under_way = is_under_way(past, history)
        if not under_way and (past.unfinished or past.half_deployed):
            return UnfinishedRun(
                holder=past.holder,
                holdings=past.holdings,
                past=past,
                certain=True,
                claimed_by=by,
            )
    return None


async def is_over(held: LockState, lock: Lock, history: RunHistory) -> bool:
    """Judge whether a run is no more; one of an earlier boot must be heard to be silent as well."""
    if held.ended:
        return True
    if held.holder.kind is not Kind.RUN:
        return False
    if history.is_gone(held.holder):
        return True
    return history.is_of_an_earlier_boot(held.holder) and not await is_alive(lock, held.holder)


def collect_owned_targets(
    owned: Sequence[OwnedTarget], runs: Sequence[str], history: RunHistory
) -> tuple[OwnedTarget, ...]:
    """Gather what ``runs`` have left out, the last one first, each having taken over from the next.

    The journal of a run counts more than the lock (``owned``): it was on the disk before each act.
    One that died while it took over had not written down all of it yet.
    """
    last = history.find(runs[0]) if runs else None
    if last is not None and (last.inherited or len(runs) == 1):
        return last.holdings
    found = {holding.target.name: holding for holding in owned}
    for run in reversed(runs):
        past = history.find(run)
        found |= {h.target.name: h for h in past.holdings} if past is not None else {}
    return tuple(found.values())


async def is_alive(lock: Lock, holder: LockOwner) -> bool:
    """Listen whether the holder gives a sign of life; clocks are not asked, for they are wrong."""
    first = await _beats(lock, holder)
    end = now() + LISTEN_FOR
    while first is not None and now() < end:
        await asyncio.sleep(1.0)
        if await _beats(lock, holder) not in {None, first}:
            return True
    return False


async def _beats(lock: Lock, holder: LockOwner) -> int | None:
    heard = [held.heartbeats for held in await lock.look() if held.holder.run == holder.run]
    return max(heard, default=None)


def is_under_way(past: PastRun, history: RunHistory) -> bool:
    """Judge whether a run only waits for the lock, or has given it back and is about to end."""
    return past.died and not past.holdings and not history.is_gone(past.holder)
