"""Real runs, recorded, played through each output: all of them say the same of each host.

The recordings are those of :mod:`tests.output.test_screen_recordings`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rollout.events.parse import parse_event
from rollout.history.fold import fold_run
from rollout.history.later import later_runs
from rollout.history.record import RunRecord
from rollout.history.view import RunView
from rollout.output.cron import Cron, worth_a_line
from rollout.output.dispatcher import Broadcast
from rollout.output.jsonl import JsonLines
from rollout.output.live import Live, Screen, TableState
from rollout.output.messages import RunResult
from rollout.output.plain import Plain
from rollout.output.report.report import standing_words, summary_text
from rollout.output.terminal import Size
from rollout.summary.run import Exit
from rollout.text.elapsed import in_words
from tests.output.recorded_runs import UNBROKEN, Memory
from tests.support.past_runs import began_line

HERE = Path(__file__).parent / "recordings"
RECORDINGS = sorted(path.stem for path in HERE.glob("*.jsonl"))
KILLED = HERE / "killed" / "recovered.jsonl"
"""The run that was killed, and that the recorded recovery brings to its end."""
SIZES = (Size(60, 15), Size(80, 24), Size(120, 40), Size(200, 60))
CODES = {
    "canary": Exit.DONE,
    "failed": Exit.REDUCED,
    "recovered": Exit.DONE,
    "reduced": Exit.DONE,
    "rolled-back": Exit.ROLLED_BACK,
    "stopped": Exit.HALTED,
}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")

Line = Mapping[str, Any]


def lines_of(path: Path) -> Sequence[Line]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class RecordedClock:
    """The moments of a recording, one after another."""

    def __init__(self) -> None:
        self.line: Line = {"elapsed": 0.0, "at": ""}

    def monotonic(self) -> float:
        return float(self.line["elapsed"])

    def utc_now(self) -> str:
        return str(self.line["at"])


@dataclass(frozen=True)
class Played:
    """What each output made of a recording.

    Attributes:
        recorded: Its lines.
        ending: How it ended.
        json: The lines of JSON, the last of which is the summary.
        plain: The plain lines, with the summary.
        cron: What cron would have mailed.
        live: By size what stands on a terminal at the end.
    """

    recorded: Sequence[Line]
    ending: RunResult
    json: Sequence[Line]
    plain: str
    cron: str
    live: Mapping[Size, str]

    @property
    def summary(self) -> Line:
        return self.json[-1]


@cache
def played(name: str) -> Played:
    recorded, clock = lines_of(HERE / f"{name}.jsonl"), RecordedClock()
    plain, cron, spelled = Memory(), Memory(), Memory()
    live = {size: (Memory(), picture_of(size, clock)) for size in SIZES}
    broadcast = Broadcast(
        [
            Plain(plain, lambda: UNBROKEN),
            Cron(cron, lambda: UNBROKEN),
            JsonLines(spelled),
            *(Live(text, seen, lambda: UNBROKEN) for text, seen in live.values()),
        ],
        run=recorded[0]["run"],
        utc_now=clock.utc_now,
        monotonic=clock.monotonic,
        complain=pytest.fail,
    )
    for line in recorded:
        clock.line = line
        event = parse_event(line)
        assert event is not None
        broadcast.tell(event)
    ending = broadcast.end()
    return Played(
        recorded=recorded,
        ending=ending,
        json=[json.loads(line) for line in spelled.text.splitlines()],
        plain=plain.text,
        cron=cron.text,
        live={
            size: ESCAPES.sub("", seen.paint([text.text])) for size, (text, seen) in live.items()
        },
    )


def picture_of(size: Size, clock: RecordedClock) -> TableState:
    return TableState(Screen(size=lambda: size, monotonic=clock.monotonic, colour=False))


def test_the_recordings_are_of_every_kind_of_end() -> None:
    assert {name: played(name).ending.exit_code for name in RECORDINGS} == CODES


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_event_is_told_again_as_it_was_recorded(name: str) -> None:
    """The times out of rotation too, which are folded anew from the stamps."""
    run = played(name)
    for was, line in zip(run.recorded, run.json, strict=False):
        for key in was.keys() - {"seq", "seconds", "phases"}:
            assert line[key] == was[key], was
        if was["event"].startswith("target.") and was.get("seconds") is not None:
            assert line["seconds"] == pytest.approx(was["seconds"], abs=0.005), was
            assert line["phases"] == pytest.approx(was["phases"], abs=0.005), was


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_output_ends_with_the_same_summary(name: str) -> None:
    run = played(name)
    summary = summary_text(run.ending, UNBROKEN)
    assert run.summary["exit_code"] == run.ending.exit_code
    assert run.summary["sentence"] in summary
    assert run.plain.endswith(summary)
    for size, shown in run.live.items():
        assert shown.endswith(summary), size
    if run.ending.exit_code is Exit.DONE:
        assert run.cron == (summary if worth_a_line(run.ending.summary) else "")
    else:
        assert run.cron.endswith(summary)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_output_says_the_same_of_each_host(name: str) -> None:
    run = played(name)
    summary = summary_text(run.ending, UNBROKEN)
    out = [target["target"] for target in run.summary["targets"] if target["out"]]
    assert out == run.summary["out"] == list(run.ending.summary.out)
    for target in run.summary["targets"]:
        host, line = target["target"], run.ending.summary.lines[target["target"]]
        assert (target["standing"], target["seconds"]) == (line.standing.value, line.seconds)
        ends = [one for one in run.json if one.get("target") == host and "phases" in one]
        assert [one["seconds"] for one in ends][-1:] in ([], [line.seconds])
        spent = "" if line.seconds is None else in_words(line.seconds)
        for size, shown in run.live.items():
            rows = [row for row in shown.splitlines() if row.startswith(f" {host} ")]
            assert rows or run.ending.exit_code is not Exit.DONE, f"{size}: {shown}"
            for row in rows:
                assert standing_words(line) in row, size
                assert not spent or re.search(rf" {spent}( |$)", row), f"{size}: {row}"
        if target["standing"] == "skipped":
            assert line.reason in run.plain
            assert host in summary
        elif line.standing.out:
            assert host in run.cron


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_output_counts_alike(name: str) -> None:
    run = played(name)
    done = sum(
        target["standing"] in {"restarted", "recovered"} for target in run.summary["targets"]
    )
    for size, shown in run.live.items():
        (counted,) = [row for row in shown.splitlines() if re.match(" (done|back) ", row)]
        assert f" {done} of " in counted or counted.startswith(" back "), size
        out = len(run.summary["out"])
        assert not out or f" {out} out" in counted, size


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_server_that_was_skipped_is_named_once_in_the_sentence(name: str) -> None:
    run = played(name)
    skipped = [t for t in run.summary["targets"] if t["standing"] == "skipped"]
    assert len(skipped) == (1 if name == "reduced" else 0)
    for target in skipped:
        for server in re.findall(r"\S+@\w+", target["reason"]):
            assert run.summary["sentence"].count(server) == 1


# ---- a run that was killed, and the one that recovered it


def record_of(path: Path) -> RunRecord:
    lines = lines_of(path)
    run = lines[0]["run"]
    record = fold_run(run, [json.loads(began_line(run)), *lines])
    assert record is not None
    return record


def test_a_killed_run_and_its_recovery_tell_the_same_time_out() -> None:
    """In the events, in the summary, and in what is shown of both runs afterwards."""
    killed, recovery = record_of(KILLED), record_of(HERE / "recovered.jsonl")
    view = RunView(record=killed, later=later_runs(killed, [recovery]))
    before = {one.name: one for one in view.targets}
    again = {one.name: one for one in RunView(record=recovery).targets}
    assert set(again) == set(killed.summary.out)
    ends = [line for line in played("recovered").json if line["event"] == "target.recovered"]
    assert {one["target"] for one in ends} == set(again)
    for end in ends:
        name = end["target"]
        assert end["seconds"] is not None
        for shown in (before[name], again[name]):
            assert shown.seconds == pytest.approx(end["seconds"], abs=0.02)
            assert (shown.since, shown.until) == (before[name].since, before[name].until)
