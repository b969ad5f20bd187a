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
    from rollout.settings.loading import Loaded


@taking({**said.WHAT, **said.HOW, **said.PACE})
def uninterrupted(
    context: typer.Context,
    *,
    hosts: said.Only = None,
    exclude: said.Without = None,
    flags: Flags,
    take_up: said.TakeUp = False,
    cron: said.Cron = False,
) -> None:
    """Deploy a new release; nobody who visits the site notices."""
    from rollout.cli.deploys import deployable  # noqa: PLC0415 - not for `--help`
    from rollout.hostnames import select  # noqa: PLC0415

    loaded = asked(context).settings(flags)
    chosen = select(deployable(loaded, flags).fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(loaded, chosen, asked(context), flags, take_up=take_up, cron=cron))


def run(
    loaded: "Loaded",
    hosts: tuple[str, ...],
    typed: "Asked",
    flags: Flags,
    *,
    take_up: bool,
    cron: bool,
) -> int:
    """Tell the story and return the exit code of its account."""
    from functools import partial  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.aloud import looking_at, overheard, tell_aloud  # noqa: PLC0415 - not for `--help`
    from rollout.cli.begun import begin  # noqa: PLC0415
    from rollout.cli.build import open_deploy  # noqa: PLC0415
    from rollout.cli.charge import in_charge  # noqa: PLC0415
    from rollout.cli.deploys import deploy_of, the_deploy  # noqa: PLC0415
    from rollout.cli.plans import plan_of, scope_of, wish_of  # noqa: PLC0415
    from rollout.preflight import announce  # noqa: PLC0415
    from rollout.readiness import ready_to_deploy  # noqa: PLC0415
    from rollout.uninterrupted import uninterrupted as deployed  # noqa: PLC0415
    from rollout.waiting import unless_stopped  # noqa: PLC0415

    settings = loaded.settings
    scope = scope_of(settings, hosts)
    wish = partial(deploy_of, the_deploy(settings), fresh=True)

    begun = begin(loaded, "uninterrupted", hosts, flags=flags)

    async def story(tell: "Tell", stop_asked: "Callable[[], bool]") -> None:
        async with (
            open_deploy(settings, stop_asked=stop_asked) as (world, supply),
            in_charge(
                overheard(world, tell, verbose=typed.verbose),
                begun,
                wish_of(settings, hosts, typed.rollout, take_up=take_up),
                tell,
            ) as charge,
        ):
            site = charge.site
            looking = ready_to_deploy(scope, settings.fleet.floor, site, supply.source, wish)
            fit, deploy = await unless_stopped(looking, stop_asked)
            if announce(charge.but_for(fit), tell) and deploy is not None:
                await deployed(deploy, plan_of(settings, fit.targets), site, supply, tell)

    meanwhile = looking_at(hosts, the_deploy(settings).hooks.before)
    return tell_aloud(story, settings, typed, begun, cron=cron, meanwhile=meanwhile)
