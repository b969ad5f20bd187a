"""Moments on the wall clock as they are written down; never for durations within a run."""

import time
from datetime import UTC, datetime


def utc_now() -> str:
    """Read the wall clock: ``2026-11-22T19:37:02.123Z``."""
    return (
        datetime.fromtimestamp(time.time(), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def seconds_between(earlier: str, later: str) -> float | None:
    """Return the seconds from one moment to another, never fewer than 0.

    None where one of them is no moment.  Of two machines, or over a clock that was set, it is only
    as good as their clocks.
    """
    try:
        began, ended = (datetime.fromisoformat(text) for text in (earlier, later))
        return max(0.0, (ended - began).total_seconds())
    except (TypeError, ValueError):
        return None


def seconds_before(earlier: str, later: str) -> float | None:
    """Return the seconds from one moment to a later one.

    None where one of them is no moment, or ``earlier`` is yet to come: a clock was set in between.
    """
    if seconds_between(later, earlier):
        return None
    return seconds_between(earlier, later)


def to_the_second(moment: str) -> str:
    """Return a moment without its milliseconds, for people."""
    head, dot, _ = moment.partition(".")
    return f"{head}Z" if dot else moment
