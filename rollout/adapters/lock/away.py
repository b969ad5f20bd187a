"""Places of the lock that did not answer, and are left aside for a while."""

import time
from collections.abc import Callable, Sequence

from rollout.adapters.lock.lock_directory import LockDirectory

AWAY_FOR = 10.0
"""Seconds for which a place that did not answer is left aside: each attempt may cost a connect."""


def boot_time() -> float:
    """Return the seconds of a clock that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class AwayPlaces:
    """Remembers which places did not answer.

    Args:
        monotonic: The clock.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until: dict[LockDirectory, float] = {}

    def add(self, place: LockDirectory) -> None:
        """Leave ``place`` aside from now on, for :data:`AWAY_FOR` seconds."""
        self._until[place] = self._monotonic() + AWAY_FOR

    def near(self, places: Sequence[LockDirectory]) -> list[LockDirectory]:
        """Return those of ``places`` that are not left aside."""
        now = self._monotonic()
        return [place for place in places if self._until.get(place, now) <= now]
