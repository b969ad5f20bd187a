"""``rollout rollback``: a release that every host has is made live again."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollout.cli import options as said
from rollout.cli.global_options import asked
from rollout.cli.with_options import Flags, taking, with_sick

if TYPE_CHECKING:
    from rollout.cli.global_options import Asked
    from rollout.cli.locked_run import Charge
    from rollout.ports.site import Tell
    from rollout.settings.load import Loaded


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
    take_up: said.TakeUp = False,
    accept_sick: said.AcceptSick = False,
    cron: said.Cron = False,
) -> None:
    """Make an older release live again; nobody notices either."""
    from rollout.cli.from_deploy_settings import deployable  # noqa: PLC0415 - not for `--help`
    from rollout.text.hostnames import select  # noqa: PLC0415

    flags = with_sick(flags, accept_sick=accept_sick)
    loaded = asked(context).settings(flags)
    chosen = select(deployable(loaded, flags).fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(loaded, chosen, to, asked(context), flags, take_up=take_up, cron=cron))


def run(
    loaded: "Loaded",
    hosts: tuple[str, ...],
    to: str | None,
    typed: "Asked",
    flags: Flags,
    *,
    take_up: bool,
    cron: bool,
) -> int:
    """Tell the story and return the exit code of its account."""
    from functools import partial  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli import runner as running  # noqa: PLC0415
    from rollout.cli.from_deploy_settings import deploy_of, the_deploy  # noqa: PLC0415
    from rollout.cli.from_settings import plan_of, scope_of  # noqa: PLC0415
    from rollout.cli.run_with_output import looking_at  # noqa: PLC0415
    from rollout.deploy.deploy import uninterrupted  # noqa: PLC0415
    from rollout.deploy.preflight import ready_to_roll_back  # noqa: PLC0415
    from rollout.restart.preflight import announce  # noqa: PLC0415
    from rollout.wait import unless_stopped  # noqa: PLC0415

    settings = loaded.settings
    scope = scope_of(settings, hosts, flags)
    wish = partial(deploy_of, the_deploy(settings), fresh=False)

    async def story(charge: "Charge", tell: "Tell") -> None:
        site = charge.site
        looking = ready_to_roll_back(scope, settings.fleet.floor, site, to, wish)
        fit, deploy = await unless_stopped(looking, site.stop_asked)
        if announce(charge.but_for(fit), tell, deploys=True) and deploy is not None:
            plan = plan_of(settings, fit.targets, flags)
            await uninterrupted(deploy, plan, site, charge.supplied, tell)

    errand = running.Errand(
        loaded=loaded,
        typed=typed,
        verb="rollback",
        hosts=hosts,
        flags=flags,
        deploys=True,
        take_up=take_up,
        cron=cron,
        meanwhile=looking_at(hosts, the_deploy(settings).hooks.before),
    )
    return running.run(errand, story)
