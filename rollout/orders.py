"""What load balancers are told about seats: one line for each of them and each state."""

import asyncio
from collections.abc import Mapping, Sequence

from rollout.fleet import AdminState, Seat
from rollout.ports import Balancer


async def send(wanted: Mapping[Seat, AdminState], balancers: Mapping[str, Balancer]) -> None:
    """Tell each seat its state.

    Raises:
        BalancerError: one could not be told; all the others were, before it is raised.
    """
    orders: dict[tuple[str, AdminState], list[Seat]] = {}
    for seat, state in wanted.items():
        orders.setdefault((seat.balancer, state), []).append(seat)
    results = await asyncio.gather(
        *(balancers[name].order(seats, state) for (name, state), seats in orders.items()),
        return_exceptions=True,
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def switch_agents(
    seats: Sequence[Seat], balancers: Mapping[str, Balancer], *, on: bool
) -> None:
    """Enable or disable the agent checks of ``seats``."""
    for name in dict.fromkeys(seat.balancer for seat in seats):
        ours = [seat for seat in seats if seat.balancer == name]
        await balancers[name].switch_agent(ours, on=on)
