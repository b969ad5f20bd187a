"""One conversation with HAProxy: a command line goes in, text comes out, or a BalancerError.

haproxyadmin talks; this file gives it what it lacks: a deadline for the whole conversation (its
own counts each recv), one command at a time (the socket takes ten clients), words for a failure,
and a second way of reading where a reply is not UTF-8.
"""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from haproxyadmin.exceptions import HAProxyBaseError, SocketTimeout
from haproxyadmin.haproxy import HAProxy

from rollout.adapters.haproxy.bounded_socket import ends_at
from rollout.adapters.haproxy.coalesce import CoalescedQuery
from rollout.adapters.haproxy.reply_parser import UnparsableReply
from rollout.adapters.haproxy.socket_diagnosis import trouble_at
from rollout.adapters.haproxy.socket_proxy import LARGEST_REPLY, TOO_LONG
from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import BalancerError

T = TypeVar("T")


class RemoteSocket(Protocol):
    """A way to an admin socket that is not on this machine."""

    @property
    def far(self) -> Path:
        """Path of the socket over there."""

    async def open(self) -> Path:
        """Give the path of a local socket that leads there; opened once, kept open."""

    def trouble(self) -> Exception | None:
        """Why the last command did not get through; None when it did."""


class HAProxyClient(Protocol):
    """All that we use of haproxyadmin's HAProxy object."""

    def command(self, cmd: str) -> list[tuple[int, list[str]]]: ...


class AdminSocket:
    """The admin socket of one load balancer."""

    def __init__(self, name: str, socket: Path | RemoteSocket, pool: Pool, timeout: float) -> None:
        self.name = name
        self._socket = socket
        self._pool = pool
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._talkers: dict[Path, HAProxyClient] = {}

    async def ask(self, line: str, read: Callable[[str], T]) -> T:
        """Ask a question and ``read`` the reply; where it is garbled, once more in plain bytes.

        haproxyadmin decodes strictly and takes a form feed for a line end; an agent's words, which
        HAProxy passes on as they are, can contain both.

        Raises:
            BalancerError: no answer in time, or none that can be read.
        """
        async with self._deadline(line) as path:
            return await self._answer(path, line, read)

    async def ask_once_for_all(self, question: CoalescedQuery[T]) -> T:
        """Ask ``question`` as ``ask`` does, but once for all who want it before it is put.

        A call that gets the reply asked before HAProxy was asked: it is never older than the call.

        Raises:
            BalancerError: as for ``ask``; then the next in turn asks anew.
        """
        wanted = question.puts
        async with self._deadline(question.line) as path:
            if question.answered <= wanted:
                question.puts += 1
                put = question.puts
                question.reply = await self._answer(path, question.line, question.read)
                question.answered = put
            return question.reply

    async def tell(self, line: str) -> str:
        """Send a change once and give back what HAProxy says to it.

        Raises:
            BalancerError: no answer in time.  The change may still be carried out.
        """
        async with self._deadline(line) as path:
            return await self._pool.call(self._talk, path, line, self._deadline_of_a_thread())

    async def ask_plainly(self, line: str) -> str:
        """Ask without haproxyadmin, which takes no socket for HAProxy's that is not admin-like.

        Raises:
            BalancerError: no answer in time.
        """
        async with self._deadline(line) as path:
            return await _plainly(path, line)

    async def ask_beside(self, line: str, read: Callable[[str], T]) -> T:
        """Ask over a connection beside the others, for which no other question waits.

        It waits for no turn and takes no thread.  A caller that does not want to wait any longer
        cancels it, which hangs up at once.

        Raises:
            BalancerError: no answer in time, or none that can be read.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return read(await _plainly(await self._path(), line))
        except TimeoutError as error:
            raise self._late(line) from error
        except (OSError, ValueError, UnparsableReply) as error:
            raise self._words(error) from error

    @property
    def far(self) -> Path:
        """The socket's path on HAProxy's machine."""
        return self._socket if isinstance(self._socket, Path) else self._socket.far

    def trouble(self) -> BalancerError | None:
        """Say why HAProxy cannot be reached, as far as that shows from outside; None if it can."""
        if isinstance(self._socket, Path):
            found = trouble_at(self.name, self._socket)
            return BalancerError(self.name, found.what, found.fix) if found else None
        error = self._socket.trouble()
        if isinstance(error, BalancerError):
            return error
        if error:
            what = str(error) or type(error).__name__
            return BalancerError(self.name, what, getattr(error, "fix", ""))
        return None

    @asynccontextmanager
    async def _deadline(self, line: str) -> AsyncIterator[Path]:
        """Hold the turn; end after the timeout, the wait for the turn included."""
        try:
            async with asyncio.timeout(self._timeout), self._turn:
                yield await self._path()
        except (TimeoutError, SocketTimeout) as error:
            raise self._late(line) from error
        except (OSError, ValueError, HAProxyBaseError, UnparsableReply) as error:
            raise self._words(error) from error

    async def _answer(self, path: Path, line: str, read: Callable[[str], T]) -> T:
        try:
            until = self._deadline_of_a_thread()
            return read(await self._pool.call(self._talk, path, line, until))
        except (UnparsableReply, UnicodeDecodeError):
            return read(await _plainly(path, line))

    async def _path(self) -> Path:
        return self._socket if isinstance(self._socket, Path) else await self._socket.open()

    def _deadline_of_a_thread(self) -> float:
        """No call waits for a thread any longer than for the turn and the talk together."""
        return time.monotonic() + self._timeout

    def _talk(self, path: Path, line: str, deadline: float) -> str:
        """In a thread.  Frames are cleared because the library leaves its socket open in them."""
        try:
            with ends_at(deadline):
                return "\n".join(self._talker(path).command(line)[0][1])
        except Exception as error:
            traceback.clear_frames(error.__traceback__)
            raise

    def _talker(self, path: Path) -> HAProxyClient:
        """Made at the first use, which costs two commands; it has no patience of its own."""
        if path not in self._talkers:
            self._talkers[path] = HAProxy(
                socket_file=str(path), retry=None, retry_interval=0, timeout=self._timeout
            )
        return self._talkers[path]

    def _late(self, line: str) -> BalancerError:
        if trouble := self.trouble():
            return trouble
        short = line if len(line) <= 60 else f"{line[:57]}..."  # noqa: PLR2004 - fits a screen line
        return BalancerError(
            self.name,
            f"no answer within {self._timeout:g}s to `{short}`",
            "is HAProxy stopped or overloaded? what was asked may still be carried out: look again",
        )

    def _words(self, error: Exception) -> BalancerError:
        if trouble := self.trouble():
            return trouble
        if isinstance(error, UnparsableReply):
            return BalancerError(self.name, f"the reply cannot be read: {error}")
        what = f"HAProxy did not answer ({error or type(error).__name__})"
        fix = "does `socket` lead to the admin socket of a HAProxy that runs? then look again"
        return BalancerError(self.name, what, fix)


async def _plainly(path: Path, line: str) -> str:
    """One command line over a connection of our own; what is no UTF-8 is replaced, and shows.

    The half-close makes a master socket answer as well, which else keeps the connection open.
    """
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(line.encode() + b"\n")
        writer.write_eof()
        reply = bytearray()
        while data := await reader.read(65536):
            reply += data
            if len(reply) > LARGEST_REPLY:
                raise ValueError(TOO_LONG)
    finally:
        writer.close()
    if not reply:
        raise ValueError("it hung up without a word")
    return reply.decode(errors="replace").removesuffix("\n")
