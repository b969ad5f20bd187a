"""What visitors met, in words, and folded from the events of a run."""

from dataclasses import replace

import pytest

from rollout import events
from rollout.events import Event
from rollout.model.impact import BackendImpact, Impact, ImpactGap
from rollout.model.traffic import TrafficCounters
from rollout.output.impact_words import counter_words, gap_words, impact_words, lowest_words
from rollout.summary.run import RunSummary, enter


def backend(name: str = "app", balancer: str = "lb1", **known: int) -> BackendImpact:
    gauges = {key: known.pop(key) for key in ("lowest", "members", "floor") if key in known}
    peak = known.pop("queue_peak", 0)
    return BackendImpact(
        balancer=balancer,
        backend=name,
        counters=TrafficCounters(**known),
        queue_peak=peak,
        **gauges,
    )


def gap(reason: str, seconds: float = 1.2) -> ImpactGap:
    return ImpactGap(balancer="lb1", reason=reason, seconds=seconds)


QUIET = Impact(backends=(backend(requests=3412, retries=2, lowest=6, members=8, floor=6),))


def test_a_quiet_run_says_what_matters_in_any_case() -> None:
    assert impact_words(QUIET) == (
        "3,412 requests, 5xx 0, connect errors 0, retries 2, lowest capacity 6 of 8 (floor 6)"
    )


def test_what_was_not_measured_is_not_said_to_be_zero() -> None:
    silent = Impact(unread={"lb1": "no answer within 1.5s"})
    assert impact_words(silent) == "not measured, lb1 could not be read at the end"
    assert impact_words(Impact(cut=2)) == "not measured, sessions cut 2"


def test_the_5xx_of_the_app_are_told_from_haproxys() -> None:
    measured = replace(
        Impact(backends=(backend(requests=9, responses_5xx=4),)),
        servers={"app/web1@lb1": TrafficCounters(responses_5xx=3)},
    )
    assert "5xx 4 (app 3, HAProxy 1)" in impact_words(measured)
    assert "5xx 4, connect" in impact_words(replace(measured, gaps=(gap("reload"),)))
    assert counter_words(TrafficCounters(requests=1), 0) == "1 request, 5xx 0, connect errors 0"


def test_everything_that_rose_is_said() -> None:
    rose = backend(
        requests=1,
        response_errors=1,
        redispatches=1,
        client_aborts=1,
        server_aborts=2,
        queue_peak=7,
    )
    assert impact_words(Impact(backends=(rose,), cut=3, visited=4)) == (
        "1 request, 5xx 0, connect errors 0, response errors 1, redispatches 1, "
        "aborted by visitors 1, aborted by servers 2, sessions cut 3, visitors in maint 4, "
        "queue peak 7"
    )


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (gap("reload"), "HAProxy on lb1 was reloaded: up to 1s are not counted"),
        (gap("cleared", 0.2), "the counters of lb1 were cleared: up to 1s are not counted"),
        (gap("late", 12), "lb1 did not answer at first: up to 12s are not counted"),
        (gap("of a later version", 3), "lb1 was not read for a time: up to 3s are not counted"),
    ],
)
def test_a_time_of_which_no_counter_tells_is_said(one: ImpactGap, said: str) -> None:
    assert impact_words(replace(QUIET, gaps=(one,))).endswith(f", {said}")


def test_however_often_a_load_balancer_is_reloaded_the_line_does_not_grow() -> None:
    often = tuple(gap("reload", 2.0) for _ in range(60))
    other = replace(gap("reload"), balancer="lb2")
    assert gap_words(replace(QUIET, gaps=(*often, other, gap("cleared", 0.2)))) == [
        "HAProxy on lb1 was reloaded 60 times: up to 2m00s are not counted",
        "HAProxy on lb2 was reloaded: up to 1s are not counted",
        "the counters of lb1 were cleared: up to 1s are not counted",
    ]


def test_the_times_of_one_value_are_said() -> None:
    often = replace(gap("reload", 75.0), times=60)
    short = replace(gap("cleared", 0.4), times=3)
    assert gap_words(replace(QUIET, gaps=(often, short))) == [
        "HAProxy on lb1 was reloaded 60 times: up to 1m15s are not counted",
        "the counters of lb1 were cleared 3 times: up to 3s are not counted",
    ]


def test_the_tightest_backend_is_named() -> None:
    wide, tight = (
        backend(lowest=5, members=8, floor=4),
        backend("api", lowest=2, members=3, floor=2),
    )
    assert lowest_words([wide, tight]) == ["lowest capacity 2 of 3 (floor 2)"]
    assert lowest_words([backend(lowest=2)]) == []


def folded(*told: Event) -> Impact:
    summary = RunSummary()
    for event in told:
        summary = enter(summary, event)
    assert summary.impact is not None
    return summary.impact


CUT = events.SessionsCut(target="web1", sessions=2)
VISITED = events.TargetVisited(target="web1", sessions=5, servers=())
SEEN = events.TrafficSeen(balancer="lb1", backends=(backend(requests=4),), gaps=(gap("reload"),))
OTHER = events.TrafficSeen(balancer="lb2", backends=(backend(balancer="lb2", requests=7),))
LAST = events.ImpactMeasured(backends=(backend(requests=9),), gaps=(gap("reload"), gap("cleared")))


def test_what_was_cut_is_one_value_wherever_it_is_read() -> None:
    assert folded(CUT, SEEN, CUT, VISITED, LAST).cut == 4
    assert folded(CUT, SEEN, CUT, VISITED, LAST).visited == 5
    assert folded(CUT) == Impact(cut=2)


def test_a_reading_replaces_those_of_its_load_balancer_and_its_gaps() -> None:
    again = replace(SEEN, backends=(backend(requests=6),), gaps=(gap("reload"), gap("cleared")))
    impact = folded(SEEN, OTHER, again)
    assert [(one.place, one.counters.requests) for one in impact.backends] == [
        ("lb1/app", 6),
        ("lb2/app", 7),
    ]
    assert [one.reason for one in impact.gaps] == ["reload", "cleared"]
    assert impact.total.requests == 13


def test_the_last_reading_is_all_of_it() -> None:
    impact = folded(SEEN, OTHER, LAST)
    assert [one.counters.requests for one in impact.backends] == [9]
    assert [one.reason for one in impact.gaps] == ["reload", "cleared"]
