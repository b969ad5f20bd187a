"""Troubles that need more than a daemon: a visitor who stays, a host that swallows packets."""

import csv
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from examples.fleet import Fleet, until


def in_flight(fleet: Fleet, server: str, balancer: str = "lb1") -> int:
    """Count the requests that ``balancer`` has open on ``server``, in all backends."""
    table = fleet.balancers[balancer].command("show stat").removeprefix("# ")
    rows = csv.DictReader(table.splitlines())
    return sum(int(row["scur"]) for row in rows if row["svname"] == server)


@contextmanager
def a_visitor_stays(
    fleet: Fleet, server: str, balancer: str = "lb1"
) -> Iterator[Callable[[], str]]:
    """Keep one request open on ``server`` for the length of the block.

    The request announces a body that does not come; the app waits for it.  What is given lets it
    come, and returns the first line of the answer.
    """
    place = fleet.balancers[balancer].place
    lines = ["POST /echo HTTP/1.1", "Host: shop", f"Cookie: SRV={server}", "Content-Length: 4"]
    with socket.create_connection((place.address, place.http), timeout=5) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        until(lambda: in_flight(fleet, server, balancer), f"the visitor is at {server}")

        def finish() -> str:
            connection.sendall(b"done")
            return connection.recv(65536).decode().partition("\r\n")[0]

        yield finish


@contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """Give an address and a port that take no connection and refuse none.

    The queue of a socket that nobody accepts from is full, so the kernel drops further SYNs.
    """
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place: tuple[str, int] = listener.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003 - the standard library's signature
            filler.connect_ex(place)
        yield place


def say_of(fleet: Fleet, host: str, **options: object) -> None:
    """Let ssh's configuration say something else about ``host``, such as ``Port=22``."""
    lines = [f"Host {host}", *(f"  {key} {value}" for key, value in options.items())]
    fleet.ssh_config.write_text("\n".join([*lines, "", fleet.ssh_config.read_text()]))
