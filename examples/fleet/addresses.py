"""A network of its own for each fleet, so that any number of them can run side by side.

All of 127.0.0.0/8 answers on a Linux machine.  A fleet takes 127.A.B.0/24 with A and B drawn by
lot, and holds one listening port there for as long as it lives: that is the claim.
"""

import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass

CLAIM = 99
TRIES = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where one machine lives; its ports count from ``base``."""

    address: str
    base: int = 8000

    @property
    def ssh(self) -> int:
        return self.base + 22

    @property
    def http(self) -> int:
        """The port shared by the instances of a host; the frontend's on a balancer."""
        return self.base + 80

    @property
    def agent(self) -> int:
        return self.base + 90

    def url(self, port: int) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{port}"


class Network:
    """127.A.B.0/24, and a hundred ports for each host on ``::1`` where the shape wants IPv6."""

    def __init__(self, *, machines: int, ipv6: bool) -> None:
        self._claims: list[socket.socket] = []
        self._ipv6 = ipv6
        for attempt in range(TRIES):
            self._prefix = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}"
            # Familiar ports first; others where somebody listens on all addresses at one of them.
            familiar = not ipv6 and attempt < TRIES / 2
            self._base = 8000 if familiar else random.randrange(9000, 31000, 1000)
            if self._claim() and self._free(machines):
                return
            self.close()
        raise OSError(f"no free network on loopback after {TRIES} tries")

    def host(self, number: int) -> Place:
        """Return the place of host ``number``, counted from 1."""
        if self._ipv6:
            return Place("::1", self._base + 100 * number)
        return Place(f"{self._prefix}.{10 + number}", self._base)

    def balancer(self, number: int) -> Place:
        """Return the place of balancer ``number``, counted from 1."""
        return Place(f"{self._prefix}.{200 + number}", self._base)

    def close(self) -> None:
        for claim in self._claims:
            claim.close()
        self._claims.clear()

    def _claim(self) -> bool:
        wanted = [(socket.AF_INET, f"{self._prefix}.1")]
        if self._ipv6:
            wanted.append((socket.AF_INET6, "::1"))
        for family, address in wanted:
            claim = socket.socket(family, socket.SOCK_STREAM)
            self._claims.append(claim)
            try:
                claim.bind((address, self._base + CLAIM))
                claim.listen(1)
            except OSError:
                return False
        return True

    def _free(self, machines: int) -> bool:
        places = [*map(self.host, range(1, machines + 1)), self.balancer(1)]
        return all(free(place, (place.base, place.ssh, place.http)) for place in places)


def free(place: Place, ports: Iterable[int]) -> bool:
    """Say whether nobody listens on ``ports`` of ``place``, not even on all addresses."""
    family = socket.AF_INET6 if ":" in place.address else socket.AF_INET
    for port in ports:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((place.address, port))
            except OSError:
                return False
    return True
