"""The time that is left: of usual turns, as many at once as may be out, with the soak."""

from dataclasses import replace

import pytest

from rollout import events
from rollout.model.impact import BackendImpact
from rollout.output.terminal import Size
from rollout.output.view import View
from tests.output.screens import Told, drawn_view, usual, view_of

NAMES = ("web1", "web2", "web3", "web4")
USUAL = usual(web1=9.0, web2=9.0, web3=9.0, web4=9.0)
"""A turn is 10 s: 9 s out of rotation, and 1 s watched."""


def started(**how: float) -> Told:
    canaries, soak = int(how.get("canaries", 0)), how.get("soak", 0.0)
    most = int(how.get("max_out", 1))
    return events.RolloutStarted(
        targets=NAMES, max_out=most, floor="50%", canaries=canaries, soak=soak
    )


def claimed(name: str) -> events.TargetClaimed:
    return events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",))


def done(name: str, seconds: float = 9.0) -> events.TargetDone:
    return events.TargetDone(target=name, seconds=seconds, phases={"watch": 1.0})


def left(*stream: Told, now: float = 0.0, known: bool = True) -> float | None:
    view = view_of(stream, now)
    view = replace(view, usual=USUAL) if known else view
    return view.expectation.seconds_left()


def test_one_after_another_the_usual_turns_are_added() -> None:
    assert left(started()) == 40.0
    assert left(started(), (0.0, claimed("web1")), now=0.5) == pytest.approx(39.5)
    assert left(started(), (0.0, claimed("web1")), (10.0, done("web1")), now=10.0) == 30.0


def test_with_two_out_at_once_it_takes_half_as_long() -> None:
    assert left(started(max_out=2)) == 20.0
    assert left(started(max_out=3)) == 20.0


def test_the_floor_may_let_fewer_out_than_max_out() -> None:
    tight = BackendImpact(balancer="lb1", backend="app", serving=4, members=4, floor=3)
    seen = events.TrafficSeen(balancer="lb1", backends=(tight,))
    assert left(started(max_out=2), seen) == 40.0


def test_the_canary_goes_alone_and_soaks_first() -> None:
    assert left(started(max_out=2, canaries=1, soak=60.0)) == 10.0 + 60.0 + 20.0
    soaking = (10.0, events.SoakStarted(targets=("web1",), seconds=60.0))
    stream = [started(max_out=2, canaries=1, soak=60.0), (10.0, done("web1")), soaking]
    assert left(*stream, now=25.0) == 45.0 + 20.0


def test_without_an_earlier_run_nothing_is_guessed_until_the_first_target_is_through() -> None:
    assert left(started(), known=False) is None
    assert left(started(), (0.0, claimed("web1")), now=3.0, known=False) is None
    assert left(started(), (12.0, done("web1", 11.0)), now=12.0, known=False) == 36.0


def test_a_target_without_an_earlier_turn_is_expected_to_be_like_the_others() -> None:
    view = replace(view_of([started()]), usual=usual(web1=9.0, web2=9.0))
    assert view.expectation.seconds_left() == 40.0


def test_after_a_request_to_stop_only_what_is_on_the_way_counts() -> None:
    asked = (2.0, events.RestartAsked(target="web1", instances=("a",)))
    stop = (4.0, events.StopRequested(by="Ctrl-C"))
    assert left(started(), (0.0, claimed("web1")), asked, stop, now=4.0) == 7.0


def test_what_a_stop_puts_back_takes_no_turn_and_how_long_is_not_known() -> None:
    stop = (4.0, events.StopRequested(by="Ctrl-C"))
    assert left(started(), (0.0, claimed("web1")), stop, now=4.0) is None


def turn_of(name: str, began: float) -> list[Told]:
    """A turn as usual, to the second."""
    phases = {"drain": 1.0, "maint": 0.0, "boot": 8.0, "check": 0.0, "watch": 1.0}
    return [
        (began, claimed(name)),
        (began + 1, events.TargetInMaint(target=name)),
        (began + 1, events.RestartAsked(target=name, instances=("a",))),
        (began + 9, events.TargetOnProbation(target=name)),
        (began + 9, events.TargetReturned(target=name)),
        (began + 10, events.TargetDone(target=name, seconds=9.0, phases=phases)),
    ]


def test_a_run_as_long_as_usual_is_at_no_moment_said_to_be_longer() -> None:
    stream = [started(), *(one for n, name in enumerate(NAMES) for one in turn_of(name, 10.0 * n))]
    for tenth in range(405):
        now = tenth / 10
        known = [one for one in stream if not isinstance(one, tuple) or one[0] <= now]
        shown = drawn_view(replace(view_of(known, now), usual=USUAL), Size(100, 24))
        assert not [one for one in shown if "longer than usual" in one], now


def test_a_phase_that_is_late_leaves_only_those_that_come_after_it() -> None:
    maint = (1.0, events.TargetInMaint(target="web4"))
    stream = [started(), *((0.0, done(name)) for name in NAMES[:3]), (0.0, claimed("web4")), maint]
    assert left(*stream, now=21.0) == 9.0, "boot and watch are still to come"
    late = replace(view_of(stream, 21.0), usual=USUAL).expectation.late()
    assert late == ("web4",)


def test_in_a_rollback_those_that_run_the_new_release_are_still_to_come() -> None:
    deploy = events.DeployStarted(release="2", revision="", hosts=NAMES, fresh=True)
    on_it = [
        events.TargetDone(target=name, seconds=9.0, release="2", phases={"watch": 1.0})
        for name in NAMES[:2]
    ]
    halted = events.RolloutHalted(reason="web3: dead")
    back = events.RollbackStarted(release="2", targets=("web3",), reason="web3: dead")
    stream: list[Told] = [deploy, started(), *on_it, claimed("web3"), halted]
    assert left(*stream) is None
    assert left(*stream, back, claimed("web3")) == 30.0
    done_again = events.TargetDone(target="web1", seconds=9.0, release="1")
    assert left(*stream, back, claimed("web3"), done_again) == 20.0


def test_when_all_is_through_nothing_is_left() -> None:
    stream: list[Told] = [started(), events.RolloutFinished()]
    assert left(*stream) is None
    assert View().expectation.seconds_left() is None
