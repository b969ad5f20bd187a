"""How long turns usually take, from the last of them."""

import pytest

from rollout.model.usual_times import TurnTimes, UsualTimes


def usual(**turns: list[float]) -> UsualTimes:
    return UsualTimes(
        {
            name: tuple(TurnTimes(out=out, phases={"boot": out, "watch": 5.0}) for out in times)
            for name, times in turns.items()
        }
    )


def test_one_slow_run_changes_no_median() -> None:
    times = usual(web1=[8.0, 9.0, 300.0, 8.5, 8.2])
    assert times.out("web1") == 8.5
    assert times.turn("web1") == 13.5


def test_the_worst_is_the_90th_percentile() -> None:
    times = usual(web1=[1.0, 2.0, 3.0, 4.0, 5.0], web2=[7.0])
    assert times.turn_at_worst("web1") == pytest.approx(5.0 + 4.6)
    assert times.turn_at_worst("web2") == 12.0


def test_what_never_had_a_turn_is_not_known() -> None:
    times = usual(web1=[8.0])
    assert times.out("web9") is None
    assert times.turn("web9") is None
    assert times.turn_at_worst("web9") is None
    assert times.turn_of_any(["web9"]) is None
    assert UsualTimes().turn_of_any(["web1"]) is None


def test_a_new_host_is_expected_to_take_as_long_as_the_others() -> None:
    assert usual(web1=[8.0, 10.0], web2=[30.0]).turn_of_any(["web1", "web2", "web9"]) == 15.0


def test_a_turn_without_a_watch_ends_with_the_time_out() -> None:
    assert TurnTimes(out=8.0).turn == 8.0
