"""``rollout status``: where every host stands, on every load balancer and in monit."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.context import asked

if TYPE_CHECKING:
    from rollout.render.choose import Output
    from rollout.settings.model import Settings


def status(
    context: typer.Context, *, hosts: said.Only = None, exclude: said.Without = None
) -> None:
    """Show where each host stands: server lines, instances, pids."""
    from rollout.hostnames import select  # noqa: PLC0415 - nothing that `--help` does not need

    voice = asked(context).voice
    settings = asked(context).settings().settings
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, voice))


def run(settings: "Settings", hosts: tuple[str, ...], voice: "Output") -> int:
    """Look at everything and show it."""
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.build import open_site  # noqa: PLC0415
    from rollout.errors import Refused  # noqa: PLC0415
    from rollout.survey import survey  # noqa: PLC0415

    async def story() -> int:
        async with open_site(settings) as site:
            seen = await survey(hosts, site)
            raise Refused(f"{len(seen.hosts)} seen; {voice}: the telling is not wired yet")

    return asyncio.run(story())
