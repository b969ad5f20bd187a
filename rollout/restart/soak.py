"""The soak: what was restarted carries traffic for a while before the next wave is risked."""

import asyncio
from collections.abc import Mapping, Sequence

from rollout.events import Noted, SoakSeen, SoakStarted, TargetLeftOut
from rollout.model.conditions import all_serving, out_of_rotation, receives_traffic
from rollout.model.errors import Halted, SoakFailed
from rollout.model.fleet import Condition, ProcessIdentity, ServerState, Target
from rollout.model.impact import ImpactMeter
from rollout.model.traffic import TrafficCounters
from rollout.ports.context import RunContext
from rollout.ports.site import Site
from rollout.restart.impact import ANSWERS_WITHIN
from rollout.wait import WaitReporter, now, until

SOAK_EVERY = 1.0

PROCESSES_EVERY = 5.0
"""Seconds between two looks at the processes: each costs the host a process."""


async def soak(context: RunContext, returned: Sequence[Target]) -> None:
    """Let what was restarted carry traffic for a while before the next wave is risked.

    With no seconds to soak it is seen once that visitors are sent to them.

    Raises:
        SoakFailed: a server does not serve any more, or a process is another one.
        Halted: the operator wants us to stop, or has taken one of them out of rotation.
    """
    seconds = context.plan.timeouts.soak
    names = tuple(target.name for target in returned)
    if seconds:
        context.tell(SoakStarted(targets=names, seconds=seconds))
    end = now() + seconds
    processes: dict[Target, Mapping[str, ProcessIdentity | None]] = {}
    look_at = now()
    traffic = _WaveTraffic(context, returned)

    async def question() -> Condition:
        nonlocal look_at
        last = now() >= end  # asked once: the round that ends it looks at the processes as well
        due = last or now() >= look_at
        if context.site.stop_asked():
            raise Halted(f"{context.site.steering.stop_reason} during the soak")
        for target in returned:
            rows, condition = await read_visitors(target, context.site)
            if held := [f"{row.server} is {how}" for row in rows if (how := out_of_rotation(row))]:
                what = f"{'; '.join(held)}, changed from outside"  # nothing against its restart
                context.tell(Noted(where=target.name, what=f"{what}: left to it"))
                raise Halted(
                    f"no further server is risked: {target} was to carry traffic first, and {what}"
                )
            if condition.met and due:
                condition = await see_same_processes(target, processes, context.site)
            if not condition.met:
                look = context.site.supervisor.look_command(target.host)
                reason = f"it did not hold during the soak: {condition.reason}"
                context.tell(
                    TargetLeftOut(
                        target=target.name, state="ready", reason=reason, asked=True, look=look
                    )
                )
                raise SoakFailed(target.name, reason)
        if due:
            look_at = now() + PROCESSES_EVERY
            if seconds:
                await traffic.read()
        return Condition(met=last, reason="")

    # A target of the summary is named: a name for all would become a line of its own.
    reporter = WaitReporter(names[-1], "soaked", context.tell)
    timeout = seconds + context.plan.timeouts.probation_timeout
    await until(reporter, question, timeout=timeout, every=SOAK_EVERY)


class _WaveTraffic:
    """What the wave carries beside its peers, by HAProxy's own counters of each server."""

    def __init__(self, context: RunContext, returned: Sequence[Target]) -> None:
        self._context = context
        self._targets = tuple(target.name for target in returned)
        self._servers = frozenset(server for target in returned for server in target.servers)
        self._meter = ImpactMeter()
        for server in self._servers:
            self._meter.add((server.balancer, server.backend), members=0, floor=0, at=now())

    async def read(self) -> None:
        """Read each load balancer of the wave, and tell what rose since the first reading.

        Nothing is told where one does not answer: a measurement neither ends nor judges a soak.
        """
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                for name in sorted({server.balancer for server in self._servers}):
                    balancer = self._context.site.balancers[name]
                    self._meter.see(await balancer.read_traffic(servers=True), now())
        except Exception:  # noqa: BLE001 - a measurement never ends a run
            return
        carried = others = TrafficCounters()
        for server, rose in self._meter.servers.items():
            if server in self._servers:
                carried = carried.plus(rose)
            else:
                others = others.plus(rose)
        self._context.tell(SoakSeen(targets=self._targets, carried=carried, others=others))


async def read_visitors(target: Target, site: Site) -> tuple[Sequence[ServerState], Condition]:
    """Ask every load balancer of ``target`` whether it sends visitors to all its servers.

    It does to one that missed a check, and to all after a reload, until their first check.

    Returns:
        How its servers are, and the verdict on them.
    """
    states: list[ServerState] = []
    for name in target.balancers:
        rows = (await site.balancers[name].look()).servers
        states += [
            rows[server] for server in target.servers if server in rows and server.balancer == name
        ]
    idle = [state for state in states if not receives_traffic(state)]
    return states, all_serving(idle) if idle else Condition(met=True, reason="serves")


async def see_same_processes(
    target: Target, processes: dict[Target, Mapping[str, ProcessIdentity | None]], site: Site
) -> Condition:
    """See that every instance of ``target`` is the process that it was at the first look.

    HAProxy may miss a crash: a process that is back within its checks is ``UP 1/2`` for a moment.
    """
    ours = {instance.name for instance in target.instances}
    states = await site.supervisor.look(target.host)
    found = {state.name: state.process for state in states if state.name in ours}
    before = processes.setdefault(target, found)
    changed = [name for name in sorted(ours) if found.get(name) != before.get(name)]
    reason = f"{', '.join(changed)} is another process: it died under the visitors"
    return Condition(met=not changed, reason=reason)
