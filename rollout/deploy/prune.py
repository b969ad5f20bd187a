"""Old releases go, so that no disk fills up; what fails here only warns."""

import asyncio
from collections.abc import Collection, Sequence

from rollout.deploy.current_links import releases_of
from rollout.deploy.disk_preflight import read_releases
from rollout.events import Noted, ReleasesPruned
from rollout.model.errors import said_of
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases, to_prune, to_roll_back_to
from rollout.ports.releases import Releases
from rollout.ports.site import Site, Tell


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


async def prune_hosts(
    hosts: Sequence[str], keep: int, site: Site, tell: Tell
) -> tuple[Finding, ...]:
    """Look at the releases of ``hosts``, and remove those that are not needed.

    The lock must be held from the look to the last removal: else a deploy could make a release
    live that is about to go.  What a rollback needs is judged over all hosts, so nothing is removed
    while one of them is unknown.

    Returns:
        Why hosts could not be read; then nothing was removed.
    """
    releases = releases_of(site)
    all_releases, findings = await read_releases(hosts, releases)
    if not findings:
        await prune(all_releases, keep, releases, tell)
    return findings


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
