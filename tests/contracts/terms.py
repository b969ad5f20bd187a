"""What a fake and a real daemon must both keep: one coroutine per seam, the same assertions.

A story that leans on something which is not written here leans on the fake.
"""

import asyncio
from collections.abc import Awaitable, Callable

from rollout.model.conditions import on_probation, reborn, serving, shows
from rollout.model.fleet import AdminState, Instance, InstanceState, Seat, SeatState, Verdict
from rollout.ports.site import Balancer, Prober, Supervisor
from rollout.wait import until


async def patiently(question: Callable[[], Awaitable[Verdict]], within: float = 20.0) -> None:
    await until("so", question, target="-", within=within, tell=lambda _: None, every=0.05)


async def balancer_keeps_its_word(balancer: Balancer, seat: Seat) -> None:
    """Walk a seat, whose app answers all the while, through every administrative state."""

    async def row() -> SeatState:
        return (await balancer.look()).seats[seat]

    first = await balancer.look()
    assert serving(first.seats[seat]).settled
    assert first.seats[seat].checked

    await balancer.order([seat], AdminState.DRAIN)
    drained = await row()
    assert shows(drained, AdminState.DRAIN)
    assert drained.status == "DRAIN", "a drain takes no health away"
    assert not serving(drained).settled

    await balancer.order([seat], AdminState.MAINT)
    await balancer.order([seat], AdminState.MAINT)
    assert shows(await row(), AdminState.MAINT), "repeating an order changes nothing"
    assert (await row()).status == "MAINT"

    await balancer.order([seat], AdminState.READY)
    unchecked = await row()
    assert shows(unchecked, AdminState.READY)
    assert unchecked.status == "UP 1/2", "up the moment it leaves maint, before any check"
    assert not serving(unchecked).settled

    async def is_serving() -> Verdict:
        return serving(await row())

    await patiently(is_serving)

    await balancer.order([seat], AdminState.MAINT)
    await balancer.order([seat], AdminState.DRAIN)
    assert not on_probation(await row()).settled, "checked anew, with nothing balanced to it"

    async def is_checked() -> Verdict:
        return on_probation(await row())

    await patiently(is_checked)
    await balancer.order([seat], AdminState.READY)
    assert serving(await row()).settled, "out of a drain it is up at once"
    assert (await balancer.look()).process == first.process


async def balancer_sees_a_dead_app(
    balancer: Balancer, seat: Seat, kill: Callable[[], None]
) -> None:
    """Its checks call a server down without touching what it was told."""
    kill()

    async def is_down() -> Verdict:
        row = (await balancer.look()).seats[seat]
        return Verdict(settled=row.status == "DOWN", because=row.status)

    await patiently(is_down)
    row = (await balancer.look()).seats[seat]
    assert shows(row, AdminState.READY)
    assert not serving(row).settled


async def supervisor_keeps_its_word(
    supervisor: Supervisor, host: str, one: Instance, other: Instance
) -> None:
    """Restart one instance of two."""

    async def states() -> dict[str, InstanceState]:
        return {state.name: state for state in await supervisor.look(host)}

    async def is_settled() -> Verdict:
        return Verdict(settled=all(s.running for s in (await states()).values()), because="starts")

    await patiently(is_settled)
    before = await states()
    births = {name: state.birth for name, state in before.items()}
    await supervisor.restart(host, [one])
    after = (await states())[one.name]
    assert after.pending or after.initializing or after.birth != births[one.name], (
        "the first look after the request never shows the old process as simply fine"
    )
    assert not reborn(births, after).settled or after.birth != births[one.name]

    async def is_reborn() -> Verdict:
        return reborn(births, (await states())[one.name])

    await patiently(is_reborn)
    assert (await states())[other.name].birth == births[other.name]


async def prober_keeps_its_word(
    prober: Prober, host: str, one: Instance, kill: Callable[[], None]
) -> None:
    """An instance answers while it lives, and a dead one is an answer too, not an error."""
    answer = await prober.answers(host, one)
    assert answer.fine, answer.said
    kill()
    for _ in range(100):
        answer = await prober.answers(host, one)
        if not answer.fine:
            break
        await asyncio.sleep(0.05)
    assert not answer.fine
    assert answer.said
