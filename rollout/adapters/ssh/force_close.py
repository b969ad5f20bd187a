"""Everything one connection holds on to, so that one call lets go of all of it."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from rollout.adapters.ssh.errors import SshError
from rollout.adapters.ssh.watchdog import Watchdog


class ForceClose:
    """Sockets, transports and processes of one connection, released together, newest first.

    Cutting it is how a wait is ended from outside: at a deadline, on ``close``, on the second
    Ctrl-C.  ``why`` is the error that the call which waited should raise; the first reason stays.
    """

    def __init__(self, watchdog: Watchdog) -> None:
        self.why: SshError | None = None
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._held: list[Callable[[], object]] = []
        self._cut = False

    @property
    def is_cut(self) -> bool:
        return self._cut

    def hold(self, release: Callable[[], object]) -> None:
        """Remember how to let go of something; at once, when the line is already cut."""
        with self._lock:
            if not self._cut:
                self._held.append(release)
                return
        release()

    def limit(self, seconds: float, why: SshError) -> AbstractContextManager[None]:
        """Cut it, for ``why``, unless the block has ended within ``seconds``."""
        return self._watchdog.limit(seconds, lambda: self.cut(why))

    def cut(self, why: SshError | None = None) -> None:
        """Let go of everything.  A second cut does nothing."""
        with self._lock:
            if self._cut:
                return
            self._cut, self.why = True, why
            held, self._held = self._held[::-1], []
        for release in held:
            with suppress(Exception):  # one that cannot let go must not keep the others held
                release()
