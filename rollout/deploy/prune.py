"""Old releases go, so that no disk fills up; what fails here only warns."""

import asyncio
from collections.abc import Collection, Sequence

from rollout.events import Noted, ReleasesPruned
from rollout.model.errors import said_of
from rollout.model.releases import HostReleases, to_prune, to_roll_back_to
from rollout.ports.releases import Releases
from rollout.ports.site import Tell


async def prune(
    all_releases: Sequence[HostReleases],
    keep: int,
    releases: Releases,
    tell: Tell,
    *,
    left: Collection[str] = (),
) -> None:
    """Remove from each host the releases that are not needed, and say so.

    The release that a rollback would go to stays as well, and those that were just ``left``: who
    went back one too far wants to go forward again.
    """
    needed = (to_roll_back_to(all_releases), *left)
    await asyncio.gather(
        *(_prune(host_releases, keep, needed, releases, tell) for host_releases in all_releases)
    )


async def _prune(
    host_releases: HostReleases, keep: int, needed: Sequence[str], releases: Releases, tell: Tell
) -> None:
    names = to_prune(host_releases, keep, needed)
    if not names:
        return
    try:
        gone = await releases.prune(host_releases.host, names)
    except Exception as error:  # noqa: BLE001 - old releases are no reason to fail
        tell(
            Noted(
                where=host_releases.host, what=f"not pruned: {said_of(host_releases.host, error)}"
            )
        )
    else:
        tell(ReleasesPruned(host=host_releases.host, releases=gone))
