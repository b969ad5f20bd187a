"""``rollout status``: where every host stands, on every load balancer and under its supervisor."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.from_settings import lock_request, scope_of
from rollout.cli.new_run import history_of
from rollout.cli.wiring import open_site
from rollout.deploy.disk_preflight import read_releases
from rollout.lock.acquire import LockContext, Outlook, foresee
from rollout.model.errors import LockHeld, RolloutError, UnfinishedRunFound
from rollout.model.findings import FleetSnapshot, HostSnapshot
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases
from rollout.output.select import Output
from rollout.output.status import FleetStatus, status_json, status_table
from rollout.ports.releases import Releases
from rollout.ports.site import Site
from rollout.restart.fleet_snapshot import finding, take_fleet_snapshot
from rollout.restart.floor import totals
from rollout.restart.server_mapping import servers_of
from rollout.settings.model import Settings
from rollout.summary.run import Exit


def status(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings
    return run(settings, arguments.selected_hosts(settings), output_mode)


def run(settings: Settings, hosts: tuple[str, ...], output_mode: Output) -> int:
    """Look at everything and show it; 3 when something could not be seen."""
    seen = asyncio.run(read_status(settings, hosts))
    print_output((status_json if output_mode is Output.JSON else status_table)(seen))
    return Exit.REFUSED if seen.snapshot.findings else Exit.DONE


async def read_status(settings: Settings, hosts: tuple[str, ...]) -> FleetStatus:
    """Connect to everything, look at it once, and hang up."""
    async with open_site(settings) as site:
        return await look(settings, hosts, site)


async def look(settings: Settings, hosts: tuple[str, ...], site: Site) -> FleetStatus:
    """Look at the hosts, the load balancers, the disks, the lock and the journals."""
    request = lock_request(settings, hosts, "rollout")
    seen, outlook = await asyncio.gather(
        take_fleet_snapshot(hosts, site),
        foresee(LockContext(request, history_of(settings), site, lambda _: None)),
    )
    releases, by_pid, unread = await _releases(seen, site)
    seen = replace(seen, more=(*_unknown(outlook), *unread))
    scope = scope_of(settings, hosts)
    servers = {one.host: servers_of(one, scope, seen.readings) for one in seen.hosts}
    ours = {s for h in outlook.owned_targets for s in h.target.servers}
    known = [row.server for rows in servers.values() for row in rows]
    return FleetStatus(
        snapshot=seen,
        servers=servers,
        found=outlook.found,
        runs=outlook.runs,
        totals=totals(settings.fleet.floor, seen.readings, known, ours),
        releases=releases,
        release_by_pid=by_pid,
        now=time.time(),
    )


def _unknown(outlook: Outlook) -> tuple[Finding, ...]:
    """Say what keeps us from knowing the lock or the journals, where something does."""
    error = outlook.refused
    if error is None or isinstance(error, LockHeld | UnfinishedRunFound):
        return ()
    return (finding("lock", error),)


async def _releases(
    seen: FleetSnapshot, site: Site
) -> tuple[Mapping[str, HostReleases], Mapping[str, Mapping[int, str]], tuple[Finding, ...]]:
    """Read what stands on the disks of the hosts that were reached, and what each process runs."""
    if site.releases is None:
        return {}, {}, ()
    reached = [one for one in seen.hosts if one.reached]
    (found, unread), by_pid = await asyncio.gather(
        read_releases([one.host for one in reached], site.releases),
        asyncio.gather(*(_by_pid(one, site.releases) for one in reached)),
    )
    return (
        {one.host: one for one in found},
        {one.host: known for one, known in zip(reached, by_pid, strict=True)},
        unread,
    )


async def _by_pid(one: HostSnapshot, releases: Releases) -> Mapping[int, str]:
    pids = tuple(state.process.pid for state in one.instances if state.process)
    try:
        return await releases.whereabouts(one.host, pids) if pids else {}
    except RolloutError:
        return {}  # the look at the disks says why
