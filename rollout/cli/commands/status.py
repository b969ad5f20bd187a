"""``rollout status``: where every host stands, on every load balancer and in monit."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.global_options import global_options

if TYPE_CHECKING:
    from rollout.model.findings import FleetSnapshot
    from rollout.model.fleet import Finding
    from rollout.model.past_runs import UnfinishedRun
    from rollout.output.select import Output
    from rollout.settings.model import Settings


def status(
    context: typer.Context, *, hosts: said.Hosts = None, exclude: said.Exclude = None
) -> None:
    """Show where each host stands: server lines, instances, pids."""
    from rollout.text.hostnames import select  # noqa: PLC0415 - nothing that `--help` does not need

    output_mode = global_options(context).output_mode
    settings = global_options(context).settings().settings
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, output_mode, global_options(context).rollout))


def run(
    settings: "Settings", hosts: tuple[str, ...], output_mode: "Output", rollout: str = "rollout"
) -> int:
    """Look at everything and show it; 3 when something could not be seen."""
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`
    from dataclasses import replace  # noqa: PLC0415

    from rollout.cli.console import print_output  # noqa: PLC0415
    from rollout.cli.from_settings import scope_of  # noqa: PLC0415
    from rollout.cli.new_run import history_of  # noqa: PLC0415
    from rollout.cli.wiring import open_site  # noqa: PLC0415
    from rollout.lock.acquire import lock_of  # noqa: PLC0415
    from rollout.lock.previous_runs import find_unfinished_run  # noqa: PLC0415
    from rollout.model.errors import RolloutError  # noqa: PLC0415
    from rollout.output.select import Output  # noqa: PLC0415
    from rollout.output.status import status_json, status_table  # noqa: PLC0415
    from rollout.restart.fleet_snapshot import finding, take_fleet_snapshot  # noqa: PLC0415
    from rollout.restart.server_mapping import servers_of  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415

    async def scenario() -> "tuple[FleetSnapshot, UnfinishedRun | None, tuple[Finding, ...]]":
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
