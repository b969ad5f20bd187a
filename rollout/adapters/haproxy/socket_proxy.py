"""A local socket file that leads to an admin socket on another machine.

haproxyadmin can only open a UNIX socket of this machine.  Each connection to HAProxy's admin
socket is one line and its reply, so the bridge takes the line, has it carried over, and hands the
reply back; how it is carried (a channel, a command) is for another module to know.
"""

import asyncio
import contextlib
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rollout.adapters.local.deadline import seconds_left
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import RolloutError
from rollout.text.admin_sockets import tcp_socket

SendLine = Callable[[bytes], bytes]
"""Take one command line there, bring the whole reply back.  May block, but not for ever."""

LONGEST_LINE = 64 * 1024

LARGEST_REPLY = 16 << 20
"""Bytes; ``show stat`` of 1,000 servers is 230,000 (measured).  What is longer is an error."""

TOO_LONG = f"the reply is longer than {LARGEST_REPLY >> 20} MiB"

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./@+-]+")


class Stream(Protocol):
    """The part of a socket that one question needs."""

    def sendall(self, data: bytes, /) -> object: ...
    def settimeout(self, seconds: float, /) -> object: ...
    def shutdown_write(self) -> None: ...
    def recv(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


class SocketProxy:
    """The local end: a socket file in a directory that only we may enter.

    It has threads of its own: haproxyadmin waits in the common ones for what is carried here.

    Attributes:
        far: Path of the socket at the far end.
    """

    def __init__(self, carry: SendLine, far: Path) -> None:
        self.far = far
        self._pool = Pool(4)
        self._carry = carry
        self._trouble: Exception | None = None
        self._directory: Path | None = None
        self._server: asyncio.Server | None = None
        self._crossings: set[asyncio.Task[None]] = set()
        self._building = asyncio.Lock()

    async def open(self) -> Path:
        """Give the path of the socket file, which is made at the first call."""
        async with self._building:
            if self._directory is None:
                # mkdtemp: mode 0700; in /tmp, for a socket's path has less than 108 bytes
                self._directory = Path(tempfile.mkdtemp(prefix="rollout-", dir="/tmp"))
                self._server = await asyncio.start_unix_server(
                    self._accept, self._directory / "haproxy", limit=LONGEST_LINE
                )
            return self._directory / "haproxy"

    def trouble(self) -> Exception | None:
        """Why the last command did not get across; None when it did, or is on its way."""
        return self._trouble

    async def close(self) -> None:
        """Hang up whatever is on its way and remove the directory.  Waits for no peer."""
        if self._server is not None:
            self._server.close()
        for crossing in self._crossings:
            crossing.cancel()
        self._pool.close()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
        self._server = self._directory = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = asyncio.current_task()
        assert me is not None  # noqa: S101 - a coroutine of asyncio's server runs in a task
        self._crossings.add(me)
        try:
            await self._cross(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass  # closed on our side, or the asker has gone; asyncio would only log it
        finally:
            self._crossings.discard(me)
            writer.close()

    async def _cross(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError):  # a line beyond the limit gets no reply
            line = await reader.readline()
            if not line:
                return
            self._trouble = None
            try:
                reply = await self._pool.call(self._carry, line)
            except (RolloutError, OSError, EOFError) as error:
                self._trouble = error
                return
            writer.write(reply)
            await writer.drain()


def converse(stream: Stream, line: bytes, *, timeout: float) -> bytes:
    """Carry ``line`` over ``stream`` and close it; half-closed after the line.

    ``timeout`` is in seconds and counts for the whole of it.

    Raises:
        OSError: no whole reply in time, or one that is longer than LARGEST_REPLY.
    """
    deadline = time.monotonic() + timeout
    reply = bytearray()
    try:
        stream.settimeout(timeout)
        stream.sendall(line)
        stream.shutdown_write()
        while len(reply) <= LARGEST_REPLY:
            stream.settimeout(seconds_left(deadline))
            data = stream.recv(65536)
            if not data:
                return bytes(reply)
            reply += data
        raise OSError(TOO_LONG)
    except TimeoutError:
        raise TimeoutError(f"no whole reply within {timeout:g}s") from None
    finally:
        stream.close()


def relay_command(path: str) -> str:
    """A shell command that connects stdin and stdout to ``path``, a UNIX socket or a TCP one.

    Raises:
        ValueError: the path has characters with a meaning to the shell or to socat.
    """
    if tcp := tcp_socket(path):
        there = shlex.quote(f"/dev/tcp/{tcp.address}/{tcp.port}")
        return (
            f"if command -v socat >/dev/null; then exec socat -t30 - {shlex.quote(tcp.socat)}; "
            f"elif command -v nc >/dev/null; then exec nc {tcp.address} {tcp.port}; "
            f"else exec bash -c 'exec 3<>\"$0\"; cat >&3; exec cat <&3' {there}; fi"
        )
    if not _PLAIN_PATH.fullmatch(path):
        raise ValueError(f"{path!r} is not an absolute path of plain characters")
    quoted = shlex.quote(path)
    return (
        f"if command -v socat >/dev/null; then exec socat -t30 - UNIX-CONNECT:{quoted}; "
        f"else exec nc -U {quoted}; fi"
    )
