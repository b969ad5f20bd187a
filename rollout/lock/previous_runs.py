"""Runs before this one: whether they live, and what they have left out."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from rollout.model.conditions import serving
from rollout.model.errors import LockHeld, RolloutError
from rollout.model.fleet import BalancerSnapshot, ServerState
from rollout.model.lock_state import Kind, LockOwner, LockState, PastRun
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun, in_doubt
from rollout.ports.ownership import Lock, RunHistory
from rollout.ports.site import Site
from rollout.wait import now

BEAT_EVERY = 5.0
"""Seconds between two signs of life in the lock."""

LISTEN_FOR = 3 * BEAT_EVERY + 1
"""Seconds in which a live owner has given a sign of life, on a machine however busy."""


async def split_ours_and_changed(
    owned_targets: Sequence[OwnedTarget], site: Site
) -> tuple[tuple[OwnedTarget, ...], tuple[OwnedTarget, ...]]:
    """Separate targets that can be out because of us from those that were changed since.

    What cannot be seen counts as ours.
    """
    rows = await _rows_of(owned_targets, site)
    ours = tuple(
        h for h in owned_targets if any(row is None or h.may_be_ours(row) for row in rows(h))
    )
    return ours, tuple(owned_target for owned_target in owned_targets if owned_target not in ours)


async def is_settled(owned_targets: Sequence[OwnedTarget], site: Site) -> bool:
    """Judge whether the word that another run has seen to these can be believed.

    The word alone could be forged, or that run have failed: each server must be seen to serve, or
    to be as a person or another run has put it.  What cannot be seen is not seen to.
    """
    rows = await _rows_of(owned_targets, site)
    return not any(
        row is None or (owned_target.may_be_ours(row) and not serving(row).met)
        for owned_target in owned_targets
        for row in rows(owned_target)
    )


async def _rows_of(
    owned_targets: Sequence[OwnedTarget], site: Site
) -> Callable[[OwnedTarget], list[ServerState | None]]:
    """Read how the servers of ``owned_targets`` are now; None for one that cannot be seen.

    One that its load balancer has no more is left out: no visitor can be sent to it.
    """
    names = {
        server.balancer for owned_target in owned_targets for server in owned_target.target.servers
    }
    readings: dict[str, BalancerSnapshot] = {}
    for name in names & set(site.balancers):
        with suppress(RolloutError):
            readings[name] = await site.balancers[name].look()

    def rows(owned_target: OwnedTarget) -> list[ServerState | None]:
        servers = owned_target.target.servers
        known = [(readings.get(server.balancer), server) for server in servers]
        return [
            r.servers[server] if r else None
            for r, server in known
            if r is None or server in r.servers
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
    latest = max(_for_owner(chosen.owner, seen), key=lambda held: held.number)
    out: dict[str, OwnedTarget] = {}
    for held in (*(one for one in over if one.owner.run != chosen.owner.run), latest):
        of_it = collect_owned_targets(held.owned_targets, (held.owner.run, *held.before), history)
        out |= {owned_target.target.name: owned_target for owned_target in of_it}
    return UnfinishedRun(
        owner=chosen.owner,
        owned_targets=tuple(out.values()),
        past=history.find(chosen.owner.run),
        held=latest,
        certain=len(over) == len(seen),
        others=tuple(run for held in seen for run in (held.owner.run, *held.before)),
        unreadable=tuple(held for held in seen if held.unreadable),
    )


def _for_owner(owner: LockOwner, seen: Sequence[LockState]) -> list[LockState]:
    return [held for held in seen if held.owner.run == owner.run]


async def _by_its_journal(
    history: RunHistory, settled: Mapping[str, str], site: Site
) -> UnfinishedRun | None:
    """Find a run that no lock speaks for, and that was not recovered from another machine."""
    for past in history.open_runs():
        by = settled.get(past.run, "")
        if by and not past.half_deployed and await is_settled(past.owned_targets, site):
            continue
        under_way = is_under_way(past, history)
        if not under_way and (past.unfinished or past.half_deployed):
            return UnfinishedRun(
                owner=past.owner,
                owned_targets=past.owned_targets,
                past=past,
                certain=True,
                claimed_by=by,
            )
    return None


async def is_over(held: LockState, lock: Lock, history: RunHistory) -> bool:
    """Judge whether a run is no more; one of an earlier boot must be heard to be silent as well."""
    if held.ended:
        return True
    if held.owner.kind is not Kind.RUN:
        return False
    if history.is_gone(held.owner):
        return True
    return history.is_of_an_earlier_boot(held.owner) and not await gives_sign_of_life(
        lock, held.owner
    )


def collect_owned_targets(
    owned: Sequence[OwnedTarget], runs: Sequence[str], history: RunHistory
) -> tuple[OwnedTarget, ...]:
    """Gather what ``runs`` have left out, the last one first, each having taken over from the next.

    The journal of a run counts more than the lock (``owned``): it was on the disk before each act.
    One that died while it took over had not written down all of it yet.
    """
    last = history.find(runs[0]) if runs else None
    if last is not None and (last.inherited or len(runs) == 1):
        return last.owned_targets
    found = {owned_target.target.name: owned_target for owned_target in owned}
    for run in reversed(runs):
        past = history.find(run)
        found |= {h.target.name: h for h in past.owned_targets} if past is not None else {}
    return tuple(found.values())


async def gives_sign_of_life(lock: Lock, owner: LockOwner) -> bool:
    """Listen whether the holder gives a sign of life; clocks are not asked, for they are wrong."""
    first = await _beats(lock, owner)
    end = now() + LISTEN_FOR
    while first is not None and now() < end:
        await asyncio.sleep(1.0)
        if await _beats(lock, owner) not in {None, first}:
            return True
    return False


async def refuse_if_alive(left: UnfinishedRun, lock: Lock, say: Callable[[str], None]) -> None:
    """See that the run which holds the lock is no more; a lock by hand is a person's to give back.

    Args:
        left: The run, as it was found.
        lock: Where its signs of life are listened for, where nothing else proves that it is over.
        say: Hears that this takes a while.

    Raises:
        LockHeld: it lives, or that cannot be told, or a person holds the lock.
    """
    if left.held is None or left.certain:
        return
    if left.owner.kind is Kind.MANUAL:
        raise LockHeld(left.held.place, str(left.owner), "; `rollout lock release` gives it back")
    if left.owner.kind is Kind.UNKNOWN:
        raise LockHeld(left.held.place, str(left.owner), "; `rollout lock break` takes it")
    say(f"the lock is held by {left.owner}; listening whether it is alive …")
    if await gives_sign_of_life(lock, left.owner):
        raise LockHeld(left.held.place, str(left.owner), "; it is alive: stop it there first")
    say("it has given no sign of life")


def refuse_if_in_doubt(left: UnfinishedRun) -> None:
    """See that no other run says that it has recovered what HAProxy shows to be out.

    Raises:
        RolloutError: one does: a person may have put the servers there since.
    """
    if left.claimed_by and left.owned_targets:
        raise RolloutError(f"nothing was changed; {in_doubt('rollout')}")


async def _beats(lock: Lock, owner: LockOwner) -> int | None:
    heard = [held.heartbeats for held in await lock.look() if held.owner.run == owner.run]
    return max(heard, default=None)


def is_under_way(past: PastRun, history: RunHistory) -> bool:
    """Judge whether a run only waits for the lock, or has given it back and is about to end."""
    return past.died and not past.owned_targets and not history.is_gone(past.owner)
