import pytest

from rollout.adapters.haproxy.server_status import STATUSES, known

SPELLINGS = [
    "UP",
    "UP 1/2",
    "DOWN",
    "DOWN 1/3",
    "DOWN (agent)",
    "DRAIN",
    "DRAIN 1/2",
    "DRAIN (agent)",
    "NOLB",
    "NOLB 1/2",
    "MAINT",
    "MAINT (via app/web1)",
    "MAINT (resolution)",
    "no check",
]


@pytest.mark.parametrize("status", SPELLINGS)
def test_a_status_that_haproxy_prints_is_known(status: str) -> None:
    assert known(status)


def test_every_row_of_the_table_has_its_example() -> None:
    assert len(SPELLINGS) == len(STATUSES)


@pytest.mark.parametrize("status", ["", "up", "UP ", "UP 1", "OPEN", "MAINT (via )", "DOWN\n"])
def test_any_other_status_is_not(status: str) -> None:
    assert not known(status)
