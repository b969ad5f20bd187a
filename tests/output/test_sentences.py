"""Every event has a sentence, and no text from elsewhere can do harm in it."""

import dataclasses
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import events
from rollout.events import DeployStarted, DeployTakenBack, Event, HookRan, StepFailed
from rollout.model.fleet import Finding
from rollout.output.jsonl import json_line
from rollout.output.plain import Plain, plain_line, subject_of, words
from rollout.output.report.report import findings_lines
from rollout.summary.exit_codes import exit_table
from rollout.summary.run import Exit
from rollout.text.elapsed import in_words
from rollout.text.sanitize import LONGEST, sanitize
from rollout.text.width import cells, padded, truncate
from tests.output.recorded_runs import (
    EVERY_KIND,
    RICH,
    UNBROKEN,
    Memory,
    broadcast_to,
    ending_of,
    stamped,
    unbroken,
)
from tests.output.test_every_event import SILENT

EXAMPLES: dict[str, Any] = {
    "str": "x",
    "int": 130,
    "float": 1.0,
    "bool": True,
    "Mapping": {},
}


def example(kind: type[Event]) -> Event:
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        plain = getattr(field.type, "__name__", "")
        if plain == "Mapping":
            fields[field.name] = {}
            continue
        fields[field.name] = EXAMPLES.get(plain, ()) if plain != "tuple" else ()
    return kind(**fields)


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.wire)
def test_every_event_has_a_sentence_and_an_object(kind: type[Event]) -> None:
    event = example(kind)
    assert bool(words(event)) is (kind not in SILENT)
    assert plain_line(stamped(event)).startswith(f"2026-11-22T19:37:02Z {subject_of(event)} ")
    assert json.loads(json_line(stamped(event)))["event"] == kind.wire


def test_wire_names_are_unique() -> None:
    assert len({kind.wire for kind in EVERY_KIND}) == len(EVERY_KIND)


def test_no_field_of_an_event_hides_the_stamp() -> None:
    fields = {field.name for kind in EVERY_KIND for field in dataclasses.fields(kind)}
    assert not fields & {"v", "run", "seq", "at", "event"}


def test_lines_of_the_whole_run_begin_with_rollout() -> None:
    of_no_target = [e for e in RICH if not hasattr(e, "target") and not hasattr(e, "where")]
    assert {subject_of(event) for event in of_no_target} == {"rollout"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a new title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jgone", "gone"),
        ("two\nlines\tand tabs\r\n", "two lines and tabs"),
        ("bell\x07", "bell�"),
        (b"caf\xe9".decode(errors="surrogateescape"), "caf�"),
        ("right\u202eleft", "right�left"),
        ("web\x00", "web�"),
        ("\x1b", "�"),
        ("Zürich 東京", "Zürich 東京"),
    ],
)
def test_words_of_other_machines_are_made_harmless(said: str, shown: str) -> None:
    assert sanitize(said) == shown


