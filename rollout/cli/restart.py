"""``rollout restart``: every app server in turn, without one failed request."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.context import asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout.ports import Tell
    from rollout.render.choose import Output
    from rollout.settings.model import Settings


def restart(
    context: typer.Context,
    *,
    hosts: said.Only = None,
    exclude: said.Without = None,
    max_out: said.MaxOut = None,
    floor: said.Floor = None,
    canary: said.Canary = None,
    soak: said.Soak = None,
    by: said.By = None,
    startup_delay: said.StartupDelay = None,
    drain_timeout: said.DrainTimeout = None,
    maint_timeout: said.MaintTimeout = None,
    on_busy: said.OnBusy = None,
    running_timeout: said.RunningTimeout = None,
    stable: said.Stable = None,
    max_failures: said.MaxFailures = None,
    deadline: said.Deadline = None,
    instances_at_a_time: said.InstancesAtATime = None,
    cron: said.Cron = False,
) -> None:
    """Restart every app server in turn without dropping a request."""
    flags = {
        "--max-out": max_out,
        "--floor": floor,
        "--canary": canary,
        "--soak": soak,
        "--by": by,
        "--startup-delay": startup_delay,
        "--drain-timeout": drain_timeout,
        "--maint-timeout": maint_timeout,
        "--on-busy": on_busy,
        "--running-timeout": running_timeout,
        "--stable": stable,
        "--max-failures": max_failures,
        "--deadline": deadline,
        "--instances-at-a-time": instances_at_a_time,
    }
    from rollout.hostnames import select  # noqa: PLC0415 - nothing that `--help` does not need

    voice, verbose = asked(context).voice, asked(context).verbose
    settings = asked(context).settings(flags).settings
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, voice, cron=cron, verbose=verbose))


def run(
    settings: "Settings", hosts: tuple[str, ...], voice: "Output", *, cron: bool, verbose: bool
) -> int:
    """Tell the story and return the exit code of its account."""
    import os  # noqa: PLC0415 - for all of these: not for `--help`
    import secrets  # noqa: PLC0415

    from rollout.adapters.overhearing import overhear  # noqa: PLC0415
    from rollout.cli.build import open_site  # noqa: PLC0415
    from rollout.cli.narrate import narrate, unless_stopped  # noqa: PLC0415
    from rollout.cli.plans import plan_of, reach_of, scope_of  # noqa: PLC0415
    from rollout.events import Noted  # noqa: PLC0415
    from rollout.preflight import announce, preflight  # noqa: PLC0415
    from rollout.render.choose import voices  # noqa: PLC0415
    from rollout.rolling import rolling_restart  # noqa: PLC0415

    async def story(tell: "Tell", stop_asked: "Callable[[], bool]") -> None:
        def note(where: str, what: str) -> None:
            tell(Noted(where=where, what=what))

        async with open_site(settings, stop_asked=stop_asked) as world:
            site = overhear(world, note) if verbose else world
            looking = preflight(scope_of(settings, hosts), settings.fleet.floor, site)
            fit = await unless_stopped(looking, stop_asked)
            if announce(fit, tell):
                await rolling_restart(plan_of(settings, fit.targets), site, tell)

    run_id = secrets.token_hex(3)
    reach = reach_of(settings)
    return narrate(story, voices(voice, run=run_id, environ=os.environ, cron=cron, reach=reach))
