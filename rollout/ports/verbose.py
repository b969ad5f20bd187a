"""Traces what adapters are asked and answer, for the log and for ``--verbose``.

Every request that changes something is said when it was answered, with the time it took; of
the many looks only what is new.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from rollout.model.fleet import (
    AdminState,
    BalancerSnapshot,
    Finding,
    Instance,
    InstanceState,
    ProcessIdentity,
    Server,
)
from rollout.model.supervisor import SupervisorProfile
from rollout.model.traffic import TrafficReading
from rollout.ports.site import Balancer, Site, Supervisor

Say = Callable[[str, str], None]
"""Where it was said, and what."""


def trace(site: Site, say: Say) -> Site:
    """Return the same world, telling ``say`` what goes on at its seams."""
    balancers: dict[str, Balancer] = {
        name: TracingBalancer(balancer, say) for name, balancer in site.balancers.items()
    }
    supervisor = TracingSupervisor(site.supervisor, say)
    return replace(site, balancers=balancers, supervisor=supervisor)


class _Tracer:
    """Says requests with their answer, and states when they are new."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._known: dict[tuple[str, str], str] = {}

    @asynccontextmanager
    async def asked(self, where: str, what: str) -> AsyncIterator[None]:
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            self._say(where, f"{what}: {error} ({time.monotonic() - began:.2f}s)")
            raise
        self._say(where, f"{what}: answered in {time.monotonic() - began:.2f}s")

    def seen(self, where: str, thing: str, state: str) -> None:
        if self._known.get((where, thing)) != state:
            self._known[where, thing] = state
            self._say(where, f"{thing} is {state}")


class TracingBalancer:
    """Satisfies :class:`rollout.ports.site.Balancer`."""

    def __init__(self, inner: Balancer, say: Say) -> None:
        self._inner = inner
        self._ear = _Tracer(say)

    @property
    def name(self) -> str:
        return self._inner.name

    async def look(self) -> BalancerSnapshot:
        reading = await self._inner.look()
        self._ear.seen(self.name, "process", f"pid {reading.process.pid}")
        for state in reading.servers.values():
            admin = f"admin {int(state.admin)}"
            self._ear.seen(self.name, str(state.server), f"{state.status}, {admin}")
        return reading

    async def read_traffic(self, *, servers: bool) -> TrafficReading:
        return await self._inner.read_traffic(servers=servers)

    async def set_state(self, servers: Sequence[Server], state: AdminState) -> None:
        async with self._ear.asked(self.name, f"{state} for {_named(servers)}"):
            await self._inner.set_state(servers, state)

    async def switch_agent(self, servers: Sequence[Server], *, on: bool) -> None:
        async with self._ear.asked(self.name, f"agent {'on' if on else 'off'}: {_named(servers)}"):
            await self._inner.switch_agent(servers, on=on)

    async def set_weight(self, server: Server, weight: int) -> None:
        async with self._ear.asked(self.name, f"weight {weight} for {server}"):
            await self._inner.set_weight(server, weight)

    async def cut(self, servers: Sequence[Server]) -> None:
        async with self._ear.asked(self.name, f"shutdown sessions of {_named(servers)}"):
            await self._inner.cut(servers)

    async def examine(self) -> tuple[Finding, ...]:
        return await self._inner.examine()


class TracingSupervisor:
    """Satisfies :class:`rollout.ports.site.Supervisor`."""

    def __init__(self, inner: Supervisor, say: Say) -> None:
        self._inner = inner
        self._ear = _Tracer(say)

    @property
    def profile(self) -> SupervisorProfile:
        return self._inner.profile

    def look_command(self, host: str) -> str:
        return self._inner.look_command(host)

    async def look(self, host: str) -> tuple[InstanceState, ...]:
        states = await self._inner.look(host)
        for state in states:
            pid = f"pid {state.process.pid}" if state.process else "no process"
            pending = f", {state.pending} pending" if state.pending else ""
            self._ear.seen(host, state.name, f"{state.detail}{pending}, {pid}")
        return states

    async def restart(self, host: str, instances: Sequence[Instance]) -> None:
        names = ", ".join(one.name for one in instances)
        async with self._ear.asked(host, f"{self.profile.name} restart {names}"):
            await self._inner.restart(host, instances)

    def remember(self, host: str, before: Mapping[str, ProcessIdentity | None]) -> None:
        self._inner.remember(host, before)

    async def examine(self, host: str) -> tuple[Finding, ...]:
        return await self._inner.examine(host)


def _named(servers: Sequence[Server]) -> str:
    return ", ".join(str(server) for server in servers)
