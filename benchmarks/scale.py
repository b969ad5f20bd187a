"""What a large fleet costs: 1,000 hosts in virtual time, and one HAProxy with 1,000 servers.

    python -m benchmarks.scale [hosts]

The first half is the scenarios alone, on the fakes of the tests: how many calls they make and how
much processor that takes.  The second half is the HAProxy edge alone, on a real HAProxy whose
servers are closed ports: what one look costs, and what twenty targets at once make of it.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.same_run.children import load
from examples.fleet.waiting import until
from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError
from rollout.model.fleet import AdminState, BalancerSnapshot, Server, ServerState
from rollout.model.plan import Plan, Share, waves_of
from rollout.ports.context import RunContext
from rollout.restart.rolling import rolling_restart
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeBalancer
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, site_of
from tests.support.simulation.world import World, clock, targets_of

OUT = 20
PAUSE = 0.1
"""Seconds between two looks of one target: ``Timeouts.poll``."""

FEWER = 5
"""The fakes work out a row for whatever moves, so with many out their share grows."""

LASTS = 5.0
FRESH = 60.0
"""Virtual seconds for which the row of a server may change after it was told something."""


HAPROXY = """\
global
  stats socket {directory}/admin.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend app
"""


class Remembering(FakeBalancer):
    """The fake, which works out anew only the rows of servers that were told something lately.

    Else nine tenths of the time would go into the fake: it works out 1,000 rows for each look.
    """

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        self._rows: dict[Server, ServerState] = {}
        self._told: dict[Server, float] = {}

    async def order(self, servers: Sequence[Server], state: AdminState) -> None:
        await super().set_state(servers, state)
        self._told |= dict.fromkeys(servers, clock())

    async def look(self) -> BalancerSnapshot:
        async with self.world.faults.befall(f"{self.name} look", self._error):
            pass
        since, lines = clock() - FRESH, self.world.lines
        self._told = {server: at for server, at in self._told.items() if at > since}
        anew = self._told if self._rows else lines
        self._rows |= {server: lines[server].row(clock()) for server in anew}
        mark = self.world.marks[self.name]
        return BalancerSnapshot(
            balancer=self.name, version="2.6", process=mark, servers=dict(self._rows)
        )


def stories(hosts: int, max_out: int) -> None:
    world = fleet(hosts)
    began, busy = time.perf_counter(), time.process_time()
    site = replace(site_of(world), balancers={"lb1": Remembering(world, "lb1")})
    plan = Plan(
        waves=waves_of(targets_of(world), Share(0)),
        max_out=max_out,
        floor=world.floor,
        timeouts=QUICK,
    )
    told = Told()
    play(rolling_restart(RunContext(plan, site, told)))
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    broken = promises_broken(world, told)
    print(f"  {hosts:>5} hosts, {max_out:>2} at once: {len(world.faults.calls):8} calls", end="")
    print(f", {len(told.events):7} events", end="")
    print(f", {wall:6.1f} s ({cpu:.1f} s of processor)", end="")
    print(f", {cpu / hosts * 1000:.1f} ms a host, {len(broken)} promises broken")


@contextmanager
def haproxy(servers: int) -> Iterator[Path]:
    """Run a HAProxy with so many server lines, none of which anybody answers; give its socket."""
    with tempfile.TemporaryDirectory() as directory:
        lines = (f"  server web{n} 127.0.0.1:9 check inter 60s\n" for n in range(servers))
        config = Path(directory, "haproxy.cfg")
        config.write_text(HAPROXY.format(directory=directory) + "".join(lines))
        argv = ["haproxy", "-db", "-f", str(config)]
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
            try:
                socket = Path(directory, "admin.sock")
                until(socket.exists, "HAProxy opens its socket", 10)
                yield socket
            finally:
                process.terminate()


async def crowd(balancer: HAProxyBalancer, askers: int, count: Callable[[float], None]) -> int:
    """Let ``askers`` look as targets do; count the seconds of each look, return the failures."""
    end = time.perf_counter() + LASTS

    async def asker() -> int:
        failed = 0
        while time.perf_counter() < end:
            began = time.perf_counter()
            try:
                await balancer.look()
            except BalancerError:
                failed += 1
            count(time.perf_counter() - began)
            await asyncio.sleep(PAUSE)
        return failed

    return sum(await asyncio.gather(*(asker() for _ in range(askers))))


async def looks(socket: Path) -> None:
    pool = Pool(4)
    balancer = HAProxyBalancer("lb1", socket, ("app",), pool)
    await balancer.look()
    for askers in (1, OUT):
        took: list[float] = []
        began, busy = time.perf_counter(), time.process_time()
        failed = await crowd(balancer, askers, took.append)
        share = (time.process_time() - busy) / (time.perf_counter() - began)
        print(f"  {askers:>3} targets: {len(took):5} looks answered in {LASTS:g} s", end="")
        print(
            f", {statistics.median(took) * 1000:5.0f} ms each, {max(took) * 1000:.0f} at most",
            end="",
        )
        print(f", {share:4.0%} of a core, {failed} failed")
    pool.close()


def main() -> None:
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"Hosts on fakes, in virtual time; {load()}")
    stories(hosts, 1)
    stories(hosts // FEWER, OUT)
    print(f"\nOne HAProxy with {hosts} servers in a backend; {load()}")
    with haproxy(hosts) as socket:
        asyncio.run(looks(socket))


if __name__ == "__main__":
    main()
