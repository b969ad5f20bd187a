"""Asked to restart, once, and proven by new processes that answer."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from rollout.events import Noted, RestartAsked
from rollout.model.errors import BalancerError, RemoteError, RestartRefused, SupervisorError
from rollout.model.fleet import AdminState, Condition, Instance, ProcessIdentity, Target
from rollout.model.plan import Plan
from rollout.ports.site import Site, Tell
from rollout.restart.control import TargetControl
from rollout.restart.verify import RestartVerifier, ReturnPermission
from rollout.wait import now


def batches(instances: Sequence[Instance], size: int) -> Iterator[Sequence[Instance]]:
    """Cut ``instances`` into groups of ``size`` (0: all at once), in order."""
    step = size or len(instances) or 1
    for start in range(0, len(instances), step):
        yield instances[start : start + step]


async def ask_to_restart(
    batch: Sequence[Instance],
    before: Mapping[str, ProcessIdentity | None],
    release: str,
    target: Target,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> None:
    """Ask once.  A lost reply is no reason to ask again: the processes will tell.

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


async def wait_startup_delay(seconds: float, control: TargetControl, plan: Plan) -> None:
    """Wait out the start-up delay with an eye on HAProxy, which may be reloaded meanwhile."""
    end = now() + seconds
    while (left := end - now()) > 0:
        with suppress(BalancerError):
            await control.read_available()
        await asyncio.sleep(min(left, plan.timeouts.poll_host))


async def wait_until_verified(
    proof: RestartVerifier, control: TargetControl, plan: Plan, *, probation: bool = True
) -> None:
    """Wait until every instance asked is a new process that answers.

    A server goes on ``probation`` as soon as the instances behind it are proven, so that HAProxy's
    checks of one overlap the boot of the next.

    Raises:
        TimedOut, NotRestarted, CrashLoop: there is no such proof.
    """
    trusted: set[object] = set()

    async def question() -> Condition:
        seen = await control.read_available()
        condition = await proof.poll()
        ready = [
            server
            for server, behind in control.target.instances_by_server.items()
            if probation
            and server in seen
            and server not in trusted
            and all(one in proof.proven for one in behind)
        ]
        if ready:
            await control.set_state(AdminState.DRAIN, ready)
            trusted.update(ready)
        return condition

    await control.wait_until(
        "verified", question, timeout=plan.timeouts.running_timeout, every=plan.timeouts.poll_host
    )
