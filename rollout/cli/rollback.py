"""``rollout rollback``: a release that every host has is made live again."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollout.cli import options as said
from rollout.cli.context import asked
from rollout.cli.flags import Flags, taking

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout.cli.context import Asked
    from rollout.ports import Tell
    from rollout.settings.model import Settings


@taking({**said.HOW, **said.PACE})
def rollback(
    context: typer.Context,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="RELEASE", help="This release (default: the last good one before)."
        ),
    ] = None,
    hosts: said.Only = None,
    exclude: said.Without = None,
    flags: Flags,
    cron: said.Cron = False,
) -> None:
    """Make an older release live again; nobody notices either."""
    from rollout.cli.deploys import deployable  # noqa: PLC0415 - not for `--help`
    from rollout.hostnames import select  # noqa: PLC0415

    settings = deployable(asked(context).settings(flags), flags)
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, to, asked(context), cron=cron))


def run(
    settings: "Settings",
    hosts: tuple[str, ...],
    to: str | None,
    typed: "Asked",
    *,
    cron: bool,
) -> int:
    """Tell the story and return the exit code of its account."""
    from functools import partial  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.aloud import looking_at, overheard, tell_aloud  # noqa: PLC0415 - not for `--help`
    from rollout.cli.build import open_deploy  # noqa: PLC0415
    from rollout.cli.deploys import deploy_of, the_deploy  # noqa: PLC0415
    from rollout.cli.plans import plan_of, scope_of  # noqa: PLC0415
    from rollout.preflight import announce  # noqa: PLC0415
    from rollout.readiness import ready_to_roll_back  # noqa: PLC0415
    from rollout.uninterrupted import uninterrupted  # noqa: PLC0415
    from rollout.waiting import unless_stopped  # noqa: PLC0415

    scope = scope_of(settings, hosts)
    wish = partial(deploy_of, the_deploy(settings), fresh=False)

    async def story(tell: "Tell", stop_asked: "Callable[[], bool]") -> None:
        async with open_deploy(settings, stop_asked=stop_asked) as (world, supply):
            site = overheard(world, tell, verbose=typed.verbose)
            looking = ready_to_roll_back(scope, settings.fleet.floor, site, to, wish)
            fit, deploy = await unless_stopped(looking, stop_asked)
            if announce(fit, tell) and deploy is not None:
                await uninterrupted(deploy, plan_of(settings, fit.targets), site, supply, tell)

    meanwhile = looking_at(hosts, the_deploy(settings).hooks.before)
    return tell_aloud(story, settings, typed, cron=cron, meanwhile=meanwhile)
