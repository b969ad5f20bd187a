"""The live display: a picture is a pure function; what stays on the screen is what matters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events
from rollout.events import Event
from rollout.output.live import Live, TableState
from rollout.output.plain import words
from rollout.output.terminal import Size
from rollout.summary.run import RunSummary
from rollout.text.width import cells
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import RICH, UNBROKEN, Memory, account_of, broadcast_to
from tests.output.screens import drawn

WIDE = Size(80, 24)


def fleet_of(count: int, out: int = 2) -> RunSummary:
    names = tuple(f"web{n:02}" for n in range(count))
    stream: list[Event] = [events.RolloutStarted(targets=names, max_out=2, floor="50%")]
    stream += [events.TargetDraining(target=name) for name in names[:out]]
    return account_of(stream)


def test_a_small_fleet_has_a_line_per_target_and_one_for_the_whole() -> None:
    stream: list[Event] = [
        events.RolloutStarted(targets=("web1", "web2", "web3"), max_out=1, floor="50%"),
        events.TargetDone(target="web1", seconds=14.0),
        events.RestartAsked(target="web2", instances=("a",)),
        events.TargetWaiting(target="web2", awaited="verified", reason="waiting for app2_1"),
    ]
    shown = drawn(account_of(stream), Size(60, 24), seconds=131.0, since={"web2": 100.0})
    assert shown == [
        "  web1  restarted   serving                            0:14",
        "  web2  restarting  waiting for app2_1                 0:31",
        "  web3  waiting",
        "  1 of 3 done · 1 out (at most 1) · floor 50% · 2:11",
    ]


def test_a_fleet_taller_than_the_terminal_shows_who_moves_and_counts_the_rest() -> None:
    assert drawn(fleet_of(40), Size(60, 10), seconds=9.0) == [
        "  web00  draining",
        "  web01  draining",
        "  and 38 waiting",
        "  0 of 40 done · 2 out (at most 2) · floor 50% · 0:09",
    ]


def test_who_failed_keeps_a_line_in_a_long_fleet() -> None:
    left = events.TargetLeftOut(target="web39", state="maint", reason="dead", asked=True, look="")
    names = tuple(f"web{n:02}" for n in range(40))
    summary = account_of([events.RolloutStarted(targets=names, max_out=1, floor=""), left])
    assert drawn(summary, Size(60, 10))[0] == "  web39  out (maint)  dead"


def test_what_failed_has_a_line_before_what_is_on_the_way() -> None:
    names = tuple(f"web{n:02}" for n in range(40))
    left = events.TargetLeftOut(target="web39", state="maint", reason="dead", asked=True, look="")
    stream: list[Event] = [events.RolloutStarted(targets=names, max_out=20, floor="")]
    stream += [events.TargetDraining(target=name) for name in names[:20]]
    shown = drawn(account_of([*stream, left]), Size(60, 15))
    assert len(shown) == 14
    assert shown[-3].split()[:3] == ["web39", "out", "(maint)"]
    assert shown[-2] == "  and 9 more on the way, 19 waiting"


def test_a_change_of_state_does_not_move_the_reasons() -> None:
    names = ("web1", "web2")
    stream: list[Event] = [
        events.RolloutStarted(targets=names, max_out=1, floor=""),
        events.TargetInMaint(target="web1"),
        events.TargetWaiting(target="web1", awaited="empty", reason="2 sessions"),
    ]
    asked = events.RestartAsked(target="web1", instances=("a",))
    waiting = events.TargetWaiting(target="web1", awaited="verified", reason="2 instances")
    before, after = (drawn(account_of(s), WIDE)[0] for s in (stream, [*stream, asked, waiting]))
    assert before.index("2 sessions") == after.index("2 instances")


def test_on_a_wide_terminal_a_time_stands_near_its_row() -> None:
    shown = drawn(fleet_of(3), Size(200, 60), seconds=9.0, since={"web00": 0.0})
    assert shown[0].endswith("0:09")
    assert cells(shown[0]) == 100


def test_table_and_summary_round_a_time_alike() -> None:
    done = events.TargetDone(target="web1", seconds=37.6)
    started = events.RolloutStarted(targets=("web1",), max_out=1, floor="")
    assert drawn(account_of([started, done]), WIDE)[0].endswith("0:38")
    assert "out for 38s" in words(done)


@given(st.integers(1, 50), st.integers(0, 50), st.integers(1, 120), st.integers(1, 40))
def test_a_picture_never_outgrows_its_terminal(
    count: int, out: int, columns: int, rows: int
) -> None:
    summary = fleet_of(count, min(out, count))
    since = dict.fromkeys(summary.lines, 0.0)
    shown = drawn(summary, Size(columns, rows), seconds=9.0, since=since)
    assert len(shown) <= max(3, rows - 1)
    assert all(cells(line) < max(2, columns) for line in shown)
    coloured = drawn(summary, Size(columns, rows), seconds=9.0, since=since, colour=True)
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in coloured] == shown


class Times:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def picture(size: Size = WIDE) -> tuple[TableState, Times, list[Size]]:
    times, sizes = Times(), [size]
    return TableState(lambda: sizes[-1], times, colour=False), times, sizes


def test_nothing_is_written_while_nothing_changes() -> None:
    shown, times, _ = picture()
    shown.see(fleet_of(3))
    assert shown.paint([])
    assert shown.paint([]) == ""
    times.now = 1.0
    assert "0:01" in shown.paint([])


def test_while_only_clocks_change_the_screen_is_drawn_once_a_second() -> None:
    shown, times, sizes = picture()
    shown.see(fleet_of(3))
    shown.paint([])
    times.now = 0.75
    assert shown.paint([]) == ""
    sizes.append(Size(60, 24))
    assert "0:01" in shown.paint([])


def test_the_frame_is_drawn_over_the_one_before() -> None:
    shown, times, _ = picture()
    shown.see(fleet_of(3))
    assert shown.paint([]).startswith("  web00")
    times.now = 1.0
    assert shown.paint(["it happened\n"]).startswith("\r\x1b[4Ait happened\x1b[K\n  web00")


def test_a_terminal_made_narrower_has_wrapped_the_frame_before() -> None:
    shown, times, sizes = picture()
    shown.see(fleet_of(3))
    since = dict.fromkeys(fleet_of(3).lines, 0.0)
    before = drawn(fleet_of(3), WIDE, seconds=0.0, since=since)
    assert [len(line) for line in before] == [79, 79, 16, 52]
    shown.paint([])
    sizes.append(Size(40, 24))
    times.now = 1.0
    assert shown.paint([]).startswith(f"\r\x1b[{2 + 2 + 1 + 2}A")


def test_the_time_of_a_target_starts_anew_with_its_standing() -> None:
    shown, times, _ = picture()
    shown.see(fleet_of(1, out=1))
    times.now = 60.0
    assert re.search(r"draining +1:00", shown.paint([]))
    shown.see(account_of([events.TargetInMaint(target="web00")]))
    times.now = 61.0
    assert re.search(r"maint +0:01", shown.paint([]))


def test_the_last_frame_stays_and_the_account_follows_below() -> None:
    shown, _, _ = picture()
    shown.see(fleet_of(1))
    shown.finish()
    assert shown.paint(["\nthe account\n"]).endswith("0:00\x1b[K\n\x1b[J\nthe account\n")


def test_only_what_matters_stays_on_the_screen() -> None:
    shown, _, _ = picture()
    memory = Memory()
    broadcast = broadcast_to(Live(memory, shown))
    for event in RICH:
        broadcast.tell(event)
    lines = memory.text.splitlines()
    assert all(cells(line) <= 80 for line in lines)
    assert [line.split()[1:3] for line in lines if not line.startswith(" ")] == [
        ["web3", "skipped:"],
        ["lb1", "note:"],
        ["web1", "HAProxy"],
        ["web1", "cut"],
        ["rollout", "soak:"],
        ["rollout", "stopping"],
        ["web4", "put"],
        ["web2", "FAILED,"],
        ["rollout", "halted,"],
    ]


def test_what_had_no_turn_when_nothing_new_starts_waits_no_longer() -> None:
    started = events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="")
    assert drawn(account_of([started]), WIDE)[1].split() == ["web2", "waiting"]
    halted = account_of([started, events.RolloutHalted(reason="web1: dead")])
    assert drawn(halted, WIDE)[1].split() == ["web2", "not", "restarted"]


def test_a_cause_that_a_line_has_told_is_not_told_once_more() -> None:
    left = events.TargetLeftOut(target="web1", state="maint", reason="dead", asked=True, look="")
    halted = events.RolloutHalted(reason="web1: dead")
    memory = Memory()
    broadcast = broadcast_to(Live(memory, picture()[0]))
    for event in (events.RolloutStarted(targets=("web1",), max_out=1, floor=""), left, halted):
        broadcast.tell(event)
    assert memory.text.count("dead") == 1
    assert memory.text.endswith("rollout halted, no other host is restarted: web1 failed\n")


def test_a_deploy_has_one_line_until_servers_are_taken_out() -> None:
    begun = events.DeployStarted(
        release="20261122", revision="a" * 40, hosts=("a", "b"), fresh=True
    )
    step = events.StepStarted(step="compile css", hosts=("a", "b"))
    done = events.StepDone(host="b", step="compile css", seconds=1.0)
    assert drawn(account_of([begun, step, done]), Size(90, 24), seconds=41.0) == [
        "  compile css · 1 of 2 hosts · release 20261122 (aaaaaaaaaaaa) · waiting for a  0:41"
    ]


def test_the_line_of_the_release_stands_above_the_servers() -> None:
    begun = events.DeployStarted(release="20261122", revision="", hosts=("web1",), fresh=True)
    started = events.RolloutStarted(targets=("web1",), max_out=1, floor="50%")
    in_place = events.ReleaseInPlace(release="20261122")
    assert drawn(account_of([begun, in_place, started]), WIDE, seconds=5.0) == [
        "  in place · release 20261122",
        "  web1  waiting",
        "  0 of 1 done · 0 out (at most 1) · floor 50% · 0:05",
    ]


def preparing(*done: str) -> RunSummary:
    hosts = ("web1", "web2", "web3", "web4")
    return account_of(
        [
            events.DeployStarted(
                release="20261122193700", revision="a" * 40, hosts=hosts, fresh=True
            ),
            events.StepStarted(step="compile stylesheets", hosts=hosts),
            *(events.StepDone(host=h, step="compile stylesheets", seconds=1.0) for h in done),
        ]
    )


@pytest.mark.parametrize(
    ("done", "columns", "line"),
    [
        ((), 40, "compile stylesheets · 0 of 4  0:41"),
        (("web1",), 44, "compile stylesheets · 1 of 4 hosts  0:41"),
        (("web1", "web4"), 79, "compile stylesheets · 2 of 4 hosts · waiting for web2, web3  0:41"),
        ((), 80, "compile stylesheets · 0 of 4 hosts · release 20261122193700  0:41"),
        ((), 24, "compil… · 0 of 4  0:41"),
    ],
)
def test_the_step_and_the_count_of_a_deploy_are_seen_on_any_terminal(
    done: tuple[str, ...], columns: int, line: str
) -> None:
    shown = drawn(preparing(*done), Size(columns + 1, 10), seconds=41.0)
    assert [one.strip() for one in shown] == [line]


def test_on_a_narrow_terminal_the_halt_is_seen_rather_than_the_floor() -> None:
    started = events.RolloutStarted(targets=("web1", "web2", "web3"), max_out=1, floor="50%")
    summary = account_of([started, events.RolloutHalted(reason="x")])
    assert drawn(summary, Size(40, 10), seconds=9.0)[-1] == "  0 of 3 done · 0 out · halted · 0:09"


def test_until_a_host_is_touched_the_screen_says_what_goes_on() -> None:
    times = Times()
    shown = TableState(lambda: WIDE, times, colour=False, meanwhile="looking at 3 hosts")
    assert "  looking at 3 hosts …  0:00" in shown.paint([])
    times.now = 3.0
    assert "  looking at 3 hosts …  0:03" in shown.paint([])
    shown.finish()
    assert "looking" not in shown.paint(["the summary\n"])


def test_the_end_of_what_a_failed_build_printed_stays_on_the_screen() -> None:
    shown, _, _ = picture()
    memory = Memory()
    broadcast = broadcast_to(Live(memory, shown, lambda: UNBROKEN))
    for event in DEPLOYS["build-failed"]:
        broadcast.tell(event)
    failed, *tail, taken_back = memory.text.splitlines()
    assert "web2 FAILED at compile stylesheets: exit 1" in failed
    assert [line.partition("|")[2] for line in tail] == [
        " rake aborted!",
        " Sass::SyntaxError: unclosed block",
        "   app/styles/shop.scss:12",
    ]
    assert "undone, no host was restarted" in taken_back


@given(
    count=st.integers(1, 50),
    columns=st.integers(1, 120),
    rows=st.integers(1, 40),
    out=st.booleans(),
)
def test_a_picture_of_a_deploy_never_outgrows_its_terminal(
    count: int, columns: int, rows: int, *, out: bool
) -> None:
    names = tuple(f"web{n:02}" for n in range(count))
    stream: list[Event] = [
        events.DeployStarted(release="20261122", revision="a" * 40, hosts=names, fresh=True),
        events.StepStarted(step="compile css", hosts=names),
        events.StepDone(host="web00", step="compile css", seconds=1.0),
    ]
    if out:
        stream.append(events.RolloutStarted(targets=names, max_out=1, floor="50%"))
    shown = drawn(account_of(stream), Size(columns, rows), seconds=9.0)
    assert len(shown) <= max(4, rows - 1)
    assert all(cells(line) < max(2, columns) for line in shown)
