"""``rollout releases``: what stands on each host, and which of it is live."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.global_options import global_options

if TYPE_CHECKING:
    from rollout.model.fleet import Finding
    from rollout.model.releases import HostReleases
    from rollout.output.select import Output
    from rollout.settings.model import Settings


def releases(
    context: typer.Context, *, hosts: said.Hosts = None, exclude: said.Exclude = None
) -> None:
    """Show each host's releases: good, bad, current, running."""
    from rollout.cli.from_deploy_settings import the_deploy  # noqa: PLC0415 - not for `--help`
    from rollout.text.hostnames import select  # noqa: PLC0415

    output_mode = global_options(context).output_mode
    loaded = global_options(context).settings()
    the_deploy(loaded.settings, loaded.sources[-1].origin(()))
    names = loaded.settings.fleet.names
    chosen = select(names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(loaded.settings, chosen, output_mode))


def run(settings: "Settings", hosts: tuple[str, ...], output_mode: "Output") -> int:
    """Look at the disks and show them; 3 when one could not be seen."""
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.console import print_output  # noqa: PLC0415
    from rollout.cli.wiring import open_site  # noqa: PLC0415
    from rollout.deploy.disk_preflight import read_releases  # noqa: PLC0415
    from rollout.output.releases import releases_json, releases_table  # noqa: PLC0415
    from rollout.output.select import Output  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415

    async def scenario() -> "tuple[tuple[HostReleases, ...], tuple[Finding, ...]]":
        async with open_site(settings) as site:
            if site.releases is None:
                raise AssertionError("a [deploy] without releases")
            return await read_releases(hosts, site.releases)

    seen, findings = asyncio.run(scenario())
    print_output((releases_json if output_mode is Output.JSON else releases_table)(seen, findings))
    return Exit.REFUSED if findings else Exit.DONE
