"""What load balancers are told about servers: one line for each of them and each state."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from rollout.model.fleet import AdminState, Server, ServerState
from rollout.ports.site import Balancer
from rollout.wait import now

OLDEST = 3.0
"""Seconds that what earns a return, and a look at the lock, may have been seen ago."""

LOOKS = 4
"""Attempts at something fresher: a machine that is slower than that has nothing fresher."""


@dataclass
class Evidence:
    """What an order rests on, and how it is seen once more; None where nothing need be seen.

    ``at`` is when it began to be seen last, on the loop's clock.
    """

    look: Callable[[], Awaitable[None]] | None = None
    at: float = float("-inf")

    async def renew_if_stale(self) -> None:
        """See it once more, where that was too long ago."""
        if self.look is not None and now() > self.at + OLDEST:
            self.at = now()
            await self.look()


async def read_again_if_stale(still_ours: Callable[[], Awaitable[None]], earn: Evidence) -> None:
    """See, right before an order, that nothing it rests on is old: a call may hang for long.

    ``earn`` is what lets a target return, or go out.

    Raises:
        LockLost: the lock is another run's.
        CrashLoop, TimedOut, FloorBroken: what it rests on does not hold any more.
    """
    for _ in range(LOOKS):
        asked_at = now()
        await still_ours()  # the machine may have slept since
        await earn.renew_if_stale()
        if now() <= asked_at + OLDEST:
            return


async def order(
    wanted: Mapping[Server, AdminState],
    awake: Sequence[Server],
    balancers: Mapping[str, Balancer],
    may: Callable[[], Awaitable[None]],
) -> None:
    """Order each server its state, if it ``may`` still be ordered; ``awake`` agents are silenced.

    They are silenced at each order: a reload wakes agents, and their words undo it (measured).

    Raises:
        BalancerError: one could not be told; all the others were, before it is raised.
    """
    await switch_agents(awake, balancers, on=False)
    await may()
    await send(wanted, balancers)


async def send(wanted: Mapping[Server, AdminState], balancers: Mapping[str, Balancer]) -> None:
    """Tell each server its state.

    Raises:
        BalancerError: one could not be told; all the others were, before it is raised.
    """
    orders: dict[tuple[str, AdminState], list[Server]] = {}
    for server, state in wanted.items():
        orders.setdefault((server.balancer, state), []).append(server)
    results = await asyncio.gather(
        *(balancers[name].set_state(servers, state) for (name, state), servers in orders.items()),
        return_exceptions=True,
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def switch_agents(
    servers: Sequence[Server], balancers: Mapping[str, Balancer], *, on: bool
) -> None:
    """Enable or disable the agent checks of ``servers``."""
    for name in dict.fromkeys(server.balancer for server in servers):
        ours = [server for server in servers if server.balancer == name]
        await balancers[name].switch_agent(ours, on=on)


async def put_back(
    rows: Sequence[tuple[ServerState, ServerState]], balancers: Mapping[str, Balancer]
) -> None:
    """Give servers the weight and the agent they were found with; each as it was and as it is."""
    for found, row in rows:
        if row.weight != found.weight:
            await balancers[row.server.balancer].set_weight(row.server, found.weight)
    await switch_agents([found.server for found, _ in rows if found.agent], balancers, on=True)