@given(st.text(alphabet=st.characters(categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Lu", "Nd", "P"])))
def test_nothing_that_moves_a_cursor_or_fakes_a_line_gets_through(text: str) -> None:
    shown = sanitize(text)
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cs", "Cf", "Zl", "Zp"}
    assert sanitize(shown) == shown
    line = plain_line(stamped(events.TargetWaiting(target=text, awaited=text, reason=text)))
    assert line.isprintable()
    spelled = json_line(stamped(events.Noted(where=text, what=text)))
    assert spelled.isprintable()
    assert spelled.encode()


def test_a_flood_is_cut_and_counted() -> None:
    assert sanitize("x" * (LONGEST + 7)) == "x" * LONGEST + " (7 more characters)"


@pytest.mark.parametrize(
    ("seconds", "word"), [(0.4, "0s"), (59.6, "1m00s"), (72, "1m12s"), (7384, "2h03m")]
)
def test_a_length_of_time_has_one_spelling_and_is_rounded_to_the_nearest_second(
    seconds: float, word: str
) -> None:
    assert in_words(seconds) == word


@given(st.text(alphabet="ab東é\u0301 ·", max_size=30), st.integers(1, 30))
def test_a_text_made_to_fit_fits(text: str, columns: int) -> None:
    assert cells(truncate(text, columns)) <= columns
    assert cells(padded(text, columns)) == columns


def test_the_table_of_exit_codes_has_a_row_for_each() -> None:
    rows = exit_table().splitlines()
    assert rows[2] == "| 0 | done | every planned target restarted and serving, or nothing to do |"
    assert len(rows) == len(Exit) + 2


def test_what_many_hosts_print_alike_is_shown_once_and_pointed_to() -> None:
    def failed(host: str, *tail: str) -> Event:
        return StepFailed(host=host, step="compile css", reason="css: exit 1", tail=tail)

    memory = Memory()
    broadcast = broadcast_to(Plain(memory, lambda: UNBROKEN))
    for event in (failed("web1", "no room"), failed("web2", "no room"), failed("web3", "other")):
        broadcast.tell(event)
    assert [line.partition(" ")[2] for line in memory.text.splitlines()] == [
        "web1 FAILED at compile css: exit 1",
        "web1     | no room",
        "web2 FAILED at compile css: exit 1",
        "web2     | as on web1",
        "web3 FAILED at compile css: exit 1",
        "web3     | other",
    ]


def test_a_hundred_hosts_that_fail_alike_are_one_row_and_counted() -> None:
    hosts = tuple(f"web{n}" for n in range(100))
    begun = DeployStarted(release="1", revision="", hosts=hosts, fresh=True)
    failed = [StepFailed(host=h, step="begin", reason="disk full") for h in hosts]
    taken_back = DeployTakenBack(release="1", reason="begin: all of them")
    said = unbroken(ending_of([begun, *failed, taken_back]))
    assert len(said.splitlines()) < 8
    assert "begin failed on web0, web1, web2, web3, web4 and 95 more." in said


def test_what_a_failed_hook_printed_is_shown_and_what_a_fine_one_printed_is_not() -> None:
    memory = Memory()
    broadcast = broadcast_to(Plain(memory, lambda: UNBROKEN))
    for fine in (True, False):
        broadcast.tell(HookRan(hook="before", ok=fine, message="exit 1", tail=("one", "\x1btwo")))
    assert [line.partition(" ")[2] for line in memory.text.splitlines()] == [
        "rollout deploy.hooks.before ran: exit 1",
        "rollout deploy.hooks.before FAILED: exit 1",
        "rollout     | one",
        "rollout     | wo",
    ]


@pytest.mark.parametrize(
    "ssh", ["ssh -t", "ssh", "ssh -F /etc/ssh_shop -l deploy -t", "ssh -F '/etc/our ssh' -t"]
)
def test_a_fix_names_its_host_and_of_several_hosts_stands_for_each(ssh: str) -> None:
    def found(host: str) -> Finding:
        return Finding(host, "monit is not running", f"{ssh} {host} sudo systemctl start monit")

    assert findings_lines([found("web1")])[1] == (
        f"         fix: {ssh} web1 sudo systemctl start monit"
    )
    assert findings_lines([found("web1"), found("web2")]) == [
        "  web1, web2   monit is not running",
        f"               fix: {ssh} HOST sudo systemctl start monit",
    ]


def test_the_same_finding_in_many_places_is_told_once_with_all_of_them() -> None:
    fix = "sudo chown deploy ~/.ssh/config"
    found = [Finding(f"web{n}", "ssh does not accept its configuration", fix) for n in (1, 2, 3)]
    two = [Finding(host, "no space", "make room") for host in ("web1", "web2")]
    assert findings_lines([*found, *two]) == [
        "  3 places     ssh does not accept its configuration",
        "               at: web1, web2, web3",
        f"               fix: {fix}",
        "  web1, web2   no space",
        "               fix: make room",
    ]
