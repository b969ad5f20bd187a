"""The live display: a picture is a pure function; what stays on the screen is what matters."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events
from rollout.events import Event
from rollout.output.live import Live, Screen, TableState
from rollout.output.messages import RunResult, StampedEvent
from rollout.output.plain import words
from rollout.output.terminal import Size
from rollout.summary.run import RunSummary, enter
from rollout.text.width import cells
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import (
    BEGAN,
    GOOD,
    RICH,
    UNBROKEN,
    Memory,
    account_of,
    broadcast_to,
    ending_of,
    traffic,
)
from tests.output.screens import AT, Told, drawn, drawn_view, usual, view_of

WIDE = Size(80, 24)


def fleet_of(count: int, out: int = 2) -> list[Event]:
    names = tuple(f"web{n:02}" for n in range(count))
    stream: list[Event] = [events.RolloutStarted(targets=names, max_out=2, floor="50%")]
    stream += [events.TargetDraining(target=name) for name in names[:out]]
    return stream


def left_out(name: str) -> Event:
    return events.TargetLeftOut(target=name, state="maint", reason="dead", asked=True, look="")


def rows_of(lines: Iterable[str]) -> list[str]:
    """Return the rows of targets, without their mark."""
    found = (line for line in lines if re.match(r" \S+ +[✓●·✗-] ", line) and " run " not in line)
    return [re.sub(r"[✓●·✗-] ", "", line, count=1).strip() for line in found]


def test_the_whole_screen_of_a_restart() -> None:
    stream: list[Told] = [
        BEGAN,
        events.RolloutStarted(targets=("web1", "web2", "web3"), max_out=1, floor="50%"),
        events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 3412, retries=2),)),
        (1.0, events.TargetClaimed(target="web1", servers=("app/web1@lb1",))),
        (16.0, events.TargetDone(target="web1", seconds=14.0)),
        (20.0, events.TargetClaimed(target="web2", servers=("app/web2@lb1",))),
        (21.0, events.RestartAsked(target="web2", instances=("a",))),
        (
            22.0,
            events.TargetWaiting(
                target="web2", awaited="verified", reason="port 8000 not open yet", left=60.0
            ),
        ),
        (39.0, events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 3412, retries=2),))),
    ]
    view = replace(view_of(stream, 40.0), usual=usual(web1=14.0, web2=20.0, web3=30.0))
    assert drawn_view(view, WIDE) == [
        " shop · production   restart   run 5f0c21   alice@bastion1   since 19:37:00Z",
        "",
        " lb1/app  █████████│███░░░   4 of 5 serving  floor 3  21 sessions  0 queued",
        " done     █████░░░░░░░░░░░░  1 of 3 · 1 out (max 1) · +40s · about 32s left",
        " impact   3,412 requests · 5xx 0 · connect errors 0 · retries 2",
        "",
        " HOST    STATE             OUT   USUAL  DETAIL",
        " web1  ✓ restarted         14s     14s  serving",
        " web2  ● restarting        20s     20s  port 8000 not open yet; gives up in 42s",
        " web3  · next                      30s  waits for web2 (max-out 1)",
        "",
        " ^C finish web2, then stop   ^C^C stop now, web2 stays out of rotation",
    ]


def test_a_fleet_taller_than_the_terminal_shows_who_moves_and_counts_the_rest() -> None:
    shown = drawn_view(view_of(fleet_of(40), 9.0), Size(60, 10))
    assert len(shown) == 9
    assert shown[-1].startswith(" ^C put web00, web01 back")
    assert [row.split()[1] for row in rows_of(shown)][:3] == ["draining", "draining", "next"]
    assert any(re.fullmatch(r" and \d+ waiting", line) for line in shown)


@given(st.integers(1, 60), st.integers(0, 59), st.integers(8, 60), st.integers(40, 200))
def test_what_failed_has_a_row_on_any_terminal(
    count: int, place: int, rows: int, columns: int
) -> None:
    names = tuple(f"web{n:02}" for n in range(count))
    stream: list[Event] = [events.RolloutStarted(targets=names, max_out=20, floor="")]
    stream += [events.TargetDraining(target=name) for name in names[:20]]
    failed = names[place % count]
    shown = rows_of(drawn_view(view_of([BEGAN, *stream, left_out(failed)]), Size(columns, rows)))
    assert [row.split()[0] for row in shown if "out (maint)" in row] == [failed]


def test_what_failed_and_has_no_row_is_counted_first() -> None:
    names = tuple(f"web{n:02}" for n in range(40))
    started = events.RolloutStarted(targets=names, max_out=20, floor="")
    shown = drawn_view(view_of([started, *map(left_out, names[:30])]), Size(60, 12))
    assert any(re.match(r" and \d+ more failed, ", line) for line in shown)


def test_a_change_of_state_moves_nothing() -> None:
    """Every state that a target can come to leaves the columns where they were."""
    places = set()
    before = view_of([events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="")])
    for event in (*RICH, *GOOD):
        if getattr(event, "target", "") != "web1":
            continue
        stream = [events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor=""), event]
        (heading,) = (
            line for line in drawn_view(view_of(stream), WIDE) if line.startswith(" HOST")
        )
        places.add(heading)
    assert places == {line for line in drawn_view(before, WIDE) if line.startswith(" HOST")}


def test_every_state_on_the_way_says_what_goes_on() -> None:
    """No change of state leaves a row without a word of what it waits for."""
    told: list[Event] = [events.RolloutStarted(targets=("web1",), max_out=1, floor="")]
    for event in GOOD[1:]:
        if getattr(event, "target", "") != "web1":
            continue
        told.append(event)
        (row,) = rows_of(drawn_view(view_of(told), WIDE))
        assert len(row.split("  ")[-1].strip()) > 5, row


def test_on_a_wide_terminal_no_line_is_wider_than_100_columns() -> None:
    view = view_of([BEGAN, *RICH], 9.0)
    assert max(map(cells, drawn_view(view, Size(200, 60)))) <= 100


def test_table_and_summary_round_a_time_alike() -> None:
    done = events.TargetDone(target="web1", seconds=37.6)
    started = events.RolloutStarted(targets=("web1",), max_out=1, floor="")
    (row,) = rows_of(drawn(account_of([started, done]), WIDE))
    assert row.split()[2] == "38s"
    assert "out for 38s" in words(done)


@given(st.integers(1, 50), st.integers(0, 50), st.integers(1, 120), st.integers(1, 40))
def test_a_picture_never_outgrows_its_terminal(
    count: int, out: int, columns: int, rows: int
) -> None:
    view = view_of([BEGAN, *RICH, *fleet_of(count, min(out, count))], 9.0)
    shown = drawn_view(view, Size(columns, rows))
    assert len(shown) <= max(1, rows - 1)
    assert all(cells(line) < max(2, columns) for line in shown)
    coloured = drawn_view(view, Size(columns, rows), colour=True)
    assert [re.sub(r"\x1b\[[\d;]+m", "", line) for line in coloured] == shown


@given(st.sampled_from([RICH, *DEPLOYS.values()]), st.integers(0, 60), st.integers(1, 120))
def test_in_ascii_every_column_stands_where_it_stood(
    stream: Sequence[Event], length: int, columns: int
) -> None:
    view = view_of([BEGAN, *stream[:length]], 9.0)
    plain = drawn_view(view, Size(columns, 24), ascii_only=True)
    assert [cells(line) for line in plain] == [
        cells(line) for line in drawn_view(view, Size(columns, 24))
    ]
    assert all(line.replace("\N{REPLACEMENT CHARACTER}", "").isascii() for line in plain)


class Times:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Picture:
    """A screen with the clock and the sizes that it is drawn by."""

    def __init__(self, size: Size = WIDE, meanwhile: str = "") -> None:
        self.times, self.sizes = Times(), [size]
        self.shown = TableState(
            Screen(
                size=lambda: self.sizes[-1],
                monotonic=self.times,
                colour=False,
                meanwhile=meanwhile,
            )
        )
        self._summary = RunSummary()

    def see(self, *stream: Event) -> None:
        for event in stream:
            self._summary = enter(self._summary, event)
            self.shown.see(StampedEvent("5f0c21", 1, AT, event, self._summary, self.times.now))


def ended(summary: RunSummary) -> RunResult:
    return replace(ending_of([]), summary=summary, seconds=1.0)


def test_nothing_is_written_while_nothing_changes() -> None:
    picture = Picture()
    picture.see(*fleet_of(3))
    assert picture.shown.paint([])
    assert picture.shown.paint([]) == ""
    picture.times.now = 1.0
    assert "+1s" in picture.shown.paint([])


def test_while_only_clocks_change_the_screen_is_drawn_once_a_second() -> None:
    picture = Picture()
    picture.see(*fleet_of(3))
    picture.shown.paint([])
    picture.times.now = 0.75
    assert picture.shown.paint([]) == ""
    picture.see(events.TrafficSeen(balancer="lb1", backends=(traffic("lb1", 3412),)))
    assert picture.shown.paint([]) == "", "a reading is drawn with the clocks"
    picture.sizes.append(Size(60, 24))
    assert "+1s" in picture.shown.paint([])


def test_the_frame_is_drawn_over_the_one_before() -> None:
    picture = Picture()
    picture.see(*fleet_of(3))
    height = picture.shown.paint([]).count("\n")
    picture.times.now = 1.0
    again = picture.shown.paint(["it happened\n"])
    assert again.startswith(f"\r\x1b[{height}Ait happened\x1b[K\n\x1b[K\n done ")


def test_a_terminal_made_narrower_has_wrapped_the_frame_before() -> None:
    picture = Picture()
    picture.see(*fleet_of(3))
    before = drawn_view(view_of(fleet_of(3)), WIDE)
    picture.shown.paint([])
    picture.sizes.append(Size(40, 24))
    picture.times.now = 1.0
    wrapped = sum(max(1, -(-len(line) // 40)) for line in before)
    assert wrapped > len(before)
    assert picture.shown.paint([]).startswith(f"\r\x1b[{wrapped}A")


def test_the_time_of_a_target_is_its_time_out_of_rotation_through_all_states() -> None:
    stream: list[Told] = [
        events.RolloutStarted(targets=("web1",), max_out=1, floor=""),
        (1.0, events.TargetClaimed(target="web1", servers=("app/web1@lb1",))),
        (2.0, events.TargetDraining(target="web1")),
        (60.0, events.TargetInMaint(target="web1")),
    ]
    (row,) = rows_of(drawn_view(view_of(stream, 62.0), WIDE))
    assert row.split()[:4] == ["web1", "in", "maint", "1m01s"]
    back = (70.0, events.TargetReturned(target="web1", watched=5.0))
    (row,) = rows_of(drawn_view(view_of([*stream, back], 73.0), WIDE))
    assert row.split()[:4] == ["web1", "in", "rotation", "1m09s"]
    assert row.endswith("serving, watched until stable; 2s left")


def test_the_time_of_a_target_that_failed_while_it_was_watched_goes_on() -> None:
    stream: list[Told] = [
        events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="1"),
        (0.0, events.TargetClaimed(target="web1", servers=("app/web1@lb1",))),
        (7.0, events.TargetReturned(target="web1")),
        (
            12.0,
            events.TargetLeftOut(
                target="web1", state="maint", reason="dead", asked=True, look="", seconds=7.0
            ),
        ),
    ]
    view = view_of(stream, 42.0)
    assert view.out_for("web1", view.summary.lines["web1"]) == 7.0 + 30.0


def test_the_last_frame_stays_and_the_account_follows_below() -> None:
    picture = Picture()
    picture.see(*fleet_of(1))
    picture.shown.finish(ended(account_of(fleet_of(1))), "\nthe account\n")
    last = picture.shown.paint(["it happened\n"])
    assert last.startswith("it happened\x1b[K\n")
    assert last.endswith("\x1b[K\n\x1b[J\nthe account\n")
    assert picture.shown.paint([]) == ""
    assert picture.shown.paint(["a warning\n"]) == "a warning\n"
    assert "Ctrl-C" not in last
    assert "+1s" in last


def test_only_what_matters_stays_on_the_screen() -> None:
    memory = Memory()
    broadcast = broadcast_to(Live(memory, Picture().shown))
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
    assert rows_of(drawn_view(view_of([started]), WIDE)) == ["web1  next", "web2  waiting"]
    halted = view_of([started, events.RolloutHalted(reason="web1: dead")])
    assert rows_of(drawn_view(halted, WIDE))[1].split() == ["web2", "not", "restarted"]


def test_a_cause_that_a_line_has_told_is_not_told_once_more() -> None:
    left = events.TargetLeftOut(target="web1", state="maint", reason="dead", asked=True, look="")
    halted = events.RolloutHalted(reason="web1: dead")
    memory = Memory()
    broadcast = broadcast_to(Live(memory, Picture().shown))
    for event in (events.RolloutStarted(targets=("web1",), max_out=1, floor=""), left, halted):
        broadcast.tell(event)
    assert memory.text.count("dead") == 1
    assert memory.text.endswith("rollout halted, no other host is restarted: web1 failed\n")


def preparing(*done: str) -> list[Told]:
    hosts = ("web1", "web2", "web3", "web4")
    return [
        events.DeployStarted(release="20261122193700", revision="a" * 40, hosts=hosts, fresh=True),
        (1.0, events.StepStarted(step="update_code", hosts=hosts)),
        (7.0, events.StepStarted(step="compile stylesheets", hosts=hosts)),
        *((8.0, events.StepDone(host=h, step="compile stylesheets", seconds=1.0)) for h in done),
    ]


def test_a_deploy_shows_its_release_and_its_steps_until_servers_are_taken_out() -> None:
    assert drawn_view(view_of(preparing("web1", "web4"), 48.0), WIDE) == [
        " release 20261122193700 (aaaaaaaaaaaa)   preparing",
        " code ✓6s  stylesheets ●41s  2 of 4  waits for web2, web3",
        "",
        " no host is out of rotation · +48s",
        "",
        " Ctrl-C: stop, and undo the release   Ctrl-C twice: stop now, undo nothing",
    ]


@pytest.mark.parametrize("columns", [30, 40, 60, 80])
def test_the_step_and_the_count_of_a_deploy_are_seen_on_any_terminal(columns: int) -> None:
    shown = drawn_view(view_of(preparing("web1"), 48.0), Size(columns + 1, 10))
    assert any("stylesheets ●41s  1 of 4" in line for line in shown)


def test_the_release_and_what_it_replaces_stand_above_the_servers() -> None:
    hosts = ("web1", "web2", "web3", "web4")
    in_place = events.ReleaseInPlace(
        release="20261122193700", before=dict.fromkeys(hosts, "20261101080000")
    )
    started = events.RolloutStarted(targets=hosts, max_out=1, floor="50%")
    stream = [*preparing(*hosts), (60.0, in_place), (60.0, started)]
    shown = drawn_view(view_of(stream, 61.0), WIDE)
    assert shown[:2] == [
        " release 20261122193700 (aaaaaaaaaaaa)   in place   replaces 20261101080000",
        " code ✓6s  stylesheets ✓53s",
    ]
    assert len(rows_of(shown)) == 4


def test_on_a_narrow_terminal_the_halt_is_seen_rather_than_the_time() -> None:
    started = events.RolloutStarted(targets=("web1", "web2", "web3"), max_out=1, floor="50%")
    view = view_of([started, events.RolloutHalted(reason="x")], 9.0)
    assert "0 of 3 · halted" in "".join(drawn_view(view, Size(30, 10)))


def test_until_a_host_is_touched_the_screen_says_what_goes_on() -> None:
    picture = Picture(meanwhile="looking at 3 hosts")
    assert " looking at 3 hosts … · +0s" in picture.shown.paint([])
    picture.times.now = 3.0
    assert " looking at 3 hosts … · +3s" in picture.shown.paint([])
    picture.shown.finish(ended(RunSummary()), "the summary\n")
    assert "looking" not in picture.shown.paint([])


def test_the_end_of_what_a_failed_build_printed_stays_on_the_screen() -> None:
    memory = Memory()
    broadcast = broadcast_to(Live(memory, Picture().shown, lambda: UNBROKEN))
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
    shown = drawn_view(view_of(stream, 9.0), Size(columns, rows))
    assert len(shown) <= max(1, rows - 1)
    assert all(cells(line) < max(2, columns) for line in shown)
