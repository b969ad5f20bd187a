"""All that is shown of a past run agrees with what the run itself said: one fold, read back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rollout import events
from rollout.adapters.journal.past_journals import PastJournals
from rollout.events import Event
from rollout.events.parse import parse_event
from rollout.history.fold import OVERVIEW, fold_overview, fold_run
from rollout.history.later import later_runs
from rollout.history.record import RunOverview, RunRecord
from rollout.history.view import RunView
from rollout.output.history import history_table
from rollout.output.messages import RunResult
from rollout.output.past_words import code_words, short
from rollout.output.show import show_text
from rollout.output.show_json import show_json
from rollout.summary.target import TargetPhase
from tests.output.recorded_runs import BEGAN, RICH, UNBROKEN, account_of
from tests.output.test_schema import BESIDE, STREAMS
from tests.support.past_runs import began_line, play, write_journal

EVERY = {name: (BEGAN, *stream) for name, stream in STREAMS.items()}


def read(state: Path, run: str = "5f0c21") -> tuple[RunRecord, RunOverview | None]:
    journals = PastJournals([state], "shop")
    (name,) = [one for one in journals.names() if one.run == run]
    record = fold_run(run, journals.lines(name))
    assert record is not None
    assert journals.unread == []
    return record, fold_overview(run, journals.lines(name, OVERVIEW))


def played(state: Path, stream: Sequence[Event]) -> tuple[RunResult, list[dict[str, Any]]]:
    text, ending = play(stream)
    write_journal(state, 1, "5f0c21", began_line("5f0c21") + text)
    return ending, [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("stream", [*EVERY.values(), BESIDE], ids=[*EVERY, "beside"])
def test_every_event_is_read_back_as_it_was_told(stream: Sequence[Event]) -> None:
    text, _ = play(stream)
    *lines, summary = [json.loads(line) for line in text.splitlines()]
    assert parse_event(summary) is None
    read_back = [event for line in lines if (event := parse_event(line)) is not None]
    told = [json.loads(line) for line in play(read_back)[0].splitlines()]
    assert told == [*lines, summary]


@pytest.mark.parametrize("name", EVERY)
def test_summary_json_show_and_history_agree(tmp_path: Path, name: str) -> None:
    ending, lines = played(tmp_path, EVERY[name])
    record, overview = read(tmp_path)
    *_, last = lines
    shown = json.loads(show_json(RunView(record=record)))
    assert overview == record.overview
    assert overview is not None
    assert record.end is not None
    assert shown["exit_code"] == overview.exit_code == last["exit_code"] == ending.exit_code
    assert shown["sentence"] == last["sentence"]
    assert shown["out"] == last["out"] == list(record.summary.out)
    assert shown["impact"] == last["impact"]
    targets = {one["target"]: one for one in last["targets"]}
    assert {one["target"]: one["standing"] for one in shown["targets"]} == {
        target: one["standing"] for target, one in targets.items()
    }
    for one in shown["targets"]:
        if one["seconds"] is not None and targets[one["target"]]["seconds"] is not None:
            assert one["seconds"] == targets[one["target"]]["seconds"]
    lines_of = ending.summary.lines.values()
    skipped = sum(x.standing is TargetPhase.SKIPPED for x in lines_of)
    finished = sum(x.standing in {TargetPhase.DONE, TargetPhase.RECOVERED} for x in lines_of)
    hosts = len(lines_of) - skipped if lines_of else len(BEGAN.hosts)
    assert (overview.done, overview.planned) == (finished, hosts)
    text, table = show_text(RunView(record=record), UNBROKEN), history_table([overview])
    assert code_words(ending.exit_code) in text.splitlines()[0]
    assert code_words(ending.exit_code) in table
    assert f" {finished}/{hosts} " in table
    assert last["sentence"] in text
    for target, line in ending.summary.lines.items():
        if line.standing is TargetPhase.DONE and line.seconds is not None:
            (row,) = [
                x for x in text.splitlines() if x.startswith(f"{target} ") and "  restarted " in x
            ]
            assert row.endswith(short(line.seconds))


def test_sessions_that_were_cut_are_shown_also_where_nothing_else_was_measured(
    tmp_path: Path,
) -> None:
    cut = events.SessionsCut(target="web1", sessions=3)
    stream = (BEGAN, events.RolloutStarted(targets=("web1",), max_out=1, floor="0"), cut)
    played(tmp_path, stream)
    record, _ = read(tmp_path)
    assert "\nimpact    not measured, sessions cut 3\n" in show_text(
        RunView(record=record), UNBROKEN
    )


@pytest.mark.parametrize("length", range(1, len(RICH)))
def test_a_run_that_died_after_any_event_is_shown_as_far_as_it_came(
    tmp_path: Path, length: int
) -> None:
    text, _ = play(RICH[:length])
    cut = "".join(text.splitlines(keepends=True)[:length])  # without the summary
    write_journal(tmp_path, 1, "5f0c21", began_line("5f0c21") + cut, marked=True)
    record, overview = read(tmp_path)
    assert overview is None  # the few lines do not suffice
    assert record.overview.exit_code is None
    assert record.summary.out == account_of(RICH[:length]).out
    said = show_text(RunView(record=record), UNBROKEN)
    assert ", died\n" in said
    assert said.count("not back") == len(record.summary.out)
    assert ", under way\n" in show_text(RunView(record=record, is_alive=True), UNBROKEN)


def test_a_host_that_a_later_run_recovers_was_out_until_then(tmp_path: Path) -> None:
    text, _ = play((*RICH, events.RolloutFinished()))
    write_journal(tmp_path, 1, "5f0c21", began_line("5f0c21") + text)
    back = (
        events.RecoveryStarted(of="5f0c21", targets=("web2",), asked=("web2",)),
        events.TargetAdopted(target="web2", servers=(), asked=True, since="2026-11-22T19:00:29Z"),
        events.TargetOnProbation(target="web2"),
        events.TargetReturned(target="web2"),
        events.TargetRecovered(target="web2", restarted=True),
        events.RecoveryFinished(),
    )
    text, _ = play(back, run="9d4b0b", minutes=5)
    write_journal(tmp_path, 2, "9d4b0b", began_line("9d4b0b", verb="recover") + text)
    rest = (
        events.RolloutStarted(targets=("web4",), max_out=1, floor="1"),
        events.TargetClaimed(target="web4", servers=()),
        events.TargetReturned(target="web4"),
        events.TargetDone(target="web4", seconds=2.0),
        events.RolloutFinished(),
    )
    text, _ = play(rest, run="782718", minutes=9)
    write_journal(tmp_path, 3, "782718", began_line("782718") + text)
    record, _ = read(tmp_path)
    recovery, _ = read(tmp_path, "9d4b0b")
    third, _ = read(tmp_path, "782718")
    view = RunView(record=record, later=later_runs(record, [recovery, third]))
    (web2,) = [one for one in view.targets if one.name == "web2"]
    (again,) = RunView(record=recovery).targets
    assert web2.since == again.since == "2026-11-22T19:00:29Z"  # the record is the most exact
    assert web2.until == again.until == "2026-11-22T19:05:04.250Z"
    assert web2.seconds == again.seconds == 275.25
    said = show_text(view, UNBROKEN)
    assert (
        "web2 recovered, restarted by run 9d4b0b at 2026-11-22 19:05:04.250Z, out 4m35s in all"
        in said
    )
    assert "web4 restarted by run 782718" in said
    assert "not back" not in said


def test_a_host_is_out_since_a_load_balancer_was_first_told_not_since_its_claim(
    tmp_path: Path,
) -> None:
    stream = (
        events.RolloutStarted(targets=("web1",), max_out=1, floor="1"),
        events.TargetClaimed(target="web1", servers=("app/web1@lb1",)),  # 19:00:02.250
        events.TargetDraining(target="web1", since="2026-11-22T19:00:02.750Z"),  # 19:00:03.250
        events.TargetInMaint(target="web1"),
        events.TargetReturned(target="web1"),  # 19:00:05.250
        events.TargetDone(target="web1", seconds=99.0),
        events.RolloutFinished(),
    )
    text, ending = play(stream)
    write_journal(tmp_path, 1, "5f0c21", began_line("5f0c21") + text)
    (web1,) = RunView(record=read(tmp_path)[0]).targets
    line = ending.summary.lines["web1"]
    assert (web1.since, web1.seconds) == ("2026-11-22T19:00:02.750Z", 2.5)
    assert (line.seconds, line.phases["drain"]) == (2.5, 1.5)
    assert web1.turns[0].spans[0].begin == 2.5  # the claim was told at 2.0


def test_what_an_older_journal_does_not_tell_is_said_to_be_not_recorded(tmp_path: Path) -> None:
    captured = Path(__file__).parents[1] / "captures" / "journal" / "format-2.jsonl"
    write_journal(tmp_path, 1, "a1b2c3", captured.read_text(encoding="utf-8"))
    record, _ = read(tmp_path, "a1b2c3")
    said = show_text(RunView(record=record), UNBROKEN)
    assert "reason    not recorded" in said
    assert "version   not recorded" in said
    assert "impact    not recorded" in said


def test_no_name_in_the_json_of_an_event_can_move_the_cursor() -> None:
    evil = "web1\x9b2J\u202e"
    seen = events.FleetSeen(serving=(), taken={evil: evil}, unseen={evil: evil})
    text, _ = play((seen,))
    assert text.replace("\n", "").isprintable()


def test_no_text_of_a_journal_can_move_the_cursor(tmp_path: Path) -> None:
    evil = "web1\x1b[2J\u202e"
    stream = (
        events.RolloutStarted(targets=(evil,), max_out=1, floor="1"),
        events.TargetLeftOut(target=evil, state=evil, reason=evil, asked=True, look=evil),
    )
    text, _ = play(stream)
    raw = text.replace("web1", "web1\\u001b[2J\\u202e").replace("vm", evil)
    began = began_line("5f0c21", verb=evil, hosts=[evil], settings={"a": evil}, flags={"b": evil})
    write_journal(tmp_path, 1, "5f0c21", began + raw)
    record, overview = read(tmp_path)
    assert overview is not None
    view = RunView(record=record, settings=record.settings)
    for said in (show_text(view, 80), history_table([overview]), show_json(view)):
        assert said.replace("\n", "").isprintable()
