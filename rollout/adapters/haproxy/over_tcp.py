"""The passage to an admin socket on a TCP port of this machine: haproxyadmin opens files only."""

import socket
import time
from pathlib import Path

from rollout.adapters.haproxy.socket_proxy import Bridge, converse
from rollout.adapters.local.deadline import seconds_left
from rollout.model.errors import BalancerError
from rollout.text.admin_sockets import TcpSocket


class _TcpStream(socket.socket):
    def shutdown_write(self) -> None:
        self.shutdown(socket.SHUT_WR)


def over_tcp(name: str, where: TcpSocket, *, within: float = 4.0) -> Bridge:
    """Build the bridge of the load balancer ``name``; ``within`` is in seconds, for one line."""

    def carry(line: bytes) -> bytes:
        deadline = time.monotonic() + within
        stream = _TcpStream(socket.AF_INET6 if where.is_v6 else socket.AF_INET)
        try:
            stream.settimeout(within)
            stream.connect((where.address, where.port))
            left = seconds_left(deadline)
        except OSError as error:
            stream.close()
            why = error.strerror or "no answer in time"
            what = f"{where} cannot be reached: {why.lower()}"
            cure = f"is HAProxy running, with `stats socket {where} level admin` in `global`?"
            raise BalancerError(name, what, cure) from error
        return converse(stream, line, within=left)

    return Bridge(carry, Path(str(where)))
