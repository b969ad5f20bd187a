"""A deploy is told by four renderers, and no run of one makes two of them differ."""

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events
from rollout.events import Event
from rollout.output.cron import Cron
from rollout.output.jsonl import json_summary
from rollout.output.messages import NextStepCommands, RunResult
from rollout.output.report.deploy_headline import runs_new, runs_old
from rollout.output.report.headline import headline
from rollout.output.terminal import Size
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetPhase, TargetSummary
from tests.output.recorded_deploys import BEFORE, DEPLOYS, HOSTS, RELEASE, REVISION
from tests.output.recorded_runs import (
    UNBROKEN,
    Memory,
    account_of,
    broadcast_to,
    ending_of,
    unbroken,
)
from tests.output.screens import drawn
from tests.output.test_agreement import NAMES, STEPS

STEPS_OF_A_DEPLOY: st.SearchStrategy[Event] = st.one_of(
    st.just(events.StepStarted(step="compile", hosts=HOSTS)),
    NAMES.map(lambda n: events.StepDone(host=n, step="compile", seconds=1.0)),
    NAMES.map(lambda n: events.StepFailed(host=n, step="compile", reason="exit 1", tail=("x",))),
    NAMES.map(lambda n: events.CurrentSwitching(host=n, release=RELEASE)),
    NAMES.map(lambda n: events.CurrentSwitched(host=n, release=RELEASE)),
    NAMES.map(lambda n: events.CurrentRestored(host=n)),
    NAMES.map(lambda n: events.ReleaseDiscarded(host=n, release=RELEASE)),
    st.builds(
        lambda n, live: events.UndoFailed(host=n, reason="lost", live=live), NAMES, st.booleans()
    ),
    st.just(events.DeployTakenBack(release=RELEASE, reason="compile: web2: exit 1")),
    st.just(events.ReleaseInPlace(release=RELEASE)),
    st.just(events.RolloutStarted(targets=HOSTS, max_out=1, floor="50%")),
    st.builds(
        lambda n, r: events.TargetDone(target=n, seconds=1.0, release=r),
        NAMES,
        st.sampled_from([RELEASE, BEFORE]),
    ),
    st.just(events.DeployFinished(release=RELEASE, revision=REVISION)),
    NAMES.map(lambda n: events.RollbackStarted(release=RELEASE, targets=(n,), reason="dead")),
    st.just(events.RollbackHalted(reason="web2: dead as well")),
    st.just(events.RollbackFinished(release=RELEASE)),
    st.just(events.HookRan(hook="after", ok=False, message="no")),
)
BEGIN = events.DeployStarted(release=RELEASE, revision=REVISION, hosts=HOSTS, fresh=True)
RUNS = st.lists(st.one_of(STEPS_OF_A_DEPLOY, STEPS), max_size=14).map(lambda s: (BEGIN, *s))

SAYS = {
    Exit.DONE: ("done. ",),
    Exit.BUG: ("stopped by a bug",),
    Exit.HALTED: ("halted. ", "the rollback from release"),
    Exit.ROLLED_BACK: ("rolled back. ", "rolled back before any host was "),
    Exit.INTERRUPTED: ("interrupted by ",),
    Exit.TERMINATED: ("interrupted by ",),
    Exit.REDUCED: (*HOSTS, f"release {RELEASE} may still be live on "),
}


@given(RUNS)
def test_the_voices_agree_about_a_deploy(stream: Sequence[Event]) -> None:
    ending = ending_of(stream)
    summary = ending.summary
    spelled = json.loads(json_summary(ending))
    assert spelled["exit_code"] == summary.exit_code == ending.exit_code
    assert headline(ending).startswith(SAYS[summary.exit_code])
    assert spelled["sentence"] in unbroken(ending)
    deploy = spelled["deploy"]
    assert deploy["phase"] == summary.deploy.phase.value
    assert set(deploy["moved"]) == summary.deploy.moved
    first, *rest = drawn(summary, Size(200, 24))
    assert RELEASE in first
    if summary.deploy.phase is not Phase.PREPARING:
        assert deploy["phase"].replace("taken back", "undone") in first
    if summary.lines:
        assert any(f"{len(spelled['out'])} out" in line for line in rest)


@given(RUNS, st.sampled_from([None, Exit.BUG, Exit.REFUSED]))
def test_the_account_never_comforts_while_a_host_is_missing_or_not_taken_back(
    stream: Sequence[Event], outside: Exit | None
) -> None:
    summary = account_of(stream)
    ending = RunResult(run="r", number=9, at="", summary=summary, seconds=1.0, outside=outside)
    text = unbroken(ending)
    if not summary.out and not summary.deploy.unrestored:
        assert ending.exit_code is not Exit.REDUCED
        return
    assert ending.exit_code is Exit.REDUCED
    for comfort in ("all serving", "nobody is missing", "as it was on", "everywhere again"):
        assert comfort not in text
    for name in summary.out:
        assert re.search(rf"bring back +# .*\b{name}\b.*\n +rollout recover\n", text)
    for host in summary.deploy.unrestored:
        assert re.search(rf"  {host} +not undone +lost", text)
        assert f"rollout releases --hosts {host}\n" in text


