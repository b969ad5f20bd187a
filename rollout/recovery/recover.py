"""What a dead run left out, brought back on evidence or named.

Never asked to restart: as fit as it was, so it goes back as it was found.  Asked: it goes through
the rest of the steps first.  What was changed from outside since is left as it is now, and named.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from rollout.deploy.current_links import take_back_unproven
from rollout.events import (
    Noted,
    RecoveryFinished,
    RecoveryStarted,
    RolloutHalted,
    TargetAdopted,
    TargetRecovered,
    TargetReturned,
    TargetSkipped,
)
from rollout.model.conditions import all_serving
from rollout.model.errors import (
    BalancerError,
    LockError,
    LockLost,
    RecordError,
    RemoteError,
    RolloutError,
    SupervisorError,
    said_of,
)
from rollout.model.fleet import AdminState, Condition
from rollout.model.lock_state import PastRun
from rollout.model.ownership import OwnedTarget
from rollout.model.plan import Plan
from rollout.model.supervisor import SupervisorProfile
from rollout.ports.context import RunContext
from rollout.recovery.verify_after_crash import VerificationAfterCrash, proof_of, relink
from rollout.restart.cleanup import ensure_safe_end, left_out_event
from rollout.restart.control import TargetControl
from rollout.restart.final_check import check_at_the_end
from rollout.restart.lb_commands import switch_agents
from rollout.restart.one_target import adopt
from rollout.restart.operator_commands import end_silence, run_host_hook
from rollout.restart.reenable import (
    make_ready_and_verify,
    return_when_verified,
    run_smoke_check,
    same_processes,
    wait_until_checked,
    wait_until_stable,
)
from rollout.text.timestamps import utc_now

NOTHING_LEFT = "HAProxy has none of its servers any more"

NOTHING_IS_KNOWN = (BalancerError, LockError, RecordError, RemoteError, SupervisorError)
"""What ends a recovery before anything has told whether the restart went through."""


@dataclass(frozen=True, slots=True)
class RecoveryRequest:
    """What another run left behind.

    Attributes:
        run: Its id.
        owned_targets: The targets that it left out.
        rest: All targets that had not come through it.
        gone_back: It was a deploy that had gone back from its release, or had begun to.
        goes_on: The rest is restarted next, and what is not back then is asked to restart again.
    """

    run: str
    owned_targets: Sequence[OwnedTarget]
    rest: Sequence[str] = ()
    gone_back: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What need not be restarted again.

    Attributes:
        done: Targets whose restart had gone through.
        renewed: Of others the instances that it had reached.
        undecided: Targets of whose restart nothing is known: what would tell could not be asked.
    """

    done: tuple[str, ...] = ()
    renewed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    undecided: tuple[str, ...] = ()


async def recover(context: RunContext, request: RecoveryRequest) -> RecoveryResult:
    """See to all that a run left out, at once; what becomes of each is told, not raised.

    The ownership log must know them as ours already.
    """
    site, tell, owned_targets = context.site, context.tell, request.owned_targets
    names = tuple(owned_target.target.name for owned_target in owned_targets)
    asked = tuple(owned_target.target.name for owned_target in owned_targets if owned_target.asked)
    tell(
        RecoveryStarted(
            of=request.run,
            targets=names,
            asked=asked,
            rest=tuple(request.rest),
            gone_back=request.gone_back,
        )
    )
    context = replace(context, plan=with_min_timeouts(context.plan, site.supervisor.profile))
    recover_one = _recover_one_or_again if request.goes_on else _recover_one
    results = await asyncio.gather(
        *(recover_one(context, owned_target) for owned_target in owned_targets),
        return_exceptions=True,
    )
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, RolloutError):
            raise result
    lost = next((str(error) for error in results if isinstance(error, LockLost)), "")
    targets = [owned_target.target for owned_target in owned_targets]
    await check_at_the_end(targets, site, tell, other_owner=lost)
    tell(RecoveryFinished())
    proofs = {
        owned_target.target.name: result
        for owned_target, result in zip(owned_targets, results, strict=True)
        if isinstance(result, VerificationAfterCrash)
    }
    return RecoveryResult(
        done=tuple(name for name, proof in proofs.items() if proof.restarted),
        renewed={n: p.renewed for n, p in proofs.items() if p.renewed and not p.restarted},
        undecided=tuple(
            name
            for name, result in zip(names, results, strict=True)
            if name in asked and isinstance(result, NOTHING_IS_KNOWN)
        ),
    )


