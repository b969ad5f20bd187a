"""``rollout uninterrupted``: a new release on every server, without one failed request."""

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


@taking({**said.WHAT, **said.HOW, **said.PACE})
def uninterrupted(
    context: typer.Context,
    *,
    hosts: said.Only = None,
    exclude: said.Without = None,
    flags: Flags,
    cron: said.Cron = False,
) -> None:
    """Deploy a new release; nobody who visits the site notices."""
    from rollout.cli.deploys import deployable  # noqa: PLC0415 - not for `--help`
    from rollout.hostnames import select  # noqa: PLC0415

    settings = deployable(asked(context).settings(flags), flags)
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, asked(context), cron=cron))


def run(settings: "Settings", hosts: tuple[str, ...], typed: "Asked", *, cron: bool) -> int:
    """Tell the story and return the exit code of its account."""
    from functools import partial  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.aloud import looking_at, overheard, tell_aloud  # noqa: PLC0415 - not for `--help`
    from rollout.cli.build import open_deploy  # noqa: PLC0415
    from rollout.cli.deploys import deploy_of, the_deploy  # noqa: PLC0415
    from rollout.cli.plans import plan_of, scope_of  # noqa: PLC0415
    from rollout.preflight import announce  # noqa: PLC0415
    from rollout.readiness import ready_to_deploy  # noqa: PLC0415
    from rollout.uninterrupted import uninterrupted as deployed  # noqa: PLC0415
    from rollout.waiting import unless_stopped  # noqa: PLC0415

    scope = scope_of(settings, hosts)
    wish = partial(deploy_of, the_deploy(settings), fresh=True)

    async def story(tell: "Tell", stop_asked: "Callable[[], bool]") -> None:
        async with open_deploy(settings, stop_asked=stop_asked) as (world, supply):
            site = overheard(world, tell, verbose=typed.verbose)
            looking = ready_to_deploy(scope, settings.fleet.floor, site, supply.source, wish)
            fit, deploy = await unless_stopped(looking, stop_asked)
            if announce(fit, tell) and deploy is not None:
                await deployed(deploy, plan_of(settings, fit.targets), site, supply, tell)

    meanwhile = looking_at(hosts, the_deploy(settings).hooks.before)
    return tell_aloud(story, settings, typed, cron=cron, meanwhile=meanwhile)
