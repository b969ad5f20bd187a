"""The passage to a remote HAProxy: a bridge whose far end is reached through ssh."""

import time
from pathlib import Path

from rollout.adapters.haproxy.socket_proxy import (
    LARGEST_REPLY,
    SocketProxy,
    converse,
    relay_command,
)
from rollout.adapters.ssh import ForwardingRefused, Result, Ssh
from rollout.model.errors import RemoteError
from rollout.text.admin_sockets import tcp_socket


def through_ssh(ssh: Ssh, host: str, path: str, *, timeout: float = 4.0) -> SocketProxy:
    """Build the bridge to the admin socket ``path`` on ``host``; nothing is contacted yet.

    Each command line takes a channel of its own, to the socket's file or its port.  Where sshd
    forbids that, a command on the host (socat, else nc) does it, from then on.  ``timeout`` is in
    seconds and counts for one line; with less than the balancer's own timeout, the balancer can
    still say why no answer came.

    Raises:
        ValueError: the path has characters with a meaning to a shell.
    """
    relay = relay_command(path)
    tcp = tcp_socket(path)
    forbidden = False

    def carry(line: bytes) -> bytes:
        nonlocal forbidden
        deadline = time.monotonic() + timeout
        if not forbidden:
            try:
                stream = (
                    ssh.open_port(host, tcp.address, tcp.port, timeout=timeout)
                    if tcp
                    else ssh.open_socket(host, path, timeout=timeout)
                )
            except ForwardingRefused:
                forbidden = True
            else:
                return converse(stream, line, timeout=max(0.01, deadline - time.monotonic()))
        left = max(0.01, deadline - time.monotonic())
        result = ssh.run(host, relay, timeout=left, stdin=line, limit=LARGEST_REPLY)
        if not result.ok or not result.out or result.truncated:
            raise _not_relayed(host, relay, result)
        return result.out.encode()

    return SocketProxy(carry, Path(path))


def _not_relayed(host: str, relay: str, result: Result) -> RemoteError:
    said = result.err.strip() or f"exit {result.status}, {len(result.out)} characters of reply"
    return RemoteError(host, f"`{relay}`: {said}", "is socat or nc installed there?")
