"""A floor that a message names is tried: with it a target can go now, as the fleet stands."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from rollout.model.conditions import Removal, floor_holds, serving
from rollout.model.fleet import Admin, BalancerSnapshot, OperationalState, ServerState, Target
from rollout.model.plan import Share
from rollout.restart.floor import FloorCheck
from tests.support.left_out import reading, row, server, target

STATES = ("up", "down", "maint", "drain")
NAMED = re.compile(r"fleet\.floor (?:to|=) (\d+)")


def state_of(name: str, state: str) -> ServerState:
    at = server(name)
    if state == "maint":
        return row(at, Admin.FORCED_MAINT, "MAINT")
    if state == "drain":
        return row(at, Admin.FORCED_DRAIN, "DRAIN")
    if state == "down":
        return replace(row(at, status="DOWN"), operation=OperationalState.STOPPED)
    return row(at)


def fleets() -> Iterator[tuple[BalancerSnapshot, tuple[Target, ...]]]:
    """Every fleet of up to four hosts; those that an operator holds out have no turn."""
    for size in range(1, 5):
        for states in product(STATES, repeat=size):
            rows = [state_of(f"web{n}", state) for n, state in enumerate(states)]
            free = [n for n, state in enumerate(states) if state in {"up", "down"}]
            if free:
                yield reading(*rows), tuple(target(f"web{n}") for n in free)


@pytest.mark.parametrize(
    "floor", [*map(Share, range(6)), *(Share(p, percent=True) for p in (50, 75, 100))]
)
def test_with_the_floor_that_is_named_a_target_can_go_now(floor: Share) -> None:
    for seen, targets in fleets():
        readings = {"lb1": seen}
        check = FloorCheck(floor, readings, ())
        said = [f"{f.what} {f.fix}" for f in (*check.findings(targets), *check.notes(targets))]
        for number in (int(n) for text in said for n in NAMED.findall(text)):
            fixed = FloorCheck(Share(number), readings, ())
            assert fixed.findings(targets) == [], said
            assert fixed.notes(targets) == [], said
            assert any(
                floor_holds(Share(number), seen, Removal(frozenset(one.servers), ["app"])).met
                for one in targets
            ), said


@pytest.mark.parametrize("floor", [Share(2), Share(50, percent=True), Share(100, percent=True)])
def test_where_no_target_that_serves_can_go_now_that_is_said(floor: Share) -> None:
    for seen, targets in fleets():
        check = FloorCheck(floor, {"lb1": seen}, ())
        serve = [one for one in targets if serving(seen.servers[one.servers[0]]).met]
        can_go = [
            one
            for one in serve
            if floor_holds(floor, seen, Removal(frozenset(one.servers), ["app"])).met
        ]
        if serve:
            assert bool(can_go) == (not check.findings(targets) and not check.notes(targets))