async def take_back_what_never_ran(
    context: RunContext, hosts: Sequence[str], past: PastRun | None
) -> Sequence[str]:
    """Put ``current`` back where it leads to a release that a dead deploy left, and nothing ran.

    What could not be seen to is told.

    Args:
        context: The run.
        hosts: The fleet: a journal names no other host to be contacted.
        past: The journal of that deploy, if it is here and no run has gone on with it.

    Returns:
        The hosts that were seen to.
    """
    tell = context.tell
    if context.site.releases is None:
        return ()
    deployed = past.deploy.hosts if past is not None and past.deploy is not None else ()
    left = await take_back_unproven(context, hosts, past)
    for host, error in left.away.items():
        if host not in deployed:
            what = f"where `current` leads is not known: {said_of(host, error)}"
            tell(Noted(where=host, what=what))
    unseen = [
        f"{host}: {said_of(host, error)}" for host, error in left.away.items() if host in deployed
    ]
    unseen += dict.fromkeys(said_of(host, error) for host, error in left.kept.items())
    if unseen:
        tell(RolloutHalted(reason=f"not every `current` was seen to: {'; '.join(unseen)}"))
    return tuple(host for host in hosts if host not in {*left.away, *left.kept})


async def abandon(context: RunContext, request: RecoveryRequest) -> None:
    """Leave all that a run left out as it is; from now on it is the operator's."""
    tell, owned_targets = context.tell, request.owned_targets
    tell(RecoveryStarted(of=request.run, targets=tuple(h.target.name for h in owned_targets)))
    for owned_target in owned_targets:
        reason = "given up on request, as it is now; it is yours"
        tell(TargetSkipped(target=owned_target.target.name, reason=reason))
        await end_silence(context, owned_target.target)
        await context.site.record.released(owned_target.target.name, restarted=False)
    tell(RecoveryFinished())


def with_min_timeouts(plan: Plan, supervisor: SupervisorProfile) -> Plan:
    """Allow long enough to tell that a restart was never begun, whatever a boot may take."""
    enough = max(plan.timeouts.running_timeout, supervisor.stop_allowance + 10)
    return replace(plan, timeouts=replace(plan.timeouts, running_timeout=enough))


async def _recover_one_or_again(
    context: RunContext, owned_target: OwnedTarget
) -> VerificationAfterCrash | None:
    """Bring one target back as :func:`_recover_one`, and try once more where that told nothing.

    A journal that could not be written, or a load balancer that was silent, is no evidence that a
    restart is needed: 181 calls of a resume were broken one after another, and with four of them
    a target that had its new processes was restarted a second time.
    """
    try:
        return await _recover_one(context, owned_target)
    except NOTHING_IS_KNOWN:
        left = context.site.record.owned_target(owned_target.target.name)
        if left is None or not left.asked:
            raise
    await asyncio.sleep(context.plan.timeouts.poll_host)
    return await _recover_one(context, left)


async def _recover_one(
    context: RunContext, owned_target: OwnedTarget
) -> VerificationAfterCrash | None:
    """Bring one target back; return how it was proven, if it had been asked to restart.

    The silence of its monitoring has ended then, also of one that stays out.

    Raises:
        RolloutError: it is still out; that has been told.
    """
    try:
        return await _bring_back(context, owned_target)
    finally:
        await end_silence(context, owned_target.target)


async def _bring_back(
    context: RunContext, owned_target: OwnedTarget
) -> VerificationAfterCrash | None:
    name, asked = owned_target.target.name, bool(owned_target.asked)
    control = TargetControl(context, owned_target.target)
    try:
        await adopt(control, owned_target)
    except RolloutError as error:
        context.tell(left_out_event(control, said_of(name, error), "unknown", asked=asked))
        raise
    await _wake_agents(control)
    theirs = "; ".join(f"{server} is {state} now" for server, state in control.lost.items())
    if not control.servers and control.lost and asked and _all_ready(control):
        return await _recover_already_ready(control, owned_target)
    if not control.servers:
        reason = f"changed from outside since: {theirs}" if theirs else NOTHING_LEFT
        context.tell(TargetSkipped(target=name, reason=reason))
        await end_silence(context, owned_target.target)
        await context.site.record.released(name, restarted=False)
        return None
    context.tell(
        TargetAdopted(
            target=name,
            servers=tuple(map(str, control.servers)),
            asked=asked,
            since=owned_target.since if owned_target.was_told else utc_now(),
        )
    )
    if theirs:
        context.tell(Noted(where=name, what=f"changed from outside since, and left so: {theirs}"))
    for one in owned_target.found:
        now = control.found.get(one.server)
        if now is not None and now.weight != one.weight:
            what = f"{one.server} has weight {now.weight} now, not {one.weight}: left so"
            context.tell(Noted(where=name, what=what))
    if not asked:
        await _recover_untouched(control, owned_target)
        return None
    return await _recover_restarted(control, owned_target)


