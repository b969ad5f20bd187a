"""The Balancer of the scenarios, on a real HAProxy."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rollout.adapters.haproxy import commands
from rollout.adapters.haproxy.admin_socket import AdminSocket, RemoteSocket
from rollout.adapters.haproxy.coalesce import CoalescedQuery
from rollout.adapters.haproxy.preflight import examined
from rollout.adapters.haproxy.reply_parser import Overshadowed, complaints, read_look
from rollout.adapters.haproxy.traffic_parser import read_traffic
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError
from rollout.model.fleet import AdminState, BalancerSnapshot, Finding, Server
from rollout.model.traffic import TrafficReading


class HAProxyBalancer:
    """One HAProxy process group behind one admin socket, here or at the end of a passage.

    Args:
        name: What the operator calls it.
        socket: The admin socket's path, or the passage to one elsewhere.
        backends: Those we work with; none named means all.
        pool: Where haproxyadmin may block.
        timeout: Seconds within which each call answers or raises, whatever HAProxy does.

    Source: measured on HAProxy 2.6 and 2.8 (tests/integration/haproxy).
    """

    def __init__(
        self,
        name: str,
        socket: Path | RemoteSocket,
        backends: tuple[str, ...],
        pool: Pool,
        timeout: float = 5.0,
    ) -> None:
        self._name = name
        self._backends = backends
        self._wire = AdminSocket(name, socket, pool, timeout)
        self._look = self._asking(commands.look_line(name, backends))

    def _asking(self, line: str) -> CoalescedQuery[BalancerSnapshot]:
        whole = line == commands.look_line(self._name, ())
        return CoalescedQuery(line, partial(read_look, self._name, self._backends, whole=whole))

    @property
    def name(self) -> str:
        return self._name

    async def look(self) -> BalancerSnapshot:
        """Read every server line of our backends, with the process that answered.

        One reply may serve several who asked, if all of them did so before HAProxy was asked.

        Raises:
            BalancerError: no answer in time, a backend is unknown, or a status is.
        """
        try:
            return await self._wire.ask_once_for_all(self._look)
        except Overshadowed:
            self._look = self._asking(commands.look_line(self._name, ()))
            return await self._wire.ask_once_for_all(self._look)

    async def read_traffic(self, *, servers: bool) -> TrafficReading:
        """Read what our backends have counted, and with ``servers`` each server of them.

        Nothing else that is asked of this load balancer waits for it.

        Raises:
            BalancerError: no answer in time, or none that can be read.
        """
        return await self._wire.ask_beside(
            commands.traffic_line(servers=servers),
            partial(read_traffic, self._name, self._backends),
        )

    async def set_state(self, servers: Sequence[Server], state: AdminState) -> None:
        """Tell HAProxy the administrative state of ``servers``, all in one line.

        HAProxy says nothing when it agrees, and also when a server follows another one and
        changes nothing; so read the state back.

        Raises:
            BalancerError: with HAProxy's words for each server refused; the others are changed.
        """
        await self._change(servers, commands.state_commands(servers, state))

    async def switch_agent(self, servers: Sequence[Server], *, on: bool) -> None:
        """Enable or disable the agent check of ``servers``."""
        await self._change(servers, commands.agent_commands(servers, on=on))

    async def set_weight(self, server: Server, weight: int) -> None:
        """Set the weight of ``server``, 0 to 256."""
        await self._change([server], [commands.weight_command(server, weight)])

    async def cut(self, servers: Sequence[Server]) -> None:
        """Shut down the sessions of ``servers``; nothing is said when there were none."""
        await self._change(servers, commands.cut_commands(servers))

    async def examine(self) -> tuple[Finding, ...]:
        """Say what would keep a rollout from working here, with fixes; nothing is raised."""
        return await examined(self._wire, self._backends)

    async def _change(self, servers: Sequence[Server], wanted: Sequence[str]) -> None:
        for server in servers:
            if server.balancer != self._name:
                raise BalancerError(self._name, f"{server} is a server of another load balancer")
        for line in commands.packed(wanted):
            refused = complaints(line, await self._wire.tell(";".join(line)))
            if refused:
                raise BalancerError(self._name, f"HAProxy refused {'; '.join(refused)}")
