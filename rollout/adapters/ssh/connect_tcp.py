"""Opens the byte stream to a host: TCP, through a jump host, or through a proxy command."""

import errno
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from rollout.adapters.ssh.errors import Unreachable
from rollout.adapters.ssh.force_close import ForceClose
from rollout.adapters.ssh.host_config import ResolvedHost
from rollout.adapters.ssh.tcp_socket import make_prompt

Address = tuple[socket.AddressFamily, tuple[str | int | bytes, ...]]

FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}

PROXY_GRACE = 0.5
"""Seconds that a proxy command has to end by itself when its connection is closed."""


def dial(host: ResolvedHost, deadline: float, lifeline: ForceClose) -> socket.socket:
    """Connect by TCP to the first address that answers before ``deadline`` (monotonic seconds).

    A black hole on one address leaves time for the next.

    Raises:
        Unreachable: no address, or none that answers.
    """
    addresses = _addresses(host, deadline)
    problems: list[str] = []
    for left, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        connection = socket.socket(family, socket.SOCK_STREAM)
        lifeline.hold(partial(_hang_up, connection))
        try:
            make_prompt(connection)
            connection.settimeout(max(0.001, (deadline - time.monotonic()) / left))
            connection.connect(address)
        except OSError as error:
            connection.close()
            problems.append(f"{address[0]!s} port {address[1]!s}: {_in_words(error)}")
        else:
            return connection
    raise Unreachable(
        host.name,
        "; ".join(problems),
        f"is sshd running there, and is the port right? {host.by_hand()}",
    )


def run_proxy(host: ResolvedHost, lifeline: ForceClose) -> tuple[socket.socket, "ProxyWords"]:
    """Start the proxy command with one end of a socket pair for its input and output.

    When the proxy dies, its end closes and the connection notices at once; through pipes, as
    paramiko has it, it never does.  It gets a session of its own, so that Ctrl-C on our
    terminal does not end it under a clean-up.
    """
    ours, theirs = socket.socketpair()
    words = ProxyWords()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - the operator's own ProxyCommand, as ssh runs it
            [os.environ.get("SHELL") or "/bin/sh", "-c", f"exec {host.proxy_command}"],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=words.file,
            start_new_session=True,
        )
    lifeline.hold(lambda: _end(process))
    lifeline.hold(lambda: _hang_up(ours))
    return ours, words


class ProxyWords:
    """What a proxy command said on its standard error, for when it fails."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process

    def last(self) -> str:
        size = os.fstat(self.file.fileno()).st_size
        said = os.pread(self.file.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
        return said.strip().rpartition("\n")[2]

    def close(self) -> None:
        self.file.close()


def _addresses(host: ResolvedHost, deadline: float) -> Sequence[Address]:
    """Look the name up in a thread of its own: the resolver knows no deadline."""
    found: list[Address] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(
                host.hostname,
                host.port,
                family=FAMILIES.get(host.family, socket.AF_UNSPEC),
                type=socket.SOCK_STREAM,
            )
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            found.extend((answer[0], answer[4]) for answer in answers)

    thread = threading.Thread(target=look_up, name=f"look-up-{host.hostname}", daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if found:
        return found
    why = failed[0].strerror or str(failed[0]) if failed else "no answer from the resolver"
    raise Unreachable(
        host.name,
        f"the name {host.hostname} has no address: {why}",
        f"getent hosts {host.hostname}; or give HostName in {host.config_file}",
    )


def _in_words(error: OSError) -> str:
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return "no answer"
    return (error.strerror or str(error)).lower()


def _hang_up(connection: socket.socket) -> None:
    """Wake the thread that is inside connect() or recv() on it, then close it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a proxy command and all that it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PROXY_GRACE)
            return