async def _wake_agents(control: TargetControl) -> None:
    """Let agents that we had silenced speak again where their server was made ready from outside.

    That of a server which is held out might end that: it stays silent, and is named.
    """
    silenced = [server for server in control.lost if control.found[server].agent]
    awake = [server for server in silenced if control.lost[server] is AdminState.READY]
    with suppress(BalancerError):
        await switch_agents(awake, control.site.balancers, on=True)
    for server in silenced:
        if server not in awake:
            what = (
                f"the agent check of {server}, which we had switched off, stays off: it is held out"
            )
            control.tell(Noted(where=control.target.name, what=what))


def _all_ready(control: TargetControl) -> bool:
    return all(state is AdminState.READY for state in control.lost.values())


async def _recover_already_ready(
    control: TargetControl, owned_target: OwnedTarget
) -> VerificationAfterCrash:
    """See whether a target serves that an operator, or a reload, made ready without our proof.

    Nothing is told to it: it is not ours.

    Raises:
        RolloutError: it is not proven, or HAProxy does not call it up; that has been told.
    """
    name = owned_target.target.name
    control.tell(
        Noted(where=name, what="it is ready: an operator or a reload of HAProxy set it so")
    )

    async def served() -> Condition:
        return all_serving((await control.observer.read_some()).values())

    try:
        proven = await proof_of(control, owned_target)
        await control.wait_until("serving", served, timeout=control.plan.timeouts.probation_timeout)
        await same_processes(control, proven.proof)
    except RolloutError as error:
        reason = f"it is ready, but not by rollout, and {said_of(name, error)}"
        control.tell(left_out_event(control, reason, "ready", asked=True))
        raise
    return await _is_back(control, name, proven)


async def _recover_untouched(control: TargetControl, owned_target: OwnedTarget) -> None:
    """Give back a target that was never asked to restart.

    Raises:
        RolloutError: it could not be; that has been told.
    """
    target = owned_target.target
    try:
        if owned_target.relinked:
            await relink(owned_target, control.site, control.tell)
        await make_ready_and_verify(control)
    except RolloutError as error:
        reason = f"it could not be put back: {said_of(target.name, error)}"
        control.tell(left_out_event(control, reason, "unknown", asked=False))
        raise
    back = TargetRecovered(target=target.name, restarted=False)
    control.tell(back)  # before what takes its time to be written: it serves by now
    await end_silence(control.context, target)
    await control.site.record.released(target.name, restarted=False)
    await run_host_hook(control.context, "host_back", target, back)


async def _recover_restarted(
    control: TargetControl, owned_target: OwnedTarget
) -> VerificationAfterCrash:
    """Prove a target that was asked to restart, and let visitors in.

    One that was being made ready had been proven; it is asked once more where it stands.  Any other
    waits in maint for its proof.

    Raises:
        RolloutError: there is no proof; it stays out, and that has been told.
    """
    name = owned_target.target.name
    async with ensure_safe_end(control):
        control.permission.needs_proof()
        if not owned_target.returning:
            await control.set_state(AdminState.MAINT)
        proven = await proof_of(control, owned_target)
        await wait_until_checked(control)
        if not owned_target.returning:
            await run_smoke_check(control)
        await control.record_intent(AdminState.READY)
        await return_when_verified(control, proven.proof)
        control.permission.proven()
        await make_ready_and_verify(control)
        control.tell(TargetReturned(target=name))
        await wait_until_stable(control, proven.proof)
    return await _is_back(control, name, proven)


async def _is_back(
    control: TargetControl, name: str, proven: VerificationAfterCrash
) -> VerificationAfterCrash:
    """Write down and tell that a target serves again, and what of its restart is done."""
    renewed = () if proven.restarted else proven.renewed
    await end_silence(control.context, control.target)
    await control.site.record.released(name, restarted=proven.restarted, renewed=renewed)
    back = TargetRecovered(
        target=name, restarted=proven.restarted, release=proven.release, renewed=renewed
    )
    control.tell(back)
    await run_host_hook(control.context, "host_back", control.target, back)
    return proven
