"""Given a run whose impact is measured, then measuring never stops, delays or changes it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from rollout.events import ImpactMeasured, TrafficSeen
from rollout.model.errors import BalancerError, Halted
from rollout.model.fleet import HaproxyProcess, Server
from rollout.model.plan import Plan, Share, waves_of
from rollout.model.traffic import BackendTraffic, TrafficCounters, TrafficReading
from rollout.ports.context import RunContext
from rollout.ports.site import Site
from rollout.restart.impact import measure_impact
from rollout.restart.rolling import rolling_restart
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeBalancer
from tests.support.simulation.faults import Faults
from tests.support.simulation.restarts import QUICK, Told, fleet, site_of
from tests.support.simulation.world import World, clock, targets_of

READING = 1.6
"""Seconds that the first and the last reading may delay a run, each."""

AWAY = 10.0
"""Seconds for which a load balancer that did not answer is left alone."""

Manner = Callable[[float], Awaitable[None]]
"""What befalls a reading; it takes the seconds since the start."""


async def answers(_: float) -> None:
    await asyncio.sleep(0.01)


async def hangs(_: float) -> None:
    await asyncio.sleep(10_000)


async def is_dead(_: float) -> None:
    raise BalancerError("lb1", "connection refused")


async def has_a_bug(_: float) -> None:
    raise KeyError("req_tot")


async def hangs_a_while(at: float) -> None:
    await asyncio.sleep(10_000 if 3 < at < 14 else 0.01)


async def is_dead_a_while(at: float) -> None:
    if 3 < at < 14:
        raise BalancerError("lb1", "connection refused")


async def is_dead_at_first(at: float) -> None:
    if at < 5:
        raise BalancerError("lb1", "connection refused")


class Counting(FakeBalancer):
    """A load balancer of which a reading is befallen by its manner; 10 requests a second."""

    def __init__(self, world: World, name: str, manner: Manner) -> None:
        super().__init__(world, name)
        self.manner = manner
        self.began = clock()
        self.readings: list[float] = []

    async def read_traffic(self, *, servers: bool) -> TrafficReading:
        at = clock() - self.began
        self.readings.append(at)
        reading = await super().read_traffic(servers=servers)
        counted = TrafficCounters(requests=int(at * 10))
        lines = [line for line in self.world.shown_by(self._name) if not line.admin]
        backend = BackendTraffic(counters=counted, serving=len(lines))
        await self.manner(at)
        return replace(reading, backends={"app": backend})


def roll_measured(manner: Manner | None, *, balancers: int = 1) -> tuple[Told, World, list[str]]:
    """Restart a fleet, measured with each load balancer of ``manner``; None measures nothing."""
    world, told = fleet(balancers=balancers), Told()
    world.faults = Faults()

    async def run() -> None:
        site = site_of(world)
        plan = Plan(
            waves=waves_of(targets_of(world), Share(0)),
            max_out=1,
            floor=world.floor,
            timeouts=QUICK,
        )
        if manner is None:
            await rolling_restart(RunContext(plan, site, told))
            return
        site = replace(site, balancers={n: Counting(world, n, manner) for n in site.balancers})
        async with measure_impact(site, told) as impact:
            await impact.include(plan.servers, plan.floor)
            await rolling_restart(RunContext(plan, site, told))

    play(run())
    return told, world, world.faults.calls


MANNERS = [answers, hangs, is_dead, has_a_bug, hangs_a_while, is_dead_a_while, is_dead_at_first]


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("balancers", [1, 2])
def test_the_run_asks_and_tells_the_same_in_the_same_order(manner: Manner, balancers: int) -> None:
    _, _, unmeasured = roll_measured(None, balancers=balancers)
    told, world, measured = roll_measured(manner, balancers=balancers)
    first = sorted(f"lb{number} look" for number in range(1, balancers + 1))
    assert sorted(measured[:balancers]) == first  # its members are counted once
    assert measured[balancers:] == unmeasured
    assert told.summary.exit_code == 0
    assert world.broken == []
    assert len(told.of(ImpactMeasured)) == 1


@pytest.mark.parametrize("manner", [hangs, is_dead, has_a_bug])
def test_a_load_balancer_that_never_tells_is_named_at_the_end(manner: Manner) -> None:
    told, _, _ = roll_measured(manner)
    (end,) = told.of(ImpactMeasured)
    assert isinstance(end, ImpactMeasured)
    assert set(end.unread) == {"lb1"}
    assert end.backends == ()
    assert told.of(TrafficSeen) == []


@pytest.mark.parametrize("manner", [hangs_a_while, is_dead_a_while])
def test_what_was_counted_while_it_was_away_is_counted_when_it_is_back(manner: Manner) -> None:
    told, _, _ = roll_measured(manner)
    impact = told.summary.impact
    assert impact is not None
    assert (impact.gaps, impact.unread) == ((), {})
    last = told.of(TrafficSeen)[-1]
    assert isinstance(last, TrafficSeen)
    assert impact.total.requests == last.backends[0].counters.requests > 100
    assert impact.backends[0].lowest == 3
    assert (impact.backends[0].members, impact.backends[0].floor) == (4, 2)


def test_what_was_before_a_late_first_reading_is_said_to_be_unknown() -> None:
    told, _, _ = roll_measured(is_dead_at_first)
    impact = told.summary.impact
    assert impact is not None
    assert [(gap.balancer, gap.reason) for gap in impact.gaps] == [("lb1", "late")]
    assert AWAY <= impact.gaps[0].seconds <= AWAY + 2


def test_a_silent_load_balancer_is_asked_once_in_a_while_only() -> None:
    async def run() -> list[float]:
        site = counting(hangs)(fleet())
        async with measure_impact(site, Told()) as impact:
            await impact.include([Server("lb1", "app", "web1")])
            await asyncio.sleep(60)
        lb1 = site.balancers["lb1"]
        assert isinstance(lb1, Counting)
        return lb1.readings

    assert len(play(run())) <= 2 + 60 / AWAY


def lived(
    site: Callable[[World], Site], body: Callable[[], Awaitable[None]], told: Told
) -> tuple[float, BaseException | None]:
    """Measure for the length of ``body``; return how long it took, and what came out."""
    raised: list[BaseException | None] = [None]
    took = [0.0]

    async def run() -> None:
        began = clock()
        try:
            async with measure_impact(site(fleet()), told) as impact:
                await impact.include([Server("lb1", "app", "web1")])
                await body()
        except BaseException as error:  # noqa: BLE001 - it is what the test is about
            raised[0] = error
        took[0] = clock() - began

    play(run())
    return took[0], raised[0]


def counting(manner: Manner) -> Callable[[World], Site]:
    def site(world: World) -> Site:
        world.faults = Faults()
        return replace(site_of(world), balancers={"lb1": Counting(world, "lb1", manner)})

    return site


async def ends_badly() -> None:
    await asyncio.sleep(5)
    raise Halted("the floor")


async def is_cancelled() -> None:
    await asyncio.sleep(5)
    raise asyncio.CancelledError


@pytest.mark.parametrize("body", [ends_badly, is_cancelled])
@pytest.mark.parametrize("manner", MANNERS)
def test_a_run_that_ends_badly_ends_as_it_would_and_its_impact_is_told(
    manner: Manner, body: Callable[[], Awaitable[None]]
) -> None:
    told = Told()
    took, error = lived(counting(manner), body, told)
    assert isinstance(error, Halted if body is ends_badly else asyncio.CancelledError)
    assert took <= 5 + 2 * READING
    assert len(told.of(ImpactMeasured)) == 1


def test_a_hanging_load_balancer_delays_the_end_by_one_short_wait() -> None:
    async def short() -> None:
        await asyncio.sleep(2)

    usual, _ = lived(counting(answers), short, Told())
    with_hang, _ = lived(counting(hangs), short, Told())
    assert usual < 2.1
    assert with_hang <= 2 + 2 * READING  # at the first and at the last reading


def test_nothing_is_told_where_nothing_is_included() -> None:
    told = Told()

    async def run() -> None:
        async with measure_impact(counting(answers)(fleet()), told) as impact:
            await impact.include([])
            await impact.include([Server("lb9", "app", "web1")])
            await asyncio.sleep(3)

    play(run())
    assert told.events == []


def test_an_hour_has_less_than_two_thousand_readings() -> None:
    told = Told()

    async def an_hour() -> None:
        await asyncio.sleep(3600)

    lived(counting(answers), an_hour, told)
    assert 1_500 < len(told.of(TrafficSeen)) < 2_000


def test_a_hundred_backends_are_read_every_five_seconds() -> None:
    """The journal of a run of ten minutes would have 30 MB of them, read each second."""
    told = Told()

    class Farm(Counting):
        async def read_traffic(self, *, servers: bool) -> TrafficReading:
            reading = await super().read_traffic(servers=servers)
            one = reading.backends["app"]
            return replace(reading, backends={f"app{n}": one for n in range(100)})

    async def run() -> None:
        world = fleet()
        site = replace(site_of(world), balancers={"lb1": Farm(world, "lb1", answers)})
        async with measure_impact(site, told) as impact:
            await impact.include([Server("lb1", f"app{n}", "web1") for n in range(100)])
            await asyncio.sleep(60)

    play(run())
    assert 12 <= len(told.of(TrafficSeen)) <= 14


def test_a_backend_that_is_included_later_does_not_cross_the_reading_that_is_under_way() -> None:
    """Two readings that cross would look as if counters had fallen: a clearing that never was."""
    told = Told()
    slow_once = [True]

    async def slow_at_first(_: float) -> None:
        if slow_once[0]:
            slow_once[0] = False
            await asyncio.sleep(1.2)

    async def run() -> None:
        site = counting(answers)(fleet())
        lb1 = site.balancers["lb1"]
        assert isinstance(lb1, Counting)
        async with measure_impact(site, told) as impact:
            await impact.include([Server("lb1", "app", "web1")])
            lb1.manner = slow_at_first
            await asyncio.sleep(1.1)  # the next reading is under way
            await impact.include([Server("lb1", "app", "web2")], Share(2))
            await asyncio.sleep(2)

    play(run())
    impact = told.summary.impact
    assert impact is not None
    assert impact.gaps == ()


def test_a_reload_in_the_run_is_told_with_the_next_reading() -> None:
    """A run that is killed has no last word: what it told at the last reading is all."""
    told = Told()

    async def run() -> None:
        site = counting(answers)(fleet())
        lb1 = site.balancers["lb1"]
        assert isinstance(lb1, Counting)
        async with measure_impact(site, told) as impact:
            await impact.include([Server("lb1", "app", "web1")])
            await asyncio.sleep(2.5)
            lb1.world.marks["lb1"] = HaproxyProcess(pid=7, started=7)
            await asyncio.sleep(1)
            seen = told.of(TrafficSeen)[-1]
            assert isinstance(seen, TrafficSeen)
            assert [gap.reason for gap in seen.gaps] == ["reload"]
            assert told.summary.impact is not None
            assert told.summary.impact.gaps == seen.gaps

    play(run())
