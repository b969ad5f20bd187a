"""What must not outlive us, ended when we leave without cleaning up: on a second Ctrl-C.

The list belongs to the process, as what is on it does; what starts something puts it there.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

WITHIN = 0.5
"""Seconds for all of them: who orders us to leave waits two, and wants an account as well."""

_orders: dict[object, Callable[[], object]] = {}


@contextmanager
def ends_with_us(end: Callable[[], object]) -> Iterator[None]:
    """See to it that ``end`` is called if we leave within the block without cleaning up."""
    key = object()
    _orders[key] = end
    try:
        yield
    finally:
        _orders.pop(key, None)


def end_all() -> None:
    """Give every order, all at once; one that hangs or fails keeps no other from being given."""

    def give(end: Callable[[], object]) -> None:
        with suppress(Exception):
            end()

    threads = [
        threading.Thread(target=give, args=(end,), daemon=True) for end in tuple(_orders.values())
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + WITHIN
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
