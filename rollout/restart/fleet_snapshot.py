"""One look at everything: each load balancer and each host, all at once, touching nothing.

What cannot be seen becomes a finding with its cure, never an exception: an operator wants to
read all that is wrong, not the first.
"""

import asyncio
from collections.abc import Sequence

from rollout.model.errors import (
    BalancerError,
    LockError,
    LockHeld,
    RecordError,
    ReleaseError,
    RemoteError,
    RolloutError,
    SourceError,
    SupervisorError,
    Unfinished,
)
from rollout.model.findings import BalancerSight, HostSight, Survey
from rollout.model.fleet import Finding, InstanceState
from rollout.ports.site import Balancer, Site


async def survey(hosts: Sequence[str], site: Site) -> Survey:
    """Look at ``hosts`` and at every load balancer."""
    async with asyncio.TaskGroup() as looks:
        balancers = [looks.create_task(see_balancer(b)) for b in site.balancers.values()]
        sights = [looks.create_task(see_host(host, site)) for host in hosts]
    return Survey(
        hosts=tuple(task.result() for task in sights),
        balancers=tuple(task.result() for task in balancers),
    )


async def see_balancer(balancer: Balancer) -> BalancerSight:
    """Read one load balancer, and what would keep us from working with it."""
    try:
        findings = await balancer.examine()
        reading = None if findings else await balancer.look()
    except RolloutError as error:
        return BalancerSight(balancer=balancer.name, findings=(finding(balancer.name, error),))
    return BalancerSight(balancer=balancer.name, reading=reading, findings=findings)


async def see_host(host: str, site: Site) -> HostSight:
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
    return HostSight(
        host=host, addresses=addresses, instances=instances, findings=findings, reached=reached
    )


CURED = (
    BalancerError,
    LockError,
    RecordError,
    ReleaseError,
    RemoteError,
    SourceError,
    SupervisorError,
)


def finding(where: str, error: RolloutError) -> Finding:
    """Turn an error into a finding, with its cure where it has one."""
    if isinstance(error, Unfinished):
        return Finding(where, str(error), error.cure)
    if isinstance(error, LockHeld):
        return Finding(where, str(error), "`rollout lock` shows it; --wait-lock 10m waits for it")
    if isinstance(error, CURED):
        return Finding(where, error.what, error.cure)
    return Finding(where, str(error), "")
