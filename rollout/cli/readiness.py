"""What a deploy or a rollback finds before anything is touched: all that is wrong, at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rollout.cli.deploys import deploy_of, the_deploy
from rollout.cli.plans import scope_of
from rollout.deploys import Deploy
from rollout.errors import ReleaseError, RemoteError, RolloutError
from rollout.fleet import Finding, Target
from rollout.nearest import did_you_mean
from rollout.ports import Site, Source
from rollout.preflight import preflight
from rollout.releases import Release, Shelf, next_name, to_roll_back_to
from rollout.settings.model import Settings
from rollout.shelving import shelving
from rollout.sights import Fitness, Shelving
from rollout.survey import finding


async def fit_for_a_deploy(
    settings: Settings, hosts: tuple[str, ...], site: Site, source: Source | None
) -> tuple[Fitness, Shelving]:
    """Look at the fleet as for a restart, and at the disks of its hosts; touch nothing.

    Without a source only what concerns a release that is there is looked at.
    """
    fit = await preflight(scope_of(settings, hosts), settings.fleet.floor, site)
    seen = await shelving(_whose_disks(fit, hosts), site, source)
    both = replace(
        fit,
        findings=tuple(dict.fromkeys((*fit.findings, *seen.findings))),
        notes=(*fit.notes, *seen.notes),
    )
    return both, seen


def _whose_disks(fit: Fitness, hosts: Sequence[str]) -> tuple[Target, ...]:
    """List the targets, and in place of those that were found unfit their hosts.

    Whose target somebody else holds out has no part in the deploy.
    """
    if not fit.findings:
        return fit.targets
    known = {target.host for target in fit.targets} | {s.target for s in fit.skipped}
    unfit = (Target(host, host, (), (), {}) for host in hosts if host not in known)
    return (*fit.targets, *unfit)


async def ready_to_deploy(
    settings: Settings, hosts: tuple[str, ...], site: Site, source: Source
) -> tuple[Fitness, Deploy | None]:
    """Find out whether a new release can be deployed, and which it is."""
    fit, seen = await fit_for_a_deploy(settings, hosts, site, source)
    if fit.findings or not fit.targets:
        return fit, None
    names = hosts_of(fit.targets)
    try:
        revision = await source.resolve(names)
    except RolloutError as error:
        where = error.host if isinstance(error, RemoteError | ReleaseError) else "deploy"
        return replace(fit, findings=(finding(where, error),)), None
    now = datetime.now(UTC)  # noqa: TID251 - no stamp: a release is named by its second
    release = Release(next_name(now, seen.shelves), revision)
    return fit, deploy_of(the_deploy(settings), release, names, fresh=True)


async def ready_to_roll_back(
    settings: Settings, hosts: tuple[str, ...], site: Site, to: str | None
) -> tuple[Fitness, Deploy | None]:
    """Find out whether the release ``to``, or the last good one, can be made live again."""
    fit, seen = await fit_for_a_deploy(settings, hosts, site, None)
    if fit.findings or not fit.targets:
        return fit, None
    name = to_roll_back_to(seen.shelves) if to is None else to
    if found := against(name, seen.shelves):
        return replace(fit, findings=found), None
    release = Release(name, revision_of(name, seen.shelves))
    names = hosts_of(fit.targets)
    return fit, deploy_of(the_deploy(settings), release, names, fresh=False)


def against(name: str, shelves: Sequence[Shelf]) -> tuple[Finding, ...]:
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
    half = [s.host for s in shelves if (r := s.find(name)) and r.unfinished]
    if half:
        what = f"the deploy of release {name} did not end there"
        return tuple(Finding(host, what, look) for host in half)
    revisions = {shelf.host: r.revision for shelf in shelves if (r := shelf.find(name))}
    if len(set(revisions.values())) > 1:
        what = f"has another revision in release {name} than others"
        return tuple(Finding(h, f"{what}: {r or 'none'}", look) for h, r in revisions.items())
    if all(shelf.current == name for shelf in shelves):
        what = f"release {name} is live on every host already"
        return (Finding("rollback", what, "`rollout restart` restarts it where it is"),)
    return ()


def revision_of(name: str, shelves: Sequence[Shelf]) -> str:
    """Read what the release was made from; empty where that was never written down."""
    return next((r.revision for shelf in shelves if (r := shelf.find(name))), "")


def hosts_of(targets: Sequence[Target]) -> tuple[str, ...]:
    """List the hosts of ``targets``, each once."""
    return tuple(dict.fromkeys(target.host for target in targets))
