"""A command on some machine, and work in a thread: what adapters ask of each other."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class CommandResult(Protocol):
    """What a command gave back.

    Attributes:
        status: Its exit status; None when it has none (a signal).
        truncated: It printed more than is read; the middle of ``out`` or ``err`` is missing.
    """

    @property
    def status(self) -> int | None: ...
    @property
    def out(self) -> str: ...
    @property
    def err(self) -> str: ...
    @property
    def truncated(self) -> bool: ...


class RunCommand(Protocol):
    """Run a command by ``sh`` on a host, within so many seconds; blocks."""

    def __call__(self, host: str, command: str, *, timeout: float) -> CommandResult: ...


class RunCommandWithInput(Protocol):
    """Run a command by ``sh`` on a host, within so many seconds; blocks."""

    def __call__(
        self, host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
    ) -> CommandResult: ...


class InThread(Protocol):
    """Do blocking work in a thread and await it, as ``asyncio.to_thread`` does."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...
