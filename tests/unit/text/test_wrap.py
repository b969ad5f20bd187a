"""Prose is broken at blanks, and what is to be typed is not."""

from hypothesis import given
from hypothesis import strategies as st

from rollout.text.width import cells
from rollout.text.wrap import hang, wrap


def test_what_does_not_fit_stands_below_the_begin_of_the_text() -> None:
    assert hang("  why:   ", "web2 did not come back, and nothing else was done", 48) == [
        "  why:   web2 did not come back, and nothing",
        "         else was done",
    ]


def test_where_too_little_is_left_beside_the_head_the_text_stands_below() -> None:
    assert hang("  web1.example.com   restarted   ", "out for 21s, serving", 40) == [
        "  web1.example.com   restarted",
        "      out for 21s, serving",
    ]


def test_a_command_between_backticks_is_not_broken() -> None:
    assert wrap("type `rollout recover --abandon`, then look", 20) == [
        "type",
        "`rollout recover --abandon`,",
        "then look",
    ]


def test_a_backtick_alone_is_a_character_like_any_other() -> None:
    assert wrap("it said ` and ended", 10) == ["it said `", "and ended"]


@given(st.text(alphabet="ab東 `", max_size=80), st.integers(1, 30))
def test_nothing_is_lost_and_only_one_word_may_be_too_wide(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    for line in lines:
        assert cells(line) <= columns or "`" in line or " " not in line
