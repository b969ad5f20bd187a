"""The steps of one target: out of rotation, restarted, proven, and back.

The order is the one that failed no request under load with sticky clients on HAProxy 2.6, 2.8
and 3.4: drain, maint, restart, then drain again as probation, because leaving maint for ``ready``
counts as up before the first check, while a server in drain is checked and nothing is
balanced to it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
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
from rollout.ports.context import RunContext
from rollout.ports.site import Site
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
from rollout.restart.operator_commands import (
    before_out,
    begin_silence,
    end_silence,
    run_host_hook,
)
from rollout.restart.reenable import (
    make_ready_and_verify,
    return_when_verified,
    run_smoke_check,
    wait_until_checked,
    wait_until_stable,
)
from rollout.restart.restart import ask_to_restart, batches, wait_startup_delay, wait_until_verified
from rollout.restart.verify import RestartVerifier, find_already_new
from rollout.text.timestamps import seconds_between, utc_now
from rollout.wait import now


async def restart_one(context: RunContext, target: Target) -> bool:
    """Take one target out of rotation, restart it, and bring it back.

    It comes back into rotation only on evidence: it was never asked to restart, or each of
    its instances was seen running as a new process and answering, and HAProxy's own checks call
    it up.  Without that evidence it stays in maint and is named.

    Returns:
        Whether it was restarted; otherwise it was held out from outside, and was not touched.

    Raises:
        RestartedTogether: it was; others of its host were restarted too, and visitors met them.
        RolloutError: it was not restarted, or not proven; where it stands has been told.
    """
    if context.site.record.owned_target(target.name) is not None:  # out because of us already
        others = await restart_again(context, target)
        check_restarted_alone(context.site, target, others)
        return True
    control = TargetControl(context, target)
    control.spared.at = now()
    if not await take_ownership(control):
        return False
    async with out_of_rotation(control):
        await wait_until_drained(control)
        await wait_until_empty(control)
        async with with_release_switched(control):
            before = await read_processes_before(control)
            await control.read_all()  # the last before the point of no return
            check_no_visitors(control)
            others = await restart_and_return(control, before)
    check_restarted_alone(context.site, target, others)
    return True


def check_restarted_alone(site: Site, target: Target, others: Sequence[str]) -> None:
    """See that nothing was restarted beside the target.

    Raises:
        RestartedTogether: it did.
    """
    if others:
        asked = [one.name for one in target.instances]
        raise RestartedTogether(target.host, asked, others, site.supervisor.profile)


async def restart_again(
    context: RunContext, target: Target, *, out_since: float | None = None
) -> tuple[str, ...]:
    """Restart once more a target that stands in maint because of us, and bring it back on proof.

    It is out since ``out_since`` (default: since the run that took it out has done so).  Its
    instances may be in any state: crash-looping, given up, still in their stop.  A server that a
    reload made ready is out as well until it serves.

    Returns:
        As :func:`restart_and_return`.

    Raises:
        RolloutError: it was not proven, and stays in maint; that has been told.
    """
    control = TargetControl(context, target)
    owned_target = context.site.record.owned_target(target.name)
    if owned_target is None:
        raise AssertionError(f"{target} is not ours to bring back")
    earlier = seconds_between(owned_target.since, utc_now()) or 0.0
    control.out_since = now() - earlier if out_since is None else out_since
    context.site.supervisor.remember(target.host, owned_target.asked)
    try:
        await adopt(control, owned_target)
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
        context.tell(left_out_event(control, said_of(target.name, error), "unknown", asked=True))
        await end_silence(context, target)
        raise
    context.tell(
        TargetAdopted(
            target=target.name,
            servers=tuple(map(str, target.servers)),
            asked=True,
            since=owned_target.since,
        )
    )
    async with ensure_safe_end(control):
        control.permission.needs_proof()
        await begin_silence(control)
        await wait_until_empty(control)  # sticky clients had come to it again
        async with with_release_switched(control):
            before = await read_remaining_processes(context, target)
            control.renewed = await find_already_new(context, owned_target, before.processes)
            return await restart_and_return(control, before)


async def adopt(control: TargetControl, owned_target: OwnedTarget) -> None:
    """Control again what is out because of us; a load balancer that is away is waited for.

    Raises:
        TargetNotInFleet: the record names what the settings do not know.
        RolloutError: it could not be read in time.
    """
    if control.plan.known is not None and (
        why := control.plan.known.objection(owned_target.target)
    ):
        raise TargetNotInFleet(why)

    async def question() -> Condition:
        await control.adopt(owned_target)
        return Condition(met=True, reason="")

    await control.wait_until("adopted", question, timeout=control.plan.timeouts.probation_timeout)


async def restart_and_return(control: TargetControl, before: Baseline) -> tuple[str, ...]:
    """Restart what stands in maint, prove it, and let visitors in.

    ``before`` are the instances of its host as they were.

    Returns:
        The instances beside it that were restarted too, though nothing asked for it.

    Raises:
        ProcessKept: its processes were kept; it is to be given back as it was.
        RolloutError: it was not restarted, or not proven.
    """
    target, release = control.target, control.plan.release_by_host.get(control.target.host)
    name = release.name if release else ""
    control.maint_visitors.forget()
    fit = not control.permission.asked
    old = {one: process for one, process in before.processes.items() if one not in control.renewed}
    proof = RestartVerifier(control, old, release=release)
    proof.expect([one for one in target.instances if one.name in control.renewed])
    try:
        if len(proof.names) == len(target.instances):
            await wait_until_verified(control, proof)
        await restart_batches(control, proof, before, name)
    except NotRestarted as never:
        if fit and not release and never.at_once and set(never.names) == proof.names:
            await verify_kept_processes(control, never, before)
        raise

    await wait_until_checked(control)
    await run_smoke_check(control)
    await control.record_intent(AdminState.READY)  # before the last look, which must not grow old
    await return_when_verified(control, proof)
    control.permission.proven()
    await make_ready_and_verify(control)
    control.tell(TargetReturned(target=target.name, watched=control.plan.timeouts.stable))

    seconds = round(now() - control.out_since, 3)
    await wait_until_stable(control, proof)
    # not before: until here it may be taken out again
    await end_silence(control.context, target)
    await control.site.record.released(target.name, restarted=True)
    done = TargetDone(target=target.name, seconds=seconds, release=name)
    control.tell(done)
    await run_host_hook(control.context, "host_back", target, done)
    own = {one.name for one in target.instances}
    others = tuple(one for one in proof.restarted_too(before.host) if one not in own)
    if others:
        profile = control.site.supervisor.profile
        control.tell(
            OthersRestarted(
                target=target.name,
                instances=others,
                supervisor=profile.name,
                fix=profile.fix_when_coupled,
            )
        )
    return others


async def restart_batches(
    control: TargetControl, proof: RestartVerifier, before: Baseline, release: str
) -> None:
    """Ask batch by batch for the restart, and see every instance proven.

    An instance that was restarted with an earlier batch is proven as well, and is
    not asked again.

    Raises:
        RolloutError: one was not restarted, or not proven.
    """
    target = control.target
    for batch in batches(target.instances, control.plan.instances_at_a_time):
        left = [one for one in batch if one.name not in proof.names]
        if not left:
            continue
        await ask_to_restart(control, left, before.processes, release)
        proof.expect(left)
        await wait_startup_delay(control, control.plan.timeouts.startup_delay)
        await wait_until_verified(control, proof)
        too = proof.started_too(before.host)
        if others := [o for o in target.instances if o.name in too and o.name not in proof.names]:
            processes = {one.name: before.processes[one.name] for one in others}
            # another run must prove them too
            await control.site.record.asked(target.name, processes, release)
            control.site.supervisor.remember(target.host, processes)
            names = ", ".join(processes)
            supervisor = control.site.supervisor.profile.name
            what = f"{supervisor} restarted {names} as well: not asked again"
            control.tell(Noted(where=target.name, what=what))
            proof.expect(others)
            await wait_until_verified(control, proof)


async def verify_kept_processes(
    control: TargetControl, never: NotRestarted, before: Baseline
) -> None:
    """Prove a target whose processes were kept, so that it can be given back as it was found.

    Raises:
        ProcessKept: every process is the one from before, and answers.
        NotRestarted: that could not be seen.
    """
    target = control.target
    proof = RestartVerifier(control, {}, anew=False)
    proof.expect(target.instances)
    try:
        await wait_until_verified(control, proof)
        await wait_until_checked(control)
        await control.record_intent(AdminState.READY)
        await return_when_verified(control, proof)
    except RolloutError as error:
        raise never from error
    if {one.name: process for one, process in proof.proven.items()} != before.processes:
        raise never
    control.permission.not_asked()
    raise ProcessKept(never.names, target.host, control.site.supervisor.profile) from never


async def take_ownership(control: TargetControl) -> bool:
    """Look at the target and write it down as ours, or say why it is not ours to take.

    Raises:
        FloorBroken: the floor must be counted again, or cannot be spared with lines that appeared
            since room was found for it; it was not taken.
        RolloutError: it could not be looked at or written down; nothing was touched.
    """
    name, planned = control.target.name, set(control.target.servers)
    try:
        held = await control.read_initial_state() or await wait_until_supervisor_is_idle(control)
        if held:
            control.tell(TargetSkipped(target=name, reason=held))
            return False
        if set(control.target.servers) - planned:  # room was found for fewer
            check_still_allowed(control)
        release = control.plan.release_by_host.get(control.target.host)
        await control.site.record.own(
            control.target,
            control.owned,
            release=release.name if release else "",
            relinked=control.plan.switch_current_per_host and release is not None,
        )
    except FloorBroken as lost:
        lost.taken = False
        raise
    except RolloutError as error:
        control.tell(TargetNotStarted(target=name, reason=said_of(name, error), fix=fix_of(error)))
        raise
    return True


@asynccontextmanager
async def with_release_switched(control: TargetControl) -> AsyncIterator[None]:
    """Move ``current`` of the host, if hosts switch one by one, while no visitor is on it.

    Until a restart was asked for, a failure moves it back: a process that is started anew must
    be what the other processes of the host are.
    """
    release, releases = control.plan.release_by_host.get(control.target.host), control.site.releases
    if not control.plan.switch_current_per_host or release is None or releases is None:
        yield
        return
    try:
        await switch(control.target.host, release, releases, control.tell)
        yield
    except Exception:
        if not control.permission.asked:
            await restore(control.target.host, release, releases, control.tell)
        raise


@asynccontextmanager
async def out_of_rotation(control: TargetControl) -> AsyncIterator[None]:
    """Hold the target out of rotation for the length of the block; see :func:`ensure_safe_end`."""
    servers = tuple(str(server) for server in control.target.servers)
    claimed = TargetClaimed(target=control.target.name, servers=servers)
    control.tell(claimed)
    async with ensure_safe_end(control):
        await before_out(control, claimed)
        control.out_since = now()
        control.spared.look = partial(check_floor_still_holds, control)
        await control.set_state(AdminState.DRAIN)
        control.spared.look = None
        ours = control.site.record.owned_target(control.target.name)
        since = ours.since if ours is not None else ""
        control.tell(TargetDraining(target=control.target.name, since=since))
        yield
