"""The passage to an admin socket on a TCP port of this machine: haproxyadmin opens files only."""

import socket
import time
from pathlib import Path

from rollout.adapters.haproxy.socket_proxy import SocketProxy, converse
from rollout.adapters.local.deadline import seconds_left
from rollout.model.errors import BalancerError
from rollout.text.admin_sockets import TcpAddress


class _TcpStream(socket.socket):
    def shutdown_write(self) -> None:
        self.shutdown(socket.SHUT_WR)


def over_tcp(name: str, where: TcpAddress, *, timeout: float = 4.0) -> SocketProxy:
    """Build the bridge of the load balancer ``name``; ``timeout`` is in seconds, for one line."""

    def carry(line: bytes) -> bytes:
        deadline = time.monotonic() + timeout
        stream = _TcpStream(socket.AF_INET6 if where.is_v6 else socket.AF_INET)
        try:
            stream.settimeout(timeout)
            stream.connect((where.address, where.port))
            left = seconds_left(deadline)
        except OSError as error:
            stream.close()
            why = error.strerror or "no answer in time"
            what = f"{where} cannot be reached: {why.lower()}"
            fix = f"is HAProxy running, with `stats socket {where} level admin` in `global`?"
            raise BalancerError(name, what, fix) from error
        return converse(stream, line, timeout=left)

    return SocketProxy(carry, Path(str(where)))
