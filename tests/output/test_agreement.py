"""The four renderers are readings of one account, so no run makes two of them differ."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events
from rollout.events import Event
from rollout.output.cron import Cron
from rollout.output.jsonl import json_summary
from rollout.output.messages import RunResult
from rollout.output.report.headline import headline
from rollout.output.report.next_steps import BY_HAND
from rollout.output.report.report import standing_words, steps_of
from rollout.output.terminal import Size
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.output.recorded_runs import (
    RICH,
    UNBROKEN,
    Memory,
    account_of,
    broadcast_to,
    ending_of,
    unbroken,
)
from tests.output.screens import drawn

TARGETS = ("web1", "web2", "web3", "web4")
NAMES = st.sampled_from(TARGETS)
STEPS: st.SearchStrategy[Event] = st.one_of(
    NAMES.map(lambda n: events.TargetSkipped(target=n, reason="in maint")),
    NAMES.map(lambda n: events.TargetClaimed(target=n, servers=(f"app/{n}@lb1", f"app/{n}@lb3"))),
    NAMES.map(lambda n: events.TargetDraining(target=n)),
    NAMES.map(lambda n: events.TargetInMaint(target=n)),
    NAMES.map(lambda n: events.RestartAsked(target=n, instances=("a",))),
    NAMES.map(lambda n: events.InstanceRestarted(target=n, instance="a", pid=1)),
    NAMES.map(lambda n: events.TargetReturned(target=n)),
    NAMES.map(lambda n: events.TargetDone(target=n, seconds=1.0)),
    NAMES.map(lambda n: events.TargetNotStarted(target=n, reason="no room")),
    NAMES.map(lambda n: events.TargetReturnedUntouched(target=n, reason="halted")),
    st.builds(
        lambda n, s: events.TargetLeftOut(target=n, state=s, reason="dead", asked=True, look=""),
        NAMES,
        st.sampled_from(["maint", "drain", "ready", "unknown"]),
    ),
    st.just(events.StopRequested(by="SIGTERM")),
    st.sampled_from([130, 143]).map(lambda c: events.Interrupted(by="SIGTERM", exit_code=c)),
    st.just(events.RolloutHalted(reason="web2 failed")),
    st.just(events.RolloutFinished()),
)
STARTED = events.RolloutStarted(targets=TARGETS, max_out=1, floor="50%")
RUNS = st.lists(STEPS, max_size=12).map(lambda steps: (STARTED, *steps))

SAYS = {
    Exit.DONE: ("done. ", "nothing to do"),
    Exit.BUG: ("stopped by a bug",),
    Exit.HALTED: ("halted. ",),
    Exit.REDUCED: tuple(TARGETS),
    Exit.INTERRUPTED: ("interrupted by ",),
    Exit.TERMINATED: ("interrupted by ",),
}


@given(RUNS)
def test_the_voices_agree(stream: Sequence[Event]) -> None:
    ending = ending_of(stream)
    summary = ending.summary
    spelled = json.loads(json_summary(ending))
    assert spelled["exit_code"] == summary.exit_code == ending.exit_code
    assert headline(ending).startswith(SAYS[summary.exit_code])
    assert spelled["sentence"] in unbroken(ending)
    assert spelled["out"] == [t["target"] for t in spelled["targets"] if t["out"]]
    (done,) = (line for line in drawn(summary, Size(100, 24)) if line.startswith(" done "))
    assert f" · {len(spelled['out'])} out (max 1)" in done
    assert f"  {len(summary.named(TargetPhase.DONE))} of {len(summary.lines)} · " in done


@given(RUNS, st.sampled_from([None, Exit.BUG, Exit.USAGE, Exit.BUSY, Exit.REFUSED]))
def test_the_account_never_says_that_nobody_is_missing_when_somebody_is(
    stream: Sequence[Event], outside: Exit | None
) -> None:
    summary = account_of(stream)
    ending = RunResult(run="r", number=9, at="", summary=summary, seconds=1.0, outside=outside)
    said = unbroken(ending)
    if not summary.out:
        assert ending.exit_code is not Exit.REDUCED
        return
    assert ending.exit_code is Exit.REDUCED
    for comfort in ("all serving", "nobody is missing", "nothing was", "done. "):
        assert comfort not in said
    for name in summary.out:
        assert f"  {name}   {standing_words(summary.lines[name])}" in said
        assert name in next(line for line in said.splitlines() if "  bring back  # " in line)


@given(RUNS)
def test_cron_is_silent_exactly_when_the_exit_code_is_0(stream: Sequence[Event]) -> None:
    memory = Memory()
    broadcast = broadcast_to(Cron(memory, lambda: UNBROKEN))
    for event in stream:
        broadcast.tell(event)
    assert (broadcast.end().exit_code is Exit.DONE) == (memory.text == "")


def test_what_is_left_out_can_be_brought_back_with_what_the_account_says() -> None:
    by_hand = [step.command for step in steps_of(ending_of(RICH)) if step.label == BY_HAND]
    assert by_hand == [
        (
            "echo 'set server app/web2 state ready; set server static/web2 state ready'"
            " | socat stdio UNIX-CONNECT:/run/haproxy/admin.sock"
        ),
        (
            "echo 'set server app/web2 state ready' | ssh lb2 socat stdio"
            " UNIX-CONNECT:/run/haproxy/admin.sock"
        ),
    ]
    said = unbroken(ending_of(RICH))
    assert "  1  look        ssh web2 sudo -n monit status app2_1\n" in said
    assert "                 rollout show 5f0c21 --by-hand\n" in said
    assert "set server" not in said


def test_a_load_balancer_that_nobody_knows_how_to_reach_is_named() -> None:
    claimed = events.TargetClaimed(target="web1", servers=("app/web1@lb9",))
    said = [step.comment for step in steps_of(ending_of([STARTED, claimed]))]
    assert "web1 on the admin socket of lb9: set server app/web1 state ready" in said


@pytest.mark.parametrize("state", ["ready", "unknown", ""])
def test_a_target_that_is_not_seen_out_is_not_known_to_serve(state: str) -> None:
    left = events.TargetLeftOut(target="web1", state=state, reason="lost", asked=True, look="")
    assert headline(ending_of([STARTED, left])).startswith(
        "web1 is NOT KNOWN TO SERVE. That is 1 of 4 hosts."
    )


def test_a_bug_is_named_with_its_traceback_and_outranked_by_who_is_out() -> None:
    bug = RunResult(
        run="r", number=1, at="", summary=account_of([STARTED]), seconds=1.0,
        outside=Exit.BUG, cause="KeyError: 'x'", trace="/var/lib/rollout/trace",
    )  # fmt: skip
    assert bug.exit_code is Exit.BUG
    assert "KeyError: 'x'\n         the traceback is in /var/lib/rollout/trace\n" in unbroken(bug)


def test_a_long_fleet_does_not_bury_who_is_out() -> None:
    names = tuple(f"web{n}" for n in range(40))
    left = events.TargetLeftOut(target="web7", state="maint", reason="dead", asked=True, look="")
    said = unbroken(ending_of([events.RolloutStarted(targets=names, max_out=1, floor=""), left]))
    assert len(said.splitlines()) < 13
    assert "39 not restarted" in said


def test_skipped_servers_are_named_in_the_one_line_of_a_good_run() -> None:
    skipped = events.TargetSkipped(target="web9", reason="held in maint by somebody else")
    done = [events.TargetDone(target=name, seconds=9.0) for name in TARGETS]
    seen = events.FleetSeen(serving=TARGETS, taken={"web9": "app/web9@lb1 is in maint"})
    assert unbroken(ending_of([skipped, STARTED, *done, seen, events.RolloutFinished()])) == (
        "rollout: done. 4 of 5 hosts restarted in 1m12s, all others serving."
        " Skipped: web9 (held in maint by somebody else).\n"
    )
