"""Writing that never blocks the rollout: a daemon thread per stream, and a bounded queue.

A terminal stopped with ^S, or a pipe that is never read, blocks ``write`` for as long as it likes.
That must hold up a line of text, never a server that is out.
"""

import errno
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

Paint = Callable[[Sequence[str]], str]
"""From the texts that wait to what is written now; called in the writer's thread only."""

GONE = frozenset({errno.EPIPE, errno.EIO, errno.ENXIO, errno.EBADF})
"""The reader has left (``| head``) or the terminal was closed: no reason for a message."""


def _as_they_came(texts: Sequence[str]) -> str:
    return "".join(texts)


def _note(lost: int) -> str:
    return f"rollout: {lost} lines of output were lost here: they were not read in time\n"


class Writer:
    """A stream that takes text at once and writes it when its reader allows.

    When more than ``bound`` texts wait, the oldest go and are counted: the summary, which comes
    last, is the one to keep.

    Args:
        stream: Where to; its file descriptor is written to directly, because a thread stuck
            inside Python's own buffer would make the interpreter's exit fatal.
        bound: The most texts that wait.
        note: The line that stands where texts were lost.
        paint: Makes what is written of what waits; the live display adds its table here.
        every: Seconds from one painting to the next, also when nothing waits; 0 paints only when
            something does, and at once.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        bound: int = 10_000,
        note: Callable[[int], str] = _note,
        paint: Paint = _as_they_came,
        every: float = 0.0,
    ) -> None:
        self._put = _put_into(stream)
        self._bound = bound
        self._note = note
        self._paint = paint
        self._every = every
        self._waiting: deque[str] = deque()
        self._lost = 0
        self._closing = False
        self._broken: Exception | None = None
        self._gone = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="rollout-writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Take ``text``; after the reader has left, quietly for nothing.

        Raises:
            Exception: why an earlier text could not be written, when it was not that.
        """
        with self._change:
            if self._broken is not None:
                raise self._broken
            if self._gone or self._closing:
                return
            self._waiting.append(text)
            if len(self._waiting) > self._bound:
                self._waiting.popleft()
                self._lost += 1
            self._change.notify()

    def close(self, timeout: float) -> bool:
        """Write what waits for at most ``timeout`` seconds; True when all of it went out."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._gone and self._broken is None

    @property
    def is_over(self) -> bool:
        """Nothing is being written any more, so that the stream may be closed."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._gone:
                texts, last = self._next()
                text = self._paint(texts)
                if text:
                    self._put(text)
                if last:
                    return
        except Exception as error:  # noqa: BLE001 - kept for the next who writes
            self._stop(error)

    def _next(self) -> tuple[list[str], bool]:
        """Wait for something to write or for the next painting."""
        with self._change:
            if self._every:
                self._change.wait_for(lambda: self._closing, self._every)
            else:
                self._change.wait_for(lambda: self._closing or self._waiting)
            texts = [self._note(self._lost)] if self._lost else []
            texts += self._waiting
            self._waiting.clear()
            self._lost = 0
            return texts, self._closing

    def _stop(self, error: Exception) -> None:
        with self._change:
            self._waiting.clear()
            if isinstance(error, OSError) and error.errno in GONE:
                self._gone = True
            else:
                self._broken = error


def _put_into(stream: TextIO) -> Callable[[str], None]:
    try:
        fd = stream.fileno()
    except (OSError, ValueError):  # a StringIO, a captured stream: it cannot block either
        return _put_into_memory(stream)
    encoding = stream.encoding or "utf-8"

    def put(text: str) -> None:
        left = memoryview(text.encode(encoding, "replace"))
        while left:
            try:
                left = left[os.write(fd, left) :]
            except BlockingIOError:  # a process that shares the terminal made it non-blocking
                select.select([], [fd], [])

    return put


def _put_into_memory(stream: TextIO) -> Callable[[str], None]:
    def put(text: str) -> None:
        try:
            stream.write(text)
            stream.flush()
        except ValueError as error:  # closed under us
            raise BrokenPipeError(errno.EPIPE, "the stream was closed") from error

    return put
