"""A socket that never stops talking: our memory, our threads and our time stay our own."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rollout.adapters.haproxy import HAProxyBalancer
from rollout.adapters.haproxy.socket_proxy import SocketProxy, converse
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError
from rollout.model.fleet import Finding
from tests.integration.haproxy.conftest import play
from tests.integration.haproxy.test_bridge import LocalStream

pytestmark = pytest.mark.integration

TIMEOUT = 2.0
ROOM = 100 << 20
"""Bytes that one conversation may cost; without a cap it was 576 MB in 5 s."""

A_MEGABYTE = (b"x" * 999 + b"\n") * 1000


class Endless:
    """Listens at ``path`` and says ``words`` to every visitor, again and again, for ever."""

    def __init__(self, path: Path, words: bytes, pause: float) -> None:
        self.path = path
        self._words, self._pause = words, pause
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._visits: list[threading.Thread] = []
        self._over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                visitor, _ = self._server.accept()
            except OSError:
                return
            visit = threading.Thread(target=self._talk, args=(visitor,), daemon=True)
            visit.start()
            self._visits.append(visit)

    def _talk(self, visitor: socket.socket) -> None:
        with visitor:
            while not self._over.wait(self._pause):
                try:
                    visitor.sendall(self._words)
                except OSError:
                    return

    def all_have_left(self, timeout: float) -> bool:
        """Whether every visitor has hung up, and there was one."""
        until = time.monotonic() + timeout
        for visit in self._visits:
            visit.join(max(0.0, until - time.monotonic()))
        return bool(self._visits) and not any(visit.is_alive() for visit in self._visits)

    def close(self) -> None:
        self._over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture(params=[(A_MEGABYTE, 0.0), (b"x", 0.1)], ids=["flood", "trickle"])
def endless(request: pytest.FixtureRequest) -> Iterator[Endless]:
    with (
        TemporaryDirectory() as place,
        closing(Endless(Path(place, "a.sock"), *request.param)) as it,
    ):
        yield it


@pytest.fixture
def peak() -> Callable[[], int]:
    """Return how many bytes the memory of this process has grown to more than now, at most."""

    def most() -> int:
        rows = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
        return int(rows["VmHWM"].split()[0]) * 1024

    Path("/proc/self/clear_refs").write_text("5")
    before = most()
    return lambda: most() - before


def refused(balancer: HAProxyBalancer) -> BalancerError | Finding:
    caught: list[BalancerError | Finding] = []

    async def scenario() -> None:
        try:
            await balancer.look()
        except BalancerError as error:
            caught.append(error)

    play(scenario)
    return caught[0]


def test_a_look_ends_in_time_and_leaves_no_reader(
    endless: Endless, pool: Pool, peak: Callable[[], int]
) -> None:
    began = time.monotonic()
    error = refused(HAProxyBalancer("lb1", endless.path, (), pool, timeout=TIMEOUT))
    assert time.monotonic() - began < TIMEOUT + 1
    assert str(error)
    assert endless.all_have_left(timeout=1.0)
    assert peak() < ROOM


def test_an_examination_ends_in_time_and_leaves_no_reader(
    endless: Endless, pool: Pool, peak: Callable[[], int]
) -> None:
    balancer = HAProxyBalancer("lb1", endless.path, (), pool, timeout=TIMEOUT)
    found: list[Finding] = []

    async def scenario() -> None:
        found.extend(await balancer.examine())

    began = time.monotonic()
    play(scenario)
    assert time.monotonic() - began < TIMEOUT + 1
    assert len(found) == 1
    assert endless.all_have_left(timeout=1.0)
    assert peak() < ROOM


def test_a_bridge_ends_in_time_and_leaves_no_reader(
    endless: Endless, pool: Pool, peak: Callable[[], int]
) -> None:
    def carry(line: bytes) -> bytes:
        stream = LocalStream(socket.AF_UNIX)
        stream.connect(str(endless.path))
        return converse(stream, line, timeout=TIMEOUT - 0.5)

    bridge = SocketProxy(carry, endless.path)
    caught: list[BalancerError] = []

    async def scenario() -> None:
        try:
            await HAProxyBalancer("lb1", bridge, (), pool, timeout=TIMEOUT).look()
        except BalancerError as error:
            caught.append(error)
        finally:
            await bridge.close()

    began = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - began < TIMEOUT + 1
    assert "longer than" in caught[0].what or "no whole reply" in caught[0].what
    assert endless.all_have_left(timeout=1.0)
    assert peak() < ROOM
