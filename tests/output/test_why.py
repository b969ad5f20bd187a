"""Why a host is as it is: by the journals, newest first, and by what HAProxy says now."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rollout import events
from rollout.adapters.journal.past_journals import PastJournals
from rollout.events import Event
from rollout.history.fold import fold_run
from rollout.history.host import FEW, runs_of_host
from rollout.history.later import later_runs
from rollout.history.record import RunRecord
from rollout.history.view import RunView
from rollout.model.findings import BalancerCheck, FleetSnapshot
from rollout.model.fleet import Admin, BalancerSnapshot, Finding
from rollout.model.past_runs import UnfinishedRun
from rollout.output.status import FleetStatus
from rollout.output.why import HostStory, why_json, why_text
from tests.output.recorded_runs import BEGAN, UNBROKEN
from tests.support.left_out import BOB, owned_target, reading, row, server
from tests.support.past_runs import began_line, play, write_journal

STARTED = events.RolloutStarted(targets=("web1", "web2"), max_out=1, floor="1")
SERVERS = ("app/web2@lb1",)


def out(name: str = "web2") -> tuple[Event, ...]:
    return (
        events.TargetClaimed(target=name, servers=SERVERS),
        events.TargetInMaint(target=name),
        events.RestartAsked(target=name, instances=("app_1",)),
    )


RESTARTED = (
    BEGAN,
    STARTED,
    *out(),
    events.TargetReturned(target="web2"),
    events.TargetDone(target="web2", seconds=31.0),
    events.RolloutFinished(),
)
LEFT = (
    STARTED,
    *out(),
    events.TargetLeftOut(target="web2", state="maint", reason="no answer", asked=True, look=""),
    events.RolloutHalted(reason="web2"),
)


def story(state: Path, *streams: Sequence[Event], alive: bool = False) -> HostStory:
    """Tell what runs, the oldest first, did to web2."""
    records: list[RunRecord] = []
    for number, stream in enumerate(streams, 1):
        run = f"{number:06x}"
        text, _ = play(stream, run, minutes=number)
        text = text if not alive or number < len(streams) else text.rpartition("\n{")[0] + "\n"
        write_journal(state, number, run, began_line(run) + text)
    journals = PastJournals([state], "shop")
    views: list[RunView] = []
    for name in journals.names():
        record = fold_run(name.run, journals.lines(name))
        assert record is not None
        later = later_runs(record, reversed(records))
        views.append(RunView(record=record, later=later, is_alive=alive and not views))
        records.append(record)
    return HostStory(host="web2", runs=tuple(runs_of_host(views, "web2")))


def with_haproxy(told: HostStory, admin: Admin) -> HostStory:
    seen: BalancerSnapshot = reading(row(server("web2"), admin=admin))
    snapshot = FleetSnapshot(hosts=(), balancers=(BalancerCheck(balancer="lb1", reading=seen),))
    rows = {"web2": [*seen.servers.values()]}
    return HostStory(
        host="web2", runs=told.runs, status=FleetStatus(snapshot=snapshot, servers=rows)
    )


def test_a_host_that_is_out_is_so_because_of_the_last_run_that_left_it(tmp_path: Path) -> None:
    said = why_text(story(tmp_path, RESTARTED, LEFT), UNBROKEN)
    assert said.startswith(
        "web2 is out of rotation because of run 000002 of root@bastion1 (by alice, from "
        "192.0.2.7) since 2026-11-22 19:02:02.250Z: no answer; `rollout recover` brings it back\n"
        "web2 was last restarted by run 000001 of root@bastion1 (by alice, from 192.0.2.7) at "
        '2026-11-22 19:01:06.250Z, out 3.0s: "leaking workers"\n'
    )
    assert said.count("not back") == 1


def test_a_run_that_is_under_way_is_not_to_be_recovered(tmp_path: Path) -> None:
    said = why_text(story(tmp_path, RESTARTED, LEFT[:-2], alive=True), UNBROKEN)
    assert "because of run 000002 of " in said
    assert "; the run is under way: restarting" in said
    assert "rollout recover" not in said


def test_a_host_that_was_recovered_since_is_not_out(tmp_path: Path) -> None:
    back = (
        events.RecoveryStarted(of="000002", targets=("web2",), asked=("web2",)),
        events.TargetAdopted(target="web2", servers=(), asked=True, since="2026-11-22T19:02:02Z"),
        events.TargetReturned(target="web2"),
        events.TargetRecovered(target="web2", restarted=True),
        events.RecoveryFinished(),
    )
    told = story(tmp_path, RESTARTED, LEFT, back)
    said = why_text(told, UNBROKEN)
    assert said.startswith("web2 was last restarted by run 000003 of root@bastion1")
    assert "is out" not in said
    assert "not back" not in said
    assert json.loads(why_json(told))["out"] == {}


def test_what_no_run_has_taken_out_is_said_to_be_out_from_outside(tmp_path: Path) -> None:
    told = with_haproxy(story(tmp_path, RESTARTED), Admin.FORCED_MAINT)
    said = why_text(told, UNBROKEN)
    assert "app/web2@lb1 is out of rotation, and no run has taken it out\n" in said
    assert "not serving  not by rollout\n" in said
    (row_said,) = json.loads(why_json(told))["servers"]
    assert (row_said["out"], row_said["serving"], row_said["because_of"]) == (True, False, None)
    serving = why_text(with_haproxy(story(tmp_path, RESTARTED), Admin(0)), UNBROKEN)
    assert "now  app/web2@lb1  UP  serving\n" in serving


def test_what_haproxy_shows_serving_is_not_said_to_be_out(tmp_path: Path) -> None:
    left = with_haproxy(story(tmp_path / "over", LEFT), Admin(0))
    said = why_text(left, UNBROKEN)
    assert said.startswith(
        "web2 serves now; run 000001 of root@bastion1 (by alice, from 192.0.2.7) took it out at "
        "2026-11-22 19:01:02.250Z and left it so: no answer\n"
    )
    assert "is out of rotation" not in said
    assert json.loads(why_json(left))["out"]["web2"]["serving"] is True
    going = with_haproxy(story(tmp_path / "going", LEFT[:2], alive=True), Admin(0))
    assert "web2 serves now; run 000001 of root@bastion1" in why_text(going, UNBROKEN)
    held = with_lock(story(tmp_path / "held", LEFT), of_run("000001"))
    assert why_text(held, UNBROKEN).startswith("web2 is out of rotation because of run 000001 ")
    assert json.loads(why_json(held))["out"]["web2"]["serving"] is False


def of_run(run: str, *, certain: bool = True) -> UnfinishedRun:
    """A run of another machine that the lock says to have web2 out."""
    out = (owned_target("web2"),)
    return UnfinishedRun(owner=replace(BOB, run=run), owned_targets=out, certain=certain)


def with_lock(told: HostStory, *runs: UnfinishedRun) -> HostStory:
    told = with_haproxy(told, Admin.FORCED_MAINT)
    assert told.status is not None
    return replace(told, status=replace(told.status, runs=runs))


def out_sentences(said: str) -> list[str]:
    return [line for line in said.partition("\n\n")[0].splitlines() if " out of rotation" in line]


JOURNAL = "run 000001 of root@bastion1 (by alice, from 192.0.2.7)"
SINCE = "since 2026-11-22 19:01:02.250Z: no answer"


def test_where_journal_and_lock_agree_one_sentence_says_so(tmp_path: Path) -> None:
    told = with_lock(story(tmp_path, LEFT), of_run("000001"))
    said = why_text(told, UNBROKEN)
    assert out_sentences(said) == [
        f"web2 is out of rotation because of {JOURNAL} {SINCE}; `rollout recover` brings it back"
    ]
    assert "not serving  run 000001, which is over\n" in said


def test_where_the_lock_names_no_run_one_sentence_says_what_each_source_says(
    tmp_path: Path,
) -> None:
    said = why_text(with_lock(story(tmp_path, LEFT)), UNBROKEN)
    assert out_sentences(said) == [
        (
            f"web2 is out of rotation; the journal says because of {JOURNAL} {SINCE}; the lock "
            "names no run that has it out, so nothing recovers it: `rollout show 000001 --by-hand` "
            "says how to put it back"
        )
    ]
    assert "not serving  run 000001, by its journal alone\n" in said
    assert "no run has taken it out" not in said
    assert "not by rollout" not in said


def test_where_the_lock_names_another_run_one_sentence_says_what_each_source_says(
    tmp_path: Path,
) -> None:
    for certain, how in (
        (True, "over: `rollout recover` brings it back"),
        (False, "and may be alive"),
    ):
        told = with_lock(story(tmp_path / how[:4], LEFT), of_run("0000bb", certain=certain))
        assert out_sentences(why_text(told, UNBROKEN)) == [
            (
                f"web2 is out of rotation; the journal says because of {JOURNAL} {SINCE}; the lock "
                f"says because of run 0000bb of bob@bastion, {how}"
            )
        ]


def test_of_a_run_of_another_machine_it_is_said_that_no_journal_tells(tmp_path: Path) -> None:
    told = with_lock(story(tmp_path, RESTARTED), of_run("0000bb"))
    assert out_sentences(why_text(told, UNBROKEN)) == [
        (
            "app/web2@lb1 is out of rotation because of run 0000bb of bob@bastion, over: `rollout "
            "recover` brings it back; no journal here tells of that"
        )
    ]


def test_with_a_lock_that_cannot_be_read_the_journal_is_named_as_the_source(tmp_path: Path) -> None:
    told = with_lock(story(tmp_path, LEFT))
    assert told.status is not None
    blind = replace(told.status.snapshot, more=(Finding("lock", "lb1 does not answer", ""),))
    said = why_text(replace(told, status=replace(told.status, snapshot=blind)), UNBROKEN)
    assert out_sentences(said) == [
        (
            f"web2 is out of rotation; the journal says because of {JOURNAL} {SINCE}; the lock "
            "could not be read"
        )
    ]


def test_what_was_given_up_is_said_to_have_been_taken_out_by_the_run(tmp_path: Path) -> None:
    abandoned = (
        events.RecoveryStarted(of="000001", targets=("web2",)),
        events.TargetSkipped(target="web2", reason="given up on request; it is yours"),
        events.RecoveryFinished(),
    )
    said = why_text(with_lock(story(tmp_path, LEFT, abandoned)), UNBROKEN)
    assert said.startswith(
        "web2: skipped in run 000002: given up on request; it is yours\n"
        "app/web2@lb1 is out of rotation: run 000001 took it out, and the lock names no run now\n"
    )


def test_with_a_lock_that_cannot_be_read_what_has_a_server_out_is_not_known(tmp_path: Path) -> None:
    told = with_haproxy(story(tmp_path, RESTARTED), Admin.FORCED_MAINT)
    assert told.status is not None
    blind = replace(told.status.snapshot, more=(Finding("lock", "lb1 does not answer", ""),))
    said = why_text(replace(told, status=replace(told.status, snapshot=blind)), UNBROKEN)
    assert "app/web2@lb1 is out of rotation, and why is not known\n" in said
    assert "not serving  not known\n" in said
    assert "not by rollout" not in said
    assert "no run has taken it out" not in said


def test_a_host_that_no_run_touched_is_said_to_be_that(tmp_path: Path) -> None:
    said = why_text(story(tmp_path, (STARTED, events.RolloutHalted(reason="x"))), UNBROKEN)
    assert said == "no run that is written down here has touched web2\n"


def test_why_a_host_was_skipped_is_said(tmp_path: Path) -> None:
    skipped = (events.TargetSkipped(target="web2", reason="in maint, not by rollout"), STARTED)
    said = why_text(story(tmp_path, skipped), UNBROKEN)
    assert said.startswith("web2: skipped in run 000001: in maint, not by rollout\n")


def test_only_a_few_runs_are_told(tmp_path: Path) -> None:
    told = story(tmp_path, *[RESTARTED] * (FEW + 3))
    assert [one.view.record.run for one in told.runs] == [f"{n:06x}" for n in range(8, 3, -1)]


def test_an_instance_that_goes_out_by_itself_is_of_its_host(tmp_path: Path) -> None:
    each = (
        events.RolloutStarted(targets=("web2/app_1", "web22"), max_out=1, floor="1"),
        *out("web2/app_1"),
        *out("web22"),
    )
    told = story(tmp_path, each)
    assert [one.target.name for one in told.runs] == ["web2/app_1"]
