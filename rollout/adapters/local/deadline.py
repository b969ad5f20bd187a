"""The time that is left until a deadline."""

import time


def seconds_left(deadline: float) -> float:
    """Return the seconds until ``deadline``, of the monotonic clock.

    Raises:
        TimeoutError: there are none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
