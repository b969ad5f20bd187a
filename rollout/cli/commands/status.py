"""``rollout status``: where every host stands, on every load balancer and under its supervisor."""

import asyncio
from dataclasses import replace

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.from_settings import scope_of
from rollout.cli.new_run import history_of
from rollout.cli.wiring import open_site
from rollout.lock.acquire import lock_of
from rollout.lock.previous_runs import find_unfinished_run
from rollout.model.errors import RolloutError
from rollout.model.findings import FleetSnapshot
from rollout.model.fleet import Finding
from rollout.model.past_runs import UnfinishedRun
from rollout.output.select import Output
from rollout.output.status import status_json, status_table
from rollout.restart.fleet_snapshot import finding, take_fleet_snapshot
from rollout.restart.server_mapping import servers_of
from rollout.settings.model import Settings
from rollout.summary.run import Exit


def status(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings
    chosen = arguments.selected_hosts(settings)
    return run(settings, chosen, output_mode, arguments.typed.rollout)


def run(settings: Settings, hosts: tuple[str, ...], output_mode: Output, rollout: str) -> int:
    """Look at everything and show it; 3 when something could not be seen."""

    async def scenario() -> tuple[FleetSnapshot, UnfinishedRun | None, tuple[Finding, ...]]:
        async with open_site(settings) as site:
            seen = await take_fleet_snapshot(hosts, site)
            try:
                return (
                    seen,
                    await find_unfinished_run(lock_of(site), history_of(settings), site),
                    (),
                )
            except RolloutError as error:
                return seen, None, (finding("lock", error),)

    seen, left, blind = asyncio.run(scenario())
    seen = replace(seen, more=blind)
    scope = scope_of(settings, hosts)
    servers = {
        host_snapshot.host: servers_of(host_snapshot, scope, seen.readings)
        for host_snapshot in seen.hosts
    }
    if output_mode is Output.JSON:
        print_output(status_json(seen, servers, left))
    else:
        print_output(status_table(seen, servers, left, rollout))
    return Exit.REFUSED if seen.findings else Exit.DONE
