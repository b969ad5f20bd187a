"""Old releases go, so that no disk fills up; what fails here only warns."""

import asyncio
from collections.abc import Collection, Sequence

from rollout.events import Noted, ReleasesPruned
from rollout.model.errors import said_of
from rollout.model.releases import HostReleases, to_prune, to_roll_back_to
from rollout.ports.releases import Releases
from rollout.ports.site import Tell


async def prune(
    shelves: Sequence[HostReleases],
    keep: int,
    releases: Releases,
    tell: Tell,
    *,
    left: Collection[str] = (),
) -> None:
    """Remove what nobody needs from each host, and say so.

    The release that a rollback would go to stays as well, and those that were just ``left``: who
    went back one too far wants to go forward again.
    """
    needed = (to_roll_back_to(shelves), *left)
    await asyncio.gather(*(_prune(shelf, keep, needed, releases, tell) for shelf in shelves))


async def _prune(
    shelf: HostReleases, keep: int, needed: Sequence[str], releases: Releases, tell: Tell
) -> None:
    names = to_prune(shelf, keep, needed)
    if not names:
        return
    try:
        gone = await releases.prune(shelf.host, names)
    except Exception as error:  # noqa: BLE001 - old releases are no reason to fail
        tell(Noted(where=shelf.host, what=f"not pruned: {said_of(shelf.host, error)}"))
    else:
        tell(ReleasesPruned(host=shelf.host, releases=gone))
