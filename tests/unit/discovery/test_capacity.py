"""A floor and a number of hosts out that the fleet can keep."""

import pytest

from rollout.discovery.capacity import CapacityChoice, choose_capacity
from rollout.discovery.host_mapping import HostMapping, MappedServer
from rollout.model.plan import Share
from tests.support.fleets_seen import host, row


def choose(
    hosts: int, *, each: int = 1, strangers: int = 0, down: int = 0, backends: dict[str, int]
) -> CapacityChoice:
    rows, mapped = [], []
    for backend, share in backends.items():
        for number in range(share):
            for line in range(each):
                status = "DOWN" if number < down else "UP"
                one = row(f"web{number}-{line}", backend=backend, status=status)
                rows.append(one)
                mapped.append(MappedServer(one, host(f"web{number}"), by_address=True))
        rows += [row(f"other{n}", backend=backend) for n in range(strangers)]
        rows.append(row("spare", backend=backend, backup=True))
    assert len({one.host.name for one in mapped}) == hosts
    return choose_capacity(HostMapping(tuple(mapped)), rows)


@pytest.mark.parametrize(
    ("hosts", "each", "strangers", "max_out", "floor"),
    [
        (2, 1, 0, 1, 1),
        (3, 1, 0, 1, 2),
        (3, 2, 0, 1, 4),
        (3, 1, 2, 1, 4),
        (8, 1, 0, 2, 6),
        (20, 1, 0, 5, 15),
    ],
)
def test_a_quarter_may_be_out_and_the_others_serve(
    hosts: int, each: int, strangers: int, max_out: int, floor: int
) -> None:
    found = choose(hosts, each=each, strangers=strangers, backends={"app": hosts})
    assert (found.max_out, found.floor) == (max_out, Share(floor))


def test_one_host_alone_has_no_floor() -> None:
    found = choose(1, backends={"app": 1})
    assert found.floor is None
    assert "no restart without downtime" in found.floor_reason


@pytest.mark.parametrize("small", range(2, 12))
def test_backends_of_different_sizes_get_a_share_that_each_can_keep(small: int) -> None:
    found = choose(12, backends={"app": 12, "api": small})
    if small <= found.max_out:
        assert found.floor is None
        return
    assert found.floor
    assert found.floor.percent
    for size in (12, small):
        assert found.floor.at_least(size) <= size - found.max_out


def test_what_does_not_serve_now_is_said() -> None:
    found = choose(3, down=1, backends={"app": 3})
    assert found.floor_reason == (
        "3 servers in app@lb1: with 1 host out the others must serve; "
        "1 of 3 in app@lb1 does not serve now"
    )
    found = choose(3, down=2, backends={"app": 3})
    assert found.floor_reason.endswith("2 of 3 in app@lb1 do not serve now")
