"""What load balancers are told about seats: one line for each of them and each state."""

import asyncio
from collections.abc import Mapping, Sequence

from rollout.fleet import AdminState, Seat, SeatState
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


async def put_back(
    rows: Sequence[tuple[SeatState, SeatState]], balancers: Mapping[str, Balancer]
) -> None:
    """Give seats the weight and the agent they were found with; each as it was and as it is."""
    for found, row in rows:
        if row.weight != found.weight:
            await balancers[row.seat.balancer].set_weight(row.seat, found.weight)
    await switch_agents([found.seat for found, _ in rows if found.agent], balancers, on=True)
