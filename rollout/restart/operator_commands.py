"""The operator's own commands around a run and each target: hooks, and the silence of monitoring.

Each runs at one fixed point, for no longer than its own timeout; only ``before`` can stop a run.
"""

from collections.abc import Mapping
from contextlib import suppress

from rollout.events import Event, Noted, RolloutRefused, TargetPrepared
from rollout.model.errors import LockLost, RolloutError
from rollout.model.fleet import Finding, Target
from rollout.model.ownership import Silence
from rollout.model.plan import Plan
from rollout.ports.context import RunContext
from rollout.ports.operator_commands import CommandEnd
from rollout.ports.site import Smoke
from rollout.restart.control import TargetControl
from rollout.restart.restart import batches
from rollout.wait import unless_stopped

ORDERS = 60.0
"""Seconds for all that no timeout of a step counts: orders to load balancers, and looks."""


async def allowed_by_before_hook(context: RunContext) -> bool:
    """Run the hook that stands before the first target is taken out; if it fails, refuse the run.

    Raises:
        Halted: the operator wants us to stop.
    """
    site = context.site
    if site.hooks is None or not context.plan.targets:
        return True
    facts = {"hosts": " ".join(dict.fromkeys(t.host for t in context.plan.targets))}
    # not "before anything was changed": a resume has brought back servers by now
    reason = "stopped on request while hooks.before ran"
    end = await unless_stopped(site.hooks.run("before", facts), site.stop_asked, reason)
    if end is None or end.ok:
        return True
    fix = "repair what the command found, or set another one in [hooks]"
    finding = Finding("hooks.before", f"it said no: {end.message}", fix)
    context.tell(RolloutRefused(findings=(finding,)))
    return False


async def before_out(control: TargetControl, event: Event) -> None:
    """Silence the monitoring of a target that we own, and run its hook; it still serves.

    Raises:
        ChangedExternally: it was changed from outside while the commands ran.
        RolloutError: what they left could not be written down, or it could not be looked at.
    """
    began = await begin_silence(control)
    if await run_host_hook(control.context, "host_out", control.target, event) or began:
        control.own_again(control.servers)  # nothing was told to them yet, and nothing outside may
        await control.read_all()
        owned_target = control.site.record.owned_target(control.target.name)
        silence = owned_target.silence if owned_target is not None else None
        number = silence.number if silence is not None else ""
        control.tell(TargetPrepared(target=control.target.name, silence=number))


async def run_host_hook(context: RunContext, hook: str, target: Target, event: Event) -> bool:
    """Run ``host_out`` or ``host_back`` of a target; one that fails only warns.

    Returns:
        Whether there is such a hook.
    """
    if context.site.hooks is None:
        return False
    end = await context.site.hooks.run(hook, _facts_of(target), event)
    if end is None:
        return False
    if not end.ok:
        context.tell(Noted(where=target.name, what=f"hooks.{hook} failed: {end.message}"))
    return True


async def begin_silence(control: TargetControl) -> bool:
    """Begin a silence of the monitoring, which stands in the record before the command runs.

    Returns:
        Whether there is a command that begins one.

    Raises:
        RecordError, LockLost: it could not be written down.
    """
    silencer, record, target = control.site.silencer, control.site.record, control.target
    owned_target = record.owned_target(target.name)
    if silencer is None or owned_target is None or owned_target.silence is not None:
        return False
    # before the command: of a run that dies meanwhile the silence is known, only its number is not
    await record.silenced(target.name, Silence(silencer.run))
    number, end = await silencer.begin(
        target, longest_out(control.plan, target, control.site.smoke)
    )
    if not end.ok:
        what = f"its monitoring is not known to be silent, silence.begin failed: {end.message}"
        control.tell(Noted(where=target.name, what=what))
    try:
        await record.silenced(target.name, Silence(silencer.run, number))
    except RolloutError:
        await silencer.end(target, Silence(silencer.run, number))  # no record has its number
        raise
    return True


async def end_silence(context: RunContext, target: Target) -> None:
    """End the silence of a target, if there is one; what keeps us from that only warns.

    Of one whose lock another run has by now nothing is ended: that run knows the silence too.
    """
    record, silencer = context.site.record, context.site.silencer
    owned_target = record.owned_target(target.name)
    if owned_target is None or owned_target.silence is None:
        return
    try:
        await record.still_ours()
    except LockLost:
        return
    except RolloutError:
        pass  # a place that is away says nothing against it
    silence = owned_target.silence
    end = await silencer.end(target, silence) if silencer is not None else None
    if end is not None and end.ok:
        with suppress(RolloutError):  # then it is ended once more
            await record.silenced(target.name, None)
        return
    context.tell(Noted(where=target.name, what=_still_silent(silence, end)))


def longest_out(plan: Plan, target: Target, smoke: Smoke | None) -> float:
    """Say after how many seconds a target is back or left out, whatever happens to it.

    Where its supervisor is busy while the target stands in maint, it is seen to be empty twice.
    """
    times = plan.timeouts
    boots = len(tuple(batches(target.instances, plan.instances_at_a_time)))
    boot = boots * (times.startup_delay + times.running_timeout)
    empty = times.drain_timeout + 2 * times.maint_timeout + times.busy_timeout
    check = times.probation_timeout + (smoke.timeout if smoke is not None else 0.0)
    return empty + boot + check + times.stable + ORDERS


def _still_silent(silence: Silence, end: CommandEnd | None) -> str:
    number = f" {silence.number}" if silence.number else ""
    why = "there is no silence.end" if end is None else f"silence.end failed: {end.message}"
    return f"its monitoring may still be silent, by silence{number} of run {silence.run}: {why}"


def _facts_of(target: Target) -> Mapping[str, str]:
    return {"target": target.name, "host": target.host}
