"""How long a target is out, folded from stamped events, over one run and over two."""

from collections.abc import Sequence

import pytest

from rollout import events
from rollout.events import Event
from rollout.summary.out_times import OutTimes

CLAIMED = events.TargetClaimed(target="web1", servers=("app/web1@lb1",))
DRAINING = events.TargetDraining(target="web1")
IN_MAINT = events.TargetInMaint(target="web1")
ASKED = events.RestartAsked(target="web1", instances=("a",))
ON_PROBATION = events.TargetOnProbation(target="web1")
RETURNED = events.TargetReturned(target="web1")
DONE = events.TargetDone(target="web1", seconds=99.0)
RECOVERED = events.TargetRecovered(target="web1", restarted=True)
LEFT = events.TargetLeftOut(
    target="web1", state="maint", reason="it does not answer", asked=True, look=""
)
BACK = events.TargetReturnedUntouched(target="web1", reason="stopped on request")

BEGAN = "2026-11-28T02:01:18.102Z"
NOW = "2026-11-28T02:03:50.977Z"


def adopted(since: str = BEGAN, *, asked: bool = True) -> events.TargetAdopted:
    return events.TargetAdopted(target="web1", servers=(), asked=asked, since=since)


def told(
    *stamped: tuple[float, Event], at: str = NOW, clock: OutTimes | None = None
) -> Sequence[Event]:
    times = clock or OutTimes()
    return [times.complete(event, elapsed, at) for elapsed, event in stamped]


WHOLE_TURN: tuple[tuple[float, Event], ...] = (
    *((1.0, CLAIMED), (1.1, DRAINING), (3.5, IN_MAINT), (4.0, ASKED), (10.25, ON_PROBATION)),
    *((12.0, RETURNED), (17.0, DONE)),
)


def test_a_turn_has_its_phases_and_the_watch_is_no_time_out() -> None:
    *others, done = told(*WHOLE_TURN)
    assert others == [event for _, event in WHOLE_TURN[:-1]]  # untouched
    assert isinstance(done, events.TargetDone)
    assert done.seconds == 11.0  # by the stamps, and not what the restart itself has rounded
    assert done.phases == {"drain": 2.5, "maint": 0.5, "boot": 6.25, "check": 1.75, "watch": 5.0}


def test_time_out_begins_where_the_operators_commands_before_the_target_end() -> None:
    prepared = events.TargetPrepared(target="web1")
    done = told((1.0, CLAIMED), (31.0, prepared), (32.0, RETURNED), (33.0, DONE))[-1]
    assert isinstance(done, events.TargetDone)
    assert done.seconds == 1.0


def test_time_out_begins_where_a_load_balancer_was_first_told() -> None:
    draining = events.TargetDraining(target="web1", since="2026-11-28T02:03:50.677Z")  # 0.3 s ago
    done = told((1.0, CLAIMED), (1.5, draining), (12.0, RETURNED), (17.0, DONE))[-1]
    assert isinstance(done, events.TargetDone)
    assert done.seconds == 10.8
    assert done.phases["drain"] == 10.8


@pytest.mark.parametrize(
    ("since", "began"),
    [("", 1.0), (BEGAN, 1.0), ("2027-01-01T00:00:00Z", 1.5), ("yesterday", 1.0)],
)
def test_a_drain_begins_between_its_claim_and_its_confirmation(since: str, began: float) -> None:
    """Of an older version, and with a clock that was set in between."""
    draining = events.TargetDraining(target="web1", since=since)
    done = told((1.0, CLAIMED), (1.5, draining), (12.0, RETURNED), (17.0, DONE))[-1]
    assert isinstance(done, events.TargetDone)
    assert done.seconds == 12.0 - began


def test_what_fails_while_it_is_watched_is_out_once_more_from_then_on() -> None:
    stream = (*WHOLE_TURN[:-1], (17.0, LEFT), (20.0, adopted()), (20.0, ASKED), (28.0, RETURNED))
    *_, left, _, _, _, done = told(*stream, (30.0, DONE))
    assert isinstance(left, events.TargetLeftOut)
    assert left.seconds == 11.0
    assert isinstance(done, events.TargetDone)
    assert done.seconds == 11.0 + 11.0
    assert done.phases["watch"] == 5.0 + 2.0


