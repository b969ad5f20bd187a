"""Asked to restart, once, and proven by new processes that answer."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from rollout.errors import (
    BalancerError,
    RemoteError,
    RestartRefused,
    StopAsked,
    SupervisorBusy,
    SupervisorError,
    TimedOut,
    Unmonitored,
)
from rollout.events import Noted, RestartAsked
from rollout.fleet import AdminState, Birth, Instance, InstanceState, Target, Verdict
from rollout.grip import Grip
from rollout.plan import Plan
from rollout.ports import Site, Tell
from rollout.proof import Proof, WayBack
from rollout.verdicts import few
from rollout.waiting import Murmur, now

FREE = "free to be restarted"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The instances of a host right before a restart.

    Attributes:
        births: The process of each instance of the target.
        host: Every instance of the host, also those that are not asked to restart.
    """

    births: Mapping[str, Birth | None]
    host: Mapping[str, InstanceState] = field(default_factory=dict[str, InstanceState])


async def baseline(target: Target, site: Site, *, accept_sick: bool = False) -> Baseline:
    """Read the process of every instance, just before it is asked to restart.

    With ``accept_sick`` one that monit has given up may have none: a restart starts it.

    Raises:
        Unmonitored: monit would not restart it, only begin to watch it.
        SupervisorBusy: monit has something else to do with it, or does not know its process yet:
            that one could pass for a new one later.
        SupervisorError: an instance is not there.
    """
    states = {state.name: state for state in await site.supervisor.look(target.host)}
    missing = [one.name for one in target.instances if one.name not in states]
    if missing:
        raise SupervisorError(target.host, f"monit does not list {', '.join(missing)} any more")
    ours = [states[one.name] for one in target.instances]
    unwatched = [s for s in ours if not s.monitored and not s.initializing]
    if names := [s.name for s in unwatched if s.birth is not None or not accept_sick]:
        raise Unmonitored(names)
    if busy := busy_with(ours):
        raise SupervisorBusy(target.host, busy)
    return Baseline({state.name: state.birth for state in ours}, states)


def busy_with(instances: Sequence[InstanceState]) -> str:
    """Say what monit still has to do with ``instances``; empty where that is nothing."""
    pending = [f"{s.name} ({s.pending} pending)" for s in instances if s.pending]
    pending += [f"{s.name} (initializing)" for s in instances if s.initializing and not s.pending]
    return f"monit is busy with {few(pending)}" if pending else ""


async def wait_until_monit_is_free(target: Target, plan: Plan, site: Site, tell: Tell) -> None:
    """Wait until monit has nothing left to do with a target that was not asked to restart yet.

    Monit works on one service after another, and on what has died by itself; until it is done a
    restart would only wait in its queue.

    Raises:
        SupervisorBusy: it was not done within ``busy_timeout``.
        SupervisorError, RemoteError: monit did not answer.
        StopAsked: the operator wants us to stop.
    """
    names = {one.name for one in target.instances}
    deadline = now() + plan.patience.busy_timeout
    murmur = Murmur(target.name, FREE, tell)
    while True:
        states = await site.supervisor.look(target.host)
        busy = busy_with([state for state in states if state.name in names])
        if not busy:
            return
        if now() >= deadline:
            raise SupervisorBusy(target.host, busy, plan.patience.busy_timeout)
        if site.stop_asked():
            raise StopAsked
        murmur.say(busy)
        await asyncio.sleep(plan.patience.poll_host)


async def sick_baseline(grip: Grip, plan: Plan, site: Site) -> Baseline:
    """As :func:`baseline` in an outage: an instance may have no process, and monit may be busy.

    Waits until monit is done with what it tries by itself.

    Raises:
        Unmonitored: monit would not restart it, only begin to watch it.
        SupervisorError: monit does not come to an end of it, or does not answer.
    """
    found: list[Baseline] = []

    async def question() -> Verdict:
        found.append(await baseline(grip.target, site, accept_sick=True))
        return Verdict(settled=True, because="")

    await grip.until(
        FREE, question, within=plan.patience.busy_timeout, every=plan.patience.poll_host
    )
    return found[-1]


async def wreckage(grip: Grip, plan: Plan, site: Site) -> Baseline:
    """Wait until monit is done with what it tries by itself, and read what processes are left.

    For a target that is out because it did not come up: monit may start its instances again and
    again, or have given them up; one that it gave up and that is down is started by a restart
    (monit.md, section 4), so nobody is refused here.

    Raises:
        SupervisorBusy: monit does not come to an end of it within ``busy_timeout``.
    """
    found: dict[str, InstanceState] = {}

    async def question() -> Verdict:
        states = {s.name: s for s in await site.supervisor.look(grip.target.host)}
        found.update(states)
        ours = [states[one.name] for one in grip.target.instances if one.name in states]
        busy = busy_with([state for state in ours if state.pending])
        return Verdict(settled=not busy, because=busy)

    within = plan.patience.busy_timeout
    try:
        await grip.until(FREE, question, within=within, every=plan.patience.poll_host)
    except TimedOut as late:
        raise SupervisorBusy(grip.target.host, late.last, within) from late
    names = [one.name for one in grip.target.instances if one.name in found]
    return Baseline({name: found[name].birth for name in names}, found)


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
