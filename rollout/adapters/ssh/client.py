"""What the rest of the program may ask of ssh."""

import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from typing import Self

from rollout.adapters.ssh import command as running
from rollout.adapters.ssh import stream as streaming
from rollout.adapters.ssh.command import HAMMER, RemoteCommand, Result
from rollout.adapters.ssh.connection import Connection, LibraryErrors
from rollout.adapters.ssh.errors import ConnectionLost, NothingListens, Unreachable
from rollout.adapters.ssh.host_config import ResolvedHost, SshOptions
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.piped_command import PipedCommand
from rollout.adapters.ssh.pool import ConnectionPool
from rollout.adapters.ssh.socket_diagnosis import explain
from rollout.adapters.ssh.stream import ChannelStream
from rollout.adapters.ssh.watchdog import Watchdog

OVERSLEPT = HAMMER + 2.0
"""Seconds by which a deadline is passed only if this process was stopped: all else has an end."""


class Ssh:
    """Hosts, reached as the operator's own ssh would reach them, one kept connection each.

    Blocking, and safe to use from several threads.  ``timeout`` is in seconds and counts for the
    whole call, connecting included; a call comes back at most 5 s later, whatever the host
    does, and one host never makes another wait.  All errors are RemoteErrors.
    """

    def __init__(self, options: SshOptions) -> None:
        self._kept = ConnectionPool(options, Watchdog())
        self._under_way: dict[int, tuple[Connection, paramiko.Channel]] = {}

    def resolve(self, host: str) -> ResolvedHost:
        """Tell how ``host`` would be reached, by ``ssh -G``; asked once per run."""
        return self._kept.resolve(host)

    def run(
        self,
        host: str,
        command: str,
        *,
        timeout: float,
        stdin: bytes | memoryview = b"",
        limit: int = 1 << 20,
    ) -> Result:
        """Run ``command`` by ``sh`` on ``host``, whatever the login shell is; never twice.

        ``limit`` is in bytes for each of the two outputs; beyond it the middle is left out.  What
        the login shell prints before the command begins is in neither.

        Raises:
            CommandTimedOut, ConnectionLost: ``asked`` tells whether it may have begun.
            SshError: it certainly did not begin.
        """
        connection, channel, left = self._session(host, timeout)
        doing = f"during {running.spoken(command)}"
        with self._limit(connection, left, doing), self._noted(connection, channel):
            return RemoteCommand(connection, channel, command, limit).hold(left, stdin)

    def carry(self, host: str, command: str, local: socket.socket, *, timeout: float) -> Result:
        """Run ``command`` as :meth:`run` does, with ``local`` as its input and output.

        Only its stderr is in the result.
        """
        connection, channel, left = self._session(host, timeout)
        doing = f"during {running.spoken(command)}"
        with self._limit(connection, left, doing), self._noted(connection, channel):
            return PipedCommand(connection, channel, command, local).carry(left)

    def open_socket(self, host: str, path: str, *, timeout: float = 10.0) -> ChannelStream:
        """Connect to the UNIX socket ``path`` on ``host``.

        Raises:
            ForwardingRefused: the ssh server forbids it.
            NothingListens: there is no such socket, no process behind it, or no permission.
        """
        deadline = time.monotonic() + timeout
        connection = self._kept.get(host, timeout)
        left = max(0.001, deadline - time.monotonic())
        try:
            with self._limit(connection, left, f"opening {path}"):
                return streaming.open_socket(connection, path, left)
        except NothingListens as error:
            left = max(0.001, deadline - time.monotonic())
            ssh = shlex.join(["ssh", *connection.host.options.words])
            ask = partial(self.run, host, timeout=left)
            raise explain(error, path, ask, ssh) from error

    def open_port(
        self, host: str, address: str, port: int, *, timeout: float = 10.0
    ) -> ChannelStream:
        """Connect from ``host`` to ``port`` at ``address``; errors as for ``open_socket``."""
        deadline = time.monotonic() + timeout
        connection = self._kept.get(host, timeout)
        left = max(0.001, deadline - time.monotonic())
        with self._limit(connection, left, f"opening {address} port {port}"):
            return streaming.open_port(connection, address, port, left)

    def end_commands(self) -> None:
        """Send TERM to whatever still runs for us: hanging up alone ends no command.

        Not to root's, whose sessions sshd 9.2 does not signal: those end at their deadline.
        """
        for connection, channel in tuple(self._under_way.values()):
            with suppress(*LibraryErrors):
                connection.transport.signal(channel, "TERM")

    def close(self) -> None:
        """End what still runs and hang up.  A call that still waits is released with ``Closed``."""
        self.end_commands()
        self._kept.cut()

    abort = close  # the second Ctrl-C: hanging up is already the fastest thing that can be done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _noted(self, connection: Connection, channel: paramiko.Channel) -> Iterator[None]:
        self._under_way[id(channel)] = connection, channel
        try:
            yield
        finally:
            self._under_way.pop(id(channel), None)

    def _limit(
        self, connection: Connection, left: float, doing: str
    ) -> AbstractContextManager[None]:
        """Cut the connection should the block still hang well after its deadline."""
        lost = ConnectionLost(connection.host.name, f"no sign of life {doing}; hung up")
        return connection.lifeline.limit(left + HAMMER, lost)

    def _session(self, host: str, timeout: float) -> tuple[Connection, paramiko.Channel, float]:
        """Open a session, and say how many seconds of ``timeout`` are left for the command.

        If the kept connection turns out to be lost, on a new one; and if this process was stopped
        meanwhile (SIGSTOP, a machine that slept), with all of its time once more.  Nothing was
        asked yet, so this is no second attempt at a command.
        """
        deadline = time.monotonic() + timeout
        for last in (False, True):
            left = deadline - time.monotonic()
            try:
                connection = self._kept.get(host, left)
                left = max(0.001, deadline - time.monotonic())
                with self._limit(connection, left, "opening a session"):
                    channel = running.open_session(connection, left)
            except (ConnectionLost, Unreachable) as error:
                overslept = time.monotonic() > deadline + OVERSLEPT
                if last or not (overslept or isinstance(error, ConnectionLost)):
                    raise
                if overslept:
                    deadline = time.monotonic() + timeout
            else:
                return connection, channel, max(0.0, deadline - time.monotonic())
        raise AssertionError  # the loop returns or raises
