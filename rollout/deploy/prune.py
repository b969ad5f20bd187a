"""Removes old releases, so that no disk fills up; what fails here only warns."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rollout.deploy.disk_preflight import read_releases
from rollout.events import Noted, ReleasesPruned
from rollout.model.errors import said_of
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases, to_prune, to_roll_back_to
from rollout.ports.releases import Releases
from rollout.ports.site import Site, Tell


@dataclass(frozen=True, slots=True)
class Retention:
    """Which releases stay on a host.

    Attributes:
        keep: How many good ones, the newest.
        also: Names that stay whatever they are: an operator who went back one release too far
            wants to go forward again.
    """

    keep: int
    also: Collection[str] = ()


async def prune(
    all_releases: Sequence[HostReleases], retention: Retention, releases: Releases, tell: Tell
) -> None:
    """Remove from each host the releases that are not needed, and say so.

    The release that a rollback would go to stays as well.
    """
    retention = replace(retention, also=(to_roll_back_to(all_releases), *retention.also))
    await asyncio.gather(*(_prune(one, retention, releases, tell) for one in all_releases))


async def prune_hosts(
    hosts: Sequence[str], retention: Retention, site: Site, tell: Tell
) -> tuple[Finding, ...]:
    """Look at the releases of ``hosts``, and remove those that are not needed.

    The lock must be held from the look to the last removal: else a deploy could make a release
    live that is about to go.  What a rollback needs is judged over all hosts, so nothing is removed
    while one of them is unknown.

    Returns:
        Why hosts could not be read; then nothing was removed.
    """
    releases = site.require_releases()
    all_releases, findings = await read_releases(hosts, releases)
    if not findings:
        await prune(all_releases, retention, releases, tell)
    return findings


async def _prune(
    host_releases: HostReleases, retention: Retention, releases: Releases, tell: Tell
) -> None:
    host = host_releases.host
    names = to_prune(host_releases, retention.keep, retention.also)
    if not names:
        return
    try:
        gone = await releases.prune(host, names)
    except Exception as error:  # noqa: BLE001 - old releases are no reason to fail
        tell(Noted(where=host, what=f"not pruned: {said_of(host, error)}"))
    else:
        tell(ReleasesPruned(host=host, releases=gone))
