"""Back into rotation: checked by HAProxy, smoke-tested, made ready as found, seen to be stable."""

from functools import partial

from rollout.events import Noted, TargetOnProbation
from rollout.model.conditions import all_serving, carries, few, on_probation, shows
from rollout.model.errors import Meddled, SmokeFailed, TimedOut
from rollout.model.fleet import AdminState, Target, Verdict
from rollout.model.plan import Plan
from rollout.ports.site import Site, Tell
from rollout.restart.control import Grip
from rollout.restart.verify import Proof
from rollout.wait import now


async def until_checked(grip: Grip, plan: Plan, tell: Tell) -> None:
    """Wait until HAProxy's own checks call every seat up, with nothing balanced to it.

    A load balancer that has gone away is waited for and then left aside; giving the target back
    names it.

    Raises:
        TimedOut: they do not.
    """
    tell(TargetOnProbation(target=grip.target.name))
    end = now() + plan.patience.probation_timeout

    async def question() -> Verdict:
        seen = await grip.glance()
        states = {seat: row for seat, row in seen.items() if not grip.returned(seat)}
        late = [s for s in states if not shows(states[s], AdminState.DRAIN)]
        if late:  # on a load balancer that was away when its turn came
            await grip.order(AdminState.DRAIN, late)
        verdicts = [on_probation(state) for state in states.values()]
        waiting = [verdict.because for verdict in verdicts if not verdict.settled]
        if not waiting and now() < end:
            waiting = [str(error) for error in grip.watch.away.values()]
        return Verdict(settled=not waiting and not late, because=few(waiting))

    await grip.until("called up by HAProxy", question, within=plan.patience.probation_timeout)


async def same_processes(proof: Proof, grip: Grip, plan: Plan) -> None:
    """See that every proven instance is the process that was proven; a lost look is asked again.

    Raises:
        CrashLoop: one is not.
    """

    async def question() -> Verdict:
        await proof.still()
        return Verdict(settled=True, because="")

    await grip.until(
        "looked at again",
        question,
        within=plan.patience.probation_timeout,
        every=plan.patience.poll_host,
    )


async def last_look(proof: Proof, grip: Grip, plan: Plan) -> None:
    """See once more, at one time, what lets the target return.

    The processes are those that were proven, and HAProxy's checks call every drained server up.

    Raises:
        CrashLoop: a process is another one.
        TimedOut: HAProxy does not call a server up any more.
    """

    async def question() -> Verdict:
        began = now()
        await proof.still()
        seen = await grip.watch.read_some()
        rows = [seen[seat] for seat in grip.seats if seat in seen]
        verdicts = [on_probation(row) for row in rows if shows(row, AdminState.DRAIN)]
        waiting = [verdict.because for verdict in verdicts if not verdict.settled]
        grip.proven.at = began
        return Verdict(settled=not waiting, because=few(waiting))

    await grip.until(
        "looked at again",
        question,
        within=plan.patience.probation_timeout,
        every=plan.patience.poll_host,
    )


async def return_on(proof: Proof, grip: Grip, plan: Plan) -> None:
    """Look once more, and let no order make the target ready on what was seen too long ago.

    Raises:
        CrashLoop, TimedOut: as :func:`last_look`.
    """
    grip.proven.look = partial(last_look, proof, grip, plan)
    await grip.proven.look()


async def smoke(target: Target, site: Site) -> None:
    """Ask the operator's own check, if there is one."""
    if site.smoke is None:
        return
    answer = await site.smoke.check(target.name, target.host)
    if not answer.fine:
        raise SmokeFailed(f"smoke test: {answer.said}")


async def give_back(grip: Grip, plan: Plan) -> None:
    """Make the target ready, as it was found, and see HAProxy call it up and serving.

    Raises:
        TimedOut: HAProxy does not call up a seat that it called up before.
        BalancerError: a load balancer could not be told or asked; the others were.
    """
    await grip.let_go()
    expected = [s for s in grip.seats if grip.found[s].status in {"UP", "no check"}]

    async def question() -> Verdict:
        states = await grip.look()
        return all_serving(states[seat] for seat in expected if seat in states)

    await grip.until("serving", question, within=plan.patience.probation_timeout)


async def stable(proof: Proof, grip: Grip, plan: Plan, tell: Tell) -> None:
    """See the returned target serve, as the same processes, for a while.

    A server that an operator takes out again meanwhile was back, and is theirs now: it is named,
    and the others are watched on.  A check that was missed (``UP 1/2``) is waited for; HAProxy
    itself forgives it.

    Raises:
        TimedOut: HAProxy does not call it up any more.
        CrashLoop: a process is not the one that was proven.
    """
    began = now()
    end = began + plan.patience.stable

    async def question() -> Verdict:
        try:
            states = (await grip.look()).values()
        except Meddled as taken:
            tell(Noted(where=grip.target.name, what=str(taken)))
            return Verdict(settled=not grip.seats, because="")
        verdict = all_serving(states)
        down = [state for state in states if not carries(state)]
        if down:
            because = all_serving(down).because
            raise TimedOut("stable", round(now() - began, 1), because)
        return Verdict(
            settled=verdict.settled and now() >= end,
            because="" if verdict.settled else verdict.because,
        )

    await grip.until(
        "stable",
        question,
        within=plan.patience.stable + plan.patience.probation_timeout,
        every=plan.patience.poll_host,
    )
    await same_processes(proof, grip, plan)
