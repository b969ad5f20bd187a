"""``rollout uninterrupted``: a new release on every server, without one failed request."""

from typing import TYPE_CHECKING

from rollout.cli.arguments import Arguments
from rollout.cli.options import CRON, INCLUDE_LEFT_OUT
from rollout.settings.flags import Flags

if TYPE_CHECKING:
    from rollout.cli.global_options import GlobalOptions
    from rollout.lock.session import LockedRun
    from rollout.model.deploy import Deploy
    from rollout.model.findings import PreflightReport
    from rollout.ports.site import Site, Tell
    from rollout.settings.load import Loaded


def uninterrupted(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    from rollout.cli.from_deploy_settings import deployable  # noqa: PLC0415 - not for `--help`

    loaded = arguments.settings(secrets=True)
    settings = deployable(loaded, arguments.flags)
    return run(
        loaded,
        arguments.selected_hosts(settings),
        arguments.typed,
        arguments.flags,
        include_left_out=arguments.is_on(INCLUDE_LEFT_OUT),
        cron=arguments.is_on(CRON),
    )


def run(
    loaded: "Loaded",
    hosts: tuple[str, ...],
    typed: "GlobalOptions",
    flags: Flags,
    *,
    include_left_out: bool,
    cron: bool,
) -> int:
    """Run the command and return its exit code."""
    from functools import partial  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli import runner as running  # noqa: PLC0415
    from rollout.cli.from_deploy_settings import deploy_of, the_deploy  # noqa: PLC0415
    from rollout.cli.from_settings import plan_of, scope_of  # noqa: PLC0415
    from rollout.cli.run_with_output import looking_at  # noqa: PLC0415
    from rollout.deploy.deploy import uninterrupted as deployed  # noqa: PLC0415
    from rollout.deploy.preflight import ready_to_deploy  # noqa: PLC0415
    from rollout.ports.site import services_of  # noqa: PLC0415
    from rollout.restart.preflight import report_preflight  # noqa: PLC0415
    from rollout.wait import unless_stopped  # noqa: PLC0415

    settings = loaded.settings
    scope = scope_of(settings, hosts, flags)
    request = partial(deploy_of, the_deploy(settings), fresh=True)

    async def ready(site: "Site") -> "tuple[PreflightReport, Deploy | None]":
        looking = ready_to_deploy(
            scope, settings.fleet.floor, site, services_of(site).source, request
        )
        return await unless_stopped(looking, site.stop_asked)

    async def look(site: "Site") -> "PreflightReport":
        fit, _ = await ready(site)
        return fit

    async def scenario(locked_run: "LockedRun", tell: "Tell") -> None:
        site = locked_run.site
        fit, deploy = await ready(site)
        if report_preflight(fit, tell, deploys=True) and deploy is not None:
            plan = plan_of(settings, fit.targets, flags)
            await deployed(deploy, plan, site, services_of(site), tell)

    spec = running.CommandSpec(
        loaded=loaded,
        typed=typed,
        verb="uninterrupted",
        hosts=hosts,
        flags=flags,
        deploys=True,
        include_left_out=include_left_out,
        cron=cron,
        meanwhile=looking_at(hosts, the_deploy(settings).hooks.before),
        look=look,
    )
    return running.run(spec, scenario)
