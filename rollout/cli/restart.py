"""``rollout restart``: every app server in turn, without one failed request."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.context import asked
from rollout.cli.flags import Flags, taking

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout.cli.context import Asked
    from rollout.ports import Tell
    from rollout.settings.model import Settings


@taking(said.PACE)
def restart(
    context: typer.Context,
    *,
    hosts: said.Only = None,
    exclude: said.Without = None,
    flags: Flags,
    cron: said.Cron = False,
) -> None:
    """Restart every app server in turn without dropping a request."""
    from rollout.hostnames import select  # noqa: PLC0415 - nothing that `--help` does not need

    settings = asked(context).settings(flags).settings
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, asked(context), cron=cron))


def run(settings: "Settings", hosts: tuple[str, ...], typed: "Asked", *, cron: bool) -> int:
    """Tell the story and return the exit code of its account."""
    from rollout.cli.aloud import looking_at, overheard, tell_aloud  # noqa: PLC0415 - not for `--help`
    from rollout.cli.build import open_site  # noqa: PLC0415
    from rollout.cli.plans import plan_of, scope_of  # noqa: PLC0415
    from rollout.preflight import announce, preflight  # noqa: PLC0415
    from rollout.rolling import rolling_restart  # noqa: PLC0415
    from rollout.waiting import unless_stopped  # noqa: PLC0415

    async def story(tell: "Tell", stop_asked: "Callable[[], bool]") -> None:
        async with open_site(settings, stop_asked=stop_asked) as world:
            site = overheard(world, tell, verbose=typed.verbose)
            looking = preflight(scope_of(settings, hosts), settings.fleet.floor, site)
            fit = await unless_stopped(looking, stop_asked)
            if announce(fit, tell):
                await rolling_restart(plan_of(settings, fit.targets), site, tell)

    meanwhile = looking_at(hosts)
    return tell_aloud(story, settings, typed, cron=cron, meanwhile=meanwhile)
