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
    releases = site.require_releases()
    hosts = tuple(dict.fromkeys(target.host for target in targets))
    seen = await asyncio.gather(*(_host(host, releases, source) for host in hosts))
    blind = await asyncio.gather(*(_whereabouts(host, targets, site, releases) for host in hosts))
    all_releases = tuple(host_releases for host_releases, _ in seen if host_releases is not None)
    findings = [found for _, several in seen for found in several]
    findings += [found for several, _ in blind for found in several]
    notes = [note for _, several in blind for note in several]
    notes += [
        Finding(host_releases.host, f"release {r.name} was begun by a deploy that did not end", "")
        for host_releases in all_releases
        for r in host_releases.releases
        if r.unfinished
    ]
    return DiskReport(
        all_releases=all_releases,
        findings=tuple(dict.fromkeys(findings)),
        notes=(*notes, *differing_live_releases(all_releases)),
    )


async def read_releases(
    hosts: Sequence[str], releases: Releases
) -> tuple[tuple[HostReleases, ...], tuple[Finding, ...]]:
    """Read the releases of ``hosts``; a host that cannot be read becomes a finding."""
    seen = await asyncio.gather(*(_look(host, releases) for host in hosts))
    return (
        tuple(host_releases for host_releases in seen if isinstance(host_releases, HostReleases)),
        tuple(found for found in seen if isinstance(found, Finding)),
    )


def differing_live_releases(all_releases: Sequence[HostReleases]) -> tuple[Finding, ...]:
    """Note hosts whose live release is not that of the others."""
    live = {host_releases.current for host_releases in all_releases}
    if len(live) < 2:  # noqa: PLR2004 - one is even
        return ()
    return tuple(
        Finding(
            host_releases.host,
            f"its live release is {host_releases.current or 'none'}; they differ",
            "",
        )
        for host_releases in all_releases
    )


def rollback_blockers(name: str, all_releases: Sequence[HostReleases]) -> tuple[Finding, ...]:
    """Say what keeps the release ``name`` from being made live again; nothing when it can be."""
    look = "`rollout releases` shows what there is"
    if not name:
        what = "no release to go back to: none before the live one is whole and on every host"
        return (Finding("rollback", what, f"{look}, --to takes any of it"),)
    lacking = [host_releases for host_releases in all_releases if host_releases.find(name) is None]
    if lacking:
        known = list(
            dict.fromkeys(r.name for host_releases in all_releases for r in host_releases.releases)
        )
        near = did_you_mean(name, known) if len(lacking) == len(all_releases) else ""
        return tuple(Finding(s.host, f"has no release {name}{near}", look) for s in lacking)
    half = [s.host for s in all_releases if (r := s.find(name)) and not r.whole]
    if half:
        what = f"the deploy of release {name} did not end there"
        return tuple(Finding(host, what, look) for host in half)
    revisions = {
        host_releases.host: r.revision
        for host_releases in all_releases
        if (r := host_releases.find(name))
    }
    if len(set(revisions.values())) > 1:
        what = f"has another revision in release {name} than others"
        return tuple(Finding(h, f"{what}: {r or 'none'}", look) for h, r in revisions.items())
    if all(
        host_releases.current == name and host_releases.running <= {name}
        for host_releases in all_releases
    ):
        what = f"release {name} is live on every host already"
        return (Finding("rollback", what, "`rollout restart` restarts it where it is"),)
    return ()


def revision_of(name: str, all_releases: Sequence[HostReleases]) -> str:
    """Read what the release was made from; empty where that was never written down."""
    return next(
        (r.revision for host_releases in all_releases if (r := host_releases.find(name))), ""
    )


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
        states = [s for s in await site.supervisor.look(host) if s.name in ours and s.process]
        pids = {state.process.pid: state.name for state in states if state.process}
        where = await releases.whereabouts(host, tuple(pids))
        host_releases = await releases.look(host)
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
    live = host_releases.current
    notes = [
        Finding(host, f"{pids[pid]} runs in {found}, not in the live release {live}", "")
        for pid, found in where.items()
        if live and found != live
    ]
    outside = [(pids[pid], found) for pid, found in where.items() if not NAME.fullmatch(found)]
    return [*(findings if hidden else []), *_outside(host, outside, host_releases)], notes


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


def _outside(
    host: str, found: Sequence[tuple[str, str]], host_releases: HostReleases
) -> list[Finding]:
    """Say that an instance works in no release.

    Whether a new release reached it could never be proven, and it would have none to go back to.
    """
    if not found:
        return []
    name, place = found[0]
    if host_releases.current:
        fix = "let its start program change to `current` and stay there"
        return [Finding(host, f"{name} works in {place}, which is in no release", fix)]
    to, found_it, rest = place.rpartition("/releases/")
    other = rest.partition("/")[0]
    if found_it and other and host_releases.link.rstrip("/").rpartition("/")[2] == other:
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
