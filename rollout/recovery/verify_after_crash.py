"""What proves a target that a dead run had asked to restart, or may have."""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.events import Noted
from rollout.model.errors import NotRestarted, ReleaseError, WrongRelease
from rollout.model.fleet import ProcessIdentity
from rollout.model.ownership import OwnedTarget
from rollout.model.plan import Plan
from rollout.model.releases import Release
from rollout.ports.site import Site, Tell
from rollout.restart.control import TargetControl
from rollout.restart.current_link import restore
from rollout.restart.restart import wait_until_verified
from rollout.restart.verify import RestartVerifier


@dataclass(frozen=True, slots=True)
class VerificationAfterCrash:
    """How a target was proven.

    Attributes:
        proof: The processes that were proven.
        restarted: The restart of the dead run had gone through on all instances.
        release: The release that they run in; empty where that was not looked at.
        renewed: The instances that have another process than the one before the request.
    """

    proof: RestartVerifier
    restarted: bool
    release: str
    renewed: tuple[str, ...]


async def proof_of(
    holding: OwnedTarget, grip: TargetControl, plan: Plan, site: Site, tell: Tell
) -> VerificationAfterCrash:
    """See every instance run and answer in the release that `current` leads to.

    Each is a new process, or the old one if the request never arrived.  Where `current` went back
    to the release before, a process that monit or an operator has started since is as good as one
    that was asked for.

    Raises:
        RolloutError: there is no such proof.
    """
    target = holding.target
    site.supervisor.remember(target.host, holding.asked)
    current = await _current_of(holding, site)
    went_back = current != holding.release
    whole = all(one.name in holding.asked for one in target.instances)
    if holding.release and not went_back and not whole:
        what = f"only {', '.join(holding.asked)} of it had been asked to restart onto release "
        raise ReleaseError(target.host, f"{what}{holding.release}: it would serve two")
    release = Release(current, "") if current else None

    async def proven(
        before: Mapping[str, ProcessIdentity | None], release: Release | None
    ) -> RestartVerifier:
        times, anew = plan.probe_times, bool(before)
        proof = RestartVerifier(target, before, site, tell, times=times, release=release, anew=anew)
        proof.expect(target.instances)
        try:
            await wait_until_verified(proof, grip, plan, probation=not holding.returning)
        except WrongRelease as wrong:
            if went_back:
                raise _to_be_taken_back(holding, current, wrong) from wrong
            raise
        return proof

    try:
        proof = await proven(holding.asked, release)
    except NotRestarted as never:
        if holding.release and not went_back and set(never.names) != set(holding.asked):
            raise  # one host would serve two releases
        # Nothing pending and the old process for so long: our request did not get through.
        tell(Noted(where=target.name, what=f"{', '.join(never.names)}: the restart never arrived"))
        if holding.relinked:
            await relink(holding, site, tell)
        proof = await proven({}, release if went_back else None)
        whole = False
    renewed = _renewed(holding, proof)
    restarted = not went_back and (whole or (not holding.release and _all_of(renewed, proof)))
    seen_in = current if went_back or restarted else ""
    return VerificationAfterCrash(proof, restarted, seen_in, renewed)


def _renewed(holding: OwnedTarget, proof: RestartVerifier) -> tuple[str, ...]:
    """Name the instances whose process is not the one that they had when they were asked."""
    now = {one.name: birth for one, birth in proof.proven.items()}
    return tuple(name for name, before in holding.asked.items() if now.get(name) != before)


def _all_of(renewed: tuple[str, ...], proof: RestartVerifier) -> bool:
    return {one.name for one in proof.proven} == {*renewed}


def _to_be_taken_back(holding: OwnedTarget, current: str, wrong: WrongRelease) -> ReleaseError:
    host, where = holding.target.host, wrong.where.items()
    runs = ", ".join(f"{name} runs in {found or 'no release'}" for name, found in where)
    typed = f"`rollout rollback --to {current} --hosts {host} --include-left-out`"
    return ReleaseError(
        host, f"{runs}, and `current` leads to {current}: {typed} restarts it there"
    )


async def relink(holding: OwnedTarget, site: Site, tell: Tell) -> None:
    """Let ``current`` lead to what the processes of the host run in."""
    host, release = holding.target.host, Release(holding.release, "")
    if site.releases is None:
        raise ReleaseError(host, "`current` may lead to another release than its processes run in")
    if not await restore(host, release, site.releases, tell):
        raise ReleaseError(host, "`current` could not be restored")


async def _current_of(holding: OwnedTarget, site: Site) -> str:
    """Read what monit starts there; empty for a restart that was about no release.

    Raises:
        ReleaseError: ``current`` leads to no release.
    """
    if not holding.release or site.releases is None:
        return holding.release
    host = holding.target.host
    current = (await site.releases.look(host)).current
    if not current:
        raise ReleaseError(
            host,
            f"it was restarted onto release {holding.release}, and `current` leads to none: "
            f"`rollout rollback --include-left-out` takes it to one",
        )
    return current
