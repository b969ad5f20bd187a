"""Asked to restart, once, and proven by new processes that answer."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from rollout.events import Noted, RestartAsked
from rollout.model.errors import BalancerError, RemoteError, RestartRefused, SupervisorError
from rollout.model.fleet import AdminState, Condition, Instance, ProcessIdentity
from rollout.restart.control import TargetControl
from rollout.restart.verify import RestartVerifier
from rollout.wait import now


def batches(instances: Sequence[Instance], size: int) -> Iterator[Sequence[Instance]]:
    """Cut ``instances`` into groups of ``size`` (0: all at once), in order."""
    step = size or len(instances) or 1
    for start in range(0, len(instances), step):
        yield instances[start : start + step]


async def ask_to_restart(
    control: TargetControl,
    batch: Sequence[Instance],
    before: Mapping[str, ProcessIdentity | None],
    release: str,
) -> None:
    """Ask once.  A lost reply is no reason to ask again: the processes will tell.

    Args:
        control: The target, which needs proof from now on.
        batch: The instances.
        before: The process of each.
        release: What they must be seen to run in afterwards, or empty.

    Raises:
        RestartRefused: certainly nothing was asked; the target is as fit as it was before.
    """
    names = tuple(one.name for one in batch)
    await control.site.record.asked(
        control.target.name, {name: before.get(name) for name in names}, release
    )
    first = not control.permission.asked
    control.permission.needs_proof()  # before the call: its reply can be lost after it got through
    control.tell(RestartAsked(target=control.target.name, instances=names))
    await control.site.record.still_ours()  # the machine may have slept since it was written
    try:
        await control.site.supervisor.restart(control.target.host, batch)
    except RestartRefused:
        if first:
            control.permission.not_asked()
        raise
    except (SupervisorError, RemoteError) as lost:
        control.tell(Noted(where=control.target.name, what=f"{lost}; not asking again, watching"))


async def wait_startup_delay(control: TargetControl, seconds: float) -> None:
    """Wait out the start-up delay with an eye on HAProxy, which may be reloaded meanwhile."""
    end = now() + seconds
    while (left := end - now()) > 0:
        with suppress(BalancerError):
            await control.read_available()
        await asyncio.sleep(min(left, control.plan.timeouts.poll_host))


async def wait_until_verified(
    control: TargetControl, proof: RestartVerifier, *, probation: bool = True
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
        "verified",
        question,
        timeout=control.plan.timeouts.running_timeout,
        every=control.plan.timeouts.poll_host,
    )
