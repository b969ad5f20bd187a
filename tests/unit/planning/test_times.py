"""What earlier turns tell about the next ones."""

from rollout.model.usual_times import TurnTimes, UsualTimes
from rollout.planning.forecast import Turn
from rollout.planning.times import expected_turns, habits


def turn(out: float, drain: float = 0.5) -> TurnTimes:
    return TurnTimes(out=out, phases={"drain": drain, "watch": 2.0})


def test_the_usual_turn_is_the_median_and_the_slow_one_is_near_the_longest() -> None:
    times = UsualTimes({"web1": (turn(10), turn(11), turn(20))})

    expected = expected_turns(times, ["web1"])

    assert expected.usual["web1"] == Turn(out=11.0, watch=2.0)
    assert 11 < expected.slow["web1"].out <= 20
    assert expected.unknown == ()


def test_a_target_without_a_turn_counts_as_the_others_and_is_named() -> None:
    times = UsualTimes({"web1": (turn(10),), "web2": (turn(14),)})

    expected = expected_turns(times, ["web1", "web2", "web3"])

    assert expected.unknown == ("web3",)
    assert expected.usual["web3"] == Turn(out=12.0, watch=2.0)


def test_without_any_turn_nothing_is_known() -> None:
    assert expected_turns(UsualTimes(), ["web1"]).usual == {}


def test_a_drain_that_used_its_whole_timeout_again_and_again_is_said() -> None:
    times = UsualTimes(
        {"web1": (turn(40, 30), turn(41, 30), turn(9)), "web2": (turn(40, 30), turn(9))}
    )

    assert habits(times, ["web1", "web2"], 30.0) == (
        "web1 used the whole drain timeout (30s) in 2 of its last 3 turns",
    )
    assert habits(times, ["web1", "web2"], 0.0) == ()
