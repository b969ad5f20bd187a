"""``rollout check``: everything that a rollout needs, tried out; nothing is changed."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.context import asked

if TYPE_CHECKING:
    from rollout.render.choose import Output
    from rollout.settings.model import Settings


def check(context: typer.Context, *, hosts: said.Only = None, exclude: said.Without = None) -> None:
    """Try out everything that a restart needs; nothing changes."""
    from rollout.hostnames import select  # noqa: PLC0415 - nothing that `--help` does not need

    voice = asked(context).voice
    settings = asked(context).settings().settings
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, voice))


def run(settings: "Settings", hosts: tuple[str, ...], voice: "Output") -> int:
    """Look at everything and return the exit code: 3 when something was found."""
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.build import open_site  # noqa: PLC0415
    from rollout.cli.plans import scope_of  # noqa: PLC0415
    from rollout.errors import PreflightFailed, Refused  # noqa: PLC0415
    from rollout.preflight import preflight  # noqa: PLC0415

    async def story() -> int:
        async with open_site(settings) as site:
            fit = await preflight(scope_of(settings, hosts), settings.fleet.floor, site)
            if fit.findings:
                raise PreflightFailed(fit.findings)
            raise Refused(f"{len(fit.targets)} fit; {voice}: the telling is not wired yet")

    return asyncio.run(story())
