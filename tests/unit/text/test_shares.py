"""Counts and shares."""

import pytest

from rollout.model.plan import Share
from rollout.text.shares import parse_share


@pytest.mark.parametrize(
    ("written", "share"),
    [
        ("3", Share(3)),
        ("0", Share(0)),
        ("25%", Share(25, percent=True)),
        ("2.5%", Share(2.5, percent=True)),
        ("100%", Share(100, percent=True)),
    ],
)
def test_a_count_and_a_share_are_told_apart(written: str, share: Share) -> None:
    assert parse_share(written) == share


@pytest.mark.parametrize("nonsense", ["", "half", "-1", "1.5", "25 %", "%", "1e2", "٣"])
def test_what_is_neither_is_refused_with_an_example(nonsense: str) -> None:
    with pytest.raises(ValueError, match='use 2 or "25%"'):
        parse_share(nonsense)


def test_more_than_everything_is_refused() -> None:
    with pytest.raises(ValueError, match=r"101% is more than 100%"):
        parse_share("101%")
