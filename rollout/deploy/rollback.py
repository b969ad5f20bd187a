"""The way back to the release before, when a host does not come up on the new one.

The host that failed is the proof: it gets the old release first.  Only if that comes up there is
the new one to blame, and the others follow; otherwise nothing more is changed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout.events import (
    Event,
    InstanceRestarted,
    RollbackFinished,
    RollbackHalted,
    RollbackStarted,
)
from rollout.model.errors import (
    CrashLoop,
    Halted,
    NotRestarted,
    RolloutError,
    SmokeFailed,
    SoakFailed,
    TimedOut,
    WrongRelease,
    said_of,
)
from rollout.model.fleet import Target
from rollout.model.releases import Release
from rollout.ports.context import DeployContext
from rollout.ports.site import Site
from rollout.restart.current_link import restore_all
from rollout.restart.one_target import restart_again
from rollout.restart.rolling import RollingResult, rolling_restart

AGAINST_THE_RELEASE = (TimedOut, CrashLoop, NotRestarted, WrongRelease, SmokeFailed, SoakFailed)
"""Failures that a release can be the cause of; a lost connection or a stop says nothing of it."""


def failed_because_of_release(rolled: RollingResult, site: Site) -> tuple[Target, ...]:
    """Name the targets that did not come up on the new release, or did not hold on it.

    One that was never asked to restart has not met it, whatever it waited for in vain.
    """
    failures = rolled.failed.items()
    return tuple(
        target
        for target, why in failures
        if isinstance(why, AGAINST_THE_RELEASE) and was_asked(target, rolled, site)
    )


def was_asked(target: Target, rolled: RollingResult, site: Site) -> bool:
    """Tell whether a target of the rolling restart was asked to restart."""
    return target in rolled.restarted or site.record.was_asked(target.name)


async def roll_back(
    context: DeployContext, before: Mapping[str, str], rolled: RollingResult
) -> bool:
    """Put the release before back: on those that failed, then on all who may run the new one.

    ``before`` says for each host which one that was.  Each target goes through all steps of a
    restart again, with the same floor.

    Returns:
        Whether it serves again everywhere; if not, how far it got has been told.
    """
    deploy, site, tell = context.deploy, context.site, context.tell
    failed = failed_because_of_release(rolled, site)
    reason = "; ".join(f"{t}: {said_of(t.name, rolled.failed[t])}" for t in failed)
    names = tuple(target.name for target in failed)
    tell(RollbackStarted(release=deploy.release.name, targets=names, reason=reason))
    try:
        onto = {host: Release(before.get(host, ""), "") for host in deploy.hosts}
        nowhere = [host for host, release in onto.items() if not release.name]
        if nowhere:
            hosts = ", ".join(nowhere)
            raise Halted(f"no release of ours was live on {hosts} before this one: no way back")
        old = replace(context.plan, release_by_host=onto, switch_current_per_host=False)
        context = replace(context, plan=old)
        await verify_old_release(context, rolled, failed)
        if site.stop_asked():
            again = f"{', '.join(names)} runs the release before again"
            raise Halted(f"{site.steering.stop_reason}; {again}")
        await return_others_to_old_release(context, rolled, failed)
    except RolloutError as halt:
        tell(RollbackHalted(reason=str(halt)))
        return False
    tell(RollbackFinished(release=deploy.release.name))
    return True


async def verify_old_release(
    context: DeployContext, rolled: RollingResult, failed: Sequence[Target]
) -> None:
    """Bring the targets that failed back on the release before, all at once.

    The plan of ``context`` is that of the way back.  A release on which no new process was seen has
    not failed: a supervisor that is slow may not have begun the restart.

    Raises:
        RolloutError: one does not come up on that either, or could not be tried.
    """
    hosts = dict.fromkeys(target.host for target in failed)
    if not await restore_all(hosts, context.deploy.release, context.releases, context.tell):
        raise Halted("`current` could not be restored where the new release failed")
    started: set[str] = set()

    def heard(event: Event) -> None:
        if isinstance(event, InstanceRestarted):
            started.add(event.target)
        context.tell(event)

    back = await _all_back(replace(context, tell=heard), rolled, failed)
    for target, failure in back.items():
        said = said_of(target.name, failure)
        tried = target.name in started and was_tried(context, target)
        if isinstance(failure, AGAINST_THE_RELEASE) and tried:
            raise Halted(
                f"{target} failed on the release before too ({said}), so the new one may not be "
                "the cause; no other host is restarted"
            ) from failure
        raise Halted(
            f"{target}: {said}; whether it comes up on the release before is not known, and no "
            "other server is restarted"
        ) from failure


def was_tried(context: DeployContext, target: Target) -> bool:
    """Tell whether a target was asked to restart onto the release before, and is out since."""
    owned_target = context.site.record.owned_target(target.name)
    before = context.plan.release_by_host[target.host].name
    return owned_target is not None and bool(owned_target.asked) and owned_target.release == before


async def return_others_to_old_release(
    context: DeployContext, rolled: RollingResult, failed: Sequence[Target]
) -> None:
    """Restore ``current`` everywhere else, and restart hosts that may run the new release.

    Raises:
        Halted: one host could not be taken back; all others were.
    """
    deploy, site = context.deploy, context.site
    others = [host for host in deploy.hosts if host not in {target.host for target in failed}]
    restored = await restore_all(others, deploy.release, context.releases, context.tell)
    left = [] if restored else ["`current`"]
    stuck = [t for t in rolled.failed if t not in failed and site.record.was_asked(t.name)]
    left += [target.name for target in await _all_back(context, rolled, stuck)]
    back = tuple(target for target in rolled.restarted if target not in failed)
    if back:
        again = await rolling_restart(_only(context, back))
        left += [target.name for target in back if target not in again.restarted]
    if left:
        raise Halted(f"not back on the release before: {', '.join(left)}")


async def _all_back(
    context: DeployContext, rolled: RollingResult, targets: Sequence[Target]
) -> dict[Target, RolloutError]:
    """Bring ``targets`` back on the release before, all at once; return who failed, and why."""
    results = await asyncio.gather(
        *(_back(context, target, rolled.since[target]) for target in targets),
        return_exceptions=True,
    )
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, RolloutError):
            raise result
    pairs = zip(targets, results, strict=True)
    return {target: result for target, result in pairs if isinstance(result, RolloutError)}


async def _back(context: DeployContext, target: Target, out_since: float) -> None:
    if context.site.record.owned_target(target.name):
        await restart_again(context, target, out_since=out_since)
        return
    # It had come back, and did not hold: it may be up again, and must be spared like any other.
    again = await rolling_restart(_only(context, (target,)))
    if target not in again.restarted:
        raise again.failed.get(target) or Halted("it could not be restarted on it")


def _only(context: DeployContext, targets: tuple[Target, ...]) -> DeployContext:
    """Restrict the plan to ``targets``, in one wave."""
    return replace(context, plan=replace(context.plan, waves=(targets,)))
