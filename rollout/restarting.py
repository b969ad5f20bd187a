"""Asked to restart, once, and proven by new processes that answer."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from rollout.errors import (
    BalancerError,
    RemoteError,
    RestartRefused,
    SupervisorBusy,
    SupervisorError,
    TimedOut,
    Unmonitored,
)
from rollout.events import Noted, RestartAsked
from rollout.fleet import AdminState, Birth, Instance, Target, Verdict
from rollout.grip import Grip
from rollout.plan import Plan
from rollout.ports import Site, Tell
from rollout.proof import Proof, WayBack
from rollout.verdicts import few
from rollout.waiting import now


async def baseline(target: Target, site: Site) -> Mapping[str, Birth | None]:
    """Read the process of every instance, just before it is asked to restart.

    Raises:
        Unmonitored: monit would not restart it, only begin to watch it.
        SupervisorError: an instance is not there, or monit has something else to do with it, or
            does not know its process yet: that one could pass for a new one later.
    """
    states = {state.name: state for state in await site.supervisor.look(target.host)}
    missing = [one.name for one in target.instances if one.name not in states]
    if missing:
        raise SupervisorError(target.host, f"monit does not list {', '.join(missing)} any more")
    ours = [states[one.name] for one in target.instances]
    if unwatched := [s.name for s in ours if not s.monitored and not s.initializing]:
        raise Unmonitored(unwatched)
    if unknown := [s.name for s in ours if s.initializing and s.birth is None]:
        raise SupervisorError(target.host, f"monit has not looked at {', '.join(unknown)} yet")
    if pending := [f"{s.name} ({s.pending} pending)" for s in ours if s.pending]:
        raise SupervisorError(target.host, f"monit is busy with {', '.join(pending)}")
    return {state.name: state.birth for state in ours}


async def wreckage(grip: Grip, plan: Plan, site: Site) -> Mapping[str, Birth | None]:
    """Wait until monit is done with what it tries by itself, and read what processes are left.

    For a target that is out because it did not come up: monit may start its instances again and
    again, or have given them up; one that it gave up and that is down is started by a restart
    (monit.md, section 4), so nobody is refused here.

    Raises:
        SupervisorBusy: monit does not come to an end of it.
    """
    found: dict[str, Birth | None] = {}

    async def question() -> Verdict:
        states = {s.name: s for s in await site.supervisor.look(grip.target.host)}
        ours = [states[one.name] for one in grip.target.instances if one.name in states]
        found.update({s.name: s.birth for s in ours})
        busy = few([f"{s.name} ({s.pending} pending)" for s in ours if s.pending])
        return Verdict(settled=not busy, because=f"monit is busy with {busy}" if busy else "")

    within = plan.patience.running_timeout
    try:
        await grip.until(
            "free to be restarted", question, within=within, every=plan.patience.poll_host
        )
    except TimedOut as late:
        raise SupervisorBusy(grip.target.host, late.last, within) from late
    return found


def batches(instances: Sequence[Instance], size: int) -> Iterator[Sequence[Instance]]:
    """Cut ``instances`` into groups of ``size`` (0: all at once), in order."""
    step = size or len(instances) or 1
    for start in range(0, len(instances), step):
        yield instances[start : start + step]


async def ask_to_restart(
    batch: Sequence[Instance],
    before: Mapping[str, Birth | None],
    release: str,
    target: Target,
    way_back: WayBack,
    site: Site,
    tell: Tell,
) -> None:
    """Ask monit once.  A lost reply is no reason to ask again: the processes will tell.

    Args:
        batch: The instances.
        before: The process of each.
        release: What they must be seen to run in afterwards, or empty.
        target: Whose they are.
        way_back: Learns that it needs proof from now on.
        site: The world.
        tell: Hears of it.

    Raises:
        RestartRefused: certainly nothing was asked; the target is as fit as it was before.
    """
    names = tuple(one.name for one in batch)
    await site.record.asked(target.name, {name: before.get(name) for name in names}, release)
    first = not way_back.asked
    way_back.needs_proof()  # before the call: its reply can be lost after it got through
    tell(RestartAsked(target=target.name, instances=names))
    await site.record.still_ours()  # the machine may have slept since it was written
    try:
        await site.supervisor.restart(target.host, batch)
    except RestartRefused:
        if first:
            way_back.not_asked()
        raise
    except (SupervisorError, RemoteError) as lost:
        tell(Noted(where=target.name, what=f"{lost}; not asking again, watching"))


async def hold_for(seconds: float, grip: Grip, plan: Plan) -> None:
    """Wait out the start-up delay with an eye on HAProxy, which may be reloaded meanwhile."""
    end = now() + seconds
    while (left := end - now()) > 0:
        with suppress(BalancerError):
            await grip.glance()
        await asyncio.sleep(min(left, plan.patience.poll_host))


async def until_proven(proof: Proof, grip: Grip, plan: Plan, *, probation: bool = True) -> None:
    """Wait until every instance asked is a new process that answers.

    A seat goes on ``probation`` as soon as the instances behind it are proven, so that HAProxy's
    checks of one overlap the boot of the next.

    Raises:
        TimedOut, NotRestarted, CrashLoop: there is no such proof.
    """
    trusted: set[object] = set()

    async def question() -> Verdict:
        seen = await grip.glance()
        verdict = await proof.round()
        ready = [
            seat
            for seat, behind in grip.target.behind.items()
            if probation
            and seat in seen
            and seat not in trusted
            and all(one in proof.proven for one in behind)
        ]
        if ready:
            await grip.order(AdminState.DRAIN, ready)
            trusted.update(ready)
        return verdict

    await grip.until(
        "proven", question, within=plan.patience.running_timeout, every=plan.patience.poll_host
    )
