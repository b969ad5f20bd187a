"""What visitors met, on HAProxys that carry their counters over a reload, or hang in a reading."""

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError
from rollout.model.impact import ImpactMeter
from tests.support import haproxyd as support
from tests.support.haproxyd import HAProxyd, haproxyd, talking
from tests.support.newer_haproxy import newer_haproxy

pytestmark = pytest.mark.integration

COUNTED = """
frontend www
  bind {place}/www.sock
  guid frontend:www
  default_backend app
backend app
  guid backend:app
  http-request return status 200
"""


@pytest.fixture(name="carries_over")
def fixture_carries_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HAProxyd]:
    """Run a HAProxy 3 that begins with the counters of its ``stats-file``."""
    newer = newer_haproxy()
    if not newer:
        pytest.skip("no HAProxy 3 here: python3 -m tests.support.newer_haproxy")
    head = support.HEAD.replace("  maxconn 100\n", "  maxconn 100\n  stats-file {place}/stats\n")
    monkeypatch.setattr(support, "BINARY", newer)
    monkeypatch.setattr(support, "HEAD", head)
    with haproxyd(COUNTED.replace("{place}", str(tmp_path))) as daemon:
        yield daemon


def visit(place: Path, times: int) -> None:
    for _ in range(times):
        with socket.socket(socket.AF_UNIX) as wire:
            wire.connect(str(place / "www.sock"))
            wire.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
            while wire.recv(4096):
                continue


def test_counters_that_a_reload_took_from_an_old_dump_are_not_called_the_runs(
    carries_over: HAProxyd, tmp_path: Path
) -> None:
    balancer = HAProxyBalancer("lb1", carries_over.admin, (), Pool(1))
    meter = ImpactMeter()
    meter.add(("lb1", "app"), 0.0)

    def read(at: float) -> int:
        meter.see(asyncio.run(balancer.read_traffic(servers=False)), at)
        return meter.backends[0].counters.requests

    visit(tmp_path, 300)
    (carries_over.place / "stats").write_text(carries_over.say("dump stats-file"))
    visit(tmp_path, 40)
    read(0.0)
    visit(tmp_path, 7)
    assert read(1.0) == 7
    time.sleep(1.1)
    carries_over.reload()
    visit(tmp_path, 3)
    seen = asyncio.run(balancer.read_traffic(servers=False))
    assert seen.backends["app"].counters.requests == 303, "it began with those of the dump"
    assert read(3.0) == 7, "the three are not known"
    visit(tmp_path, 5)
    assert read(4.0) == 12
    assert [gap.reason for gap in meter.gaps] == ["reload"]


def test_a_reading_that_hangs_is_left_when_its_caller_does_not_wait_any_longer() -> None:
    """The whole HAProxy is frozen; thawed, it answers as if nothing had been asked."""
    with talking() as app, haproxyd(f"backend app\n  server web1 127.0.0.1:{app.port}\n") as daemon:
        balancer = HAProxyBalancer("lb1", daemon.admin, ("app",), Pool(1), timeout=5)

        async def run() -> None:
            daemon.suspend()
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await balancer.read_traffic(servers=True)
            assert time.monotonic() - began < 1
            with pytest.raises(BalancerError):
                await HAProxyBalancer("lb1", daemon.admin, (), Pool(1), 0.3).look()
            daemon.resume()
            assert len((await balancer.look()).servers) == 1
            assert (await balancer.read_traffic(servers=True)).backends["app"].serving == 1

        asyncio.run(run())
