"""Whether the hosts' disks are fit for a deploy; looks only, and says all that is wrong at once."""

import asyncio
import shlex
from collections.abc import Sequence

from rollout.model.errors import RolloutError
from rollout.model.findings import DiskReport
from rollout.model.fleet import Finding, Target
from rollout.model.releases import NAME, HostReleases
from rollout.ports.releases import Releases, Source
from rollout.ports.site import Site
from rollout.restart.fleet_snapshot import finding
from rollout.text.suggest import did_you_mean

OLDEST = "20000101000000"
"""The name under which a release of another tool is taken over: older than all that follow."""


async def check_disks(targets: Sequence[Target], site: Site, source: Source | None) -> DiskReport:
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
    return DiskReport(
        shelves=shelves,
        findings=tuple(dict.fromkeys(findings)),
        notes=(*notes, *differing_live_releases(shelves)),
    )


async def read_releases(
    hosts: Sequence[str], releases: Releases
) -> tuple[tuple[HostReleases, ...], tuple[Finding, ...]]:
    """Read the releases of ``hosts``; a host that cannot be read becomes a finding."""
    seen = await asyncio.gather(*(_look(host, releases) for host in hosts))
    return (
        tuple(shelf for shelf in seen if isinstance(shelf, HostReleases)),
        tuple(found for found in seen if isinstance(found, Finding)),
    )


def differing_live_releases(shelves: Sequence[HostReleases]) -> tuple[Finding, ...]:
    """Note hosts whose live release is not that of the others."""
    live = {shelf.current for shelf in shelves}
    if len(live) < 2:  # noqa: PLR2004 - one is even
        return ()
    return tuple(
        Finding(shelf.host, f"its live release is {shelf.current or 'none'}; they differ", "")
        for shelf in shelves
    )


def rollback_blockers(name: str, shelves: Sequence[HostReleases]) -> tuple[Finding, ...]:
    """Say what keeps the release ``name`` from being made live again; nothing when it can be."""
    look = "`rollout releases` shows what there is"
    if not name:
        what = "no release to go back to: none before the live one is whole and on every host"
        return (Finding("rollback", what, f"{look}, --to takes any of it"),)
    lacking = [shelf for shelf in shelves if shelf.find(name) is None]
    if lacking:
        known = list(dict.fromkeys(r.name for shelf in shelves for r in shelf.releases))
        near = did_you_mean(name, known) if len(lacking) == len(shelves) else ""
        return tuple(Finding(s.host, f"has no release {name}{near}", look) for s in lacking)
    half = [s.host for s in shelves if (r := s.find(name)) and not r.whole]
    if half:
        what = f"the deploy of release {name} did not end there"
        return tuple(Finding(host, what, look) for host in half)
    revisions = {shelf.host: r.revision for shelf in shelves if (r := shelf.find(name))}
    if len(set(revisions.values())) > 1:
        what = f"has another revision in release {name} than others"
        return tuple(Finding(h, f"{what}: {r or 'none'}", look) for h, r in revisions.items())
    if all(shelf.current == name and shelf.running <= {name} for shelf in shelves):
        what = f"release {name} is live on every host already"
        return (Finding("rollback", what, "`rollout restart` restarts it where it is"),)
    return ()


def revision_of(name: str, shelves: Sequence[HostReleases]) -> str:
    """Read what the release was made from; empty where that was never written down."""
    return next((r.revision for shelf in shelves if (r := shelf.find(name))), "")


async def _look(host: str, releases: Releases) -> HostReleases | Finding:
    try:
        return await releases.look(host)
    except RolloutError as error:
        return finding(host, error)


async def _host(
    host: str, releases: Releases, source: Source | None
) -> tuple[HostReleases | None, list[Finding]]:
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
        shelf = await releases.look(host)
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
    live = shelf.current
    notes = [
        Finding(host, f"{pids[pid]} runs in {found}, not in the live release {live}", "")
        for pid, found in where.items()
        if live and found != live
    ]
    outside = [(pids[pid], found) for pid, found in where.items() if not NAME.fullmatch(found)]
    return [*(findings if hidden else []), *_outside(host, outside, shelf)], notes


def _of_another_name(host: str, instance: str, to: str, release: str) -> Finding:
    """Say that what runs is in `releases`, under a name that is none of a release."""
    what = (
        f"{instance} runs in release {release}: a release has a name of 14 digits "
        "(YYYYMMDDHHMMSS, UTC)"
    )
    old, new = shlex.quote(f"{to}/releases/{release}"), shlex.quote(f"{to}/releases/{OLDEST}")
    link = shlex.quote(f"{to}/current")
    fix = f"there: cp -a {old} {new} && ln -sfn {new} {link}\nthen, on all hosts: `rollout restart`"
    return Finding(host, what, fix)


def _outside(host: str, found: Sequence[tuple[str, str]], shelf: HostReleases) -> list[Finding]:
    """Say that an instance works in no release.

    Whether a new release reached it could never be proven, and it would have none to go back to.
    """
    if not found:
        return []
    name, place = found[0]
    if shelf.current:
        fix = "let its start program change to `current` and stay there"
        return [Finding(host, f"{name} works in {place}, which is in no release", fix)]
    to, found_it, rest = place.rpartition("/releases/")
    other = rest.partition("/")[0]
    if found_it and other and shelf.link.rstrip("/").rpartition("/")[2] == other:
        return [_of_another_name(host, name, to, other)]
    fix = f'set deploy.to = "{to}"' if found_it else "correct deploy.to"
    return [
        Finding(
            host,
            f"{name} works in {place}, and `current` of deploy.to leads to no release",
            f"{fix}; if it is right: let what runs there now be its first release, with `current` "
            "leading to it and the start program following `current`",
        )
    ]
