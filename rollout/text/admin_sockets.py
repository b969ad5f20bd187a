"""Where HAProxy's admin socket is: a path, or an address and a port (``stats socket ipv4@…``).

And how a login gets the right to use a path: by a group that may do nothing more than that.
"""

import ipaddress
import re
import shlex
from dataclasses import dataclass

SHAPE = re.compile(
    r"(?:tcp@|tcp4@|tcp6@|ipv4@|ipv6@)?(?:\[(?P<bracketed>[^]]+)\]|(?P<plain>[^[\]]+)):(?P<port>\d+)"
)
"""As HAProxy writes it (``ipv6@::1:9999``), and as URLs do (``[::1]:9999``)."""

LARGEST_PORT = 65_535

GROUP = "haproxy"
"""The group that Debian's package makes; without ``group`` HAProxy makes a socket root's."""

POWERFUL = frozenset({"0", "root", "wheel", "sudo", "admin", "adm", "docker", "disk", "shadow"})
"""Groups whose members may do more than speak to HAProxy: none is joined for a socket."""

USUAL = "/run/haproxy/admin.sock"


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


def stats_socket(socket: str) -> str:
    """Spell the line of HAProxy's ``global`` that makes an admin socket of a path or an address."""
    rights = f" mode 660 level admin group {GROUP}" if socket.startswith("/") else " level admin"
    return f"stats socket {socket}{rights}"


def right_to_connect(path: str, group: str, login: str, *, group_may: bool) -> str:
    """Say how ``login`` gets the right to connect to the socket ``path``.

    Args:
        path: The socket.
        group: The group that it belongs to.
        login: As a shell takes it after ``usermod``.
        group_may: Its group may connect.
    """
    if group_may and group not in POWERFUL:
        return _join(group, login)
    return (
        f"in `global` of HAProxy's configuration: `{stats_socket(path)}`, reload HAProxy, then "
        f"{_join(GROUP, login)}"
    )


def right_to_enter(directory: str, group: str, login: str, *, group_may: bool) -> str:
    """Say how ``login`` gets to a socket below a directory that it may not enter."""
    if group_may and group not in POWERFUL:
        return _join(group, login)
    if GROUP in directory.rpartition("/")[2]:
        shut = shlex.quote(directory)
        return f"`sudo chgrp {GROUP} {shut} && sudo chmod g+x {shut}`, then {_join(GROUP, login)}"
    return (
        "move the socket to a directory of HAProxy's own: in `global` of its configuration "
        f"`{stats_socket(USUAL)}`, reload HAProxy, set `socket` to it, then {_join(GROUP, login)}"
    )


def _join(group: str, login: str) -> str:
    return f"`sudo usermod -aG {group} {login}`; it holds from the next login on"
