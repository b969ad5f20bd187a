"""``current`` of one host: moved to a release, or back to what it was."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from rollout.events import CurrentRestored, CurrentSwitched, CurrentSwitching, UndoFailed
from rollout.model.errors import said_of
from rollout.model.releases import Release
from rollout.ports.releases import Releases
from rollout.ports.site import Tell

TRIES = 2
PAUSE = 1.0
"""Seconds before an undo is tried once more: often it was only the connection."""


async def switch(host: str, release: Release, releases: Releases, tell: Tell) -> None:
    """Let ``current`` lead to ``release``; it counts as moved from before the call.

    Raises:
        ReleaseError, RemoteError: it was not seen to; it may have moved none the less.
    """
    tell(CurrentSwitching(host=host, release=release.name))
    await releases.switch(host, release)
    tell(CurrentSwitched(host=host, release=release.name))


async def restore(host: str, release: Release, releases: Releases, tell: Tell) -> bool:
    """Make ``current`` what it was before ``release``; false when that failed, which is told."""
    if error := await retry_once(partial(releases.restore, host, release)):
        tell(UndoFailed(host=host, reason=said_of(host, error), live=True))
        return False
    tell(CurrentRestored(host=host))
    return True


async def restore_all(
    hosts: Iterable[str], release: Release, releases: Releases, tell: Tell
) -> bool:
    """Restore ``current`` on all of ``hosts`` at once; false when that failed on one."""
    done = await asyncio.gather(*(restore(host, release, releases, tell) for host in hosts))
    return all(done)


async def retry_once(act: Callable[[], Awaitable[None]]) -> Exception | None:
    """Do an undo, and once more a moment later when it fails; return why it failed in the end.

    A bug of ours is a failure like any other here: it must not keep other hosts from their undo.
    """
    error: Exception | None = None
    for attempt in range(TRIES):
        if attempt:
            await asyncio.sleep(PAUSE)
        try:
            await act()
        except Exception as said:  # noqa: BLE001 - told, not lost
            error = said
        else:
            return None
    return error
