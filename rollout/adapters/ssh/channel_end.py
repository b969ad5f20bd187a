"""What a server says about a channel: that it is refused, that it ends, and how."""

import threading
from dataclasses import dataclass


class ChannelEvent:
    """What a thread waits for when several things may happen on one channel.

    Paramiko's buffers clear the event they were given whenever one of them is empty, although
    the other may just have been filled; here only the one who waits clears.
    """

    def __init__(self) -> None:
        self._rung = threading.Event()

    def set(self) -> None:
        self._rung.set()

    def clear(self) -> None:
        """Paramiko's wish, not granted."""

    def is_set(self) -> bool:
        return self._rung.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for the next ring, at most ``seconds``; what rang is for the caller to find out."""
        self._rung.wait(max(0.0, seconds))
        self._rung.clear()


@dataclass(slots=True)
class ExitInfo:
    """What the server itself said about the end of a channel; paramiko keeps less."""

    status: int | None = None
    signal: str = ""
    closed: bool = False
    refused: bool = False

    @property
    def told(self) -> bool:
        return self.status is not None or bool(self.signal)


PROHIBITED = 1
"""SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254, 5.1; sshd says 2 when no process answers."""


@dataclass(frozen=True, slots=True)
class ChannelRefusal:
    """RFC 4254's number for why a channel was not opened, and the server's words."""

    code: int
    said: str


class ChannelRefused(Exception):
    """The server answered the request for a channel with no."""

    def __init__(self, refusal: ChannelRefusal) -> None:
        super().__init__(refusal.said)
        self.refusal = refusal
