"""``rollout restart``: every app server in turn, without one failed request."""

from typing import TYPE_CHECKING

from rollout.cli.arguments import Arguments
from rollout.cli.options import CRON, INCLUDE_LEFT_OUT
from rollout.settings.flags import Flags

if TYPE_CHECKING:
    from rollout.cli.global_options import GlobalOptions
    from rollout.lock.session import LockedRun
    from rollout.model.findings import PreflightReport
    from rollout.ports.site import Site, Tell
    from rollout.settings.load import Loaded


def restart(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    loaded = arguments.settings()
    return run(
        loaded,
        arguments.selected_hosts(loaded.settings),
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
    from rollout.cli import runner as running  # noqa: PLC0415 - for all of these: not for `--help`
    from rollout.cli.from_settings import plan_of, scope_of  # noqa: PLC0415
    from rollout.cli.run_with_output import looking_at  # noqa: PLC0415
    from rollout.deploy.preflight import restart_preflight  # noqa: PLC0415
    from rollout.restart.preflight import report_preflight  # noqa: PLC0415
    from rollout.restart.rolling import rolling_restart  # noqa: PLC0415
    from rollout.wait import unless_stopped  # noqa: PLC0415

    settings = loaded.settings
    scope = scope_of(settings, hosts, flags)

    async def look(site: "Site") -> "PreflightReport":
        looking = restart_preflight(scope, settings.fleet.floor, site)
        return await unless_stopped(looking, site.stop_asked)

    async def scenario(locked_run: "LockedRun", tell: "Tell") -> None:
        fit = await look(locked_run.site)
        if report_preflight(fit, tell):
            await rolling_restart(plan_of(settings, fit.targets, flags), locked_run.site, tell)

    spec = running.CommandSpec(
        loaded=loaded,
        typed=typed,
        verb="restart",
        hosts=hosts,
        flags=flags,
        include_left_out=include_left_out,
        cron=cron,
        meanwhile=looking_at(hosts),
        look=look,
    )
    return running.run(spec, scenario)
