"""Real HAProxy, monit and ports keep the terms that the fakes of the scenarios keep."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from examples.fleet import Fleet, Shape
from rollout.cli.wiring import open_site
from rollout.model.fleet import Instance, Server
from rollout.ports.site import Site
from rollout.settings.load import load
from tests.contracts import terms
from tests.integration.conftest import MakeFleet

pytestmark = pytest.mark.integration

SEAT = Server("lb1", "app", "web1")
ONE, OTHER = Instance("mongrel_8000", 8000), Instance("mongrel_8001", 8001)


@pytest.fixture
def fleet(make_fleet: MakeFleet) -> Fleet:
    return make_fleet(Shape(hosts=1, boot=0.3))


def hold(fleet: Fleet, term: Callable[[Site], Awaitable[None]]) -> None:
    """Hold the real site of ``fleet`` to a term."""
    settings = load(environ={}, config=str(fleet.settings_file)).settings

    async def scenario() -> None:
        async with open_site(settings) as site:
            await term(site)

    asyncio.run(scenario())


def test_haproxy_keeps_the_terms(fleet: Fleet) -> None:
    hold(fleet, lambda site: terms.balancer_keeps_its_word(site.balancers["lb1"], SEAT))


def test_haproxy_sees_a_dead_app(fleet: Fleet) -> None:
    host = fleet.hosts["web1"]
    host.kill_monit()

    def kill() -> None:
        for name in host.ports:
            host.kill_instance(name)

    hold(fleet, lambda site: terms.balancer_sees_a_dead_app(site.balancers["lb1"], SEAT, kill))


def test_monit_keeps_the_terms(fleet: Fleet) -> None:
    hold(fleet, lambda site: terms.supervisor_keeps_its_word(site.supervisor, "web1", ONE, OTHER))


def test_a_port_keeps_the_terms(fleet: Fleet) -> None:
    host = fleet.hosts["web1"]
    host.kill_monit()

    async def term(site: Site) -> None:
        assert site.prober is not None
        await terms.prober_keeps_its_word(
            site.prober, "web1", ONE, lambda: host.kill_instance(ONE.name)
        )

    hold(fleet, term)
