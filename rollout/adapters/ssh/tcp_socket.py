"""The byte stream under a connection: quick to answer, and closed for good when closed."""

import socket
import time
from contextlib import suppress

from rollout.adapters.ssh.import_paramiko import paramiko

UNANSWERED = 20_000
"""Milliseconds after which the kernel gives up on data that is not acknowledged."""


class TcpStream:
    """What paramiko may call on a socket, over a socket or over a channel of a jump host.

    ``heard`` is the monotonic time of the last bytes from the other side: the only evidence
    that tells a slow command from a dead peer.
    """

    def __init__(self, end: socket.socket | paramiko.Channel) -> None:
        self._end = end
        self._tcp = isinstance(end, socket.socket) and end.family != socket.AF_UNIX
        self._closed = False  # paramiko looks at this name before it joins its thread
        self.heard = time.monotonic()

    def send(self, data: bytes) -> int:
        return self._end.send(data)

    def recv(self, size: int) -> bytes:
        data = self._end.recv(size)
        self.heard = time.monotonic()
        if self._tcp and isinstance(self._end, socket.socket):
            # Linux forgets QUICKACK by itself.  Without it, sshd's Nagle waits for our delayed
            # acknowledgement: 40 ms at connecting, and on each command through a jump host.
            with suppress(OSError):
                self._end.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data

    def settimeout(self, seconds: float | None) -> None:
        self._end.settimeout(seconds)

    def close(self) -> None:
        self._closed = True
        if isinstance(self._end, socket.socket):
            with suppress(OSError):  # close() alone would not wake a thread inside recv()
                self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()


def make_prompt(tcp: socket.socket) -> None:
    """Set what paramiko leaves unset: no Nagle, and an end to unacknowledged data."""
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED)
