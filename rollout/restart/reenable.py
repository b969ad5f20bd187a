"""Back into rotation: checked by HAProxy, smoke-tested, made ready as found, seen to be stable."""

from functools import partial

from rollout.events import Noted, TargetOnProbation
from rollout.model.conditions import (
    all_serving,
    has_admin_state,
    on_probation,
    receives_traffic,
    summarize,
)
from rollout.model.errors import ChangedExternally, SmokeFailed, TimedOut
from rollout.model.fleet import AdminState, Condition
from rollout.restart.control import TargetControl
from rollout.restart.verify import RestartVerifier
from rollout.wait import now


async def wait_until_checked(control: TargetControl) -> None:
    """Wait until HAProxy's own checks call every server up, with nothing balanced to it.

    A load balancer that has gone away is waited for and then left aside; giving the target back
    names it.

    Raises:
        TimedOut: they do not.
    """
    control.tell(TargetOnProbation(target=control.target.name))
    end = now() + control.plan.timeouts.probation_timeout

    async def question() -> Condition:
        seen = await control.read_available()
        states = {server: row for server, row in seen.items() if not control.returned(server)}
        late = [s for s in states if not has_admin_state(states[s], AdminState.DRAIN)]
        if late:  # on a load balancer that was away when its turn came
            await control.set_state(AdminState.DRAIN, late)
        verdicts = [on_probation(state) for state in states.values()]
        waiting = [condition.reason for condition in verdicts if not condition.met]
        if not waiting and now() < end:
            waiting = [str(error) for error in control.observer.away.values()]
        return Condition(met=not waiting and not late, reason=summarize(waiting))

    await control.wait_until(
        "called up by HAProxy", question, timeout=control.plan.timeouts.probation_timeout
    )


async def same_processes(control: TargetControl, proof: RestartVerifier) -> None:
    """See that every proven instance is the process that was proven; a lost look is asked again.

    Raises:
        CrashLoop: one is not.
    """

    async def question() -> Condition:
        await proof.verify_unchanged()
        return Condition(met=True, reason="")

    await control.wait_until(
        "looked at again",
        question,
        timeout=control.plan.timeouts.probation_timeout,
        every=control.plan.timeouts.poll_host,
    )


async def verify_before_return(control: TargetControl, proof: RestartVerifier) -> None:
    """See once more, at one time, what lets the target return.

    The processes are those that were proven, and HAProxy's checks call every drained server up.

    Raises:
        CrashLoop: a process is another one.
        TimedOut: HAProxy does not call a server up any more.
    """

    async def question() -> Condition:
        began = now()
        await proof.verify_unchanged()
        seen = await control.observer.read_some()
        rows = [seen[server] for server in control.servers if server in seen]
        verdicts = [on_probation(row) for row in rows if has_admin_state(row, AdminState.DRAIN)]
        waiting = [condition.reason for condition in verdicts if not condition.met]
        control.proven.at = began
        return Condition(met=not waiting, reason=summarize(waiting))

    await control.wait_until(
        "looked at again",
        question,
        timeout=control.plan.timeouts.probation_timeout,
        every=control.plan.timeouts.poll_host,
    )


async def return_when_verified(control: TargetControl, proof: RestartVerifier) -> None:
    """Look once more, and let no order make the target ready on what was seen too long ago.

    Raises:
        CrashLoop, TimedOut: as :func:`verify_before_return`.
    """
    control.proven.look = partial(verify_before_return, control, proof)
    await control.proven.look()


async def run_smoke_check(control: TargetControl) -> None:
    """Ask the operator's own check, if there is one."""
    smoke, target = control.site.smoke, control.target
    if smoke is None:
        return
    answer = await smoke.check(target.name, target.host)
    if not answer.ok:
        raise SmokeFailed(f"smoke test: {answer.message}")


async def make_ready_and_verify(control: TargetControl) -> None:
    """Make the target ready, as it was found, and see HAProxy call it up and serving.

    Raises:
        TimedOut: HAProxy does not call up a server that it called up before.
        BalancerError: a load balancer could not be told or asked; the others were.
    """
    await control.set_ready_as_found()
    expected = [s for s in control.servers if control.found[s].status in {"UP", "no check"}]

    async def question() -> Condition:
        states = await control.read_all()
        return all_serving(states[server] for server in expected if server in states)

    await control.wait_until("serving", question, timeout=control.plan.timeouts.probation_timeout)


async def wait_until_stable(control: TargetControl, proof: RestartVerifier) -> None:
    """See the returned target serve, as the same processes, for a while.

    A server that an operator takes out again meanwhile was back, and is theirs now: it is named,
    and the others are watched on.  A check that was missed (``UP 1/2``) is waited for; HAProxy
    itself forgives it.

    Raises:
        TimedOut: HAProxy does not call it up any more.
        CrashLoop: a process is not the one that was proven.
    """
    began = now()
    end = began + control.plan.timeouts.stable

    async def question() -> Condition:
        try:
            states = (await control.read_all()).values()
        except ChangedExternally as taken:
            control.tell(Noted(where=control.target.name, what=str(taken)))
            return Condition(met=not control.servers, reason="")
        condition = all_serving(states)
        down = [state for state in states if not receives_traffic(state)]
        if down:
            reason = all_serving(down).reason
            raise TimedOut("stable", round(now() - began, 1), reason)
        return Condition(
            met=condition.met and now() >= end,
            reason="" if condition.met else condition.reason,
        )

    await control.wait_until(
        "stable",
        question,
        timeout=control.plan.timeouts.stable + control.plan.timeouts.probation_timeout,
        every=control.plan.timeouts.poll_host,
    )
    await same_processes(control, proof)
