"""The processes of a target right before a restart, read once nothing else is to be done there.

A supervisor works on what was asked of it before, and on what has died by itself.  Until it is done
a restart would only wait, and a process that comes up by itself could pass for a new one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from rollout.events import Noted
from rollout.model.conditions import summarize
from rollout.model.errors import (
    FloorBroken,
    RemoteError,
    RolloutError,
    StopAsked,
    SupervisorBusy,
    SupervisorError,
    TimedOut,
    Unmonitored,
)
from rollout.model.fleet import Condition, InstanceState, ProcessIdentity, Target
from rollout.ports.context import RunContext
from rollout.ports.site import Site
from rollout.restart.control import TargetControl
from rollout.restart.drain import wait_until_empty
from rollout.wait import WaitReporter, now, until

T = TypeVar("T")

ANSWERS_WITHIN = 15.0
"""Seconds for a supervisor that does not answer to be back, before the wait for it ends."""

NO_WAIT = 1.0
"""Seconds within which nothing that was seen before the wait has grown old."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The instances of a host right before a restart.

    Attributes:
        processes: The process of each instance of the target.
        host: Every instance of the host, also those that are not asked to restart.
    """

    processes: Mapping[str, ProcessIdentity | None]
    host: Mapping[str, InstanceState] = field(default_factory=dict[str, InstanceState])


async def wait_until_supervisor_is_idle(control: TargetControl) -> str:
    """Wait until the supervisor is done with its own work, before the target is taken out for ours.

    An operator who stops it for a work of their own has most often taken the server out as well.

    Returns:
        How the target was held out from outside by now, or nothing when it is ours to take.

    Raises:
        FloorBroken: that took so long that the floor must be counted again.
        RolloutError: it is not free, or cannot be asked; nothing was touched.
    """
    if control.plan.accept_sick:  # what crashes again and again is never at rest
        return ""
    began = now()
    try:
        read = partial(_at_rest, control.target, control.site)
        await read_when_idle(control.context, read, control.target)
    except (SupervisorError, RemoteError):
        with suppress(RolloutError):
            if held := await control.read_initial_state():
                return held
        raise
    if (seconds := now() - began) > NO_WAIT:
        name = control.site.supervisor.profile.name
        what = f"{name} was waited for {seconds:.0f}s, so the floor is counted again"
        control.tell(Noted(where=control.target.name, what=what))
        raise FloorBroken(what)
    return ""


async def read_processes_before(control: TargetControl) -> Baseline:
    """Read the processes of a target that stands in maint and is as fit as it was found.

    HAProxy may have been reloaded while the supervisor was busy: it is seen to be empty once more.

    Raises:
        Unmonitored: it would not be restarted, only watched from then on.
        RolloutError: as :func:`read_when_idle` and :func:`wait_until_empty`.
    """
    read = partial(
        read_processes, control.target, control.site, accept_sick=control.plan.accept_sick
    )
    began = now()
    before = await read_when_idle(control.context, read, control.target)
    if now() - began <= NO_WAIT:
        return before
    await wait_until_empty(control)
    return await read()


async def read_remaining_processes(context: RunContext, target: Target) -> Baseline:
    """Read what processes are left of a target that is out because it did not come up.

    Its instances may be started again and again, or have been given up.  A restart starts one that
    was given up and is down (:class:`~rollout.ports.site.Supervisor`), so nothing is refused here.

    Raises:
        SupervisorBusy: the supervisor does not come to an end of it within ``busy_timeout``.
    """
    return await read_when_idle(context, partial(_remains, target, context.site), target, fit=False)


async def read_when_idle(
    context: RunContext,
    read: Callable[[], Awaitable[T]],
    target: Target,
    *,
    fit: bool = True,
) -> T:
    """Ask until ``read`` finds the supervisor with nothing left to do, and return what it read.

    One that is not ``fit`` is out and cannot go back: neither a stop nor a supervisor that is
    away for long ends the wait before its time.

    Raises:
        SupervisorBusy: it was not done within ``busy_timeout``.
        SupervisorError, RemoteError: it did not answer.
        StopAsked: the operator wants us to stop.
    """
    found: list[T] = []
    away: list[SupervisorError | RemoteError] = []
    silent_since: float | None = None
    timeout = context.plan.timeouts.busy_timeout

    async def question() -> Condition:
        nonlocal silent_since
        if fit and context.site.stop_asked():
            raise StopAsked
        try:
            found.append(await read())
        except SupervisorBusy as busy:
            silent_since = None
            return Condition(met=False, reason=busy.last)
        except (SupervisorError, RemoteError) as error:
            silent_since = now() if silent_since is None else silent_since
            if not fit or now() - silent_since < ANSWERS_WITHIN:
                raise
            away.append(error)
        return Condition(met=True, reason="")

    try:
        reporter = WaitReporter(target.name, "free to be restarted", context.tell)
        await until(reporter, question, timeout=timeout, every=context.plan.timeouts.poll_host)
    except TimedOut as late:
        profile = context.site.supervisor.profile
        raise SupervisorBusy(target.host, late.last, profile, timeout) from late
    for error in away:
        raise error
    return found[-1]


async def read_processes(target: Target, site: Site, *, accept_sick: bool = False) -> Baseline:
    """Read the process of every instance, just before it is asked to restart.

    With ``accept_sick`` one that the supervisor has given up may have none: a restart starts it.

    Raises:
        Unmonitored: it would not be restarted, only watched from then on.
        SupervisorBusy: something else is to be done with it, or its process is not known
            yet: that one could pass for a new one later.
        SupervisorError: an instance is not there.
    """
    states = {state.name: state for state in await site.supervisor.look(target.host)}
    missing = [one.name for one in target.instances if one.name not in states]
    if missing:
        name = site.supervisor.profile.name
        raise SupervisorError(target.host, f"{name} does not list {', '.join(missing)} any more")
    ours = [states[one.name] for one in target.instances]
    unwatched = [s for s in ours if not s.monitored]
    if names := [s.name for s in unwatched if s.process is not None or not accept_sick]:
        raise Unmonitored(names, site.supervisor.profile)
    check_idle(target, ours, site)
    return Baseline({state.name: state.process for state in ours}, states)


async def _at_rest(target: Target, site: Site) -> None:
    names = {one.name for one in target.instances}
    states = await site.supervisor.look(target.host)
    check_idle(target, [state for state in states if state.name in names], site)


async def _remains(target: Target, site: Site) -> Baseline:
    states = {s.name: s for s in await site.supervisor.look(target.host)}
    ours = [states[one.name] for one in target.instances if one.name in states]
    check_idle(target, [state for state in ours if state.pending], site)
    return Baseline({state.name: state.process for state in ours}, states)


def check_idle(target: Target, instances: Sequence[InstanceState], site: Site) -> None:
    """See that the supervisor has nothing to do with ``instances``.

    Raises:
        SupervisorBusy: it has.
    """
    pending = [f"{s.name} ({s.pending} pending)" for s in instances if s.pending]
    pending += [f"{s.name} ({s.detail.lower()})" for s in instances if s.settling and not s.pending]
    if pending:
        profile = site.supervisor.profile
        busy = f"{profile.name} is busy with {summarize(pending)}"
        raise SupervisorBusy(target.host, busy, profile)
