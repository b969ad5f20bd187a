"""What the summary of a deploy tells to type does what it says, and to nobody else."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from rollout import events
from rollout.cli.app import app
from rollout.events import Event
from rollout.output.jsonl import json_summary
from rollout.output.messages import NextStepCommands
from rollout.output.report.command_line import about, leading_to
from rollout.output.report.counts import capacity
from tests.output.recorded_deploys import BEFORE, DEPLOYS, RELEASE, left_out, switched, taken_out
from tests.output.recorded_runs import HINTS, STILL_OUT, ending_of, unbroken
from tests.support.advice import steps_in

TYPED = ("rollout", "--config", "my shop.toml", "deploy", "--ref", "v2.3")


def steps(
    stream: Sequence[Event], *, again: Sequence[str] = (), hints: NextStepCommands = HINTS
) -> dict[str, list[str]]:
    """Return what the summary tells to type, without remarks, by its label."""
    ending = replace(ending_of(stream), hints=replace(hints, again=tuple(again)))
    found: dict[str, list[str]] = {}
    for label, line in steps_in(unbroken(ending)):
        found.setdefault(label, []).append(line)
    return found


def halted_at(
    out: Sequence[str], hosts: Sequence[str], before: Mapping[str, str], *, fresh: bool = True
) -> tuple[Event, ...]:
    """A deploy that left ``out`` out, all in one wave, and stopped there."""
    return (
        events.DeployStarted(release=RELEASE, revision="", hosts=tuple(hosts), fresh=fresh),
        *switched(hosts),
        events.ReleaseInPlace(release=RELEASE, before=before),
        events.RolloutStarted(targets=tuple(hosts), max_out=2, floor="0"),
        *(event for name in out for event in (*taken_out(name), left_out(name))),
        events.RolloutHalted(reason="it did not come up"),
    )


def test_after_a_run_about_one_host_nothing_is_told_that_would_touch_others() -> None:
    alone = halted_at(["web1"], ["web1"], {"web1": BEFORE})
    typed = steps(alone, again=(*TYPED, "--hosts", "web1"))
    assert set(typed) == {"look", "old code", "bring back", "or by hand", "more"}


def test_a_run_that_went_wrong_names_last_what_explains_its_exit_code() -> None:
    wrong = [name for name, stream in DEPLOYS.items() if ending_of(stream).exit_code]
    named = {name: list(steps(DEPLOYS[name]).items())[-1] for name in wrong}
    assert {label for label, _ in named.values()} == {"more"}
    assert named["left-out"] == ("more", ["rollout explain 6"])
    assert named["rolled-back"] == ("more", ["rollout explain 7"])
    assert named["interrupted"] == ("more", ["rollout explain 130"])
    carried = steps(DEPLOYS["left-out"], hints=replace(HINTS, rollout="rollout --env staging"))
    for line in (*carried["more"], *named["rolled-back"][1]):
        assert CliRunner().invoke(app, shlex.split(line)[1:]).stdout.startswith("# Exit ")


@pytest.mark.parametrize("selected", [("--hosts", "web1,web2,web3"), ("--exclude=web4",), ()])
def test_the_others_of_a_run_are_named_and_go_on_as_it_was_typed(selected: tuple[str, ...]) -> None:
    three = ["web1", "web2", "web3"]
    typed = steps(halted_at(["web1"], three, dict.fromkeys(three, BEFORE)), again=TYPED + selected)
    assert typed["go on"] == [
        "rollout --config 'my shop.toml' deploy --ref v2.3 --hosts web2,web3",
    ]
    assert typed["or back"] == [f"rollout rollback --to {BEFORE} --hosts web2,web3"]


def test_a_deploy_that_was_stopped_goes_on_with_the_same_release() -> None:
    """What `rollout abort` answers: `rollout resume` restarts what is left."""
    assert steps(DEPLOYS["stopped"], again=TYPED)["go on"] == ["rollout resume"]
    assert steps(DEPLOYS["build-failed"], again=TYPED)["once fixed"] == [shlex.join(TYPED)]


def test_each_host_goes_back_to_the_release_that_it_had() -> None:
    hosts = ["web1", "web2", "web3", "web4", "web5"]
    before = {"web1": BEFORE, "web2": "20250101000000", "web3": BEFORE, "web4": BEFORE, "web5": ""}
    assert steps(halted_at(["web1"], hosts, before))["or back"] == [
        "rollout rollback --to 20250101000000 --hosts web2",
        f"rollout rollback --to {BEFORE} --hosts web3,web4",
    ]
    assert "or back" not in steps(halted_at(["web1"], hosts, {}))


def test_a_host_on_which_nothing_has_moved_so_far_has_no_way_back_to_go() -> None:
    hosts = ["web1", "web2"]
    stream = halted_at(["web1"], hosts, dict.fromkeys(hosts, BEFORE))
    unmoved = [e for e in stream if getattr(e, "host", "") != "web2"]  # it would have in its turn
    assert "or back" not in steps(unmoved)
    assert steps(unmoved)["once fixed"] == ["rollout uninterrupted --include-left-out"]


def test_what_still_runs_the_new_release_where_current_is_back_is_only_restarted() -> None:
    on_it = events.TargetDone(target="web2", seconds=1.0, release=RELEASE)
    back = events.CurrentRestored(host="web2")
    both = dict.fromkeys(["web1", "web2"], BEFORE)
    stream = (*halted_at(["web1"], ["web1", "web2"], both), on_it, back)
    assert steps(stream)["or back"] == ["rollout restart --hosts web2"]


@pytest.mark.parametrize(
    "name", [name for name, told in DEPLOYS.items() if ending_of(told).exit_code]
)
def test_what_has_a_number_is_in_place_of_nothing(name: str) -> None:
    """After a rollback that halted there is no way on that `or back` could be the other one of."""
    lines = unbroken(ending_of(DEPLOYS[name])).splitlines()
    numbered = [line for line in lines if re.match(r"  [1-9]  [a-z]", line)]
    assert numbered
    assert not [line for line in numbered if line[5:].startswith("or ")]


def test_a_rollback_goes_on_to_the_release_that_it_had_chosen() -> None:
    hosts = ["web1", "web2"]
    stream = halted_at(["web1"], hosts, dict.fromkeys(hosts, BEFORE), fresh=False)
    typed = steps(stream, again=("rollout", "rollback", "--max-out=2"))
    assert typed["go on"] == [f"rollout rollback --max-out=2 --to {RELEASE} --hosts web2"]


def test_what_was_selected_is_replaced_however_it_was_spelled() -> None:
    words = ("rollout", "deploy", "--hosts=a", "--ref", "x", "--exclude", "b", "--hosts", "c")
    assert about(words, ["d", "e"]) == ("rollout", "deploy", "--ref", "x", "--hosts", "d,e")
    assert leading_to(("rollout", "rollback", "--to=1"), "2") == (
        "rollout",
        "rollback",
        "--to",
        "2",
    )


def test_a_host_that_may_come_up_as_the_release_that_failed_can_be_put_back() -> None:
    old = f"rollout rollback --to {BEFORE} --hosts web2 --include-left-out"
    ending = ending_of(DEPLOYS["left-out"])
    said_of_it = unbroken(ending)
    assert (
        f"  2  old code    # web2 comes back on the release before\n{' ' * 17}{old}\n" in said_of_it
    )
    assert "     bring back  # web2, once every instance" in said_of_it, "one or the other"
    labels = list(steps(DEPLOYS["left-out"]))
    assert labels.index("old code") < labels.index("bring back")
    targets = {t["target"]: t for t in json.loads(json_summary(ending))["targets"]}
    assert targets["web2"]["old_code"] == old
    assert "old_code" not in targets["web1"]
    assert json.loads(json_summary(ending))["deploy"]["before"]["web2"] == BEFORE


def test_nothing_is_put_back_twice_or_where_nothing_was() -> None:
    assert "old code" not in steps(DEPLOYS["rollback-halted"])
    assert "old code" not in steps(halted_at(["web1"], ["web1"], {"web1": ""}))
    instances = ["web1/app_8000", "web1/app_8001"]
    begun, *rest = halted_at(instances, ["web1"], {"web1": BEFORE})
    started = events.RolloutStarted(targets=tuple(instances), max_out=2, floor="0")
    stream = [begun, *(started if isinstance(e, events.RolloutStarted) else e for e in rest)]
    assert len(steps(stream)["old code"]) == 1
    assert set(steps(stream)) == {"look", "old code", "bring back", "or by hand", "more"}


def test_a_host_that_was_not_asked_to_restart_is_given_back_and_not_taken_elsewhere() -> None:
    stream = halted_at([], ["web1"], {"web1": BEFORE})
    claimed = events.TargetClaimed(target="web1", servers=("app/web1@lb1",))
    said_of_it = unbroken(ending_of([*stream, claimed]))
    assert "old code" not in said_of_it
    assert "bring back  # web1, at once: never asked to restart\n" in said_of_it


def test_the_release_that_was_taken_back_is_said_to_be_kept() -> None:
    said_of_it = unbroken(ending_of(DEPLOYS["rolled-back"]))
    assert f"kept:   release {RELEASE}, marked bad; its app's own log tells why" in said_of_it
    assert "web3   not restarted   `current` is as it was before\n" in said_of_it
    assert "kept:" not in unbroken(ending_of(DEPLOYS["never-restarted"]))


def failed(host: str, *tail: str, log: str = "/srv/my shop/.rollout/log/1.css.log") -> Event:
    return events.StepFailed(host=host, step="compile css", reason="exit 1", tail=tail, log=log)


def begun_on(*hosts: str) -> Event:
    return events.DeployStarted(release="1", revision="", hosts=hosts, fresh=True)


TAKEN_BACK = events.DeployTakenBack(release="1", reason="compile css")


def test_hosts_that_failed_are_named_as_the_fleet_stands() -> None:
    hosts = ("web1", "web2", "web3")
    stream = [begun_on(*hosts), *map(failed, reversed(hosts)), TAKEN_BACK]
    said_of_it = unbroken(ending_of(stream))
    assert "compile css failed on web1, web2, web3." in said_of_it
    assert "  web1, web2, web3   failed at compile css   exit 1\n" in said_of_it
    spelled = json.loads(json_summary(ending_of(stream)))
    assert [failure["host"] for failure in spelled["deploy"]["failed"]] == list(hosts)


def test_the_account_repeats_the_end_of_what_a_failed_step_printed() -> None:
    lines = [f"line {number} \x1b[31mred" for number in range(9)]
    stream = [begun_on("web1", "web2"), failed("web1", *lines), failed("web2"), TAKEN_BACK]
    shown = [x.partition("| ")[2] for x in unbroken(ending_of(stream)).splitlines() if "   | " in x]
    assert shown == [
        *(f"line {number} red" for number in range(4, 9)),
        "(web1; others printed something else)",
    ]


@pytest.mark.parametrize(
    ("host", "ssh", "typed"),
    [
        ("web1", "ssh -l deploy", "ssh -l deploy web1 tail -n 50 {twice}"),
        ("bastion", "ssh -l deploy", "tail -n 50 {once}"),
        ("web1", "", "{log} on web1"),
    ],
)
def test_the_whole_log_of_a_failed_step_can_be_seen(host: str, ssh: str, typed: str) -> None:
    log = "/srv/my shop/.rollout/log/1.css.log"
    once = shlex.quote(log)
    stream = [begun_on("web1"), failed(host, log=log), TAKEN_BACK]
    assert steps(stream, hints=NextStepCommands(ssh=ssh))["log"] == [
        typed.format(log=log, once=once, twice=shlex.quote(once))
    ]


def test_a_recovery_counts_in_the_whole_fleet() -> None:
    summary = replace(ending_of(STILL_OUT).summary, fleet=7)
    assert capacity(summary) == " That is 1 of 7 hosts."
    assert capacity(replace(summary, rolling=True)) == " That is 1 of 3 hosts."
