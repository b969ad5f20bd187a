"""One recorded stream, read aloud by three renderers; what they say is a public promise.

After a wanted change: ``ROLLOUT_GOLDEN=write pytest tests/output``, and read the difference.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rollout.events import Event
from rollout.output.cron import Cron
from rollout.output.jsonl import JsonLines
from rollout.output.messages import Renderer
from rollout.output.plain import Plain
from rollout.output.report.next_step import is_command
from rollout.output.report.next_steps import BY_HAND
from rollout.output.report.report import steps_of, summary_text
from rollout.text.width import cells
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import (
    GOOD,
    RECOVERED,
    REFUSED,
    RESUMED,
    RICH,
    STILL_OUT,
    Memory,
    broadcast_to,
    ending_of,
)
from tests.support.advice import LABELLED, LABELS, steps_in

GOLDEN = Path(__file__).parent / "golden"


def assert_as_before(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("ROLLOUT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def read_aloud(events: tuple[Event, ...], output_mode: Callable[[Memory], Renderer]) -> str:
    memory = Memory()
    broadcast = broadcast_to(output_mode(memory))
    for event in events:
        broadcast.tell(event)
    broadcast.end()
    return memory.text


@pytest.mark.parametrize(
    ("name", "output_mode"),
    [("rich.plain", Plain), ("rich.jsonl", JsonLines), ("rich.cron", Cron)],
)
def test_a_rich_run_is_told_as_it_always_was(
    name: str, output_mode: Callable[[Memory], Renderer]
) -> None:
    assert_as_before(name, read_aloud(RICH, output_mode))


@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("halted", RICH),
        ("good", GOOD),
        ("refused", REFUSED),
        ("recovered", RECOVERED),
        ("still-out", STILL_OUT),
        ("resumed", RESUMED),
    ],
)
def test_the_account_reads_as_it_always_did(name: str, events: tuple[Event, ...]) -> None:
    assert_as_before(f"{name}.account", summary_text(ending_of(events)))


def test_a_recovery_is_told_as_it_always_was() -> None:
    assert_as_before("recovered.plain", read_aloud(RECOVERED, Plain))


@pytest.mark.parametrize("name", DEPLOYS)
def test_the_account_of_a_deploy_reads_as_it_always_did(name: str) -> None:
    assert_as_before(f"deploy.{name}.account", summary_text(ending_of(DEPLOYS[name], 130.0)))


@pytest.mark.parametrize(
    ("name", "output_mode"),
    [
        ("deployed.plain", Plain),
        ("build-failed.plain", Plain),
        ("build-failed.cron", Cron),
        ("build-failed.jsonl", JsonLines),
        ("rolled-back.plain", Plain),
        ("rolled-back.cron", Cron),
        ("rollback-halted.jsonl", JsonLines),
        ("undo-failed.plain", Plain),
        ("interrupted.plain", Plain),
    ],
)
def test_a_deploy_is_told_as_it_always_was(
    name: str, output_mode: Callable[[Memory], Renderer]
) -> None:
    events = DEPLOYS[name.partition(".")[0]]
    assert_as_before(f"deploy.{name}", read_aloud(events, output_mode))


def test_every_line_of_the_json_is_one_object_of_this_run_in_order() -> None:
    lines = [json.loads(line) for line in read_aloud(RICH, JsonLines).splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(RICH) + 2))
    assert {(line["v"], line["run"]) for line in lines} == {(1, "5f0c21")}
    assert [line["event"] for line in lines[:-1]] == [event.wire for event in RICH]


def test_the_findings_of_a_refused_run_are_objects() -> None:
    first = json.loads(read_aloud(REFUSED, JsonLines).splitlines()[0])
    said = {
        "where": "web2",
        "what": "sudo asks for a password",
        "fix": "visudo -f /etc/sudoers.d/rollout",
    }
    assert said.items() <= first["findings"][0].items()


def test_a_good_run_is_one_line_for_people_and_none_for_cron() -> None:
    assert summary_text(ending_of(GOOD)) == (
        "rollout: done. 2 of 2 hosts restarted in 1m12s, all serving.\n"
    )
    assert read_aloud(GOOD, Cron) == ""


def test_grep_finds_the_biography_of_a_target() -> None:
    lines = read_aloud(RICH, Plain).split("\n\n")[0].splitlines()
    biography = [line.split(" ")[2] for line in lines if line.split(" ")[1] == "web2"]
    assert biography == ["taking", "draining", "drained:", "in", "empty:", "restart", "FAILED,"]


STAMPED = re.compile(r"^\d{4}-\d\d-\d\dT")
"""A line of a log: it is not broken, so that ``grep web2`` finds all of it."""
PRINTED = re.compile(r"^ +\| ")
"""What a failed step printed."""


def prose_in(text: str) -> list[str]:
    """List the lines of summaries that are no command to be typed."""
    fixes = (line.partition("fix: ")[2] for line in text.splitlines())
    typed = {line for _, line in steps_in(text)} | {*filter(is_command, fixes)}
    lines = [line for line in text.splitlines() if not STAMPED.match(line)]
    return [
        line
        for line in lines
        if not PRINTED.match(line) and not any(line.endswith(command) for command in typed)
    ]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*[!l]")), ids=lambda path: path.name)
def test_no_prose_of_a_summary_is_wider_than_80_columns(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [line for line in prose_in(text) if cells(line) > 80] == []


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
@pytest.mark.parametrize("events", [RICH, STILL_OUT, *DEPLOYS.values()])
def test_a_command_is_never_broken_and_a_comment_never_stands_behind_it(
    events: tuple[Event, ...], columns: int
) -> None:
    ending = ending_of(events)
    text = summary_text(ending, columns)
    for step in steps_of(ending):
        assert (
            not step.command
            or step.label == BY_HAND
            or re.search(rf"^  .* {re.escape(step.command)}$", text, re.MULTILINE)
        )
    assert [line for line in prose_in(text) if cells(line) > columns and " " in line.strip()] == []
    labels = {
        line.index(row["text"])
        for line in text.splitlines()
        if (row := LABELLED.match(line)) and row["label"] in LABELS
    }
    assert len(labels) < 2, "what to type is aligned"
