"""Patience with a limit, for daemons that need a moment."""

import time
from collections.abc import Callable


class GaveUp(Exception):
    """Something did not happen in time; the message says what and the last that was seen."""


def until(condition: Callable[[], object], what: str, timeout: float = 10.0) -> None:
    """Ask ``condition`` until it is true.

    Raises:
        GaveUp: it was not, ``timeout`` seconds long.
    """
    limit = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > limit:
            raise GaveUp(f"{what}: not within {timeout:g}s")
        time.sleep(0.05)
