"""What proves a target that a dead run had asked to restart, or may have."""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.events import Noted
from rollout.model.errors import NotRestarted, ReleaseError, WrongRelease
from rollout.model.fleet import ProcessIdentity
from rollout.model.ownership import OwnedTarget
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


async def proof_of(control: TargetControl, owned_target: OwnedTarget) -> VerificationAfterCrash:
    """See every instance run and answer in the release that `current` leads to.

    Each is a new process, or the old one if the request never arrived.  Where `current` went back
    to the release before, a process that has been started since, by whatever, is as good as
    one that was asked for.

    Raises:
        RolloutError: there is no such proof.
    """
    target = owned_target.target
    control.site.supervisor.remember(target.host, owned_target.asked)
    current = await _current_of(owned_target, control.site)
    went_back = current != owned_target.release
    whole = all(one.name in owned_target.asked for one in target.instances)
    if owned_target.release and not went_back and not whole:
        what = f"only {', '.join(owned_target.asked)} of it had been asked to restart onto release "
        raise ReleaseError(target.host, f"{what}{owned_target.release}: it would serve two")
    release = Release(current, "") if current else None

    async def proven(
        before: Mapping[str, ProcessIdentity | None], release: Release | None
    ) -> RestartVerifier:
        proof = RestartVerifier(control, before, release=release, anew=bool(before))
        proof.expect(target.instances)
        try:
            await wait_until_verified(control, proof, probation=not owned_target.returning)
        except WrongRelease as wrong:
            if went_back:
                raise _to_be_taken_back(owned_target, current, wrong) from wrong
            raise
        return proof

    try:
        proof = await proven(owned_target.asked, release)
    except NotRestarted as never:
        if owned_target.release and not went_back and set(never.names) != set(owned_target.asked):
            raise  # one host would serve two releases
        # Nothing pending and the old process for so long: our request did not get through.
        control.tell(
            Noted(where=target.name, what=f"{', '.join(never.names)}: the restart never arrived")
        )
        if owned_target.relinked:
            await relink(owned_target, control.site, control.tell)
        proof = await proven({}, release if went_back else None)
        whole = False
    renewed = _renewed(owned_target, proof)
    restarted = not went_back and (whole or (not owned_target.release and _all_of(renewed, proof)))
    seen_in = current if went_back or restarted else ""
    return VerificationAfterCrash(proof, restarted, seen_in, renewed)


def _renewed(owned_target: OwnedTarget, proof: RestartVerifier) -> tuple[str, ...]:
    """Name the instances whose process is not the one that they had when they were asked."""
    now = {one.name: process for one, process in proof.proven.items()}
    return tuple(name for name, before in owned_target.asked.items() if now.get(name) != before)


def _all_of(renewed: tuple[str, ...], proof: RestartVerifier) -> bool:
    return {one.name for one in proof.proven} == {*renewed}


def _to_be_taken_back(owned_target: OwnedTarget, current: str, wrong: WrongRelease) -> ReleaseError:
    host, where = owned_target.target.host, wrong.where.items()
    runs = ", ".join(f"{name} runs in {found or 'no release'}" for name, found in where)
    typed = f"`rollout rollback --to {current} --hosts {host} --include-left-out`"
    return ReleaseError(
        host, f"{runs}, and `current` leads to {current}: {typed} restarts it there"
    )


async def relink(owned_target: OwnedTarget, site: Site, tell: Tell) -> None:
    """Let ``current`` lead to what the processes of the host run in."""
    host, release = owned_target.target.host, Release(owned_target.release, "")
    if site.releases is None:
        raise ReleaseError(host, "`current` may lead to another release than its processes run in")
    if not await restore(host, release, site.releases, tell):
        raise ReleaseError(host, "`current` could not be restored")


async def _current_of(owned_target: OwnedTarget, site: Site) -> str:
    """Read what is started there; empty for a restart that was about no release.

    Raises:
        ReleaseError: ``current`` leads to no release.
    """
    if not owned_target.release or site.releases is None:
        return owned_target.release
    host = owned_target.target.host
    current = (await site.releases.look(host)).current
    if not current:
        raise ReleaseError(
            host,
            f"it was restarted onto release {owned_target.release}, and `current` leads to none: "
            f"`rollout rollback --include-left-out` takes it to one",
        )
    return current
