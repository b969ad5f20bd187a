"""What the live screen says in its lines: bars, short reasons, the soak, keys, old numbers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events
from rollout.cli.signals import ASKED_BY
from rollout.events import Event
from rollout.model.impact import BackendImpact, ImpactGap
from rollout.model.traffic import TrafficCounters
from rollout.output.keys import SIGNALS
from rollout.output.live import Live
from rollout.output.marks import EMPTY, FULL, LINE, bar, capacity_bar
from rollout.output.short_reasons import short_reason
from rollout.output.terminal import Size, draws_in_unicode
from rollout.summary.run import RunSummary
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import BEGAN, Memory, account_of, broadcast_to, traffic
from tests.output.screens import Told, drawn_view, usual, view_of
from tests.output.test_live import Picture, rows_of

WIDE = Size(80, 24)
STARTED = events.RolloutStarted(targets=("web1", "web2", "web3"), max_out=1, floor="50%")


def line(head: str, *stream: Told, now: float = 0.0, size: Size = WIDE) -> str:
    """Return the line of the screen that begins with ``head``; empty where there is none."""
    shown = drawn_view(view_of(stream, now), size)
    return next((one.strip() for one in shown if one.strip().startswith(head)), "")


def claimed(name: str) -> Event:
    return events.TargetClaimed(target=name, servers=(f"app/{name}@lb1",))


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(4, 40))
def test_a_bar_of_capacity_has_its_floor_and_never_more_columns_than_it_may(
    serving: int, members: int, floor: int, columns: int
) -> None:
    serving, floor = min(serving, members), min(floor, members)
    filled, rest = capacity_bar(serving, members, floor, columns)
    drawn = filled + rest
    assert len(drawn) <= columns
    assert drawn.count(LINE) == (1 if floor else 0)
    assert (FULL in drawn) == (serving > 0)
    assert (EMPTY in drawn) == (serving < members)


@pytest.mark.parametrize(
    ("serving", "members", "floor", "drawn"),
    [
        (6, 8, 4, "████████│████░░░░"),
        (3, 8, 4, "██████░░│░░░░░░░░"),
        (4, 4, 4, "████████████████│"),
        (2, 3, 0, "██████████░░░░░"),
    ],
)
def test_each_server_has_the_same_part_of_a_bar(
    serving: int, members: int, floor: int, drawn: str
) -> None:
    assert "".join(capacity_bar(serving, members, floor, 17)) == drawn


@given(st.integers(0, 600), st.integers(1, 600), st.integers(2, 40))
def test_a_bar_is_full_only_when_all_is_done_and_empty_only_when_nothing_is(
    filled: int, total: int, columns: int
) -> None:
    filled = min(filled, total)
    done, rest = bar(filled, total, columns)
    assert len(done) + len(rest) == columns
    assert (not done) == (filled == 0)
    assert (not rest) == (filled == total)


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        ("app_1: nothing listens on 192.0.2.7:8000", "port 8000 not open yet"),
        (
            "app_1: nothing listens on web1:8000; app_2: nothing listens on web1:8001",
            "ports 8000, 8001 not open yet",
        ),
        ("HAProxy checks app/web1@lb1: DRAIN 1/2", "HAProxy checks it on lb1: DRAIN 1/2"),
        (
            "app/web1@lb1 is DRAIN 1/2; app/web1@lb2 is DRAIN 1/2",
            "HAProxy checks it on lb1, lb2: DRAIN 1/2",
        ),
        ("app_1: OK, restart pending", "restart pending (app_1)"),
        ("app_1: restart pending; app_2: OK, restart pending", "restart pending (2 instances)"),
        (
            'app_1 is "OK - restart pending", but has no process',
            "restart pending, no process (app_1)",
        ),
        ("app_1: nothing listens on web1:8000; app_2: HTTP 500", None),
        ("app@lb1 would have 5 of 8 servers serving, the floor is 6", None),
        ("", None),
    ],
)
def test_a_reason_is_shortened_only_where_all_of_it_is_understood(
    reason: str, short: str | None
) -> None:
    assert short_reason(reason) == (reason if short is None else short)


def test_the_end_of_a_wait_is_seen_however_long_its_reason_is() -> None:
    wait = events.TargetWaiting(target="web1", awaited="verified", reason="x" * 200, left=60.0)
    stream: list[Told] = [STARTED, (0.0, claimed("web1")), (10.0, wait)]
    (row, *_) = rows_of(drawn_view(view_of(stream, 20.0), WIDE))
    assert row.endswith("…; 50s left")


def test_a_soak_is_shown_with_what_the_canary_carries_beside_its_peers() -> None:
    stream: list[Told] = [
        events.RolloutStarted(
            targets=("web1", "web2"), max_out=1, floor="50%", canaries=1, soak=300.0
        ),
        (0.0, claimed("web1")),
        (9.0, events.TargetDone(target="web1", seconds=9.0)),
        (10.0, events.SoakStarted(targets=("web1",), seconds=300.0)),
    ]
    carried = events.SoakSeen(
        targets=("web1",),
        carried=TrafficCounters(requests=611),
        others=TrafficCounters(requests=4302, responses_5xx=1),
    )
    assert line("soak", *stream, now=92.0) == "soak    web1 serves · 3m38s left"
    assert line("soak", *stream, (90.0, carried), now=92.0) == (
        "soak    web1 serves · 3m38s left · 0 failed, 611 answered · others 1, 4,302"
    )
    (_, following) = rows_of(drawn_view(view_of(stream, 92.0), WIDE))
    assert following.endswith("waits for the soak of web1")
    assert line("soak", *stream, (311.0, claimed("web2")), now=312.0) == ""


def test_the_next_one_says_that_it_waits_for_the_canary_whatever_may_be_out() -> None:
    started = events.RolloutStarted(
        targets=("web1", "web2"), max_out=2, floor="50%", canaries=1, soak=9.0
    )
    (_, following) = rows_of(drawn_view(view_of([started, claimed("web1")]), WIDE))
    assert following.endswith("waits for the canary, web1")


def test_numbers_of_a_load_balancer_that_does_not_answer_are_called_old() -> None:
    seen = (1.0, events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 9),)))
    assert "does not answer" not in line("lb1/app", STARTED, seen, now=9.0)
    assert "4 of 5 serving  29s ago: lb1 does not answer" in line(
        "lb1/app", STARTED, seen, now=30.0
    )


SMALL = Size(60, 15)


def test_in_the_line_of_a_small_terminal_old_numbers_are_called_old_as_well() -> None:
    one = (1.0, events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 9),)))
    other = (28.0, events.TrafficSeen(balancer="lb2", backends=(traffic("lb2", 9),)))
    assert line("serving", STARTED, one, now=9.0, size=SMALL) == (
        "serving  4/5 lb1  floor 3  5xx 0"
    )
    said = line("serving", STARTED, one, other, now=30.0, size=SMALL)
    assert said == "serving  4/5 lb1 29s ago  4/5 lb2  floor 3  5xx 0"
    for columns in range(30, 60):
        said = line("serving", STARTED, one, other, now=30.0, size=Size(columns, 15))
        assert "lb1 29s ago" in said, said


def test_servers_that_were_not_counted_are_not_said_to_be_none() -> None:
    seen = replace(traffic("lb1", 9), members=0, floor=0)
    told = events.TrafficSeen(balancer="lb1", backends=(seen,))
    assert line("serving", STARTED, told, size=SMALL) == "serving  4 lb1  5xx 0"
    assert line("lb1/app", STARTED, told).startswith("lb1/app  4 serving")


def test_the_readings_of_many_backends_come_slowly_and_are_not_old() -> None:
    many = tuple(replace(traffic("lb1", 9), backend=f"b{n}") for n in range(300))
    seen = (1.0, events.TrafficSeen(balancer="lb1", backends=many))
    assert "does not answer" not in line("lb1/b0", STARTED, seen, now=18.0)


def test_a_reload_is_said_beside_what_was_counted() -> None:
    gap = ImpactGap(balancer="lb1", reason="reload", seconds=1.2)
    seen = events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 9),), gaps=(gap,))
    assert line("impact", STARTED, seen, size=Size(120, 24)).endswith(
        "HAProxy on lb1 was reloaded: up to 1s are not counted"
    )


def test_of_many_backends_those_nearest_to_their_floor_are_shown() -> None:
    def backend(number: int, serving: int) -> BackendImpact:
        return BackendImpact(
            balancer="lb1", backend=f"b{number}", serving=serving, members=9, floor=4
        )

    many = tuple(backend(n, 8 if n != 7 else 3) for n in range(12))
    stream = (STARTED, events.TrafficSeen(balancer="lb1", backends=many))
    assert "3 of 9 serving" in line("lb1/b7", *stream)
    assert line("and ", *stream) == "and 7 more, none of them below its floor"


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ((), "Ctrl-C: stop, nothing was changed   Ctrl-C twice: stop now"),
        ((STARTED,), "Ctrl-C: stop, no host is out of rotation   Ctrl-C twice: stop now"),
        (
            (STARTED, claimed("web1")),
            "^C put web1 back, then stop   ^C^C stop now, web1 stays out of rotation",
        ),
        (
            (STARTED, claimed("web1"), events.RestartAsked(target="web1", instances=("a",))),
            "^C finish web1, then stop   ^C^C stop now, web1 stays out of rotation",
        ),
        (
            (STARTED, claimed("web1"), events.TargetReturned(target="web1")),
            "Ctrl-C: finish web1, then stop   Ctrl-C twice: stop now",
        ),
        (
            (
                STARTED,
                claimed("web1"),
                events.RestartAsked(target="web1", instances=("a",)),
                events.StopRequested(by="Ctrl-C"),
            ),
            "Stopping: finish web1. Ctrl-C again: stop now, web1 stays out of rotation.",
        ),
        (
            (
                STARTED,
                claimed("web1"),
                events.RestartAsked(target="web1", instances=("a",)),
                events.StopRequested(by="abort by bob"),
            ),
            "Stopping: finish web1. Ctrl-C twice: stop now, web1 stays out of rotation.",
        ),
        (
            (STARTED, events.RolloutPaused(by="alice@bastion1")),
            "Paused by alice@bastion1. `rollout continue` goes on. Ctrl-C: stop.",
        ),
        (
            (STARTED, events.RolloutPaused(by="pause_after_canary", asks=True, seconds=600.0)),
            "The canary serves. Go on with the others? y or n, then Enter. Halts in 10m00s.",
        ),
    ],
)
def test_the_last_line_says_what_ctrl_c_does_now(stream: tuple[Event, ...], said: str) -> None:
    assert drawn_view(view_of((BEGAN, *stream)), WIDE)[-1].strip() == said


def test_the_last_line_says_how_long_a_stop_takes_where_earlier_runs_tell() -> None:
    stream: list[Told] = [
        STARTED,
        (0.0, claimed("web1")),
        (1.0, events.RestartAsked(target="web1", instances=("a",))),
        (4.0, events.StopRequested(by="Ctrl-C")),
    ]
    view = replace(view_of(stream, 5.0), usual=usual(web1=9.0))
    assert drawn_view(view, WIDE)[-1] == (
        " Stopping: finish web1 (about 5s). ^C again: now, web1 stays out of rotation"
    )


def test_the_signals_of_which_a_second_one_ends_the_run_are_those_that_a_run_hears() -> None:
    assert set(ASKED_BY.values()) == SIGNALS


RECOVERY = events.RecoveryStarted(of="000001", targets=("web1", "web2"), asked=("web1",))
ADOPTED = events.TargetAdopted(target="web1", servers=("app/web1@lb1",), asked=True)


def test_what_a_run_before_left_out_is_not_being_taken_out() -> None:
    adopted = line("web1", RECOVERY, (3.0, ADOPTED), now=9.0)
    assert adopted.startswith("web1  ● recovering ")
    assert adopted.endswith("out of rotation, on its way back")
    assert line("web2", RECOVERY, ADOPTED).startswith("web2  ✗ unknown ")


def test_a_recovery_knows_no_most_that_may_be_out() -> None:
    assert " · 2 out · " in line("done", RECOVERY)
    assert " · 0 out (max 1) · " in line("done", STARTED)


def test_no_key_says_that_no_host_is_out_while_one_is() -> None:
    left = events.TargetLeftOut(target="web1", state="maint", reason="dead", asked=True, look="")
    for stream, named in (
        ((RECOVERY,), "web1, web2 stay"),
        ((STARTED, claimed("web1"), left), "web1 stays"),
        ((RECOVERY, events.TargetRecovered(target="web2", restarted=False)), "web1 stays"),
    ):
        shown = drawn_view(view_of(stream), Size(100, 24))
        assert shown[-1].startswith(f" Ctrl-C: stop, {named} out of rotation"), shown[-1]


def test_how_long_it_takes_to_put_a_target_back_is_not_guessed() -> None:
    stream: list[Told] = [STARTED, claimed("web1"), (4.0, events.StopRequested(by="Ctrl-C"))]
    view = replace(view_of(stream, 5.0), usual=usual(web1=9.0))
    shown = "\n".join(drawn_view(view, Size(120, 24)))
    assert "Stopping (Ctrl-C): put web1 back. Ctrl-C again" in shown
    assert "about" not in shown


def test_when_the_run_is_over_no_key_is_offered() -> None:
    over = replace(view_of((STARTED, events.RolloutFinished())), over=True)
    assert not any("Ctrl-C" in one or "^C" in one for one in drawn_view(over, WIDE))


def test_a_target_that_took_far_longer_than_usual_says_in_which_phase() -> None:
    done = events.TargetDone(target="web1", seconds=30.0, phases={"drain": 22.0, "boot": 8.0})
    view = replace(view_of([STARTED, claimed("web1"), done]), usual=usual(web1=9.0))
    assert rows_of(drawn_view(view, WIDE))[0].endswith("serving; slow in drain: 22s")


def test_what_was_out_before_this_run_is_not_called_slow_in_it() -> None:
    end = events.TargetRecovered(
        target="web1", restarted=True, seconds=55.0, phases={"boot": 8.0, "check": 3.0}
    )
    view = replace(view_of([STARTED, claimed("web1"), end]), usual=usual(web1=9.0))
    assert rows_of(drawn_view(view, WIDE))[0].endswith("serving; out for 44s before this run")


def test_what_was_skipped_keeps_its_place_among_the_hosts() -> None:
    skipped = events.TargetSkipped(target="web3", reason="in maint, not by rollout")
    started = events.RolloutStarted(targets=("web1", "web2", "web4"), max_out=1, floor="")
    rows = rows_of(drawn_view(view_of([BEGAN, skipped, started]), WIDE))
    assert [row.split()[0] for row in rows] == ["web1", "web2", "web3", "web4"]


@pytest.mark.parametrize("name", ["rolled-back"])
def test_a_rollback_reads_like_one_failure(name: str) -> None:
    """The halt before it is not told by itself, and the last screen is about the release before."""
    memory = Memory()
    broadcast = broadcast_to(Live(memory, Picture().shown))
    for event in DEPLOYS[name]:
        broadcast.tell(event)
    assert "halted" not in memory.text
    assert memory.text.count("FAILED") == 1
    last = drawn_view(replace(view_of(DEPLOYS[name], 130.0), over=True), WIDE)
    assert not any("halted" in one for one in last)
    assert line_in(last, "back").startswith("back    █████████████████  2 of 2 · ")
    assert rows_of(last)[1].endswith("serving the release before again")
    assert rows_of(last)[2].endswith("still on the release before")


def line_in(lines: list[str], head: str) -> str:
    return next(one.strip() for one in lines if one.strip().startswith(head))


def test_a_halt_that_no_rollback_follows_is_told() -> None:
    memory = Memory()
    broadcast = broadcast_to(Live(memory, Picture().shown))
    for event in DEPLOYS["left-out"]:
        broadcast.tell(event)
    broadcast.end()
    assert "halted, no other host is restarted" in memory.text


@pytest.mark.parametrize(
    ("environ", "unicode"),
    [
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
        ({"LC_ALL": "", "LANG": "en_US.ISO-8859-1"}, False),
        ({}, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "UTF-8", "LANG": "C"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "de_DE.UTF-8"}, True),
    ],
)
def test_bars_are_drawn_in_unicode_only_where_the_locale_says_so(
    environ: dict[str, str], *, unicode: bool
) -> None:
    class Terminal(Memory):
        encoding = "UTF-8"

    assert draws_in_unicode(Terminal(), environ) is unicode  # type: ignore[arg-type]


def test_500_hosts_are_folded_and_counted_with_what_is_next() -> None:
    names = tuple(f"web{n:03}" for n in range(500))
    stream: list[Event] = [events.RolloutStarted(targets=names, max_out=5, floor="")]
    stream += [events.TargetDone(target=name, seconds=9.0) for name in names[:60]]
    stream += [claimed(name) for name in names[60:65]]
    left = events.TargetLeftOut(target="web007", state="maint", reason="dead", asked=True, look="")
    shown = drawn_view(view_of([BEGAN, *stream, left]), WIDE)
    rows = rows_of(shown)
    assert len(shown) == 23
    assert rows[0].startswith("web007  out (maint)")
    assert [row.split()[0] for row in rows if " taking out " in row] == list(names[60:65])
    assert [row.split()[0] for row in rows if " next " in row] == ["web065"]
    assert any(one.strip().startswith("and 432 waiting, ") for one in shown)


def test_the_last_screen_of_a_run_that_went_wrong_leaves_the_rows_to_the_summary_below() -> None:
    """The cause stands once, where what to type stands as well."""
    memory, picture = Memory(), Picture()
    broadcast = broadcast_to(Live(memory, picture.shown))
    for event in DEPLOYS["left-out"]:
        broadcast.tell(event)
    assert "not verified after 120s" in picture.shown.paint([])
    broadcast.end()
    last, _, account = picture.shown.paint([]).partition("\x1b[J")
    assert "web2" not in last
    assert "done " in last
    assert account.count("not verified after 120s") == 1


def test_an_empty_view_is_drawn() -> None:
    assert account_of([]) == RunSummary()
    assert drawn_view(view_of([]), WIDE)
