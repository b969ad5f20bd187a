"""Out of rotation: nobody new, then nobody at all.

Drain first, so that sticky clients may finish; then maint, because in drain they keep coming.
"""

from rollout.events import (
    Noted,
    SessionsCut,
    TargetDrained,
    TargetEmpty,
    TargetInMaint,
    TargetNotDrained,
)
from rollout.model.conditions import Traffic, carries, costing, drained, floor_holds
from rollout.model.errors import Busy, FloorLost, StopAsked, TimedOut, VisitorsInMaint
from rollout.model.fleet import AdminState, Verdict
from rollout.model.plan import OnBusy, Plan
from rollout.ports.site import Site, Tell
from rollout.restart.control import Grip
from rollout.wait import now

STICKY = "sticky clients keep coming"
PERSISTENT = "clients keep coming (option persist, force-persist)"
ONE_LOOK = "nothing open, and there was no time for a second look"
HIDDEN = "HAProxy was reloaded; its old process may still serve"
MARKED = "`on-marked-down shutdown-sessions` of a server line cuts them off there"
CUT_WITHIN = 5.0
"""Seconds for HAProxy to close what was shut down; measured: at once."""


async def until_drained(grip: Grip, plan: Plan, site: Site, tell: Tell) -> None:
    """Wait until nothing is open, politely: sticky clients may keep coming for ever."""
    name = grip.target.name
    try:
        await until_quiet("drained", STICKY, plan.patience.drain_timeout, grip, plan, site)
    except TimedOut as late:
        rows = grip.watch.rows(grip.watch.answered).values()
        grip.lingering = 0 if STICKY in late.last else Traffic.of(rows).sessions
        tell(TargetNotDrained(target=name, because=late.last or ONE_LOOK))
    else:
        tell(TargetDrained(target=name))


async def until_empty(grip: Grip, plan: Plan, site: Site, tell: Tell, *, fit: bool = True) -> None:
    """Let nobody new arrive at all, and wait until what is in flight has ended.

    One that is not ``fit`` cannot go back, so nothing that others need makes it.

    Raises:
        Busy: it did not end in time, and the policy is not to cut visitors off.
        VisitorsInMaint: HAProxy goes on sending visitors to one that is ``fit``.
    """
    name = grip.target.name
    await grip.order(AdminState.MAINT)
    tell(TargetInMaint(target=name))
    if grip.lingering and not Traffic.of(grip.watch.rows(grip.watch.answered).values()).sessions:
        many = "1 session" if grip.lingering == 1 else f"{grip.lingering} sessions"
        what = f"{many}, open through all of the drain, ended the moment it was in maint: {MARKED}"
        tell(Noted(where=name, what=what))
    within = plan.patience.maint_timeout
    try:
        await until_quiet("empty", PERSISTENT, within, grip, plan, site, fit=fit)
    except TimedOut:
        states = await grip.look()
        left = Traffic.of(states.values())
        if plan.on_busy is OnBusy.STOP:
            raise Busy(left.sessions + left.queued, within) from None
        await site.record.still_ours()
        for balancer in grip.target.balancers:
            seats = [seat for seat in grip.seats if seat.balancer == balancer]
            await site.balancers[balancer].cut(seats)
        tell(SessionsCut(target=name, sessions=left.sessions))
        await until_quiet("empty", PERSISTENT, CUT_WITHIN, grip, plan, site, fit=fit)
    tell(TargetEmpty(target=name))


async def until_quiet(
    awaited: str,
    newcomers: str,
    within: float,
    grip: Grip,
    plan: Plan,
    site: Site,
    *,
    fit: bool = True,
) -> None:
    """Wait for two looks in a row with nothing open; one that is ``fit`` may have to go back.

    A reload hides what the old process still serves: from then on it takes ``drain_timeout`` at
    the least, and as long at the most if time was up otherwise.

    Raises:
        TimedOut: something was still open.
        FloorLost: a peer went away, so that we cannot spare this target any more.
        StopAsked: the operator wants us to stop.
        VisitorsInMaint: HAProxy goes on sending visitors to one in maint.
    """
    before: Traffic | None = None
    reload = grip.watch.reloaded_at

    async def question() -> Verdict:
        nonlocal before, reload
        states = await grip.look()
        if fit:
            can_go_on(grip, plan, site)
            see_that_nobody_comes(grip)
        if grip.watch.reloaded_at > reload:
            before, reload = None, grip.watch.reloaded_at
        traffic = Traffic.of(states.values())
        verdict = drained(before, traffic, newcomers=newcomers)
        before = traffic
        if verdict.settled and hidden() > 0:
            return Verdict(settled=False, because=HIDDEN)
        return verdict

    def hidden() -> float:
        return grip.watch.reloaded_at + plan.patience.drain_timeout - now()

    while True:
        try:
            await grip.until(awaited, question, within=within)
        except TimedOut:
            if hidden() <= 0:
                raise
            within = hidden()
        else:
            return


def see_that_nobody_comes(grip: Grip) -> None:
    """See that HAProxy sends no visitor to what is in maint.

    Raises:
        VisitorsInMaint: it does.
    """
    if grip.newcomers.total:
        raise VisitorsInMaint(grip.newcomers.total, [*map(str, grip.newcomers.count)])


def can_go_on(grip: Grip, plan: Plan, site: Site) -> None:
    """See that nothing has come up that a target not yet restarted should go back for.

    Raises:
        FloorLost: without it fewer servers serve than the floor, because a peer went away.
        StopAsked: the operator wants us to stop.
    """
    if site.stop_asked():
        raise StopAsked
    ours = frozenset(grip.target.seats)
    backends = costing(grip.found.values(), accept_sick=plan.accept_sick)
    for reading in grip.watch.readings.values():
        verdict = floor_holds(plan.floor, reading, ours, backends, counts=carries)
        if not verdict.settled:
            raise FloorLost(verdict.because, grip.target.seats)


async def still_spared(grip: Grip, plan: Plan, site: Site) -> None:
    """See that the floor still holds without the target: the call before may have hung for long.

    Raises:
        FloorLost, StopAsked: as :func:`can_go_on`.
        BalancerError: no load balancer answered.
    """
    await grip.watch.read_some()
    can_go_on(grip, plan, site)
