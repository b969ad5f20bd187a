"""What a deploy or a rollback would make live, and what is live now: read, and nothing changed."""

from collections.abc import Sequence
from dataclasses import replace

from rollout.deploy.disk_preflight import read_releases
from rollout.model.deploy import Deploy
from rollout.model.errors import RolloutError
from rollout.model.fleet import Finding
from rollout.model.planned_run import Commits, PlannedDisk, PlannedRelease
from rollout.model.releases import HostReleases, Release
from rollout.ports.releases import Source
from rollout.ports.site import DeployServices, Site


class PreviewSource:
    """Satisfies :class:`rollout.ports.releases.Source` for a plan: it brings nothing anywhere.

    Attributes:
        seen: The commits between what is live on the first host and what was resolved last.
    """

    prepares = False

    def __init__(self, inner: Source, site: Site) -> None:
        self.seen = Commits(unknown="nothing was resolved")
        self._inner = inner
        self._site = site

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._inner.warnings

    async def examine(self, host: str) -> tuple[Finding, ...]:
        return await self._inner.examine(host)

    async def resolve(self, hosts: Sequence[str]) -> str:
        live = _live_revision(await self._site.require_releases().look(hosts[0]))
        revision, self.seen = await self._inner.preview(hosts, live)
        return revision

    async def preview(self, hosts: Sequence[str], live: str) -> tuple[str, Commits]:
        return await self._inner.preview(hosts, live)

    async def commits(self, host: str, live: str, revision: str) -> Commits:
        return await self._inner.commits(host, live, revision)

    async def prepare(self, release: Release) -> None:
        raise AssertionError(f"a plan prepares nothing, not even {release.name}")

    async def deliver(self, host: str, release: Release, before: str) -> None:
        raise AssertionError(f"a plan brings nothing to {host}: {release.name} after {before}")


def only_previewed(site: Site) -> Site:
    """Return the same world, with a source that is only asked what it would bring."""
    services = site.require_services()
    source = PreviewSource(services.source, site)
    return replace(site, services=DeployServices(source=source, hooks=services.hooks))


async def planned_release(deploy: Deploy, ref: str, site: Site) -> PlannedRelease:
    """Describe the release of ``deploy`` beside what is live on its hosts.

    Args:
        deploy: What would be done.
        ref: What a new release was asked for by.
        site: The world; where its source is a :class:`PreviewSource`, the commits are told too.
    """
    releases, source = site.require_releases(), site.require_services().source
    found, _ = await read_releases(deploy.hosts, releases)
    rooms = {host: releases.room(host) for host in deploy.hosts} if deploy.fresh else {}
    return PlannedRelease(
        name="" if deploy.fresh else deploy.release.name,
        ref=ref if deploy.fresh else "",
        revision=deploy.release.revision,
        fresh=deploy.fresh,
        live={one.host: one.current for one in found},
        live_revisions={one.host: _live_revision(one) for one in found},
        commits=await _commits(deploy, source, found),
        switch=deploy.switch.value,
        on_failure=deploy.on_failure.value,
        disks=tuple(
            PlannedDisk(host=host, free=room.free, needed=room.needed)
            for host, room in rooms.items()
            if room is not None
        ),
    )


async def _commits(deploy: Deploy, source: Source, found: Sequence[HostReleases]) -> Commits:
    if not isinstance(source, PreviewSource):
        return Commits(unknown="it was not asked for")
    if deploy.fresh:
        return source.seen
    live = next((_live_revision(one) for one in found if one.host == deploy.hosts[0]), "")
    try:
        return await source.commits(deploy.hosts[0], live, deploy.release.revision)
    except RolloutError as error:
        return Commits(unknown=str(error))


def _live_revision(releases: HostReleases) -> str:
    live = releases.find(releases.current)
    return live.revision if live is not None else ""
