"""Out of rotation: no new session, then no session at all.

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
from rollout.model.conditions import (
    Removal,
    Traffic,
    costing,
    drained,
    floor_holds,
    receives_traffic,
)
from rollout.model.errors import (
    FloorBroken,
    SessionsStillOpen,
    StopAsked,
    TimedOut,
    VisitorsInMaint,
)
from rollout.model.fleet import AdminState, Condition
from rollout.model.plan import OnBusy
from rollout.restart.control import TargetControl
from rollout.wait import now

STICKY = "sticky clients keep coming"
PERSISTENT = "clients keep coming (option persist, force-persist)"
ONE_LOOK = "nothing open, and there was no time for a second look"
HIDDEN = "HAProxy was reloaded; its old process may still serve"
MARKED = "`on-marked-down shutdown-sessions` of a server line cuts them off there"
CUT_WITHIN = 5.0
"""Seconds for HAProxy to close what was shut down; measured: at once."""


async def wait_until_drained(control: TargetControl) -> None:
    """Wait until nothing is open, politely: sticky clients may keep coming for ever."""
    name = control.target.name
    try:
        await wait_until_quiet(control, "drained", STICKY, control.plan.timeouts.drain_timeout)
    except TimedOut as late:
        rows = control.observer.rows(control.observer.answered).values()
        control.lingering = 0 if STICKY in late.last else Traffic.of(rows).sessions
        control.tell(TargetNotDrained(target=name, reason=late.last or ONE_LOOK))
    else:
        control.tell(TargetDrained(target=name))


async def wait_until_empty(control: TargetControl) -> None:
    """Let no new session begin at all, and wait until what is in flight has ended.

    One that was asked to restart cannot go back, so nothing that others need makes it.

    Raises:
        SessionsStillOpen: it did not end in time, and the policy is not to cut visitors off.
        VisitorsInMaint: HAProxy goes on sending visitors to one that may go back.
    """
    name = control.target.name
    await control.set_state(AdminState.MAINT)
    control.tell(TargetInMaint(target=name))
    if (
        control.lingering
        and not Traffic.of(control.observer.rows(control.observer.answered).values()).sessions
    ):
        many = "1 session" if control.lingering == 1 else f"{control.lingering} sessions"
        what = f"{many}, open through all of the drain, ended the moment it was in maint: {MARKED}"
        control.tell(Noted(where=name, what=what))
    timeout = control.plan.timeouts.maint_timeout
    try:
        await wait_until_quiet(control, "empty", PERSISTENT, timeout)
    except TimedOut:
        states = await control.read_all()
        left = Traffic.of(states.values())
        if control.plan.on_busy is OnBusy.STOP:
            raise SessionsStillOpen(left.sessions + left.queued, timeout) from None
        await control.site.record.still_ours()
        for balancer in control.target.balancers:
            servers = [server for server in control.servers if server.balancer == balancer]
            await control.site.balancers[balancer].cut(servers)
        control.tell(SessionsCut(target=name, sessions=left.sessions))
        await wait_until_quiet(control, "empty", PERSISTENT, CUT_WITHIN)
    control.tell(TargetEmpty(target=name))


async def wait_until_quiet(
    control: TargetControl,
    awaited: str,
    maint_visits: str,
    timeout: float,
) -> None:
    """Wait for two looks in a row with nothing open.

    A target that was not asked to restart yet may have to go back meanwhile.
    A reload hides what the old process still serves: from then on it takes ``drain_timeout`` at
    the least, and as long at the most if time was up otherwise.

    Raises:
        TimedOut: something was still open.
        FloorBroken: a peer went away, so that we cannot spare this target any more.
        StopAsked: the operator wants us to stop.
        VisitorsInMaint: HAProxy goes on sending visitors to one in maint.
    """
    before: Traffic | None = None
    reload = control.observer.reloaded_at

    async def question() -> Condition:
        nonlocal before, reload
        states = await control.read_all()
        if control.permission.fit:
            check_still_allowed(control)
            check_no_visitors(control)
        if control.observer.reloaded_at > reload:
            before, reload = None, control.observer.reloaded_at
        traffic = Traffic.of(states.values())
        condition = drained(before, traffic, maint_visits=maint_visits)
        before = traffic
        if condition.met and hidden() > 0:
            return Condition(met=False, reason=HIDDEN)
        return condition

    def hidden() -> float:
        return control.observer.reloaded_at + control.plan.timeouts.drain_timeout - now()

    while True:
        try:
            await control.wait_until(awaited, question, timeout=timeout)
        except TimedOut:
            if hidden() <= 0:
                raise
            timeout = hidden()
        else:
            return


def check_no_visitors(control: TargetControl) -> None:
    """See that HAProxy sends no visitor to what is in maint.

    Raises:
        VisitorsInMaint: it does.
    """
    if control.maint_visitors.total:
        raise VisitorsInMaint(
            control.maint_visitors.total, [*map(str, control.maint_visitors.count)]
        )


def check_still_allowed(control: TargetControl) -> None:
    """See that nothing has come up that a target not yet restarted should go back for.

    Raises:
        FloorBroken: without it fewer servers serve than the floor, because a peer went away.
        StopAsked: the operator wants us to stop.
    """
    if control.site.stop_asked():
        raise StopAsked
    plan = control.plan
    backends = costing(control.found.values(), accept_sick=plan.accept_sick)
    removal = Removal(frozenset(control.target.servers), backends)
    for reading in control.observer.readings.values():
        condition = floor_holds(plan.floor, reading, removal, counts=receives_traffic)
        if not condition.met:
            raise FloorBroken(condition.reason, control.target.servers)


async def check_floor_still_holds(control: TargetControl) -> None:
    """See that the floor still holds without the target: the call before may have hung for long.

    Raises:
        FloorBroken, StopAsked: as :func:`check_still_allowed`.
        BalancerError: no load balancer answered.
    """
    await control.observer.read_some()
    check_still_allowed(control)