def test_a_target_that_is_given_back_untouched_was_out_as_well() -> None:
    back = told((1.0, CLAIMED), (6.0, IN_MAINT), (8.5, BACK))[-1]
    assert isinstance(back, events.TargetReturnedUntouched)
    assert (back.seconds, back.phases) == (7.5, {"drain": 5.0, "maint": 2.5})


def test_left_out_and_brought_back_in_the_same_run_is_one_time() -> None:
    left, _, back = told(
        (1.0, CLAIMED), (2.0, ASKED), (62.0, LEFT), (70.0, adopted()), (80.0, DONE)
    )[2:]
    assert isinstance(left, events.TargetLeftOut)
    assert isinstance(back, events.TargetDone)
    assert (left.seconds, left.phases) == (61.0, {"drain": 1.0, "boot": 60.0})
    assert back.seconds == 79.0  # its own clock: what the adoption says of the beginning is older


@pytest.mark.parametrize("end", [RECOVERED, DONE, LEFT])
def test_what_an_earlier_run_had_taken_out_is_out_since_then(end: Event) -> None:
    ended = told((0.5, adopted()), (9.5, end))[-1]
    assert isinstance(ended, events.TargetRecovered | events.TargetDone | events.TargetLeftOut)
    assert ended.seconds == pytest.approx(152.875 + 9.0)
    assert ended.phases == {"boot": 9.0}  # those of this run


def test_an_unasked_target_of_an_earlier_run_stands_in_maint() -> None:
    ended = told((0.0, adopted(asked=False)), (2.0, RECOVERED))[-1]
    assert isinstance(ended, events.TargetRecovered)
    assert ended.phases == {"maint": 2.0}


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-28T02:03:50", "2027-01-01T00:00:00Z"])
@pytest.mark.parametrize("end", [RECOVERED, LEFT, BACK])
def test_with_a_beginning_that_is_unknown_or_yet_to_come_the_time_out_is_not_known(
    since: str, end: Event
) -> None:
    """Written by an older version, torn, or by a clock that was set back since."""
    ended = told((0.0, adopted(since)), (3.0, end))[-1]
    assert isinstance(ended, events.TargetRecovered | events.TargetLeftOut | type(BACK))
    assert (ended.seconds, ended.phases) == (None, {"boot": 3.0})


def test_a_restart_that_goes_on_with_it_tells_its_own_time() -> None:
    done = told((0.0, adopted("")), (3.0, DONE))[-1]
    assert isinstance(done, events.TargetDone)
    assert (done.seconds, done.phases) == (DONE.seconds, {"boot": 3.0})


def test_a_clock_that_is_set_back_in_the_run_changes_no_time() -> None:
    times = OutTimes()
    told((1.0, CLAIMED), at="2026-11-28T02:00:00.000Z", clock=times)
    (done,) = told((5.0, DONE), at="1999-01-01T00:00:00.000Z", clock=times)
    assert isinstance(done, events.TargetDone)
    assert done.seconds == 4.0


def test_a_second_turn_of_the_same_target_counts_anew() -> None:
    first, *_, second = told(
        *((1.0, CLAIMED), (3.0, RETURNED), (4.0, DONE)),
        *((10.0, CLAIMED), (10.5, RETURNED), (11.0, DONE)),
    )[2:]
    assert isinstance(first, events.TargetDone)
    assert isinstance(second, events.TargetDone)
    assert (first.seconds, second.seconds) == (2.0, 0.5)


def test_targets_of_one_host_have_clocks_of_their_own() -> None:
    other = events.TargetClaimed(target="web1/b", servers=())
    one = events.TargetClaimed(target="web1/a", servers=())
    ends = told(
        *((0.0, one), (4.0, other)),
        (5.0, events.TargetDone(target="web1/a", seconds=0)),
        (7.0, events.TargetDone(target="web1/b", seconds=0)),
    )[2:]
    assert [event.seconds for event in ends if isinstance(event, events.TargetDone)] == [5.0, 3.0]


def test_a_target_that_fell_in_its_watch_is_out_again() -> None:
    left = told((0.0, CLAIMED), (5.0, RETURNED), (8.0, IN_MAINT), (9.0, LEFT))[-1]
    assert isinstance(left, events.TargetLeftOut)
    assert left.seconds == 6.0


@pytest.mark.parametrize("end", [DONE, RECOVERED, LEFT, BACK])
def test_an_end_without_a_beginning_stays_as_it_is(end: Event) -> None:
    assert told((5.0, end)) == [end]
