"""The releases on the hosts' disks, changed only as long as the lock is ours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout.model.fleet import Finding
from rollout.model.releases import (
    BuildStep,
    DiskRoom,
    HostReleases,
    Release,
    ReleaseSizes,
    ReleaseStatus,
)
from rollout.ports.ownership import OwnershipLog
from rollout.ports.releases import Releases
from rollout.ports.site import Site


def guarded(site: Site, record: OwnershipLog, tidied: set[str] | None = None) -> Site:
    """Return the same world, in which each change is first allowed by ``record``.

    ``tidied`` hears of the hosts on which what an earlier deploy had begun was seen to.
    """
    releases = site.releases
    if isinstance(releases, GuardedReleases):
        releases = releases.inner
    under = GuardedReleases(releases, record, tidied) if releases is not None else None
    return replace(site, record=record, releases=under)


class GuardedReleases:
    """Satisfies :class:`rollout.ports.releases.Releases`; every change may raise LockLost.

    Attributes:
        inner: The same, with nothing that keeps them from being changed.
        tidied: The hosts on which what an earlier deploy had begun was seen to.
    """

    def __init__(
        self, inner: Releases, record: OwnershipLog, tidied: set[str] | None = None
    ) -> None:
        self.inner = inner
        self._record = record
        self.tidied = set[str]() if tidied is None else tidied

    async def look(self, host: str) -> HostReleases:
        return await self.inner.look(host)

    async def examine(self, host: str) -> tuple[Finding, ...]:
        return await self.inner.examine(host)

    def room(self, host: str) -> DiskRoom | None:
        return self.inner.room(host)

    async def sizes(self, host: str, names: Sequence[str]) -> ReleaseSizes | None:
        return await self.inner.sizes(host, names)

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        return await self.inner.whereabouts(host, pids)

    async def revision(self, host: str, release: Release) -> str:
        return await self.inner.revision(host, release)

    async def tidy(self, host: str) -> tuple[str, ...]:
        await self._record.still_ours()
        found = await self.inner.tidy(host)
        self.tidied.add(host)
        return found

    async def begin(self, host: str, release: Release, *, fresh: bool) -> None:
        await self._record.still_ours()
        await self.inner.begin(host, release, fresh=fresh)

    async def link_shared(self, host: str, release: Release) -> None:
        await self._record.still_ours()
        await self.inner.link_shared(host, release)

    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        await self._record.still_ours()
        await self.inner.build(host, release, step)

    async def switch(self, host: str, release: Release) -> None:
        await self._record.still_ours()
        await self.inner.switch(host, release)

    async def restore(self, host: str, release: Release) -> None:
        await self._record.still_ours()
        await self.inner.restore(host, release)

    async def discard(self, host: str, release: Release) -> None:
        await self._record.still_ours()
        await self.inner.discard(host, release)

    async def settle(self, host: str, release: str, mark: ReleaseStatus) -> None:
        await self._record.still_ours()
        await self.inner.settle(host, release, mark)

    async def prune(self, host: str, names: Sequence[str]) -> tuple[str, ...]:
        await self._record.still_ours()
        return await self.inner.prune(host, names)
