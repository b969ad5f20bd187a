"""What a deploy or a rollback finds before anything is touched: all that is wrong, at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rollout.deploy.current_links import against_a_restart
from rollout.deploy.disk_preflight import check_disks, revision_of, rollback_blockers
from rollout.model.deploy import Deploy
from rollout.model.errors import ReleaseError, RemoteError, RolloutError
from rollout.model.findings import DiskReport, PreflightReport
from rollout.model.fleet import Finding, Target
from rollout.model.releases import Release, next_name, to_roll_back_to
from rollout.ports.releases import Source
from rollout.ports.site import Site
from rollout.restart.fleet_snapshot import finding
from rollout.restart.preflight import none_is_left, preflight
from rollout.restart.server_mapping import Selection

Requirement = Callable[[Release, tuple[str, ...]], Deploy]
"""What the operator wants done with a release on some hosts."""


async def restart_preflight(scope: Selection, site: Site) -> PreflightReport:
    """Look at the fleet, and at where ``current`` of its hosts leads; touch nothing.

    A restart starts what ``current`` leads to, and that may be a release which nothing has proven.
    """
    fit, current = await asyncio.gather(
        preflight(scope, site), against_a_restart(scope.hosts, site)
    )
    findings, notes = current
    return replace(fit, findings=(*fit.findings, *findings), notes=(*fit.notes, *notes))


async def deploy_preflight(
    scope: Selection, site: Site, source: Source | None
) -> tuple[PreflightReport, DiskReport]:
    """Look at the fleet as for a restart, and at the disks of its hosts; touch nothing.

    Without a source only what concerns a release that is there is looked at.
    """
    return await _and_its_disks(await preflight(scope, site), scope, site, source)


async def preflight_for_either(
    scope: Selection, site: Site, source: Source | None
) -> PreflightReport:
    """Look at all that a restart looks at, and with a source at all that a deploy does."""
    fit = await restart_preflight(scope, site)
    if source is not None:
        fit, _ = await _and_its_disks(fit, scope, site, source)
    return replace(fit, findings=fit.findings or none_is_left(fit))


async def _and_its_disks(
    fit: PreflightReport, scope: Selection, site: Site, source: Source | None
) -> tuple[PreflightReport, DiskReport]:
    seen = await check_disks(_whose_disks(fit, scope.hosts), site, source)
    both = replace(
        fit,
        findings=tuple(dict.fromkeys((*fit.findings, *seen.findings))),
        notes=(*fit.notes, *seen.notes),
    )
    return both, seen


def _whose_disks(fit: PreflightReport, hosts: Sequence[str]) -> tuple[Target, ...]:
    """List the targets, and in place of those that were found unfit their hosts.

    A host whose target was held out from outside has no part in the deploy.
    """
    if not fit.findings:
        return fit.targets
    known = {target.host for target in fit.targets} | {s.target for s in fit.skipped}
    known |= set(fit.unreached)
    unfit = (Target(host, host, (), (), {}) for host in hosts if host not in known)
    return (*fit.targets, *unfit)


async def ready_to_deploy(
    scope: Selection, site: Site, source: Source, request: Requirement
) -> tuple[PreflightReport, Deploy | None]:
    """Find out whether a new release can be deployed, and which it is."""
    fit, seen = await deploy_preflight(scope, site, source)
    if fit.findings or not fit.targets:
        return fit, None
    names = hosts_of(fit.targets)
    try:
        revision = await source.resolve(names)
    except RolloutError as error:
        where = error.host if isinstance(error, RemoteError | ReleaseError) else "deploy"
        return replace(fit, findings=(finding(where, error),)), None
    now = datetime.now(UTC)  # noqa: TID251 - no stamp: a release is named by its second
    release = Release(next_name(now, seen.all_releases), revision)
    fit = replace(
        fit, notes=(*fit.notes, *(Finding("deploy", note, "") for note in source.warnings))
    )
    return fit, replace(request(release, names), left_aside=_still_serving(fit))


async def ready_to_roll_back(
    scope: Selection, site: Site, to: str | None, request: Requirement
) -> tuple[PreflightReport, Deploy | None]:
    """Find out whether the release ``to``, or the last good one, can be made live again."""
    fit, seen = await deploy_preflight(scope, site, None)
    if fit.findings or not fit.targets:
        return fit, None
    name = to_roll_back_to(seen.all_releases) if to is None else to
    if found := rollback_blockers(name, seen.all_releases):
        return replace(fit, findings=found), None
    release = Release(name, revision_of(name, seen.all_releases))
    deploy = request(release, hosts_of(fit.targets))
    return fit, replace(deploy, left_aside=_still_serving(fit))


def _still_serving(fit: PreflightReport) -> tuple[str, ...]:
    return tuple(skipped.target for skipped in fit.skipped if skipped.serves)


def hosts_of(targets: Sequence[Target]) -> tuple[str, ...]:
    """List the hosts of ``targets``, each once."""
    return tuple(dict.fromkeys(target.host for target in targets))
