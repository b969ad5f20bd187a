"""The way back to the release before, when a host does not come up on the new one.

The host that failed is the proof: it gets the old release first.  Only if that comes up there is
the new one to blame, and the others follow; otherwise nothing more is touched.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from rollout.deploy_events import RollbackFinished, RollbackHalted, RollbackStarted
from rollout.deploys import Deploy
from rollout.errors import (
    CrashLoop,
    NotRestarted,
    RolloutError,
    SmokeFailed,
    SoakFailed,
    TimedOut,
    WrongRelease,
    said_of,
)
from rollout.fleet import Target
from rollout.ladder import bring_back, restart_one
from rollout.plan import Plan
from rollout.ports import Releases, Site, Tell
from rollout.releases import Release
from rollout.rolling import Rolled, rolling_restart
from rollout.switching import restore, restore_all

AGAINST_THE_RELEASE = (TimedOut, CrashLoop, NotRestarted, WrongRelease, SmokeFailed, SoakFailed)
"""Failures that a release can be the cause of; a lost connection or a stop says nothing of it."""


def to_blame(rolled: Rolled) -> tuple[Target, ...]:
    """Name the targets that did not come up on the new release, or did not hold on it."""
    failures = rolled.failed.items()
    return tuple(target for target, why in failures if isinstance(why, AGAINST_THE_RELEASE))


async def roll_back(
    deploy: Deploy,
    before: Mapping[str, str],
    rolled: Rolled,
    plan: Plan,
    site: Site,
    releases: Releases,
    tell: Tell,
) -> bool:
    """Put the release before back: on those that failed, then on all who run the new one.

    ``before`` says for each host which one that was.  Each target goes through the whole ladder
    again, with the same floor.

    Returns:
        Whether it serves again everywhere; if not, how far it got has been told.
    """
    failed = to_blame(rolled)
    because = "; ".join(f"{t}: {said_of(t.name, rolled.failed[t])}" for t in failed)
    tell(
        RollbackStarted(
            release=deploy.release.name, targets=tuple(t.name for t in failed), because=because
        )
    )
    onto = {host: Release(name, "") for host, name in before.items() if name}
    old = replace(plan, onto=onto, relink=False)
    try:
        await prove_the_old(deploy, {t: rolled.since[t] for t in failed}, old, site, releases, tell)
    except RolloutError as error:
        tell(RollbackHalted(because=str(error)))
        return False

    others = [host for host in deploy.hosts if host not in {t.host for t in failed}]
    restored = await restore_all(others, deploy.release, releases, tell)
    back = tuple(target for target in rolled.restarted if target not in failed)
    whole = True
    if back:
        whole = (await rolling_restart(replace(old, waves=(back,)), site, tell)).whole
    if not (whole and restored):
        tell(RollbackHalted(because="not all could be taken back to the release before"))
        return False
    tell(RollbackFinished(release=deploy.release.name))
    return True


async def prove_the_old(
    deploy: Deploy,
    failed: Mapping[Target, float],
    old: Plan,
    site: Site,
    releases: Releases,
    tell: Tell,
) -> None:
    """Bring the targets that failed back on the release before, all at once.

    Each is out since the time that stands beside it.

    Raises:
        RolloutError: one does not come up on that either.
    """
    hosts = dict.fromkeys(target.host for target in failed)
    for host in hosts:
        if host not in old.onto:
            raise RolloutError(f"{host} had no release before this one: there is no way back")
    done = await asyncio.gather(*(restore(h, deploy.release, releases, tell) for h in hosts))
    if not all(done):
        raise RolloutError("`current` could not be restored where the new release failed")
    results = await asyncio.gather(
        *(_bring_back(target, began, old, site, tell) for target, began in failed.items()),
        return_exceptions=True,
    )
    for target, result in zip(failed, results, strict=True):
        if isinstance(result, RolloutError):
            said = said_of(target.name, result)
            raise RolloutError(
                f"{target} does not come up on the release before either ({said}): the new one is "
                "not the cause, and nothing more is touched"
            ) from result
        if isinstance(result, BaseException):
            raise result


async def _bring_back(target: Target, began: float, old: Plan, site: Site, tell: Tell) -> None:
    if site.record.owned(target.name):
        await bring_back(target, began, old, site, tell)
    else:  # it had come back, and did not hold
        await restart_one(target, old, site, tell)
