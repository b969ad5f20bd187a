"""A command on a host whose input and output are a socket here: for programs that converse.

The command ends as any other does, by its exit or its deadline; see :mod:`.run`.
"""

import os
import select
import socket
import threading
import time
from contextlib import suppress

from rollout.adapters.ssh.channel_end import ChannelEvent
from rollout.adapters.ssh.command import CHUNK, GRACE, RemoteCommand, Result
from rollout.adapters.ssh.connection import Connection
from rollout.adapters.ssh.import_paramiko import paramiko

ENOUGH = 8 * CHUNK
"""Bytes that wait for the socket before no more are taken from the host."""


class PipedCommand(RemoteCommand):
    """One command, joined to ``local``; only its stderr is kept."""

    def __init__(
        self,
        connection: Connection,
        channel: paramiko.Channel,
        command: str,
        local: socket.socket,
    ) -> None:
        super().__init__(connection, channel, command, 1 << 20)
        self._local = local
        self._alarm = IdleTimer()
        self._ending = connection.transport.observer(channel, self._alarm)
        self._bell = self._alarm
        self._up, self._down = b"", bytearray()
        self._open_for_more = True

    def carry(self, timeout: float) -> Result:
        """Run the command to its end or its deadline; errors as for ``hold``.

        When the socket ends, so does the command's input; when the command has ended and all of
        its output is through, the socket is told so.
        """
        self._local.settimeout(0.0)
        try:
            return self.hold(timeout, b"")
        finally:
            self._alarm.close()
            with suppress(OSError):
                self._local.shutdown(socket.SHUT_WR)

    def _talk(self, stdin: bytes | memoryview, until: float) -> None:  # noqa: ARG002 - the socket is it
        while not self._over and (left := until - time.monotonic()) > 0:
            self._wait(left)
            self._upwards()
            self._downwards()
        if self._over:
            self._last_of_it(min(until, time.monotonic() + GRACE))

    def _wait(self, seconds: float) -> None:
        wants_more = self._open_for_more and not self._up
        self._alarm.wait_for(self._local, seconds, wants_more, bool(self._down))

    def _upwards(self) -> None:
        if self._open_for_more and not self._up:
            with suppress(BlockingIOError):
                try:
                    self._up = self._local.recv(CHUNK)
                    self._open_for_more = bool(self._up)
                except ConnectionError:
                    self._open_for_more = False
                if not self._open_for_more:
                    self._channel.shutdown_write()
        while self._up and self._channel.send_ready() and not self._over:
            self._up = self._up[self._channel.send(self._up) :]

    def _downwards(self) -> None:
        self._drain()
        while self._down:
            try:
                del self._down[: self._local.send(self._down)]
            except BlockingIOError:
                return
            except OSError:  # not read there any more; the command says why
                self._down.clear()
            self._drain()

    def _drain(self) -> None:
        while len(self._down) < ENOUGH and self._channel.recv_ready():
            self._down += self._after[0].take(self._channel.recv(CHUNK))
        self._drain_errors()

    def _last_of_it(self, until: float) -> None:
        """Bring through what was still on its way when the command ended."""
        while time.monotonic() < until:
            self._downwards()
            if not self._down and (self._channel.eof_received or self._channel.closed):
                return
            self._alarm.wait_for(
                self._local,
                until - time.monotonic(),
                reading=False,
                writing=bool(self._down),
            )


class IdleTimer(ChannelEvent):
    """A bell that can be waited for together with a socket."""

    def __init__(self) -> None:
        super().__init__()
        self._mouth, self._ear = os.pipe()[::-1]
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ear, False)
        self._closing = threading.Lock()
        self._closed = False

    def set(self) -> None:
        super().set()
        with self._closing:
            if not self._closed:  # paramiko rings for a channel that is gone, too
                with suppress(BlockingIOError):
                    os.write(self._mouth, b"!")

    def wait_for(self, peer: socket.socket, seconds: float, reading: bool, writing: bool) -> None:  # noqa: FBT001 - two of a kind
        """Wait for a ring, or until ``peer`` may be read or written, at most ``seconds``."""
        waiting = select.poll()
        waiting.register(self._ear, select.POLLIN)
        if reading or writing:
            waiting.register(peer, select.POLLIN * reading | select.POLLOUT * writing)
        waiting.poll(max(0.0, seconds) * 1000)
        with suppress(BlockingIOError):
            os.read(self._ear, 4096)
        self._rung.clear()

    def close(self) -> None:
        with self._closing:
            self._closed = True
            os.close(self._mouth)
            os.close(self._ear)
