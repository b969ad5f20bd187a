"""The ladder of one target: out of rotation, restarted, proven, and back.

The order is the one that failed no request under load with sticky clients on HAProxy 2.6, 2.8
and 3.4: drain, maint, restart, then drain again as probation, because leaving maint for ``ready``
counts as up before the first check, while a server in drain is checked and nothing is
balanced to it.
"""

from collections.abc import AsyncIterator, Sequence
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
    ChangedExternally,
    FloorBroken,
    NotRestarted,
    ProcessKept,
    RestartedTogether,
    RolloutError,
    TargetNotInFleet,
    fix_of,
    said_of,
)
from rollout.model.fleet import AdminState, Condition, Target
from rollout.model.ownership import OwnedTarget
from rollout.model.plan import Plan
from rollout.ports.site import Site, Tell
from rollout.restart.baseline import (
    Baseline,
    read_processes_before,
    read_remaining_processes,
    wait_until_supervisor_is_idle,
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
from rollout.restart.verify import RestartVerifier, ReturnPermission, find_already_new
from rollout.wait import now


async def restart_one(target: Target, plan: Plan, site: Site, tell: Tell) -> bool:
    """Walk one target down the ladder and up again.

    It comes back into rotation only on evidence: it was never asked to restart, or each of
    its instances was seen running as a new process and answering, and HAProxy's own checks call
    it up.  Without that evidence it stays in maint and is named.

    Returns:
        Whether it was restarted; otherwise another hand holds it out, and it was not touched.

    Raises:
        RestartedTogether: it was; others of its host were restarted too, and visitors met them.
        RolloutError: it was not restarted, or not proven; where it stands has been told.
    """
    if site.record.owned_target(target.name) is not None:  # out because of us already
        check_restarted_alone(target, await restart_again(target, now(), plan, site, tell), site)
        return True
    control = TargetControl(target, site, tell, poll=plan.timeouts.poll)
    control.spared.at = now()
    if not await take_ownership(control, plan, site, tell):
        return False
    began = now()
    async with out_of_rotation(control, plan, site, tell) as way_back:
        await wait_until_drained(control, plan, site, tell)
        await wait_until_empty(control, plan, site, tell)
        async with with_release_switched(target, plan, way_back, site, tell):
            before = await read_processes_before(control, plan, site, tell)
            await control.read_all()  # the last before the point of no return
            check_no_visitors(control)
            others = await restart_and_return(before, began, control, plan, way_back, site, tell)
    check_restarted_alone(target, others, site)
    return True


def check_restarted_alone(target: Target, others: Sequence[str], site: Site) -> None:
    """See that nothing was restarted beside the target.

    Raises:
        RestartedTogether: it did.
    """
    if others:
        asked = [one.name for one in target.instances]
        raise RestartedTogether(target.host, asked, others, site.supervisor.profile)


async def restart_again(
    target: Target, began: float, plan: Plan, site: Site, tell: Tell
) -> tuple[str, ...]:
    """Restart once more a target that stands in maint because of us, and bring it back on proof.

    It is out since ``began``.  Its instances may be in any state: crash-looping, given up,
    still in their stop.  A server that a reload made ready is out as well until it serves.

    Returns:
        As :func:`restart_and_return`.

    Raises:
        RolloutError: it was not proven, and stays in maint; that has been told.
    """
    control = TargetControl(target, site, tell, poll=plan.timeouts.poll)
    owned_target = site.record.owned_target(target.name)
    if owned_target is None:
        raise AssertionError(f"{target} is not ours to bring back")
    site.supervisor.remember(target.host, owned_target.asked)
    try:
        await adopt(control, owned_target, plan)
        control.own_again(
            [
                server
                for server in control.lost
                if owned_target.is_unproven(control.observer.find(server))
            ]
        )
        for server, theirs in control.lost.items():
            raise ChangedExternally(str(server), AdminState.MAINT, theirs)
    except RolloutError as error:
        tell(left_out_event(said_of(target.name, error), "unknown", control, asked=True))
        raise
    tell(TargetAdopted(target=target.name, servers=tuple(map(str, target.servers)), asked=True))
    async with ensure_safe_end(control, plan, site, tell) as way_back:
        way_back.needs_proof()
        await wait_until_empty(
            control, plan, site, tell, fit=False
        )  # sticky clients had come to it again
        async with with_release_switched(target, plan, way_back, site, tell):
            before = await read_remaining_processes(target, plan, site, tell)
            new = await find_already_new(owned_target, before.processes, plan, site)
            plan = replace(plan, renewed={**plan.renewed, target.name: new})
            return await restart_and_return(before, began, control, plan, way_back, site, tell)


async def adopt(control: TargetControl, owned_target: OwnedTarget, plan: Plan) -> None:
    """Take again in hand what is out because of us; a load balancer that is away is waited for.

    Raises:
        NotOfThisFleet: the record names what the settings do not know.
        RolloutError: it could not be read in time.
    """
    if plan.known is not None and (why := plan.known.objection(owned_target.target)):
        raise TargetNotInFleet(why)

    async def question() -> Condition:
        await control.adopt(owned_target)
        return Condition(met=True, reason="")

    await control.wait_until("adopted", question, timeout=plan.timeouts.probation_timeout)


async def restart_and_return(
    before: Baseline,
    began: float,
    control: TargetControl,
    plan: Plan,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> tuple[str, ...]:
    """Restart what stands in maint, prove it, and let visitors in.

    ``before`` are the instances of its host as they were; it went out of rotation at ``began``.

    Returns:
        The instances beside it that were restarted too, though nothing asked for it.

    Raises:
        ProcessKept: its processes were kept; it is to be given back as it was.
        RolloutError: it was not restarted, or not proven.
    """
    target, release = control.target, plan.release_by_host.get(control.target.host)
    name = release.name if release else ""
    control.maint_visitors.forget()
    fit = not way_back.asked
    renewed = plan.renewed.get(target.name, ())
    old = {one: process for one, process in before.processes.items() if one not in renewed}
    proof = RestartVerifier(target, old, site, tell, times=plan.probe_times, release=release)
    proof.expect([one for one in target.instances if one.name in renewed])
    try:
        if len(proof.names) == len(target.instances):
            await wait_until_verified(proof, control, plan)
        await restart_batches(proof, before, name, control, plan, way_back, site, tell)
    except NotRestarted as never:
        if fit and not release and never.at_once and set(never.names) == proof.names:
            await verify_kept_processes(never, before, control, plan, way_back, site, tell)
        raise

    await wait_until_checked(control, plan, tell)
    await run_smoke_check(target, site)
    await control.record_intent(AdminState.READY)  # before the last look, which must not grow old
    await return_when_verified(proof, control, plan)
    way_back.proven()
    await make_ready_and_verify(control, plan)
    tell(TargetReturned(target=target.name))

    seconds = round(now() - began, 1)
    await wait_until_stable(proof, control, plan, tell)
    # not before: until here it may be taken out again
    await site.record.released(target.name, restarted=True)
    tell(TargetDone(target=target.name, seconds=seconds, release=name))
    own = {one.name for one in target.instances}
    others = tuple(one for one in proof.restarted_too(before.host) if one not in own)
    if others:
        profile = site.supervisor.profile
        tell(
            OthersRestarted(
                target=target.name,
                instances=others,
                supervisor=profile.name,
                fix=profile.fix_when_coupled,
            )
        )
    return others


async def restart_batches(
    proof: RestartVerifier,
    before: Baseline,
    release: str,
    control: TargetControl,
    plan: Plan,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> None:
    """Ask batch by batch for the restart, and see every instance proven.

    An instance that was restarted with an earlier batch is proven as well, and is
    not asked again.

    Raises:
        RolloutError: one was not restarted, or not proven.
    """
    target = control.target
    for batch in batches(target.instances, plan.instances_at_a_time):
        left = [one for one in batch if one.name not in proof.names]
        if not left:
            continue
        await ask_to_restart(left, before.processes, release, target, way_back, site, tell)
        proof.expect(left)
        await wait_startup_delay(plan.timeouts.startup_delay, control, plan)
        await wait_until_verified(proof, control, plan)
        too = proof.started_too(before.host)
        if others := [o for o in target.instances if o.name in too and o.name not in proof.names]:
            processes = {one.name: before.processes[one.name] for one in others}
            # another run must prove them too
            await site.record.asked(target.name, processes, release)
            site.supervisor.remember(target.host, processes)
            names = ", ".join(processes)
            what = f"{site.supervisor.profile.name} restarted {names} as well: not asked again"
            tell(Noted(where=target.name, what=what))
            proof.expect(others)
            await wait_until_verified(proof, control, plan)


async def verify_kept_processes(
    never: NotRestarted,
    before: Baseline,
    control: TargetControl,
    plan: Plan,
    way_back: ReturnPermission,
    site: Site,
    tell: Tell,
) -> None:
    """Prove a target whose processes were kept, so that it can be given back as it was found.

    Raises:
        ProcessKept: every process is the one from before, and answers.
        NotRestarted: that could not be seen.
    """
    target = control.target
    proof = RestartVerifier(target, {}, site, tell, times=plan.probe_times, anew=False)
    proof.expect(target.instances)
    try:
        await wait_until_verified(proof, control, plan)
        await wait_until_checked(control, plan, tell)
        await control.record_intent(AdminState.READY)
        await return_when_verified(proof, control, plan)
    except RolloutError as error:
        raise never from error
    if {one.name: process for one, process in proof.proven.items()} != before.processes:
        raise never
    way_back.not_asked()
    raise ProcessKept(never.names, target.host, site.supervisor.profile) from never


async def take_ownership(control: TargetControl, plan: Plan, site: Site, tell: Tell) -> bool:
    """Look at the target and write it down as ours, or say why it is not ours to take.

    Raises:
        FloorBroken: the floor must be counted again, or cannot be spared with lines that appeared
            since room was found for it; it was not taken.
        RolloutError: it could not be looked at or written down; nothing was touched.
    """
    name, planned = control.target.name, set(control.target.servers)
    try:
        if held := await control.read_initial_state() or await wait_until_supervisor_is_idle(
            control, plan, site, tell
        ):
            tell(TargetSkipped(target=name, reason=held))
            return False
        if set(control.target.servers) - planned:  # room was found for fewer
            check_still_allowed(control, plan, site)
        release = plan.release_by_host.get(control.target.host)
        await site.record.own(
            control.target,
            control.owned,
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

    Until a restart was asked for, a failure moves it back: a process that is started anew must
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
    control: TargetControl, plan: Plan, site: Site, tell: Tell
) -> AsyncIterator[ReturnPermission]:
    """Hold the target out of rotation for the length of the block; see :func:`ensure_safe_end`."""
    servers = tuple(str(server) for server in control.target.servers)
    tell(TargetClaimed(target=control.target.name, servers=servers))
    async with ensure_safe_end(control, plan, site, tell) as way_back:
        control.spared.look = partial(check_floor_still_holds, control, plan, site)
        await control.set_state(AdminState.DRAIN)
        control.spared.look = None
        tell(TargetDraining(target=control.target.name))
        yield way_back
