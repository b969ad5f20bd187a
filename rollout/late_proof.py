"""What proves a target that a dead run had asked to restart, or may have."""

from collections.abc import Mapping

from rollout.errors import NotRestarted, ReleaseError
from rollout.events import Noted
from rollout.fleet import Birth
from rollout.grip import Grip
from rollout.holdings import Holding
from rollout.plan import Plan
from rollout.ports import Site, Tell
from rollout.proof import Proof
from rollout.releases import Release
from rollout.restarting import until_proven
from rollout.switching import restore


async def proof_of(
    holding: Holding, grip: Grip, plan: Plan, site: Site, tell: Tell
) -> tuple[Proof, bool]:
    """See every instance run and answer, as a new process or, if monit was never asked, the old.

    Returns:
        The proof, and whether the restart had gone through on all of them.

    Raises:
        RolloutError: there is no such proof.
    """
    target = holding.target
    site.supervisor.remember(target.host, holding.asked)
    await _on_one_release(holding, site)
    whole = all(one.name in holding.asked for one in target.instances)
    release = Release(holding.release, "") if holding.release else None
    if release is not None and not whole:
        what = f"only {', '.join(holding.asked)} of it had been asked to restart onto release "
        raise ReleaseError(target.host, f"{what}{release.name}: it would serve two")

    async def proven(before: Mapping[str, Birth | None], release: Release | None) -> Proof:
        times, anew = plan.probe_times, bool(before)
        proof = Proof(target, before, site, tell, times=times, release=release, anew=anew)
        proof.expect(target.instances)
        await until_proven(proof, grip, plan, probation=not holding.returning)
        return proof

    try:
        return await proven(holding.asked, release), whole
    except NotRestarted as never:
        if holding.release and set(never.names) != set(holding.asked):
            raise  # one host would serve two releases
        # Nothing pending and the old process for so long: our request did not get through.
        tell(Noted(where=target.name, what=f"{', '.join(never.names)}: the restart never arrived"))
        if holding.relinked:
            await relink(holding, site, tell)
        return await proven({}, None), False


async def relink(holding: Holding, site: Site, tell: Tell) -> None:
    """Let ``current`` lead to what the processes of the host run in."""
    host, release = holding.target.host, Release(holding.release, "")
    if site.releases is None:
        raise ReleaseError(host, "`current` may lead to another release than its processes run in")
    if not await restore(host, release, site.releases, tell):
        raise ReleaseError(host, "`current` could not be restored")


async def _on_one_release(holding: Holding, site: Site) -> None:
    """See that what it was restarted onto is what monit would start anew.

    Raises:
        ReleaseError: ``current`` leads to another release: a way back was begun and not ended.
    """
    if not holding.release or site.releases is None:
        return
    host = holding.target.host
    current = (await site.releases.look(host)).current
    if current != holding.release:
        raise ReleaseError(
            host,
            f"it was restarted onto release {holding.release}, and `current` leads to "
            f"{current or 'none'}: `rollout rollback --take-up` takes every host there",
        )
