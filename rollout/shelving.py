"""Whether the hosts' disks are fit for a deploy; looks only, and says all that is wrong at once."""

import asyncio
from collections.abc import Sequence

from rollout.errors import RolloutError
from rollout.fleet import Finding, Target
from rollout.ports import Releases, Site, Source
from rollout.releases import Shelf
from rollout.sights import Shelving
from rollout.survey import finding


async def shelving(targets: Sequence[Target], site: Site, source: Source | None) -> Shelving:
    """Look at the disks of the targets' hosts; without a source for a release that is there."""
    releases = site.releases
    if releases is None:
        raise AssertionError("a deploy without releases")
    hosts = tuple(dict.fromkeys(target.host for target in targets))
    seen = await asyncio.gather(*(_host(host, releases, source) for host in hosts))
    blind = await asyncio.gather(*(_whereabouts(host, targets, site, releases) for host in hosts))
    shelves = tuple(shelf for shelf, _ in seen if shelf is not None)
    findings = [found for _, several in seen for found in several]
    findings += [found for several, _ in blind for found in several]
    notes = [note for _, several in blind for note in several]
    notes += [
        Finding(shelf.host, f"release {r.name} was begun by a deploy that did not end", "")
        for shelf in shelves
        for r in shelf.releases
        if r.unfinished
    ]
    return Shelving(
        shelves=shelves,
        findings=tuple(dict.fromkeys(findings)),
        notes=(*notes, *uneven(shelves)),
    )


async def shelves(
    hosts: Sequence[str], releases: Releases
) -> tuple[tuple[Shelf, ...], tuple[Finding, ...]]:
    """Read the releases of ``hosts``; a host that cannot be read becomes a finding."""
    seen = await asyncio.gather(*(_look(host, releases) for host in hosts))
    return (
        tuple(shelf for shelf in seen if isinstance(shelf, Shelf)),
        tuple(found for found in seen if isinstance(found, Finding)),
    )


def uneven(shelves: Sequence[Shelf]) -> tuple[Finding, ...]:
    """Note hosts whose live release is not that of the others."""
    live = {shelf.current for shelf in shelves}
    if len(live) < 2:  # noqa: PLR2004 - one is even
        return ()
    return tuple(
        Finding(shelf.host, f"its live release is {shelf.current or 'none'}; they differ", "")
        for shelf in shelves
    )


async def _look(host: str, releases: Releases) -> Shelf | Finding:
    try:
        return await releases.look(host)
    except RolloutError as error:
        return finding(host, error)


async def _host(
    host: str, releases: Releases, source: Source | None
) -> tuple[Shelf | None, list[Finding]]:
    try:
        findings = list(await releases.examine(host))
        if source is not None:
            findings += await source.examine(host)
        return await releases.look(host), findings
    except RolloutError as error:
        return None, [finding(host, error)]


async def _whereabouts(
    host: str, targets: Sequence[Target], site: Site, releases: Releases
) -> tuple[list[Finding], list[Finding]]:
    """See in which release each instance of ``host`` runs: findings where that is hidden, notes."""
    ours = {one.name for target in targets if target.host == host for one in target.instances}
    try:
        states = [s for s in await site.supervisor.look(host) if s.name in ours and s.birth]
        pids = {state.birth.pid: state.name for state in states if state.birth}
        where = await releases.whereabouts(host, tuple(pids))
        live = (await releases.look(host)).current
    except RolloutError as error:
        return [finding(host, error)], []
    hidden = [name for pid, name in pids.items() if pid not in where]
    findings = [
        Finding(
            host,
            f"cannot see in which directory {', '.join(hidden)} runs: that would be the proof of "
            "the new release",
            'let the login see it: deploy.readlink = "sudo -n readlink", with a line for sudo',
        )
    ]
    notes = [
        Finding(host, f"{pids[pid]} runs in {found}, not in the live release {live}", "")
        for pid, found in where.items()
        if live and found != live
    ]
    return (findings if hidden else []), notes
