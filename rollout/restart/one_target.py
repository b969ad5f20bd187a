"""The ladder of one target: out of rotation, restarted, proven, and back.

The order is the one that failed no request under load with sticky clients on HAProxy 2.6, 2.8
and 3.4: drain, maint, restart, then drain again as probation, because leaving maint for ``ready``
counts as up before the first check, while a server in drain is checked and nothing is
balanced to it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from rollout.events import (
    Noted,
    OthersRestarted,
    TargetClaimed,
    TargetDone,
    TargetDraining,
    TargetNotTaken,
    TargetReturned,
    TargetSkipped,
    TargetTakenUp,
)
from rollout.model.errors import (
    GOES_TOGETHER,
    FloorLost,
    KeptItsProcess,
    Meddled,
    NotOfThisFleet,
    NotRestarted,
    RestartedTogether,
    RolloutError,
    cure_of,
    said_of,
)
from rollout.model.fleet import AdminState, Birth, Target, Verdict
from rollout.model.ownership import Holding
from rollout.model.plan import Plan
from rollout.ports.site import Site, Tell
from rollout.restart.baseline import Baseline, baseline, held_until_free, wreckage
from rollout.restart.cleanup import left_out, seen_through
from rollout.restart.control import Grip
from rollout.restart.current_link import restore, switch
from rollout.restart.drain import (
    can_go_on,
    see_that_nobody_comes,
    still_spared,
    until_drained,
    until_empty,
)
from rollout.restart.reenable import give_back, return_on, smoke, stable, until_checked
from rollout.restart.restart import ask_to_restart, batches, hold_for, until_proven
from rollout.restart.verify import Proof, WayBack
from rollout.wait import now


async def restart_one(target: Target, plan: Plan, site: Site, tell: Tell) -> bool:
    """Walk one target down the ladder and up again.

    It comes back into rotation only on evidence: it was never asked to restart, or each of
    its instances was seen running as a new process and answering, and HAProxy's own checks call
    it up.  Without that evidence it stays in maint and is named.

    Returns:
        Whether it was restarted; otherwise somebody else holds it out, and it was not touched.

    Raises:
        RestartedTogether: it was; monit restarted others of its host too, and visitors met them.
        RolloutError: it was not restarted, or not proven; where it stands has been told.
    """
    if site.record.holding(target.name) is not None:  # out because of us already
        see_that_it_went_alone(target, await bring_back(target, now(), plan, site, tell))
        return True
    grip = Grip(target, site, tell, poll=plan.patience.poll)
    grip.spared.at = now()
    if not await taken(grip, plan, site, tell):
        return False
    began = now()
    async with out_of_rotation(grip, plan, site, tell) as way_back:
        await until_drained(grip, plan, site, tell)
        await until_empty(grip, plan, site, tell)
        async with on_its_release(target, plan, way_back, site, tell):
            before = await baseline(grip, plan, site, tell)
            await grip.look()  # the last before the point of no return
            see_that_nobody_comes(grip)
            others = await restarted_and_back(before, began, grip, plan, way_back, site, tell)
    see_that_it_went_alone(target, others)
    return True


def see_that_it_went_alone(target: Target, others: Sequence[str]) -> None:
    """See that monit restarted nothing beside the target.

    Raises:
        RestartedTogether: it did.
    """
    if others:
        raise RestartedTogether(target.host, [one.name for one in target.instances], others)


async def bring_back(
    target: Target, began: float, plan: Plan, site: Site, tell: Tell
) -> tuple[str, ...]:
    """Restart once more a target that stands in maint because of us, and bring it back on proof.

    It is out since ``began``.  Its instances may be in any state: crash-looping, given up by monit,
    still in their stop.  A server that a reload made ready is out as well until it serves.

    Returns:
        As :func:`restarted_and_back`.

    Raises:
        RolloutError: it was not proven, and stays in maint; that has been told.
    """
    grip = Grip(target, site, tell, poll=plan.patience.poll)
    holding = site.record.holding(target.name)
    if holding is None:
        raise AssertionError(f"{target} is not ours to bring back")
    site.supervisor.remember(target.host, holding.asked)
    try:
        await taken_up(grip, holding, plan)
        grip.take_again([seat for seat in grip.lost if holding.is_unproven(grip.watch.find(seat))])
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
            before = await wreckage(target, plan, site, tell)
            new = await up_by_itself(holding, before.births, plan, site)
            plan = replace(plan, renewed={**plan.renewed, target.name: new})
            return await restarted_and_back(before, began, grip, plan, way_back, site, tell)


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
    before: Baseline,
    began: float,
    grip: Grip,
    plan: Plan,
    way_back: WayBack,
    site: Site,
    tell: Tell,
) -> tuple[str, ...]:
    """Restart what stands in maint, prove it, and let visitors in.

    ``before`` are the instances of its host as they were; it went out of rotation at ``began``.

    Returns:
        The instances beside it that monit restarted too, though nothing asked it to.

    Raises:
        KeptItsProcess: monit kept its processes; it is to be given back as it was.
        RolloutError: it was not restarted, or not proven.
    """
    target, release = grip.target, plan.onto.get(grip.target.host)
    name = release.name if release else ""
    grip.newcomers.forget()
    fit = not way_back.asked
    renewed = plan.renewed.get(target.name, ())
    old = {one: birth for one, birth in before.births.items() if one not in renewed}
    proof = Proof(target, old, site, tell, times=plan.probe_times, release=release)
    proof.expect([one for one in target.instances if one.name in renewed])
    try:
        if len(proof.names) == len(target.instances):
            await until_proven(proof, grip, plan)
        await every_batch(proof, before, name, grip, plan, way_back, site, tell)
    except NotRestarted as never:
        if fit and not release and never.at_once and set(never.names) == proof.names:
            await as_it_is(never, before, grip, plan, way_back, site, tell)
        raise

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
    own = {one.name for one in target.instances}
    others = tuple(one for one in proof.restarted_too(before.host) if one not in own)
    if others:
        tell(OthersRestarted(target=target.name, instances=others, cure=GOES_TOGETHER))
    return others


async def every_batch(
    proof: Proof,
    before: Baseline,
    release: str,
    grip: Grip,
    plan: Plan,
    way_back: WayBack,
    site: Site,
    tell: Tell,
) -> None:
    """Ask batch by batch for the restart, and see every instance proven.

    An instance that monit restarted with an earlier batch (`depends on`) is proven as well, and is
    not asked again.

    Raises:
        RolloutError: one was not restarted, or not proven.
    """
    target = grip.target
    for batch in batches(target.instances, plan.instances_at_a_time):
        left = [one for one in batch if one.name not in proof.names]
        if not left:
            continue
        await ask_to_restart(left, before.births, release, target, way_back, site, tell)
        proof.expect(left)
        await hold_for(plan.patience.startup_delay, grip, plan)
        await until_proven(proof, grip, plan)
        too = proof.started_too(before.host)
        if others := [o for o in target.instances if o.name in too and o.name not in proof.names]:
            births = {one.name: before.births[one.name] for one in others}
            await site.record.asked(target.name, births, release)  # another run must prove them too
            site.supervisor.remember(target.host, births)
            names = ", ".join(births)
            tell(Noted(where=target.name, what=f"monit restarted {names} as well: not asked again"))
            proof.expect(others)
            await until_proven(proof, grip, plan)


async def as_it_is(
    never: NotRestarted,
    before: Baseline,
    grip: Grip,
    plan: Plan,
    way_back: WayBack,
    site: Site,
    tell: Tell,
) -> None:
    """Prove a target whose processes monit kept, so that it can be given back as it was found.

    Raises:
        KeptItsProcess: every process is the one from before, and answers.
        NotRestarted: that could not be seen.
    """
    target = grip.target
    proof = Proof(target, {}, site, tell, times=plan.probe_times, anew=False)
    proof.expect(target.instances)
    try:
        await until_proven(proof, grip, plan)
        await until_checked(grip, plan, tell)
        await grip.announce(AdminState.READY)
        await return_on(proof, grip, plan)
    except RolloutError as error:
        raise never from error
    if {one.name: birth for one, birth in proof.proven.items()} != before.births:
        raise never
    way_back.not_asked()
    raise KeptItsProcess(never.names, target.host) from never


async def taken(grip: Grip, plan: Plan, site: Site, tell: Tell) -> bool:
    """Look at the target and write it down as ours, or say why it is not ours to take.

    Raises:
        FloorLost: the floor must be counted again, or it cannot be spared with lines that appeared
            since room was found for it; it was not taken.
        RolloutError: it could not be looked at or written down; nothing was touched.
    """
    name, planned = grip.target.name, set(grip.target.seats)
    try:
        if held := await grip.find() or await held_until_free(grip, plan, site, tell):
            tell(TargetSkipped(target=name, because=held))
            return False
        if set(grip.target.seats) - planned:  # room was found for fewer
            can_go_on(grip, plan, site)
        release = plan.onto.get(grip.target.host)
        await site.record.own(
            grip.target,
            grip.owned,
            release=release.name if release else "",
            relinked=plan.relink and release is not None,
        )
    except FloorLost as lost:
        lost.taken = False
        raise
    except RolloutError as error:
        tell(TargetNotTaken(target=name, because=said_of(name, error), cure=cure_of(error)))
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
        grip.spared.look = partial(still_spared, grip, plan, site)
        await grip.order(AdminState.DRAIN)
        grip.spared.look = None
        tell(TargetDraining(target=grip.target.name))
        yield way_back
