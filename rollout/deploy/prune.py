"""Removes old releases, so that no disk fills up; what fails here only warns."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rollout.deploy.disk_preflight import read_releases
from rollout.events import Noted, ReleasesPruned
from rollout.model.errors import RolloutError, said_of
from rollout.model.fleet import Finding
from rollout.model.releases import (
    HostReleases,
    ReleaseSizes,
    to_prune,
    to_roll_back_to,
    why_kept,
)
from rollout.ports.releases import Releases
from rollout.ports.site import Site, Tell


@dataclass(frozen=True, slots=True)
class Retention:
    """Which releases stay on a host.

    Attributes:
        keep: How many good ones, the newest.
        also: Names that stay whatever they are: an operator who went back one release too far
            wants to go forward again.
        shown: By host what a person was shown to go; no other is removed.  None: it was not shown.
    """

    keep: int
    also: Collection[str] = ()
    shown: Mapping[str, Sequence[str]] | None = None


async def prune(
    all_releases: Sequence[HostReleases], retention: Retention, releases: Releases, tell: Tell
) -> None:
    """Remove from each host the releases that are not needed, and say so.

    The release that a rollback would go to stays as well.
    """
    going = removable(all_releases, retention)
    await asyncio.gather(*(_prune(h, names, releases, tell) for h, names in going.items()))


def removable(
    all_releases: Sequence[HostReleases], retention: Retention
) -> Mapping[str, tuple[str, ...]]:
    """Choose by host the releases that may go; a host that keeps all of them is not there."""
    also = (to_roll_back_to(all_releases), *retention.also)
    going = {one.host: to_prune(one, retention.keep, also) for one in all_releases}
    return {host: names for host, names in going.items() if names}


def kept(
    all_releases: Sequence[HostReleases], retention: Retention
) -> Mapping[str, Mapping[str, str]]:
    """Say by host which releases stay, each with why."""
    also = (to_roll_back_to(all_releases), *retention.also)
    return {one.host: why_kept(one, retention.keep, also) for one in all_releases}


async def measure(
    going: Mapping[str, Sequence[str]], releases: Releases
) -> Mapping[str, ReleaseSizes | None]:
    """Measure by host the releases that would go; None where a host cannot tell in time."""
    sizes = await asyncio.gather(*(_sizes(host, names, releases) for host, names in going.items()))
    return dict(zip(going, sizes, strict=True))


async def _sizes(host: str, names: Sequence[str], releases: Releases) -> ReleaseSizes | None:
    try:
        return await releases.sizes(host, names)
    except Exception:  # noqa: BLE001 - a size that is not known keeps nothing from going
        return None


async def prune_hosts(
    hosts: Sequence[str], retention: Retention, site: Site, tell: Tell
) -> tuple[Finding, ...]:
    """Look at the releases of ``hosts``, and remove those that are not needed.

    The lock must be held from the look to the last removal: else a deploy could make a release
    live that is about to go.  What a rollback needs is judged over all hosts, so nothing is removed
    while one of them is unknown.

    Returns:
        Why hosts could not be read; then nothing was removed.

    Raises:
        RolloutError: more would go than was shown.
    """
    releases = site.require_releases()
    all_releases, findings = await read_releases(hosts, releases)
    if not findings:
        _refuse_what_was_not_shown(removable(all_releases, retention), retention)
        await prune(all_releases, retention, releases, tell)
    return findings


def _refuse_what_was_not_shown(going: Mapping[str, Sequence[str]], retention: Retention) -> None:
    """See that no release goes now that a person was not shown.

    Raises:
        RolloutError: one would.
    """
    if retention.shown is None:
        return
    for host, names in going.items():
        if more := [name for name in names if name not in retention.shown.get(host, ())]:
            raise RolloutError(
                f"nothing was removed: on {host} {', '.join(more)} would go as well, and was not "
                "shown; `rollout prune` shows what would go now"
            )


async def _prune(host: str, names: Sequence[str], releases: Releases, tell: Tell) -> None:
    try:
        gone = await releases.prune(host, names)
    except Exception as error:  # noqa: BLE001 - old releases are no reason to fail
        tell(Noted(where=host, what=f"not pruned: {said_of(host, error)}"))
    else:
        tell(ReleasesPruned(host=host, releases=gone))
