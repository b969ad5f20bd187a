"""What a team is told of recorded runs: at which moment, and with which sentence."""

import json
from typing import Any

import pytest

from rollout.events import Event, TargetClaimed, TargetDone
from rollout.output.jsonl import JsonLines
from rollout.output.notices import EndCommands, EventLines, Moment, Notices, RunName, moment_of
from rollout.summary.run import Exit
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import (
    GOOD,
    RECOVERED,
    REFUSED,
    RICH,
    Memory,
    broadcast_to,
)

NAME = RunName("shop", "restart", "3f654d", "ops@bastion1")


def told(stream: tuple[Event, ...], *on: str) -> list[tuple[Moment, dict[str, Any]]]:
    heard: list[tuple[Moment, dict[str, Any]]] = []

    def deliver(moment: Moment, body: str) -> None:
        heard.append((moment, json.loads(body)))

    broadcast = broadcast_to(Notices(NAME, on or tuple(Moment), deliver))
    for event in stream:
        broadcast.tell(event)
    broadcast.end()
    return heard


@pytest.mark.parametrize(
    ("stream", "moments"),
    [
        (GOOD, ["started", "finished"]),
        (RICH, ["started", "reduced"]),
        (REFUSED, ["refused"]),
        (RECOVERED, ["started", "finished"]),
    ],
    ids=["good", "rich", "refused", "recovered"],
)
def test_a_run_is_told_at_its_ends(stream: tuple[Event, ...], moments: list[str]) -> None:
    assert [moment.value for moment, _ in told(stream)] == moments


@pytest.mark.parametrize("name", DEPLOYS)
def test_a_deploy_is_told_once_at_each_end(name: str) -> None:
    moments = [moment for moment, _ in told(DEPLOYS[name])]
    assert len(moments) <= 2
    assert moments[1:] != [Moment.STARTED]


def test_only_what_is_wanted_is_told() -> None:
    assert told(GOOD, "failed", "reduced") == []
    assert [moment for moment, _ in told(RICH, "failed", "reduced")] == [Moment.REDUCED]


def test_a_notice_is_the_summary_with_a_sentence_for_people() -> None:
    memory = Memory()
    broadcast = broadcast_to(JsonLines(memory))
    for event in GOOD:
        broadcast.tell(event)
    broadcast.end()
    summary = json.loads(memory.text.splitlines()[-1])
    _, body = told(GOOD)[-1]
    named = {key: body.pop(key) for key in ("text", "app", "verb")}
    assert body == summary
    assert named == {
        "text": f"shop: restart 3f654d by ops@bastion1: {summary['sentence']}",
        "app": "shop",
        "verb": "restart",
    }


def test_the_reason_of_a_run_is_told_with_it() -> None:
    name = RunName("shop", "restart", "3f654d", "root@bastion1 (by ops)", "leaking workers")
    assert str(name) == "shop: restart 3f654d by root@bastion1 (by ops) (leaking workers)"


def test_every_exit_code_has_its_moment() -> None:
    assert {code.name: moment_of(code).value for code in Exit} == {
        "DONE": "finished",
        "BUG": "failed",
        "USAGE": "refused",
        "REFUSED": "refused",
        "BUSY": "refused",
        "HALTED": "failed",
        "REDUCED": "reduced",
        "ROLLED_BACK": "failed",
        "INTERRUPTED": "failed",
        "TERMINATED": "failed",
    }


def test_a_hook_reads_the_line_that_the_json_output_has() -> None:
    memory, lines = Memory(), EventLines()
    broadcast = broadcast_to(JsonLines(memory), lines)
    for event in GOOD:
        broadcast.tell(event)
    written = memory.text.splitlines()
    assert lines.line_of(None) == written[0]
    for event in GOOD:
        if isinstance(event, TargetClaimed | TargetDone):
            assert lines.line_of(event) in written
            line = json.loads(lines.line_of(event))
            assert (line["event"], line["target"]) == (event.wire, event.target)


def test_the_commands_at_the_end_read_the_summary() -> None:
    ran: list[tuple[str, int, str]] = []
    for stream in (GOOD, RICH):
        broadcast = broadcast_to(EndCommands(lambda *words: ran.append(words)))
        for event in stream:
            broadcast.tell(event)
        broadcast.end()
    assert [(hook, code) for hook, code, _ in ran] == [("after", 0), ("failed", 6), ("after", 6)]
    assert {json.loads(line)["event"] for _, _, line in ran} == {"summary"}


def test_a_hook_reads_the_first_line_where_the_one_of_its_event_was_lost() -> None:
    memory, lines = Memory(), EventLines()
    broadcast = broadcast_to(JsonLines(memory), lines)
    broadcast.tell(GOOD[0])
    assert lines.line_of(TargetClaimed(target="web1", servers=())) == memory.text.splitlines()[0]
