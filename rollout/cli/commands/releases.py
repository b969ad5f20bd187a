"""``rollout releases``: what stands on each host, and which of it is live."""

import asyncio

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.wiring import open_site
from rollout.deploy.disk_preflight import read_releases
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases
from rollout.output.releases import releases_json, releases_table
from rollout.output.select import Output
from rollout.settings.model import Settings
from rollout.summary.run import Exit


def releases(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    loaded = arguments.settings()
    the_deploy(loaded.settings, loaded.sources[-1].origin(()))
    return run(loaded.settings, arguments.selected_hosts(loaded.settings), output_mode)


def run(settings: Settings, hosts: tuple[str, ...], output_mode: Output) -> int:
    """Look at the disks and show them; 3 when one could not be seen."""

    async def scenario() -> tuple[tuple[HostReleases, ...], tuple[Finding, ...]]:
        async with open_site(settings) as site:
            if site.releases is None:
                raise AssertionError("a [deploy] without releases")
            return await read_releases(hosts, site.releases)

    seen, findings = asyncio.run(scenario())
    print_output((releases_json if output_mode is Output.JSON else releases_table)(seen, findings))
    return Exit.REFUSED if findings else Exit.DONE
