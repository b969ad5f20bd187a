"""The ladder of one target: out of rotation, restarted, proven, and back.

The order is the one that failed no request under load with sticky clients on HAProxy 2.6, 2.8
and 3.4: drain, maint, restart, then drain again as probation, because leaving maint for ``ready``
counts as up before the first check, while a server in drain is checked and nothing is
balanced to it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from rollout.emptying import until_drained, until_empty
from rollout.errors import Meddled, NotOfThisFleet, RolloutError, said_of
from rollout.events import (
    TargetClaimed,
    TargetDone,
    TargetDraining,
    TargetNotTaken,
    TargetReturned,
    TargetSkipped,
    TargetTakenUp,
)
from rollout.fleet import AdminState, Birth, Target, Verdict
from rollout.grip import Grip
from rollout.holdings import Holding
from rollout.plan import Plan
from rollout.ports import Site, Tell
from rollout.proof import Proof, WayBack
from rollout.restarting import (
    ask_to_restart,
    baseline,
    batches,
    hold_for,
    until_proven,
    wreckage,
)
from rollout.returning import give_back, return_on, smoke, stable, until_checked
from rollout.safe_ends import left_out, seen_through
from rollout.switching import restore, switch
from rollout.waiting import now


async def restart_one(target: Target, plan: Plan, site: Site, tell: Tell) -> bool:
    """Walk one target down the ladder and up again.

    It comes back into rotation only on evidence: it was never asked to restart, or each of
    its instances was seen running as a new process and answering, and HAProxy's own checks call
    it up.  Without that evidence it stays in maint and is named.

    Returns:
        Whether it was restarted; otherwise somebody else holds it out, and it was not touched.

    Raises:
        RolloutError: it was not restarted, or not proven; where it stands has been told.
    """
    if site.record.holding(target.name) is not None:  # out because of us already
        await bring_back(target, now(), plan, site, tell)
        return True
    grip = Grip(target, site, tell, poll=plan.patience.poll)
    if not await taken(grip, plan, site, tell):
        return False
    began = now()
    async with out_of_rotation(grip, plan, site, tell) as way_back:
        await until_drained(grip, plan, site, tell)
        await until_empty(grip, plan, site, tell)
        async with on_its_release(target, plan, way_back, site, tell):
            before = await baseline(target, site)
            await restarted_and_back(before, began, grip, plan, way_back, site, tell)
    return True


async def bring_back(target: Target, began: float, plan: Plan, site: Site, tell: Tell) -> None:
    """Restart once more a target that stands in maint because of us, and bring it back on proof.

    It is out since ``began``.  Its instances may be in any state: crash-looping, given up by monit,
    still in their stop.

    Raises:
        RolloutError: it was not proven, and stays in maint; that has been told.
    """
    grip = Grip(target, site, tell, poll=plan.patience.poll)
    holding = site.record.holding(target.name)
    if holding is None:
        raise AssertionError(f"{target} is not ours to bring back")
    try:
        await taken_up(grip, holding, plan)
        for seat, theirs in grip.lost.items():
            raise Meddled(str(seat), AdminState.MAINT, theirs)
    except RolloutError as error:
        tell(left_out(said_of(target.name, error), "unknown", grip, plan, asked=True))
        raise
    tell(TargetTakenUp(target=target.name, seats=tuple(map(str, target.seats)), asked=True))
    async with seen_through(grip, plan, site, tell) as way_back:
        way_back.needs_proof()
        await until_empty(grip, plan, site, tell, fit=False)  # sticky clients had come to it again
        async with on_its_release(target, plan, way_back, site, tell):
            before = await wreckage(grip, plan, site)
            new = await up_by_itself(holding, before, plan, site)
            plan = replace(plan, renewed={**plan.renewed, target.name: new})
            await restarted_and_back(before, began, grip, plan, way_back, site, tell)


async def up_by_itself(
    holding: Holding, births: Mapping[str, Birth | None], plan: Plan, site: Site
) -> tuple[str, ...]:
    """Name the instances that monit's own attempt has brought up on the release they are to run.

    Each has another process than when it was asked to restart, and answers: that is a proof as good
    as a restart of ours, which would cost it one more.
    """
    target, release = holding.target, plan.onto.get(holding.target.host)
    if release is None or site.releases is None or site.prober is None:
        return ()
    new = {
        birth.pid: one
        for one in target.instances
        if (birth := births.get(one.name)) is not None
        and one.name in holding.asked
        and birth != holding.asked[one.name]
    }
    try:
        where = await site.releases.whereabouts(target.host, tuple(new)) if new else {}
        there = [one for pid, one in new.items() if where.get(pid) == release.name]
        answers = await asyncio.gather(*(site.prober.answers(target.host, one) for one in there))
    except RolloutError:
        return ()  # a restart of ours will tell
    return tuple(one.name for one, said in zip(there, answers, strict=True) if said.fine)


async def taken_up(grip: Grip, holding: Holding, plan: Plan) -> None:
    """Take again in hand what is out because of us; a load balancer that is away is waited for.

    Raises:
        NotOfThisFleet: the record names what the settings do not know.
        RolloutError: it could not be read in time.
    """
    if plan.known is not None and (why := plan.known.objection(holding.target)):
        raise NotOfThisFleet(why)

    async def question() -> Verdict:
        await grip.take_up(holding)
        return Verdict(settled=True, because="")

    await grip.until("taken up again", question, within=plan.patience.probation_timeout)


async def restarted_and_back(
    before: Mapping[str, Birth | None],
    began: float,
    grip: Grip,
    plan: Plan,
    way_back: WayBack,
    site: Site,
    tell: Tell,
) -> None:
    """Restart what stands in maint, prove it, and let visitors in.

    ``before`` are the processes that it had, ``began`` is when it went out of rotation.

    Raises:
        RolloutError: it was not restarted, or not proven.
    """
    target, release = grip.target, plan.onto.get(grip.target.host)
    renewed = plan.renewed.get(target.name, ())
    old = {name: birth for name, birth in before.items() if name not in renewed}
    proof = Proof(target, old, site, tell, times=plan.probe_times, release=release)
    proof.expect([one for one in target.instances if one.name in renewed])
    name = release.name if release else ""
    due = [one for one in target.instances if one.name not in renewed]
    if not due:
        await until_proven(proof, grip, plan)
    for batch in batches(due, plan.instances_at_a_time):
        await ask_to_restart(batch, before, name, target, way_back, site, tell)
        proof.expect(batch)
        await hold_for(plan.patience.startup_delay, grip, plan)
        await until_proven(proof, grip, plan)

    await until_checked(grip, plan, tell)
    await smoke(target, site)
    await grip.announce(AdminState.READY)  # before the last look, which must not grow old
    await return_on(proof, grip, plan)
    way_back.proven()
    await give_back(grip, plan)
    tell(TargetReturned(target=target.name))

    seconds = round(now() - began, 1)
    await stable(proof, grip, plan, tell)
    # not before: until here it may be taken out again
    await site.record.released(target.name, restarted=True)
    tell(TargetDone(target=target.name, seconds=seconds, release=name))


async def taken(grip: Grip, plan: Plan, site: Site, tell: Tell) -> bool:
    """Look at the target and write it down as ours, or say why it is not ours to take.

    Raises:
        RolloutError: it could not be looked at or written down; nothing was touched.
    """
    name = grip.target.name
    try:
        if held := await grip.find():
            tell(TargetSkipped(target=name, because=held))
            return False
        release = plan.onto.get(grip.target.host)
        await site.record.own(
            grip.target,
            grip.owned,
            release=release.name if release else "",
            relinked=plan.relink and release is not None,
        )
    except RolloutError as error:
        tell(TargetNotTaken(target=name, because=said_of(name, error)))
        raise
    return True


@asynccontextmanager
async def on_its_release(
    target: Target, plan: Plan, way_back: WayBack, site: Site, tell: Tell
) -> AsyncIterator[None]:
    """Move ``current`` of the host, if hosts switch one by one, while nobody visits it.

    Until a restart was asked for, a failure moves it back: a process that monit starts anew must
    be what the other processes of the host are.
    """
    release, releases = plan.onto.get(target.host), site.releases
    if not plan.relink or release is None or releases is None:
        yield
        return
    try:
        await switch(target.host, release, releases, tell)
        yield
    except Exception:
        if not way_back.asked:
            await restore(target.host, release, releases, tell)
        raise


@asynccontextmanager
async def out_of_rotation(grip: Grip, plan: Plan, site: Site, tell: Tell) -> AsyncIterator[WayBack]:
    """Hold the target out of rotation for the length of the block; see :func:`seen_through`."""
    seats = tuple(str(seat) for seat in grip.target.seats)
    tell(TargetClaimed(target=grip.target.name, seats=seats))
    async with seen_through(grip, plan, site, tell) as way_back:
        await grip.order(AdminState.DRAIN)
        tell(TargetDraining(target=grip.target.name))
        yield way_back
