"""A safe end for a target that we hold, whatever happens: back, or out and named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rollout.events import TargetLeftOut, TargetReturnedUntouched, TargetVisited
from rollout.model.conditions import all_serving
from rollout.model.errors import (
    CrashLoop,
    LockLost,
    NotGivenBack,
    ProcessKept,
    RolloutError,
    TimedOut,
    fix_of,
    said_of,
)
from rollout.model.fleet import AdminState
from rollout.restart.control import TargetControl
from rollout.restart.operator_commands import end_silence, run_host_hook
from rollout.restart.reenable import make_ready_and_verify

EVIDENCE_AGAINST = (TimedOut, CrashLoop)
"""What takes a proven target out again.  An LB that does not answer says nothing against it."""


@asynccontextmanager
async def ensure_safe_end(control: TargetControl) -> AsyncIterator[None]:
    """Bring the target to a safe end, whatever happens in the block.

    A failure inside gives back a target that was never asked to restart, leaves a proven one as
    the load balancers were told, and keeps one without proof in maint.  A bug of ours counts as a
    failure like any other: it must not cost a server.
    """
    permission = control.permission
    name = control.target.name
    try:
        yield
    except Exception as failure:
        if not permission.asked:
            if lost := await give_back(control, failure):
                raise lost from failure
        elif permission.fit and not isinstance(failure, EVIDENCE_AGAINST):
            state = control.state_after(AdminState.READY)
            control.tell(left_out_event(control, said_of(name, failure), state, asked=True))
        else:
            await leave_in_maint(control, failure)
        raise
    finally:
        # of one that is left out as well: a person must hear of it
        await end_silence(control.context, control.target)
        if permission.asked and control.maint_visitors.total:
            servers = tuple(map(str, control.maint_visitors.count))
            control.tell(
                TargetVisited(target=name, sessions=control.maint_visitors.total, servers=servers)
            )


async def give_back(control: TargetControl, failure: Exception) -> RolloutError | None:
    """Undo: the target is fit, so it goes back as it was found; if it cannot, it is named.

    Returns:
        What keeps it out, or its return from being written down; None where neither does, or
        ``failure`` is a bug.
    """
    reason = said_of(control.target.name, failure)
    try:
        await make_ready_and_verify(control)
    except LockLost as lost:
        await report_after_lock_loss(control, lost)
        return lost if isinstance(failure, RolloutError) else None
    except RolloutError as error:
        again = "" if str(error) == str(failure) else f": {error}"
        reason = f"{reason}; and it could not be put back{again}"
        control.tell(left_out_event(control, reason, "unknown", asked=False))
        return NotGivenBack(reason) if isinstance(failure, RolloutError) else None
    else:
        theirs = "; it is left to them" if control.lost else ""
        told = TargetReturnedUntouched(
            target=control.target.name,
            reason=f"{reason}{theirs}",
            fix=fix_of(failure),
            asked=isinstance(failure, ProcessKept),
        )
        control.tell(told)  # before what takes its time to be written: it serves by now
        try:
            await end_silence(control.context, control.target)
            await control.site.record.released(control.target.name, restarted=False)
        except RolloutError as error:  # a bug is what is raised, whatever follows it
            return error if isinstance(failure, RolloutError) else None
        await run_host_hook(control.context, "host_back", control.target, told)
    return None


async def report_after_lock_loss(control: TargetControl, lost: LockLost) -> None:
    """Say how a target is that was never asked to restart, and is now the other run's."""
    try:
        served = all_serving((await control.observer.read_some()).values()).met
    except RolloutError:
        served = False
    if served:
        control.tell(
            TargetReturnedUntouched(target=control.target.name, reason=f"{lost}; it serves")
        )
    else:
        control.tell(left_out_event(control, str(lost), "unknown", asked=False))


async def leave_in_maint(control: TargetControl, failure: Exception) -> None:
    """Keep the target in maint, where no visitor meets it, and name it."""
    state, reason = control.state_after(AdminState.MAINT), said_of(control.target.name, failure)
    try:
        await control.set_state(AdminState.MAINT)
    except RolloutError as error:
        state, reason = "unknown", f"{reason}; and maint could not be confirmed: {error}"
    control.tell(left_out_event(control, reason, state, asked=True))


def left_out_event(
    control: TargetControl, reason: str, state: str, *, asked: bool
) -> TargetLeftOut:
    return TargetLeftOut(
        target=control.target.name,
        state=state,
        reason=reason,
        asked=asked,
        look=control.site.supervisor.look_command(control.target.host),
        servers=tuple(map(str, control.target.servers)),
    )
