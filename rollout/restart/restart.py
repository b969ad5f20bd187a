"""Asked to restart, once, and proven by new processes that answer."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from rollout.events import Noted, RestartAsked
from rollout.model.errors import BalancerError, RemoteError, RestartRefused, SupervisorError
from rollout.model.fleet import AdminState, Birth, Instance, Target, Verdict
from rollout.model.plan import Plan
from rollout.ports.site import Site, Tell
from rollout.restart.control import Grip
from rollout.restart.verify import Proof, WayBack
from rollout.wait import now


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
