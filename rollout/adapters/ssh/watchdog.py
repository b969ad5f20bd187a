"""One thread with a hammer: lets go, at a deadline, of whatever cannot be interrupted politely."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Runs acts at their deadlines, in one daemon thread that starts with the first of them.

    Paramiko has waits without a limit (a reply to ``exec``, a write to a full socket); only
    closing the connection from another thread ends those.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: list[tuple[float, int]] = []
        self._acts: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float, act: Callable[[], None]) -> Iterator[None]:
        """Run ``act`` unless the block has ended within ``seconds``."""
        number = self._set(seconds, act)
        try:
            yield
        finally:
            with self._changed:
                self._acts.pop(number, None)

    def _set(self, seconds: float, act: Callable[[], None]) -> int:
        with self._changed:
            number = next(self._numbers)
            self._acts[number] = act
            entry = (time.monotonic() + seconds, number)
            heapq.heappush(self._deadlines, entry)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="ssh-watchdog", daemon=True
                )
                self._thread.start()
            elif self._deadlines[0] == entry:
                self._changed.notify()
            return number

    def _watch(self) -> None:
        while True:
            for act in self._due():
                act()

    def _due(self) -> list[Callable[[], None]]:
        """Wait for the next deadline; the acts whose blocks have not ended by then."""
        with self._changed:
            wait = self._deadlines[0][0] - time.monotonic() if self._deadlines else None
            if wait is None or wait > 0:
                self._changed.wait(wait)
            due = []
            while self._deadlines and self._deadlines[0][0] <= time.monotonic():
                act = self._acts.pop(heapq.heappop(self._deadlines)[1], None)
                if act is not None:
                    due.append(act)
            return due
