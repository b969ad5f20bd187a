"""What `check` says: each target with its state, counted as what it is."""

import json
from dataclasses import replace

import pytest

from rollout.model.findings import PreflightReport, Skipped
from rollout.model.fleet import Finding
from rollout.model.past_runs import UnfinishedRun
from rollout.output.check import check_json, check_sentence, check_table
from tests.support.left_out import ALICE, target

HELD = Skipped("web3", "app/web3@lb1 is in maint, not by rollout")
NOTE = Finding("lb1", "an oddity", "")
FIT = PreflightReport(
    targets=(target("web1"), target("web2")), skipped=(HELD,), findings=(), notes=(NOTE,)
)
LEFT = {"web1": UnfinishedRun(owner=ALICE, certain=True)}


def test_each_target_has_its_state_below_the_headings() -> None:
    assert check_table(FIT, LEFT) == (
        "TARGET  SERVERS       INSTANCES                   STATE\n"
        "web1    app/web1@lb1  mongrel_8000, mongrel_8001  "
        "out of rotation, left by run a11ce0\n"
        "web2    app/web2@lb1  mongrel_8000, mongrel_8001  ready\n"
        "web3                                              "
        "skipped: app/web3@lb1 is in maint, not by rollout\n"
        "\n"
        "run a11ce0 is over: `rollout recover` brings back what it has left out\n"
        "note: lb1: an oddity\n"
    )


def test_what_a_run_that_lives_has_out_was_not_left() -> None:
    alive = {"web1": replace(LEFT["web1"], certain=False)}
    assert "out of rotation by run a11ce0, which holds the lock" in check_table(FIT, alive)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("web1",), "1 host ready for a restart"),
        (("web1", "web2"), "2 hosts ready for a restart"),
        (("web1/app_8000", "web1/app_8001"), "2 instances ready for a restart"),
    ],
)
def test_targets_are_counted_as_what_they_are(names: tuple[str, ...], said: str) -> None:
    fit = replace(FIT, targets=tuple(replace(target(), name=name) for name in names))
    assert check_sentence(fit) == f"check passed: {said}, 1 skipped. Nothing was changed."
    assert "restart or a deploy" in check_sentence(fit, deploy=True)


def test_machines_get_the_same() -> None:
    told = json.loads(check_json(FIT, LEFT))
    assert told["fit"] is True
    assert told["out"] == [{"target": "web1", "run": "a11ce0"}]


def test_no_reason_of_another_machine_can_move_the_cursor() -> None:
    held = replace(HELD, reason="\x1b[2Jmaint\u202e")
    assert check_table(replace(FIT, skipped=(held,))).replace("\n", "").isprintable()


def test_a_note_is_broken_at_its_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    what = "the lock is made for the login root alone, and another login is refused"
    shown = check_table(replace(FIT, notes=(Finding("lb1", what, ""),))).splitlines()
    assert shown[-2:] == [
        "note: lb1: the lock is made for the login root alone, and",
        "      another login is refused",
    ]
