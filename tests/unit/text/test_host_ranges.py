"""Names become ranges that mean exactly these names again."""

import random

import pytest

from rollout.text.host_ranges import compact
from rollout.text.hostnames import expand


@pytest.mark.parametrize(
    ("names", "patterns"),
    [
        (["web1"], ["web1"]),
        (["db", "web"], ["db", "web"]),
        ([f"web{n:02}" for n in range(1, 9)], ["web[01-08]"]),
        ([f"web{n}" for n in range(1, 13)], ["web[1-12]"]),
        ([f"web{n:02}" for n in range(8, 13)], ["web[08-12]"]),
        (["web1", "web2", "web3", "web7"], ["web[1-3,7]"]),
        (["web2", "web1", "web1"], ["web[1-2]"]),
        (["web1.dc2.example.com", "web2.dc2.example.com"], ["web[1-2].dc2.example.com"]),
        (["a1-app", "a2-app", "b1-app"], ["a[1-2]-app", "b1-app"]),
        (["10.0.0.11", "10.0.0.12"], ["10.0.0.[11-12]"]),
        (["web1", "web01"], ["web01", "web1"]),
        (["web0", "web1"], ["web[0-1]"]),
        ([f"web{'9' * 12}1", f"web{'9' * 12}2"], [f"web{'9' * 12}1", f"web{'9' * 12}2"]),
    ],
)
def test_a_list_of_names_becomes_ranges(names: list[str], patterns: list[str]) -> None:
    assert list(compact(names)) == patterns


@pytest.mark.parametrize("seed", range(200))
def test_ranges_mean_the_same_names(seed: int) -> None:
    dice = random.Random(seed)
    makes = [
        lambda: f"web{dice.randint(0, 30)}",
        lambda: f"web{dice.randint(0, 30):02}",
        lambda: f"r{dice.randint(1, 3)}n{dice.randint(1, 4)}",
        lambda: f"app{dice.randint(8, 11):03}.dc{dice.randint(1, 2)}",
    ]
    names = {dice.choice(makes)() for _ in range(dice.randint(1, 40))}
    patterns = compact(names)
    found = [name for pattern in patterns for name in expand(pattern)]
    assert len(found) == len(set(found))
    assert set(found) == names
