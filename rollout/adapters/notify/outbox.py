"""What others are told while a run goes on, in a thread of its own: the run never waits for it."""

import threading
import time
from collections.abc import Callable

from rollout.adapters.local.thread_pool import Pool

GRACE = 1.0
"""Seconds beside those that an act may take by itself, for the machine."""

Act = Callable[[], str]
"""Does it, and returns what went wrong; empty if nothing did."""


class Outbox:
    """Acts one after another, each of which has its own time.

    Args:
        where: What a warning is about: ``notify``.
        warn: Is told, from any thread, what went wrong.
        patience: The most seconds that :meth:`finish` waits, however much is left to be done.
    """

    def __init__(
        self, where: str, warn: Callable[[str, str], None], patience: float = 600.0
    ) -> None:
        self._where = where
        self._warn = warn
        self._patience = patience
        self._pool = Pool(1)
        self._changed = threading.Condition()
        self._left = 0
        self._given_up = False
        self._until = 0.0
        self._latest: Act | None = None

    def send(self, act: Act, within: float) -> None:
        """Do ``act`` when those before it are done; it takes ``within`` seconds at most."""
        with self._changed:
            self._left += 1
            self._until = max(self._until, time.monotonic()) + within
        self._pool.send(lambda: self._do(act))

    def send_latest(self, act: Act, within: float) -> None:
        """Do ``act`` in its turn, in place of the one sent so before it, if that has not begun.

        A disk that is slow or hangs has one act to do, not thousands, and the last one in time.
        """
        with self._changed:
            waiting, self._latest = self._latest, act
        if waiting is None:
            self.send(self._do_latest, within)

    def _do_latest(self) -> str:
        with self._changed:
            act, self._latest = self._latest, None
        return act() if act is not None else ""

    def finish(self, most: float | None = None) -> None:
        """Wait until all is done; for as long as that may take, or at most ``most`` seconds."""
        with self._changed:
            left = max(0.0, self._until + GRACE - time.monotonic())
            left = min(left, self._patience if most is None else most)
            self._changed.wait_for(lambda: not self._left or self._given_up, left)
            done = not self._left
        self._pool.close()
        if not done:
            self._warn(self._where, "not done when the run had ended, and given up")

    def give_up(self) -> None:
        """End the wait of :meth:`finish` now; its thread may call this from a signal handler."""
        self._given_up = True
        with self._changed:  # a lock that its own thread can take again
            self._changed.notify_all()

    def _do(self, act: Act) -> None:
        try:
            wrong = act()
        except Exception as error:  # noqa: BLE001 - a bug as well only warns
            wrong = f"{type(error).__name__}: {error}"
        try:
            if wrong:
                self._warn(self._where, wrong)
        finally:
            with self._changed:
                self._left -= 1
                self._changed.notify_all()
