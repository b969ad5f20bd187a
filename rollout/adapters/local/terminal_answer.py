"""A yes or a no at the terminal, one key, while everything else goes on.

The terminal is asked ten times a second whether a key was pressed, and only while we are in its
foreground: a process in the background that reads from its terminal, or sets it, is stopped by the
kernel (SIGTTIN, SIGTTOU), and so would be its signs of life.  A shell sets the terminal as it was
by itself when it puts a job into the background.
"""

import asyncio
import errno
import os
import select
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from rollout.adapters.local.exit_cleanup import ends_with_us

LOOK_EVERY = 0.1

ANSWERS = {b"y": True, b"Y": True, b"n": False, b"N": False, b"\n": False, b"\r": False}
"""Enter is the answer in capitals: no.  Any other key is none."""


class TerminalAnswer:
    """Satisfies :class:`rollout.ports.control.Person`.

    Args:
        terminal: The file descriptor of a terminal.
    """

    def __init__(self, terminal: int = 0) -> None:
        self._terminal = terminal

    async def agrees(self) -> bool:
        """Wait for one of :data:`ANSWERS`; a terminal that has gone gives none, ever."""
        while True:
            answer = None
            with suppress(OSError, termios.error):  # it has gone: its window was closed
                answer = await self._key() if _is_ours(self._terminal) else None
            if answer is not None:
                return answer
            await asyncio.sleep(LOOK_EVERY)

    async def _key(self) -> bool | None:
        """Read keys until there is an answer; None once the terminal is another job's."""
        with _without_echo(self._terminal):
            termios.tcflush(self._terminal, termios.TCIFLUSH)  # typed before the question
            while _is_ours(self._terminal):
                ready, _, _ = select.select([self._terminal], [], [], 0)
                if ready:
                    pressed = os.read(self._terminal, 1)
                    if pressed in ANSWERS:
                        return ANSWERS[pressed]
                    if not pressed:
                        return None
                await asyncio.sleep(LOOK_EVERY)
        return None


def _is_ours(terminal: int) -> bool:
    """Tell whether we are in the foreground of ``terminal``."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError as error:
        return error.errno == errno.ENOTTY  # not our session's: no job control on it


def _set(terminal: int, modes: list[Any]) -> None:
    """Set the modes of ``terminal``, if it is ours; one that is lost meanwhile does not stop us."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        if _is_ours(terminal):
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_echo(terminal: int) -> Iterator[None]:
    """Take each key as it is pressed and do not show it; all is as it was after the block.

    Keys that are signals (Ctrl-C, Ctrl-Z) stay signals.
    """
    before = termios.tcgetattr(terminal)

    def restore() -> None:
        with suppress(termios.error, OSError):
            _set(terminal, before)

    now: list[Any] = list(before)
    now[3] &= ~(termios.ICANON | termios.ECHO)
    now[6] = list(before[6])
    now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
    with ends_with_us(restore):
        _set(terminal, now)
        try:
            yield
        finally:
            restore()
