"""Amounts of data as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rollout.text.sizes import parse_size, spell_size


@pytest.mark.parametrize(
    ("written", "size"),
    [("10GiB", 10 << 30), ("500MB", 500_000_000), ("4096B", 4096), (" 1 kb ", 1000), ("0B", 0)],
)
def test_a_size_is_read_in_bytes(written: str, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["10", "", "1.5GB", "-1GB", "10GBit", "GB"])
def test_what_is_no_size_is_refused_with_the_way_to_write_it(written: str) -> None:
    with pytest.raises(ValueError, match='write it like "10GiB"'):
        parse_size(written)


@given(some.integers(min_value=0, max_value=1 << 39))
def test_a_size_that_is_written_is_read_as_the_same(size: int) -> None:
    assert parse_size(spell_size(size)) == size
