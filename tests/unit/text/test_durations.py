"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rollout.text.durations import parse_duration, spell_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90.0),
        ("2m", 120.0),
        ("1h30m", 5400.0),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("1d", 86_400.0),
        ("1m500ms", 60.5),
        ("0s", 0.0),
        (" 5s ", 5.0),
    ],
)
def test_a_duration_is_read_in_seconds(written: str, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("number", ["70", "0", "1.5"])
def test_a_bare_number_is_refused_with_the_way_to_write_it(number: str) -> None:
    with pytest.raises(ValueError, match=f'write "{number}s" for seconds'):
        parse_duration(number)


@pytest.mark.parametrize(
    "nonsense", ["", "soon", "5s2m", "-5s", "5 s", "1h1h", "٣s", "inf", "1e3s"]
)
def test_what_is_no_duration_is_refused_with_an_example(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r'like "90s", "2m", "1h30m" or "500ms"'):
        parse_duration(nonsense)


@given(some.integers(min_value=0, max_value=10**9))
def test_what_is_spelled_reads_the_same(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(spell_duration(seconds)) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0s"), (90, "1m30s"), (120, "2m"), (0.25, "250ms"), (3600, "1h"), (1.5, "1.5s")],
)
def test_a_duration_is_spelled_as_people_would(seconds: float, written: str) -> None:
    assert spell_duration(seconds) == written
