"""What a fake and a real daemon must both keep: one coroutine per seam, the same assertions.

A scenario that leans on something which is not written here leans on the fake.
"""

import asyncio
from collections.abc import Awaitable, Callable

from rollout.model.conditions import has_admin_state, is_new_process, on_probation, serving
from rollout.model.fleet import AdminState, Condition, Instance, InstanceState, Server, ServerState
from rollout.ports.site import Balancer, Prober, Supervisor
from rollout.wait import WaitReporter, until


async def patiently(question: Callable[[], Awaitable[Condition]], timeout: float = 20.0) -> None:
    reporter = WaitReporter("-", "so", lambda _: None)
    await until(reporter, question, timeout=timeout, every=0.05)


async def balancer_keeps_its_word(balancer: Balancer, server: Server) -> None:
    """Walk a server, whose app answers all the while, through every administrative state."""

    async def row() -> ServerState:
        return (await balancer.look()).servers[server]

    first = await balancer.look()
    assert serving(first.servers[server]).met
    assert first.servers[server].checked

    await balancer.set_state([server], AdminState.DRAIN)
    drained = await row()
    assert has_admin_state(drained, AdminState.DRAIN)
    assert drained.status == "DRAIN", "a drain takes no health away"
    assert not serving(drained).met

    await balancer.set_state([server], AdminState.MAINT)
    await balancer.set_state([server], AdminState.MAINT)
    assert has_admin_state(await row(), AdminState.MAINT), "repeating an order changes nothing"
    assert (await row()).status == "MAINT"

    await balancer.set_state([server], AdminState.READY)
    unchecked = await row()
    assert has_admin_state(unchecked, AdminState.READY)
    assert unchecked.status == "UP 1/2", "up the moment it leaves maint, before any check"
    assert not serving(unchecked).met

    async def is_serving() -> Condition:
        return serving(await row())

    await patiently(is_serving)

    await balancer.set_state([server], AdminState.MAINT)
    await balancer.set_state([server], AdminState.DRAIN)
    assert not on_probation(await row()).met, "checked anew, with nothing balanced to it"

    async def is_checked() -> Condition:
        return on_probation(await row())

    await patiently(is_checked)
    await balancer.set_state([server], AdminState.READY)
    assert serving(await row()).met, "out of a drain it is up at once"
    assert (await balancer.look()).process == first.process


async def balancer_sees_a_dead_app(
    balancer: Balancer, server: Server, kill: Callable[[], None]
) -> None:
    """Its checks call a server down without touching what it was told."""
    kill()

    async def is_down() -> Condition:
        row = (await balancer.look()).servers[server]
        return Condition(met=row.status == "DOWN", reason=row.status)

    await patiently(is_down)
    row = (await balancer.look()).servers[server]
    assert has_admin_state(row, AdminState.READY)
    assert not serving(row).met


async def supervisor_keeps_its_word(
    supervisor: Supervisor, host: str, one: Instance, other: Instance
) -> None:
    """Restart one instance of two."""

    async def states() -> dict[str, InstanceState]:
        return {state.name: state for state in await supervisor.look(host)}

    async def is_settled() -> Condition:
        return Condition(met=all(s.running for s in (await states()).values()), reason="starts")

    await patiently(is_settled)
    before = await states()
    processes = {name: state.process for name, state in before.items()}
    await supervisor.restart(host, [one])
    after = (await states())[one.name]
    assert after.pending or after.settling or after.process != processes[one.name], (
        "the first look after the request never shows the old process as simply fine"
    )
    assert not is_new_process(processes, after).met or after.process != processes[one.name]

    async def is_reborn() -> Condition:
        return is_new_process(processes, (await states())[one.name])

    await patiently(is_reborn)
    assert (await states())[other.name].process == processes[other.name]


async def prober_keeps_its_word(
    prober: Prober, host: str, one: Instance, kill: Callable[[], None]
) -> None:
    """An instance answers while it lives, and a dead one is an answer too, not an error."""
    answer = await prober.answers(host, one)
    assert answer.ok, answer.message
    kill()
    for _ in range(100):
        answer = await prober.answers(host, one)
        if not answer.ok:
            break
        await asyncio.sleep(0.05)
    assert not answer.ok
    assert answer.message
