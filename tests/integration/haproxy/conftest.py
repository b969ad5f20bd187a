import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack

import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool
from rollout.model.fleet import BalancerSnapshot, Server, ServerState
from tests.support.haproxyd import HAProxyd, Talking, haproxyd, talking

FARM = """\
backend app
  server web1 127.0.0.1:{app} check
  server web2 127.0.0.1:{app} check weight 10
  server six [::1]:{six} check
  server closed 127.0.0.1:{closed} check
  server off 127.0.0.1:{app} check disabled
  server bare 127.0.0.1:{app}
  server spare 127.0.0.1:{app} check backup
  server slow 127.0.0.1:{app} check slowstart 30s
  server talk 127.0.0.1:{app} check agent-check agent-port {agent} agent-inter 100ms
  server mapped 127.0.0.1: check port {app}
  server nowhere nowhere.invalid:80 check init-addr none
backend api
  server web1 127.0.0.1:{app} check
backend follow
  server web1 127.0.0.1:{app} track app/web1
"""


@pytest.fixture
def agent() -> Iterator[Talking]:
    with talking(b"up\n") as server:
        yield server


@pytest.fixture
def lb(agent: Talking) -> Iterator[HAProxyd]:
    with ExitStack() as running:
        app = running.enter_context(talking())
        six = running.enter_context(talking(address="::1"))
        with Talking() as nobody:  # a port that was free a moment ago, and is again
            closed = nobody.port
        ports = {"app": app.port, "six": six.port, "closed": closed, "agent": agent.port}
        yield running.enter_context(haproxyd(FARM.format(**ports)))


@pytest.fixture
def pool() -> Iterator[Pool]:
    threads = Pool(4)
    yield threads
    threads.close()


@pytest.fixture
def balancer(lb: HAProxyd, pool: Pool) -> HAProxyBalancer:
    return HAProxyBalancer("lb1", lb.admin, ("app", "api"), pool)


def server(place: str) -> Server:
    backend, server = place.split("/")
    return Server("lb1", backend, server)


async def until(
    balancer: HAProxyBalancer, fine: Callable[[BalancerSnapshot], bool], timeout: float = 8.0
) -> BalancerSnapshot:
    """Look until it is ``fine``; the last reading tells why it never was."""
    deadline = time.monotonic() + timeout
    while not fine(reading := await balancer.look()):
        assert time.monotonic() < deadline, reading
        await asyncio.sleep(0.03)
    return reading


async def until_status(balancer: HAProxyBalancer, place: str, status: str) -> ServerState:
    reading = await until(balancer, lambda seen: seen.servers[server(place)].status == status)
    return reading.servers[server(place)]


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    async def within_reason() -> None:
        async with asyncio.timeout(30):
            await scenario()

    asyncio.run(within_reason())
