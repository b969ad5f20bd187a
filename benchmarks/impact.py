"""What it costs to measure what visitors meet: a reading a second, on real HAProxys.

    python -m benchmarks.impact [readings]

A reading of the backends is made each second, one of the servers too at the begin and at the end of
a run.  Printed are its time and its processor, ours and HAProxy's, beside a look, which a run makes
ten times a second for each target that is out; then how a crowd of targets fares with and without
measuring beside it.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.same_run.children import load
from benchmarks.scale import LASTS, OUT, PAUSE
from examples.fleet.waiting import until
from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool

HEAD = """\
global
  stats socket {directory}/admin.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
"""

SHAPES = ((3, 1), (1000, 1), (1000, 100))
"""Servers, and the backends over which they are spread."""

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Haproxy:
    """A HAProxy that runs: its admin socket and its process."""

    socket: Path
    pid: int

    def processor(self) -> float:
        """Seconds of processor that it has taken."""
        cells = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(cells[11]) + int(cells[12])) / TICKS


@contextmanager
def haproxy(servers: int, backends: int) -> Iterator[Haproxy]:
    """Run a HAProxy whose servers are closed ports that it does not check."""
    with tempfile.TemporaryDirectory() as directory:
        parts = [HEAD.format(directory=directory)]
        for number in range(backends):
            parts.append(f"backend app{number}\n")
            parts += [f"  server web{n} 127.0.0.1:9\n" for n in range(servers // backends)]
        config = Path(directory, "haproxy.cfg")
        config.write_text("".join(parts))
        argv = ["haproxy", "-db", "-f", str(config)]
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
            try:
                socket = Path(directory, "admin.sock")
                until(socket.exists, "HAProxy opens its socket", 10)
                yield Haproxy(socket, process.pid)
            finally:
                process.terminate()


async def cost(
    what: str, daemon: Haproxy, question: Callable[[], Awaitable[object]], times: int
) -> None:
    await question()
    took = []
    ours, theirs = time.process_time(), daemon.processor()
    for _ in range(times):
        began = time.perf_counter()
        await question()
        took.append(time.perf_counter() - began)
    ours, theirs = time.process_time() - ours, daemon.processor() - theirs
    print(f"  {what:<24} {statistics.median(took) * 1000:6.2f} ms", end="")
    print(f", processor: {ours / times * 1000:6.2f} ms ours", end="")
    print(f", {theirs / times * 1000:6.2f} ms HAProxy's")


async def crowd(balancer: HAProxyBalancer, *, measured: bool) -> None:
    """Let 20 targets look, with a reading a second beside them or without."""
    end, took = time.perf_counter() + LASTS, list[float]()

    async def target() -> None:
        while time.perf_counter() < end:
            began = time.perf_counter()
            await balancer.look()
            took.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)

    async def measuring() -> None:
        while time.perf_counter() < end:
            await balancer.read_traffic(servers=False)
            await asyncio.sleep(1)

    beside = [measuring()] if measured else []
    await asyncio.gather(*(target() for _ in range(OUT)), *beside)
    print(f"  {OUT} targets, {'with a reading a second' if measured else 'unmeasured':<24}", end="")
    print(f" {len(took)} looks, median {statistics.median(took) * 1000:.1f} ms", end="")
    print(f", at most {max(took) * 1000:.0f} ms")


async def measure(servers: int, backends: int, times: int) -> None:
    print(f"\n{servers} servers in {backends} backends; {load()}")
    pool = Pool(4)
    with haproxy(servers, backends) as daemon:
        names = tuple(f"app{number}" for number in range(backends))
        balancer = HAProxyBalancer("lb1", daemon.socket, names, pool)
        few = times if servers < OUT else max(10, times // 10)
        await cost("backends", daemon, lambda: balancer.read_traffic(servers=False), times)
        await cost("backends and servers", daemon, lambda: balancer.read_traffic(servers=True), few)
        await cost("a look, to compare", daemon, balancer.look, few)
        for measured in (False, True):
            await crowd(balancer, measured=measured)
    pool.close()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    for servers, backends in SHAPES:
        asyncio.run(measure(servers, backends, times))


if __name__ == "__main__":
    main()
