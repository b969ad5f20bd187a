"""Thousands of lives, each from its number: the promises hold in all of them."""

import os
from collections import Counter

import pytest

from tests.support.simulation.random_life import lived

LIVES = int(os.environ.get("LIVES", "4000"))
"""As many in every test run: that many find each listed mutant; ``make sweep`` lives 40,000."""

PARTS = 16


@pytest.mark.lives
@pytest.mark.timeout(max(900, LIVES // PARTS))  # 250 take 12 s; beside the real daemons they yield
@pytest.mark.parametrize("part", range(PARTS))
def test_any_life_keeps_the_promises(part: int) -> None:
    share = LIVES // PARTS
    ran: Counter[str] = Counter()
    for seed in range(part * share, (part + 1) * share):
        life = lived(seed)
        assert life.broken == [], f"to live it again: lived({seed}), which ran {life.ran}"
        ran.update(life.ran)
    if share < 250:
        return  # too few for one of each kind
    for kind in ("restart died", "deploy died", "recover died", "recover 0", "recover 6"):
        assert ran[kind], f"no life has had one that ended so: {kind}"


def test_a_number_is_always_the_same_life() -> None:
    first, again = lived(4711), lived(4711)
    assert (first.ran, first.world.faults.calls) == (again.ran, again.world.faults.calls)
