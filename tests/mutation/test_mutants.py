"""The list of safety lines is true: each stands where it is said to, once."""

from pathlib import Path

import pytest

from tests.mutation.mutants import MUTANTS, Mutant

HOUSE = Path(__file__).parents[2] / "rollout"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.loses)
def test_every_safety_line_stands_where_the_list_says(mutant: Mutant) -> None:
    assert (HOUSE / mutant.file).read_text(encoding="utf-8").count(mutant.line) == 1


def test_no_two_are_for_the_same() -> None:
    assert len({mutant.loses for mutant in MUTANTS}) == len(MUTANTS)
