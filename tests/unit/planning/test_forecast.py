"""The window played in advance: who is out when, how few serve, and what keeps more from going."""

from dataclasses import replace

import pytest

from rollout.model.fleet import Admin, BalancerSnapshot, OperationalState, Target
from rollout.model.plan import Plan, Share, Timeouts, waves_of
from rollout.planning.forecast import Forecast, Turn, World, foretell
from tests.support.left_out import reading, row, server, target

PLACE = ("lb1", "app")
TURN = Turn(out=10.0, watch=2.0)


def targets(count: int) -> tuple[Target, ...]:
    return tuple(target(f"web{n}") for n in range(count))


def serving(count: int) -> BalancerSnapshot:
    return reading(*(row(server(f"web{n}")) for n in range(count)))


def played(seen: BalancerSnapshot, plan: Plan, left_out: frozenset[str] = frozenset()) -> Forecast:
    turns = {one.name: TURN for one in plan.targets}
    return foretell(plan, World(readings={"lb1": seen}, left_out=left_out, turns=turns))


def plan_for(count: int, **said: object) -> Plan:
    return replace(Plan(waves=(targets(count),), floor=Share(1)), **said)  # type: ignore[arg-type]


def curve(forecast: Forecast) -> list[int]:
    return [step.serving[PLACE] for step in forecast.steps]


def test_one_after_another_each_leaves_and_comes_back() -> None:
    forecast = played(serving(3), plan_for(3))

    assert curve(forecast) == [3, 2, 3, 2, 3, 2, 3]
    assert [step.at for step in forecast.steps] == [0, 0, 10, 12, 22, 24, 34]
    assert forecast.seconds == 36
    assert (forecast.at_once, forecast.limited_by, forecast.stuck) == (1, "", "")


def test_two_at_a_time_leave_together() -> None:
    forecast = played(serving(4), plan_for(4, max_out=2))

    assert curve(forecast) == [4, 2, 4, 2, 4]
    assert forecast.steps[1].out == ("web0", "web1")
    assert (forecast.at_once, forecast.seconds) == (2, 24)


def test_the_floor_lets_fewer_go_and_says_why() -> None:
    forecast = played(serving(4), plan_for(4, max_out=3, floor=Share(3)))

    assert (forecast.at_once, forecast.lowest(PLACE)) == (1, 3)
    assert [step.at for step in forecast.steps[:4]] == [0, 0, 10, 12]  # after it was watched
    assert forecast.limited_by == "app@lb1 would have 2 of 4 servers serving, the floor is 3"


def test_the_canary_goes_alone_and_the_soak_takes_its_time() -> None:
    waves = waves_of(targets(3), Share(1))
    plan = plan_for(3, max_out=2, waves=waves, timeouts=Timeouts(soak=60.0))

    forecast = played(serving(3), plan)

    assert [step.out for step in forecast.steps[1:4]] == [("web0",), (), ("web1", "web2")]
    assert forecast.steps[3].at == 72
    assert forecast.seconds == 84


def test_a_server_that_is_down_takes_room_from_the_others() -> None:
    down = replace(row(server("web3"), status="DOWN"), operation=OperationalState.STOPPED)
    seen = reading(*(row(server(f"web{n}")) for n in range(3)), down)

    forecast = played(seen, plan_for(3, max_out=2, floor=Share(2)))

    assert (forecast.steps[0].serving[PLACE], forecast.members[PLACE]) == (3, 4)
    assert (forecast.at_once, forecast.lowest(PLACE)) == (1, 2)


def test_where_no_target_can_go_it_is_said_how_long_the_run_waits() -> None:
    forecast = played(serving(2), plan_for(2, floor=Share(2)))

    assert forecast.stuck == (
        "web0 waits up to 5m for others to serve: "
        "app@lb1 would have 1 of 2 servers serving, the floor is 2"
    )
    assert curve(forecast) == [2]


def test_what_an_earlier_run_left_out_comes_back_first_and_makes_room() -> None:
    out = row(server("web0"), Admin.FORCED_MAINT, "MAINT")
    seen = reading(out, row(server("web1")))

    forecast = played(seen, plan_for(2), left_out=frozenset({"web0"}))

    assert curve(forecast) == [1, 1, 2, 1, 2]
    assert forecast.members[PLACE] == 2
    assert forecast.stuck == ""


def test_after_the_deadline_no_target_is_started() -> None:
    forecast = played(serving(3), plan_for(3, timeouts=Timeouts(deadline=20.0)))

    assert forecast.stuck == (
        "web2 is not started: the deadline of 20s for the whole run has passed"
    )


@pytest.mark.parametrize("max_out", [1, 2, 5, 100])
@pytest.mark.parametrize("floor", [Share(0), Share(3), Share(50, percent=True)])
def test_fewer_than_the_floor_never_serve(max_out: int, floor: Share) -> None:
    forecast = played(serving(7), plan_for(7, max_out=max_out, floor=floor))

    assert forecast.lowest(PLACE) >= floor.at_least(7)
    assert not forecast.stuck
    assert {name for step in forecast.steps for name in step.out} == {
        one.name for one in targets(7)
    }
