"""Where HAProxy's admin socket is: a path, or an address and a port (``stats socket ipv4@…``)."""

import ipaddress
import re
from dataclasses import dataclass

SHAPE = re.compile(
    r"(?:tcp@|tcp4@|tcp6@|ipv4@|ipv6@)?(?:\[(?P<bracketed>[^]]+)\]|(?P<plain>[^[\]]+)):(?P<port>\d+)"
)
"""As HAProxy writes it (``ipv6@::1:9999``), and as URLs do (``[::1]:9999``)."""

LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """An admin socket on TCP: all that can connect to it can change HAProxy."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.is_v6 else f"{self.address}:{self.port}"

    @property
    def is_v6(self) -> bool:
        return ":" in self.address

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback

    @property
    def socat(self) -> str:
        """The address as socat takes it."""
        return f"TCP6:{self}" if self.is_v6 else f"TCP4:{self}"


def tcp_socket(said: str) -> TcpAddress | None:
    """Read the setting ``socket``; None where it is a path.

    Raises:
        ValueError: it is neither.
    """
    if said.startswith("/"):
        return None
    found = SHAPE.fullmatch(said)
    if found is None:
        raise ValueError(f'{said!r} must begin with /, or be an address such as "127.0.0.1:9999"')
    address, port = found["bracketed"] or found["plain"], int(found["port"])
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(
            f"{said!r}: {address!r} is no address of numbers, such as 127.0.0.1"
        ) from None
    if known.is_unspecified or not 0 < port <= LARGEST_PORT:
        raise ValueError(f"{said!r} is nowhere to connect to: give an address such as 127.0.0.1")
    return TcpAddress(str(known), port)
