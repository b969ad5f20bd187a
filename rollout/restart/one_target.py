"""The ladder of one target: out of rotation, restarted, proven, and back.

The order is the one that failed no request under load with sticky clients on HAProxy 2.6, 2.8
and 3.4: drain, maint, restart, then drain again as probation, because leaving maint for ``ready``
counts as up before the first check, while a server in drain is checked and nothing is
balanced to it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from rollout.events import (
    Noted,
    OthersRestarted,
    TargetAdopted,
    TargetClaimed,
    TargetDone,
    TargetDraining,
    TargetNotStarted,
    TargetReturned,
    TargetSkipped,
)
from rollout.model.errors import (
    GOES_TOGETHER,
    ChangedExternally,
    FloorBroken,
    NotOfThisFleet,
    NotRestarted,
    ProcessKept,
    RestartedTogether,
    RolloutError,
    fix_of,
    said_of,
)
from rollout.model.fleet import AdminState, Condition, ProcessIdentity, Target
from rollout.model.ownership import OwnedTarget
from rollout.model.plan import Plan
from rollout.ports.site import Site, Tell
from rollout.restart.baseline import (
    Baseline,
    read_processes_before,
    read_remaining_processes,
    wait_until_monit_is_idle,
)
from rollout.restart.cleanup import ensure_safe_end, left_out_event
from rollout.restart.control import TargetControl
from rollout.restart.current_link import restore, switch
from rollout.restart.drain import (
    check_floor_still_holds,
    check_no_visitors,
    check_still_allowed,
    wait_until_drained,
    wait_until_empty,
)
from rollout.restart.reenable import (
    make_ready_and_verify,
    return_when_verified,
    run_smoke_check,
    wait_until_checked,
    wait_until_stable,
)
from rollout.restart.restart import ask_to_restart, batches, wait_startup_delay, wait_until_verified
from rollout.restart.verify import RestartVerifier, ReturnPermission
from rollout.wait import now


async def restart_one(target: Target, plan: Plan, site: Site, tell: Tell) -> bool:
    """Walk one target down the ladder and up again.

    It comes back into rotation only on evidence: it was never asked to restart, or each of
    its instances was seen running as a new process and answering, and HAProxy's own checks call
    it up.  Without that evidence it stays in maint and is named.

    Returns:
        Whether it was restarted; otherwise somebody else holds it out, and it was not touched.

    Raises:
        RestartedTogether: it was; monit restarted others of its host too, and visitors met them.
        RolloutError: it was not restarted, or not proven; where it stands has been told.
    """
    if site.record.holding(target.name) is not None:  # out because of us already
        check_restarted_alone(target, await restart_again(target, now(), plan, site, tell))
        return True
    grip = TargetControl(target, site, tell, poll=plan.timeouts.poll)
    grip.spared.at = now()
    if not await take_ownership(grip, plan, site, tell):
        return False
    began = now()
    async with out_of_rotation(grip, plan, site, tell) as way_back:
        await wait_until_drained(grip, plan, site, tell)
        await wait_until_empty(grip, plan, site, tell)
        async with with_release_switched(target, plan, way_back, site, tell):
            before = await read_processes_before(grip, plan, site, tell)
            await grip.read_all()  # the last before the point of no return
            check_no_visitors(grip)
            others = await restart_and_return(before, began, grip, plan, way_back, site, tell)
    check_restarted_alone(target, others)
    return True


def check_restarted_alone(target: Target, others: Sequence[str]) -> None:
    """See that monit restarted nothing beside the target.

    Raises:
        RestartedTogether: it did.
    """
    if others:
        raise RestartedTogether(target.host, [one.name for one in target.instances], others)


async def restart_again(
    target: Target, began: float, plan: Plan, site: Site, tell: Tell
) -> tuple[str, ...]:
    """Restart once more a target that stands in maint because of us, and bring it back on proof.

    It is out since ``began``.  Its instances may be in any state: crash-looping, given up by monit,
    still in their stop.  A server that a reload made ready is out as well until it serves.

    Returns:
        As :func:`restart_and_return`.

    Raises:
        RolloutError: it was not proven, and stays in maint; that has been told.
    """
    grip = TargetControl(target, site, tell, poll=plan.timeouts.poll)
    holding = site.record.holding(target.name)
    if holding is None:
        raise AssertionError(f"{target} is not ours to bring back")
    site.supervisor.remember(target.host, holding.asked)
    try:
        await adopt(grip, holding, plan)
        grip.own_again([seat for seat in grip.lost if holding.is_unproven(grip.watch.find(seat))])
        for seat, theirs in grip.lost.items():
            raise ChangedExternally(str(seat), AdminState.MAINT, theirs)
    except RolloutError as error:
        tell(left_out_event(said_of(target.name, error), "unknown", grip, plan, asked=True))
        raise
    tell(TargetAdopted(target=target.name, servers=tuple(map(str, target.servers)), asked=True))
    async with ensure_safe_end(grip, plan, site, tell) as way_back:
        way_back.needs_proof()
        await wait_until_empty(
            grip, plan, site, tell, fit=False
        )  # sticky clients had come to it again
        async with with_release_switched(target, plan, way_back, site, tell):
            before = await read_remaining_processes(target, plan, site, tell)
            new = await find_already_new(holding, before.births, plan, site)
            plan = replace(plan, renewed={**plan.renewed, target.name: new})
            return await restart_and_return(before, began, grip, plan, way_back, site, tell)


async def find_already_new(
    holding: OwnedTarget, births: Mapping[str, ProcessIdentity | None], plan: Plan, site: Site
) -> tuple[str, ...]:
    """Name the instances that monit's own attempt has brought up on the release they are to run.

    Each has another process than when it was asked to restart, and answers: that is a proof as good
    as a restart of ours, which would cost it one more.
    """
    target, release = holding.target, plan.release_by_host.get(holding.target.host)
    if release is None or site.releases is None or site.prober is None:
        return ()
    new = {
        birth.pid: one
        for one in target.instances
        if (birth := births.get(one.name)) is not None
        and one.name in holding.asked
        and birth != holding.asked[one.name]
    }
    try:
        where = await site.releases.whereabouts(target.host, tuple(new)) if new else {}
        there = [one for pid, one in new.items() if where.get(pid) == release.name]
        answers = await asyncio.gather(*(site.prober.answers(target.host, one) for one in there))
    except RolloutError:
        return ()  # a restart of ours will tell
    return tuple(one.name for one, said in zip(there, answers, strict=True) if said.ok)


async def adopt(grip: TargetControl, holding: OwnedTarget, plan: Plan) -> None:
    """Take again in hand what is out because of us; a load balancer that is away is waited for.

    Raises:
        NotOfThisFleet: the record names what the settings do not know.
        RolloutError: it could not be read in time.
    """
    if plan.known is not None and (why := plan.known.objection(holding.target)):
        raise NotOfThisFleet(why)

    async def question() -> Condition:
        await grip.adopt(holding)
        return Condition(met=True, reason="")

    await grip.wait_until("taken up again", question, timeout=plan.timeouts.probation_timeout)


async def restart_and_return(
    before: Baseline,
    began: float,
    grip: TargetControl,
    plan: Plan,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> tuple[str, ...]:
    """Restart what stands in maint, prove it, and let visitors in.

    ``before`` are the instances of its host as they were; it went out of rotation at ``began``.

    Returns:
        The instances beside it that monit restarted too, though nothing asked it to.

    Raises:
        KeptItsProcess: monit kept its processes; it is to be given back as it was.
        RolloutError: it was not restarted, or not proven.
    """
    target, release = grip.target, plan.release_by_host.get(grip.target.host)
    name = release.name if release else ""
    grip.newcomers.forget()
    fit = not way_back.asked
    renewed = plan.renewed.get(target.name, ())
    old = {one: birth for one, birth in before.births.items() if one not in renewed}
    proof = RestartVerifier(target, old, site, tell, times=plan.probe_times, release=release)
    proof.expect([one for one in target.instances if one.name in renewed])
    try:
        if len(proof.names) == len(target.instances):
            await wait_until_verified(proof, grip, plan)
        await restart_batches(proof, before, name, grip, plan, way_back, site, tell)
    except NotRestarted as never:
        if fit and not release and never.at_once and set(never.names) == proof.names:
            await verify_kept_processes(never, before, grip, plan, way_back, site, tell)
        raise

    await wait_until_checked(grip, plan, tell)
    await run_smoke_check(target, site)
    await grip.record_intent(AdminState.READY)  # before the last look, which must not grow old
    await return_when_verified(proof, grip, plan)
    way_back.proven()
    await make_ready_and_verify(grip, plan)
    tell(TargetReturned(target=target.name))

    seconds = round(now() - began, 1)
    await wait_until_stable(proof, grip, plan, tell)
    # not before: until here it may be taken out again
    await site.record.released(target.name, restarted=True)
    tell(TargetDone(target=target.name, seconds=seconds, release=name))
    own = {one.name for one in target.instances}
    others = tuple(one for one in proof.restarted_too(before.host) if one not in own)
    if others:
        tell(OthersRestarted(target=target.name, instances=others, fix=GOES_TOGETHER))
    return others


async def restart_batches(
    proof: RestartVerifier,
    before: Baseline,
    release: str,
    grip: TargetControl,
    plan: Plan,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> None:
    """Ask batch by batch for the restart, and see every instance proven.

    An instance that monit restarted with an earlier batch (`depends on`) is proven as well, and is
    not asked again.

    Raises:
        RolloutError: one was not restarted, or not proven.
    """
    target = grip.target
    for batch in batches(target.instances, plan.instances_at_a_time):
        left = [one for one in batch if one.name not in proof.names]
        if not left:
            continue
        await ask_to_restart(left, before.births, release, target, way_back, site, tell)
        proof.expect(left)
        await wait_startup_delay(plan.timeouts.startup_delay, grip, plan)
        await wait_until_verified(proof, grip, plan)
        too = proof.started_too(before.host)
        if others := [o for o in target.instances if o.name in too and o.name not in proof.names]:
            births = {one.name: before.births[one.name] for one in others}
            await site.record.asked(target.name, births, release)  # another run must prove them too
            site.supervisor.remember(target.host, births)
            names = ", ".join(births)
            tell(Noted(where=target.name, what=f"monit restarted {names} as well: not asked again"))
            proof.expect(others)
            await wait_until_verified(proof, grip, plan)


async def verify_kept_processes(
    never: NotRestarted,
    before: Baseline,
    grip: TargetControl,
    plan: Plan,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> None:
    """Prove a target whose processes monit kept, so that it can be given back as it was found.

    Raises:
        KeptItsProcess: every process is the one from before, and answers.
        NotRestarted: that could not be seen.
    """
    target = grip.target
    proof = RestartVerifier(target, {}, site, tell, times=plan.probe_times, anew=False)
    proof.expect(target.instances)
    try:
        await wait_until_verified(proof, grip, plan)
        await wait_until_checked(grip, plan, tell)
        await grip.record_intent(AdminState.READY)
        await return_when_verified(proof, grip, plan)
    except RolloutError as error:
        raise never from error
    if {one.name: birth for one, birth in proof.proven.items()} != before.births:
        raise never
    way_back.not_asked()
    raise ProcessKept(never.names, target.host) from never


async def take_ownership(grip: TargetControl, plan: Plan, site: Site, tell: Tell) -> bool:
    """Look at the target and write it down as ours, or say why it is not ours to take.

    Raises:
        FloorLost: the floor must be counted again, or it cannot be spared with lines that appeared
            since room was found for it; it was not taken.
        RolloutError: it could not be looked at or written down; nothing was touched.
    """
    name, planned = grip.target.name, set(grip.target.servers)
    try:
        if held := await grip.read_initial_state() or await wait_until_monit_is_idle(
            grip, plan, site, tell
        ):
            tell(TargetSkipped(target=name, reason=held))
            return False
        if set(grip.target.servers) - planned:  # room was found for fewer
            check_still_allowed(grip, plan, site)
        release = plan.release_by_host.get(grip.target.host)
        await site.record.own(
            grip.target,
            grip.owned,
            release=release.name if release else "",
            relinked=plan.switch_current_per_host and release is not None,
        )
    except FloorBroken as lost:
        lost.taken = False
        raise
    except RolloutError as error:
        tell(TargetNotStarted(target=name, reason=said_of(name, error), fix=fix_of(error)))
        raise
    return True


@asynccontextmanager
async def with_release_switched(
    target: Target, plan: Plan, way_back: ReturnPermission, site: Site, tell: Tell
) -> AsyncIterator[None]:
    """Move ``current`` of the host, if hosts switch one by one, while nobody visits it.

    Until a restart was asked for, a failure moves it back: a process that monit starts anew must
    be what the other processes of the host are.
    """
    release, releases = plan.release_by_host.get(target.host), site.releases
    if not plan.switch_current_per_host or release is None or releases is None:
        yield
        return
    try:
        await switch(target.host, release, releases, tell)
        yield
    except Exception:
        if not way_back.asked:
            await restore(target.host, release, releases, tell)
        raise


@asynccontextmanager
async def out_of_rotation(
    grip: TargetControl, plan: Plan, site: Site, tell: Tell
) -> AsyncIterator[ReturnPermission]:
    """Hold the target out of rotation for the length of the block; see :func:`ensure_safe_end`."""
    seats = tuple(str(seat) for seat in grip.target.servers)
    tell(TargetClaimed(target=grip.target.name, servers=seats))
    async with ensure_safe_end(grip, plan, site, tell) as way_back:
        grip.spared.look = partial(check_floor_still_holds, grip, plan, site)
        await grip.set_state(AdminState.DRAIN)
        grip.spared.look = None
        tell(TargetDraining(target=grip.target.name))
        yield way_back
