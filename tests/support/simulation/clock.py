"""A loop whose clock jumps: a start-up delay of 70 s costs nothing."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    """Never waits; moves the loop's clock by as long as it would have waited."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for something that will never happen")
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, now: float) -> None:
        self._jumping = _Jumping(now)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def play(scenario: Coroutine[object, object, T], *, begins: float = 1000.0) -> T:
    """Run ``scenario`` in virtual time; a scenario that waits for ever is an error, not a hang."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(begins)) as runner:
        return runner.run(scenario)
