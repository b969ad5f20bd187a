"""One look at everything: each load balancer and each host, all at once, touching nothing.

What cannot be seen becomes a finding with its fix, never an exception: an operator wants to
read all that is wrong, not the first.
"""

import asyncio
from collections.abc import Sequence

from rollout.model.errors import (
    ActionableError,
    LockHeld,
    RemoteError,
    RolloutError,
    SupervisorError,
    UnfinishedRunFound,
)
from rollout.model.findings import BalancerCheck, FleetSnapshot, HostSnapshot
from rollout.model.fleet import Finding, InstanceState
from rollout.ports.site import Balancer, Site


async def take_fleet_snapshot(hosts: Sequence[str], site: Site) -> FleetSnapshot:
    """Look at ``hosts`` and at every load balancer."""
    async with asyncio.TaskGroup() as looks:
        balancers = [looks.create_task(check_balancer(b)) for b in site.balancers.values()]
        snapshots = [looks.create_task(check_host(host, site)) for host in hosts]
    return FleetSnapshot(
        hosts=tuple(task.result() for task in snapshots),
        balancers=tuple(task.result() for task in balancers),
    )


async def check_balancer(balancer: Balancer) -> BalancerCheck:
    """Read one load balancer, and what would keep us from working with it."""
    try:
        findings = await balancer.examine()
        reading = None if findings else await balancer.look()
    except RolloutError as error:
        return BalancerCheck(balancer=balancer.name, findings=(finding(balancer.name, error),))
    return BalancerCheck(balancer=balancer.name, reading=reading, findings=findings)


async def check_host(host: str, site: Site) -> HostSnapshot:
    """Read one host: its addresses, its instances, and what would keep a restart from working."""
    addresses: tuple[str, ...] = ()
    instances: tuple[InstanceState, ...] = ()
    findings: tuple[Finding, ...] = ()
    reached = True
    try:
        addresses = await site.addresses.addresses(host)
        findings = await site.supervisor.examine(host)
        instances = await site.supervisor.look(host)
    except SupervisorError as error:
        # examine() has said so already, as a finding that reads the same
        findings = tuple(dict.fromkeys((*findings, finding(host, error))))
    except RolloutError as error:
        findings, reached = (finding(host, error),), not isinstance(error, RemoteError)
    return HostSnapshot(
        host=host, addresses=addresses, instances=instances, findings=findings, reached=reached
    )


def finding(where: str, error: RolloutError) -> Finding:
    """Turn an error into a finding, with its fix where it has one."""
    if isinstance(error, UnfinishedRunFound):
        return Finding(where, str(error), error.fix)
    if isinstance(error, LockHeld):
        return Finding(where, str(error), "`rollout lock` shows it; --wait-lock 10m waits for it")
    if isinstance(error, ActionableError):
        return Finding(where, error.what, error.fix)
    return Finding(where, str(error), "")
