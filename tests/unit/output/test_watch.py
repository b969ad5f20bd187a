"""What ``status --watch`` shows of a run under way, and when it shows it again."""

from dataclasses import replace

import pytest

from rollout.model.fleet import Admin
from rollout.model.lock_state import Kind, LockState, PastRun
from rollout.model.past_runs import UnfinishedRun
from rollout.output.terminal import Size
from rollout.output.watch import NO_RUN, facts, progress, redrawn, watch_text
from tests.support.left_out import ALICE, owned_target, reading, row, server
from tests.unit.output.test_status import SEEN, instance, status

OUT = (owned_target("web2"),)
HELD = LockState(place="lb1", owner=ALICE, owned_targets=OUT, seconds_since_heartbeat=2.0)
PAST = PastRun("a.jsonl", ALICE, "restart", targets=("web1", "web2", "web3"), done=("web1",))
RUN = UnfinishedRun(owner=ALICE, owned_targets=OUT, past=PAST, held=HELD)


def test_on_the_bastion_of_the_run_its_journal_says_how_far_it_is() -> None:
    assert progress([RUN]) == (
        "run a11ce0 of alice@bastion · 1 of 3 done · web2 out · sign of life 2s ago"
    )


def test_elsewhere_only_the_lock_is_seen_and_it_is_said_where_the_journal_lies() -> None:
    assert progress([replace(RUN, past=None)]) == (
        "run a11ce0 of alice@bastion · its journal is on bastion · web2 out · sign of life 2s ago"
    )


def test_a_pause_is_said_with_who() -> None:
    paused = replace(RUN, held=replace(HELD, paused="carol@b2"))
    assert progress([paused]) == (
        "run a11ce0 of alice@bastion · 1 of 3 done · web2 out · paused (carol@b2) · "
        "sign of life 2s ago"
    )


def test_a_run_that_has_begun_nothing_yet_has_no_count() -> None:
    early = replace(RUN, owned_targets=(), past=replace(PAST, targets=(), done=()))
    assert progress([early]) == "run a11ce0 of alice@bastion · no host out · sign of life 2s ago"


def test_of_a_dead_run_no_sign_of_life_is_told() -> None:
    assert progress([replace(RUN, certain=True)]).endswith(" · web2 out · it is over")


@pytest.mark.parametrize(
    "run",
    [
        replace(RUN, held=None),
        replace(RUN, owner=replace(ALICE, kind=Kind.MANUAL)),
    ],
)
def test_without_a_run_that_holds_the_lock_none_is_under_way(run: UnfinishedRun) -> None:
    assert progress([run]) == progress([]) == NO_RUN


def test_below_the_run_stands_what_status_says() -> None:
    text = watch_text(status(SEEN, RUN), "2026-11-29T00:10:00Z")
    assert text.startswith("2026-11-29T00:10:00Z  run a11ce0")
    assert "lb1/app  " in text


def test_a_text_is_new_where_a_fact_is_and_not_where_only_time_has_passed() -> None:
    first = facts(status(SEEN, RUN))
    later = replace(RUN, held=replace(HELD, seconds_since_heartbeat=4.0))
    assert facts(replace(status(SEEN, later), now=0.0)) == first
    others = (
        status(SEEN, replace(RUN, held=replace(HELD, paused="carol@b2"))),
        status(SEEN, replace(RUN, past=replace(PAST, done=("web1", "web2")))),
        status(SEEN, replace(RUN, owned_targets=())),
        status(SEEN, replace(RUN, certain=True)),
        status(SEEN),
        status(reading(row(server("web1"), Admin(0)), row(server("web2"), Admin(0))), RUN),
    )
    assert all(facts(other) != first for other in others)
    busy = status(SEEN, RUN)
    (host, *hosts) = busy.snapshot.hosts
    renewed = replace(host, instances=(instance("app", 99, 1.0),))
    snapshot = replace(busy.snapshot, hosts=(renewed, *hosts))
    assert facts(replace(busy, snapshot=snapshot)) != first


def test_a_screen_is_drawn_over_the_one_before_and_no_line_is_wrapped() -> None:
    drawn = redrawn("x" * 200 + "\nshort\n", Size(40, 10))
    assert drawn == f"\x1b[H{'x' * 38}…\x1b[K\nshort\x1b[K\x1b[J"


def test_what_a_small_terminal_cannot_show_is_counted() -> None:
    drawn = redrawn("\n".join(f"line {n}" for n in range(20)), Size(80, 6))
    assert drawn.count("\n") == 4  # print_output adds one more; the row below it is the sixth
    assert drawn.endswith("line 3\x1b[K\n… 16 more lines: `rollout status` shows all\x1b[K\x1b[J")
