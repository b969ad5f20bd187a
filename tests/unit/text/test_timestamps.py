"""Moments on the wall clock, as they are written down."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rollout.text.timestamps import seconds_between, to_the_second, utc_now


def spelled(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_now_has_milliseconds_and_is_utc() -> None:
    text = utc_now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert abs(datetime.fromisoformat(text).timestamp() - time.time()) < 5


@settings(deadline=None)  # a busy machine is no failure
@given(
    some.datetimes(timezones=some.just(UTC)),
    some.integers(-(10**9), 10**9),
)
def test_the_time_between_two_moments_is_exact_to_the_millisecond_and_never_negative(
    began: datetime, milliseconds: int
) -> None:
    began = began.replace(microsecond=began.microsecond // 1000 * 1000)
    try:
        ended = began + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return
    assert seconds_between(spelled(began), spelled(ended)) == max(0.0, milliseconds / 1000)


def test_moments_with_and_without_milliseconds_compare() -> None:
    assert seconds_between("2026-11-28T02:00:00Z", "2026-11-28T02:00:01.250Z") == 1.25
    assert seconds_between("2026-11-28T03:00:00+01:00", "2026-11-28T02:00:01Z") == 1.0


@pytest.mark.parametrize(
    "text", ["", "now", "2026-11-28", "2026-11-28T02:00:00", "\x00", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_moment_has_no_distance(text: str) -> None:
    assert seconds_between(text, "2026-11-28T02:00:00.000Z") is None
    assert seconds_between("2026-11-28T02:00:00.000Z", text) is None


def test_people_read_whole_seconds() -> None:
    assert to_the_second("2026-11-28T02:00:00.999Z") == "2026-11-28T02:00:00Z"
    assert to_the_second("2026-11-28T02:00:00Z") == "2026-11-28T02:00:00Z"
    assert to_the_second("") == ""