@given(RUNS)
def test_nothing_is_called_live_or_undone_that_may_not_be(stream: Sequence[Event]) -> None:
    ending = ending_of(stream)
    sentence = headline(ending)
    if "as it was on every host" in sentence or "live again on every host" in sentence:
        assert ending.exit_code is Exit.ROLLED_BACK
        assert not ending.summary.deploy.unrestored
    if " is live on " in sentence:
        assert ending.exit_code is Exit.DONE


@given(RUNS)
def test_cron_says_nothing_only_about_a_deploy_that_went_well(stream: Sequence[Event]) -> None:
    memory = Memory()
    broadcast = broadcast_to(Cron(memory, lambda: UNBROKEN))
    for event in stream:
        broadcast.tell(event)
    if broadcast.end().exit_code is not Exit.DONE:
        assert memory.text
    else:
        assert memory.text.count("\n") <= 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("deployed", 0), ("made-live-again", 0), ("build-failed", 7), ("rolled-back", 7),
        ("never-restarted", 7), ("rollback-halted", 6), ("undo-failed", 6), ("left-out", 6),
        ("stopped", 5), ("interrupted", 130),
    ],
)  # fmt: skip
def test_each_way_a_deploy_can_end_has_its_exit_code(name: str, code: int) -> None:
    assert ending_of(DEPLOYS[name]).exit_code == code


@pytest.mark.parametrize("name", ["deployed", "made-live-again"])
def test_the_account_of_a_good_deploy_is_one_line(name: str) -> None:
    assert unbroken(ending_of(DEPLOYS[name])).count("\n") == 1


def test_cron_is_silent_about_a_good_deploy_unless_a_hook_failed_after_it() -> None:
    for name, lines in (("made-live-again", 0), ("deployed", 1)):
        memory = Memory()
        broadcast = broadcast_to(Cron(memory, lambda: UNBROKEN))
        for event in DEPLOYS[name]:
            broadcast.tell(event)
        broadcast.end()
        assert memory.text.count("\n") == lines


def test_what_shows_current_is_what_the_door_said_to_type() -> None:
    summary = account_of(DEPLOYS["undo-failed"])
    hints = NextStepCommands(
        see_current="ssh -l deploy {host} readlink /srv/shop/current",
        rollout="rollout --config /etc/shop.toml",
    )
    ending = RunResult(run="r", number=1, at="", summary=summary, seconds=1.0, hints=hints)
    assert "ssh -l deploy web2 readlink /srv/shop/current\n" in unbroken(ending)
    assert " rollout --config /etc/shop.toml uninterrupted\n" in unbroken(ending)


def test_a_server_that_may_come_back_as_new_code_by_itself_is_named() -> None:
    said_of_it = unbroken(ending_of(DEPLOYS["stopped"]))
    assert "`current` leads to the new release on web2, web3, web4" in said_of_it


def test_a_server_that_was_skipped_is_said_not_to_be_on_the_release() -> None:
    held = events.TargetSkipped(target="web9", reason="app/web9@lb1 is in maint, not by rollout")
    said_of_it = unbroken(ending_of([held, *DEPLOYS["made-live-again"]]))
    assert "is live again on 4 of 5 hosts" in said_of_it
    assert said_of_it.endswith(
        "Skipped, not on this release: web9 (app/web9@lb1 is in maint, not by rollout).\n"
    )


@pytest.mark.parametrize("phase", ["ROLLED_BACK", "TAKEN_BACK"])
def test_a_bug_while_something_is_not_taken_back_is_still_exit_6(phase: str) -> None:
    name = {"ROLLED_BACK": "rollback-halted", "TAKEN_BACK": "undo-failed"}[phase]
    summary = account_of(DEPLOYS[name])
    ending = RunResult(run="r", number=1, at="", summary=summary, seconds=1.0, outside=Exit.BUG)
    assert ending.exit_code is Exit.REDUCED


def test_who_went_back_to_nothing_is_said_to_run_what_it_runs() -> None:
    given_back = TargetSummary(TargetPhase.GIVEN_BACK, release="20261122193700")
    never = TargetSummary(TargetPhase.UNTOUCHED)
    lines = {"web1": given_back, "web2": never}
    summary = RunSummary(lines=lines, started=True, deploy=DeploySummary(release="20261122193700"))
    assert runs_new(summary) == ("web1",)
    assert runs_old(summary) == ("web2",)
