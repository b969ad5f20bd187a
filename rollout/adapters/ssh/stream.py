"""A socket-like stream through ssh to a socket or a port on the host."""

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Self

from rollout.adapters.ssh.channel_end import PROHIBITED, ChannelEvent, ChannelRefused, ExitInfo
from rollout.adapters.ssh.command import HAMMER
from rollout.adapters.ssh.connection import Connection, LibraryErrors
from rollout.adapters.ssh.errors import (
    ConnectionLost,
    ForwardingRefused,
    NothingListens,
    SshError,
)
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.transport import STREAMLOCAL

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer  # does not exist when the program runs


class ChannelStream:
    """Bytes both ways.  Like a socket, but a lost connection is an error, never an end of file.

    Waits at most 30 s for each read or write unless ``settimeout`` says otherwise; then
    TimeoutError, as from a socket.
    """

    def __init__(self, connection: Connection, channel: paramiko.Channel, place: str) -> None:
        self._connection = connection
        self._channel = channel
        self._place = place
        self._ending: ExitInfo = connection.transport.observer(channel, ChannelEvent())
        self._closed = False
        self.settimeout(30.0)

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        """Send everything, or raise.

        Raises:
            ConnectionLost: the other side is gone, or the connection.
            TimeoutError: the other side does not read.
        """
        with self._limit():
            rest = memoryview(data)
            while rest:
                rest = rest[self._send(bytes(rest[:32_768])) :]

    def _limit(self) -> AbstractContextManager[None]:
        """Free a writer from a full socket, where no timeout of the channel reaches it."""
        seconds = self._channel.gettimeout()
        if seconds is None:
            return nullcontext()
        frozen = ConnectionLost(self._connection.host.name, f"{self._place}: no sign of life")
        return self._connection.lifeline.limit(seconds + HAMMER, frozen)

    def _send(self, data: bytes) -> int:
        try:
            sent = self._channel.send(data)
        except TimeoutError:
            raise
        except LibraryErrors as error:
            raise self._lost() from error
        if sent == 0 or not self._connection.alive:
            raise self._lost()
        return sent

    def recv(self, size: int) -> bytes:
        """Receive up to ``size`` bytes; empty at the end of the stream.

        Raises:
            ConnectionLost: the connection ended first.
            TimeoutError: nothing came in time.
        """
        data = self._channel.recv(size)
        ended = self._channel.eof_received or self._ending.closed or self._closed
        if not data and not ended:
            raise self._lost()
        return data

    def shutdown_write(self) -> None:
        """Tell the other side that no more will come.

        Raises:
            ConnectionLost: the connection is gone.
        """
        try:
            self._channel.shutdown_write()
        except LibraryErrors as error:
            raise self._lost() from error

    def makefile(self, mode: str = "rb") -> io.BufferedReader | io.BufferedRWPair:
        """Wrap in a buffered file, ``"rb"`` or ``"rwb"``."""
        raw = _Raw(self)
        return io.BufferedReader(raw) if mode == "rb" else io.BufferedRWPair(raw, raw)

    def close(self) -> None:
        self._closed = True
        self._connection.transport.forget(self._channel)
        with suppress(*LibraryErrors):  # a lost connection is closed already
            self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lost(self) -> SshError:
        why = self._connection.lifeline.why
        return why or ConnectionLost(self._connection.host.name, f"{self._place}: connection lost")


class _Raw(io.RawIOBase):
    def __init__(self, stream: ChannelStream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # narrower
        data = self._stream.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: "ReadableBuffer", /) -> int:
        sent = bytes(data)
        self._stream.sendall(sent)
        return len(sent)


def open_socket(connection: Connection, path: str, timeout: float) -> ChannelStream:
    """Connect to the UNIX socket ``path`` on the host."""
    opening = partial(connection.transport.open, STREAMLOCAL, timeout, path=path)
    return _open(connection, path, opening, "AllowStreamLocalForwarding")


def open_port(connection: Connection, address: str, port: int, timeout: float) -> ChannelStream:
    """Connect from the host to ``port`` at ``address``."""
    place = f"{address} port {port}"
    opening = partial(connection.transport.open, "direct-tcpip", timeout, dest_addr=(address, port))
    return _open(connection, place, opening, "AllowTcpForwarding")


def _open(
    connection: Connection,
    place: str,
    opening: Callable[[], paramiko.Channel],
    option: str,
) -> ChannelStream:
    host = connection.host.name
    began = time.monotonic()
    try:
        channel = opening()
    except ChannelRefused as error:
        raise _refused(host, place, option, error) from error
    except LibraryErrors as error:
        if connection.alive:
            waited = time.monotonic() - began
            raise NothingListens(host, f"{place}: no answer after {waited:.3g}s") from error
        raise connection.lifeline.why or ConnectionLost(host, f"{place}: {error}") from error
    return ChannelStream(connection, channel, place)


def _refused(host: str, place: str, option: str, error: ChannelRefused) -> SshError:
    said = error.refusal.said
    if error.refusal.code == PROHIBITED:
        return ForwardingRefused(
            host, f"{place}: sshd forbids it ({said})", f"{option} yes in sshd_config"
        )
    return NothingListens(
        host, f"{place}: no process answers there, or the login may not use it ({said})"
    )
