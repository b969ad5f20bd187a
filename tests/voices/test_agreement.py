"""The four voices are readings of one account, so no run makes two of them differ."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events as told
from rollout.events import Event
from rollout.ledger import Exit
from rollout.render.account import account
from rollout.render.consequence import consequence
from rollout.render.cron import Cron
from rollout.render.frame import Size, frame
from rollout.render.jsonl import json_account
from rollout.render.told import Ending
from rollout.standings import Standing
from tests.voices.recorded import RICH, Memory, account_of, broadcast_to, ending_of

TARGETS = ("web1", "web2", "web3", "web4")
NAMES = st.sampled_from(TARGETS)
STEPS: st.SearchStrategy[Event] = st.one_of(
    NAMES.map(lambda n: told.TargetSkipped(target=n, because="in maint")),
    NAMES.map(lambda n: told.TargetClaimed(target=n, seats=(f"app/{n}@lb1", f"app/{n}@lb3"))),
    NAMES.map(lambda n: told.TargetDraining(target=n)),
    NAMES.map(lambda n: told.TargetInMaint(target=n)),
    NAMES.map(lambda n: told.RestartAsked(target=n, instances=("a",))),
    NAMES.map(lambda n: told.InstanceReborn(target=n, instance="a", pid=1)),
    NAMES.map(lambda n: told.TargetReturned(target=n)),
    NAMES.map(lambda n: told.TargetDone(target=n, seconds=1.0)),
    NAMES.map(lambda n: told.TargetNotTaken(target=n, because="no room")),
    NAMES.map(lambda n: told.TargetGivenBack(target=n, because="halted")),
    st.builds(
        lambda n, s: told.TargetLeftOut(target=n, state=s, because="dead", asked=True, look=""),
        NAMES,
        st.sampled_from(["maint", "drain", "ready", "unknown"]),
    ),
    st.just(told.StopRequested(by="SIGTERM")),
    st.sampled_from([130, 143]).map(lambda c: told.Interrupted(by="SIGTERM", exit_code=c)),
    st.just(told.RolloutHalted(because="web2 failed")),
    st.just(told.RolloutFinished()),
)
STARTED = told.RolloutStarted(targets=TARGETS, max_out=1, floor="50%")
RUNS = st.lists(STEPS, max_size=12).map(lambda steps: (STARTED, *steps))

SAYS = {
    Exit.DONE: ("done. ", "nothing to do"),
    Exit.BUG: ("stopped by a bug",),
    Exit.HALTED: ("halted. ",),
    Exit.REDUCED: ("halted", "finished, but not whole", "interrupted", "stopped by a bug"),
    Exit.INTERRUPTED: ("interrupted by ",),
    Exit.TERMINATED: ("interrupted by ",),
}


@given(RUNS)
def test_the_voices_agree(events: Sequence[Event]) -> None:
    ending = ending_of(events)
    ledger = ending.ledger
    spelled = json.loads(json_account(ending))
    assert spelled["exit_code"] == ledger.exit_code == ending.exit_code
    assert consequence(ending).startswith(SAYS[ledger.exit_code])
    assert spelled["sentence"] in account(ending)
    assert spelled["out"] == [t["target"] for t in spelled["targets"] if t["out"]]
    last = frame(ledger, 1.0, {}, 0.0, Size(80, 24))[-1]
    assert f"{len(spelled['out'])} out (at most 1)" in last
    assert f"{len(ledger.named(Standing.DONE))} of {len(ledger.lines)} done" in last


@given(RUNS, st.sampled_from([None, Exit.BUG, Exit.USAGE, Exit.BUSY, Exit.REFUSED]))
def test_the_account_never_says_that_nobody_is_missing_when_somebody_is(
    events: Sequence[Event], outside: Exit | None
) -> None:
    ledger = account_of(events)
    ending = Ending(run="r", number=9, at="", ledger=ledger, seconds=1.0, outside=outside)
    said = account(ending)
    if not ledger.out:
        assert ending.exit_code is not Exit.REDUCED
        return
    assert ending.exit_code is Exit.REDUCED
    for comfort in ("none missing", "nobody is missing", "nothing was", "done. "):
        assert comfort not in said
    for name in ledger.out:
        assert f"  {name}   {ledger.lines[name].standing}" in said
        assert name in next(line for line in said.splitlines() if "bring back:" in line)


@given(RUNS)
def test_cron_is_silent_exactly_when_the_exit_code_is_0(events: Sequence[Event]) -> None:
    memory = Memory()
    broadcast = broadcast_to(Cron(memory))
    for event in events:
        broadcast.tell(event)
    assert (broadcast.end().exit_code is Exit.DONE) == (memory.text == "")


def test_what_is_left_out_can_be_brought_back_with_what_the_account_says() -> None:
    said = account(ending_of(RICH))
    assert (
        "echo 'set server app/web2 state ready; set server static/web2 state ready'"
        " | socat stdio UNIX-CONNECT:/run/haproxy/admin.sock   # web2\n"
    ) in said
    assert "echo 'set server app/web2 state ready' | ssh lb2 socat stdio" in said
    assert "look:         ssh web2 sudo -n monit status app2_1\n" in said


def test_a_load_balancer_that_nobody_knows_how_to_reach_is_named() -> None:
    claimed = told.TargetClaimed(target="web1", seats=("app/web1@lb9",))
    said = account(ending_of([STARTED, claimed]))
    assert "on the admin socket of lb9: set server app/web1 state ready" in said


@pytest.mark.parametrize("state", ["ready", "unknown", ""])
def test_a_target_that_is_not_seen_out_is_not_known_to_serve(state: str) -> None:
    left = told.TargetLeftOut(target="web1", state=state, because="lost", asked=True, look="")
    assert "1 of 4 servers is not known to serve" in consequence(ending_of([STARTED, left]))


def test_a_bug_is_named_with_its_traceback_and_outranked_by_who_is_out() -> None:
    bug = Ending(
        run="r", number=1, at="", ledger=account_of([STARTED]), seconds=1.0,
        outside=Exit.BUG, cause="KeyError: 'x'", trace="/var/lib/rollout/trace",
    )  # fmt: skip
    assert bug.exit_code is Exit.BUG
    assert "KeyError: 'x'\n         the traceback is in /var/lib/rollout/trace\n" in account(bug)


def test_a_long_fleet_does_not_bury_who_is_out() -> None:
    names = tuple(f"web{n}" for n in range(40))
    left = told.TargetLeftOut(target="web7", state="maint", because="dead", asked=True, look="")
    said = account(ending_of([told.RolloutStarted(targets=names, max_out=1, floor=""), left]))
    assert len(said.splitlines()) < 12
    assert "39 untouched" in said


def test_skipped_servers_are_named_in_the_one_line_of_a_good_run() -> None:
    skipped = told.TargetSkipped(target="web9", because="held in maint by somebody else")
    done = [told.TargetDone(target=name, seconds=9.0) for name in TARGETS]
    seen = told.FleetSeen(serving=TARGETS, taken={"web9": "app/web9@lb1 is in maint"})
    assert account(ending_of([skipped, STARTED, *done, seen, told.RolloutFinished()])) == (
        "rollout: done. 4 of 5 servers restarted in 1m12s, none missing because of us."
        " Skipped: web9 (held in maint by somebody else).\n"
    )
