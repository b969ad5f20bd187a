"""A safe end for a target that we hold, whatever happens: back, or out and named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rollout.events import TargetGivenBack, TargetLeftOut, TargetVisited
from rollout.model.conditions import all_serving
from rollout.model.errors import (
    CrashLoop,
    KeptItsProcess,
    LockLost,
    NotGivenBack,
    RolloutError,
    TimedOut,
    cure_of,
    said_of,
)
from rollout.model.fleet import AdminState
from rollout.model.plan import Plan, look_command
from rollout.ports.site import Site, Tell
from rollout.restart.control import Grip
from rollout.restart.reenable import give_back
from rollout.restart.verify import WayBack

EVIDENCE_AGAINST = (TimedOut, CrashLoop)
"""What takes a proven target out again.  An LB that does not answer says nothing against it."""


@asynccontextmanager
async def seen_through(grip: Grip, plan: Plan, site: Site, tell: Tell) -> AsyncIterator[WayBack]:
    """Bring the target to a safe end, whatever happens in the block.

    A failure inside gives back a target that was never asked to restart, leaves a proven one as
    the load balancers were told, and keeps one without proof in maint.  A bug of ours counts as a
    failure like any other: it must not cost a server.
    """
    way_back = WayBack()
    name = grip.target.name
    try:
        yield way_back
    except Exception as failure:
        if not way_back.asked:
            if lost := await take_back(failure, grip, plan, site, tell):
                raise lost from failure
        elif way_back.fit and not isinstance(failure, EVIDENCE_AGAINST):
            state = grip.state_after(AdminState.READY)
            tell(left_out(said_of(name, failure), state, grip, plan, asked=True))
        else:
            await keep_out(failure, grip, plan, tell)
        raise
    finally:
        if way_back.asked and grip.newcomers.total:
            servers = tuple(map(str, grip.newcomers.count))
            tell(TargetVisited(target=name, sessions=grip.newcomers.total, servers=servers))


async def take_back(
    failure: Exception, grip: Grip, plan: Plan, site: Site, tell: Tell
) -> RolloutError | None:
    """Undo: the target is fit, so it goes back as it was found; if it cannot, it is named.

    Returns:
        What keeps it out, unless it went back, or ``failure`` is a bug.
    """
    because = said_of(grip.target.name, failure)
    try:
        await give_back(grip, plan)
        await site.record.released(grip.target.name, restarted=False)
    except LockLost as lost:
        await name_it(lost, grip, plan, tell)
        return lost if isinstance(failure, RolloutError) else None
    except RolloutError as error:
        again = "" if str(error) == str(failure) else f": {error}"
        because = f"{because}; and it could not be given back{again}"
        tell(left_out(because, "unknown", grip, plan, asked=False))
        return NotGivenBack(because) if isinstance(failure, RolloutError) else None
    else:
        theirs = "; it is left to them" if grip.lost else ""
        told = TargetGivenBack(
            target=grip.target.name,
            because=f"{because}{theirs}",
            cure=cure_of(failure),
            asked=isinstance(failure, KeptItsProcess),
        )
        tell(told)
    return None


async def name_it(lost: LockLost, grip: Grip, plan: Plan, tell: Tell) -> None:
    """Say how a target is that whoever took our lock sees to; it was never asked to restart."""
    try:
        served = all_serving((await grip.watch.read_some()).values()).settled
    except RolloutError:
        served = False
    if served:
        tell(TargetGivenBack(target=grip.target.name, because=f"{lost}; it serves"))
    else:
        tell(left_out(str(lost), "unknown", grip, plan, asked=False))


async def keep_out(failure: Exception, grip: Grip, plan: Plan, tell: Tell) -> None:
    """Keep the target in maint, where no visitor meets it, and name it."""
    state, because = grip.state_after(AdminState.MAINT), said_of(grip.target.name, failure)
    try:
        await grip.order(AdminState.MAINT)
    except RolloutError as error:
        state, because = "unknown", f"{because}; and maint could not be confirmed: {error}"
    tell(left_out(because, state, grip, plan, asked=True))


def left_out(because: str, state: str, grip: Grip, plan: Plan, *, asked: bool) -> TargetLeftOut:
    return TargetLeftOut(
        target=grip.target.name,
        state=state,
        because=because,
        asked=asked,
        look=look_command(plan.look, grip.target.host),
        seats=tuple(map(str, grip.target.seats)),
    )
