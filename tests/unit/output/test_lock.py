"""What a run left behind, in words and as JSON; other people's words move no cursor."""

import json
from dataclasses import replace

import pytest

from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.lock_state import Kind, LockState, PastRun
from rollout.model.past_runs import UnfinishedRun
from rollout.output.lock import (
    FREE,
    left_fields,
    left_table,
    lock_json,
    lock_table,
    remains_table,
)
from tests.support.left_out import ALICE, owned_target, reading, row, server

FREEZE = replace(ALICE, kind=Kind.MANUAL, reason="the database is being moved")
NASTY = "a\x1b[2J\x1b]0;title\x07b\nc\r\x9b31m\u202ed"

DIED = PastRun("a.jsonl", ALICE, "restart", targets=("web1", "web2"), done=("web2",))


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave sentences on one line; how they are broken has a test of its own."""
    monkeypatch.setenv("COLUMNS", "1000")


def left(*, certain: bool = True) -> UnfinishedRun:
    owned_targets = (owned_target("web1", asked=True), owned_target("web2"), owned_target("web3"))
    held = LockState(
        place="lb1", owner=ALICE, owned_targets=owned_targets, seconds_since_heartbeat=72.0
    )
    return UnfinishedRun(
        owner=ALICE, owned_targets=owned_targets, past=DIED, held=held, certain=certain
    )


SEEN = {
    "lb1": reading(
        row(server("web1"), Admin.FORCED_MAINT, "MAINT"), row(server("web2"), Admin(0), "UP")
    )
}


def test_what_is_left_is_told_with_how_each_server_is_now() -> None:
    assert remains_table(left(), SEEN) == (
        "run a11ce0 of alice@bastion since 2026-11-22T19:37:02Z died; "
        "out because of it: web1, web2, web3; 1 of 2 hosts restarted\n"
        "  rollout restart\n"
        "\n"
        f"web1  {'app/web1@lb1 is maint (MAINT)':57}  "
        "was asked to restart: comes back when it is verified\n"
        f"web2  {'app/web2@lb1 is ready (UP), changed from outside since':57}  "
        "left as it is: changed from outside\n"
        f"web3  {'app/web3@lb1 is gone: HAProxy has no such server any more':57}  "
        "was never asked to restart: goes back as it was found\n"
    )


def test_what_became_of_a_run_is_broken_at_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    assert remains_table(left(), SEEN).splitlines()[:3] == [
        "run a11ce0 of alice@bastion since 2026-11-22T19:37:02Z died; out because of it:",
        "           web1, web2, web3; 1 of 2 hosts restarted",
        "  rollout restart",
    ]


def test_of_several_seats_each_has_its_line_and_the_name_stands_once() -> None:
    owned_targets = (owned_target("web1", balancers=2),)
    text = remains_table(UnfinishedRun(owner=ALICE, owned_targets=owned_targets, certain=True), {})
    rows = text.splitlines()[-2:]
    assert rows[0].startswith("web1  app/web1@lb1 cannot be seen now")
    assert rows[1] == "      app/web1@lb2 cannot be seen now"


def test_with_nobody_out_there_is_no_table() -> None:
    text = remains_table(
        UnfinishedRun(owner=replace(ALICE, command=""), past=DIED, certain=True), {}
    )
    assert text == (
        "run a11ce0 of alice@bastion since 2026-11-22T19:37:02Z died; "
        "no server is out because of it; 1 of 2 hosts restarted\n"
    )


def test_one_that_ended_is_said_to_have_ended() -> None:
    ended = UnfinishedRun(owner=ALICE, past=replace(DIED, exit_code=6), certain=True)
    assert "ended (exit 6)" in remains_table(ended, {})
    elsewhere = LockState(place="lb1", owner=ALICE, ended="ended with servers out")
    assert "ended with servers out" in remains_table(
        UnfinishedRun(owner=ALICE, held=elsewhere, certain=True), {}
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_who_may_live_is_not_said_to_have_died(kind: Kind) -> None:
    """Shown to whoever is about to break the lock."""
    owner = replace(ALICE, kind=kind)
    past = DIED if kind is Kind.RUN else None
    held = LockState(place="lb1", owner=owner, seconds_since_heartbeat=2.0)
    may_live = UnfinishedRun(owner=owner, past=past, held=held, certain=False)
    assert "died" not in remains_table(may_live, {})


def test_a_run_that_is_over_says_what_to_type() -> None:
    text = left_table(left(), SEEN)
    assert "`rollout recover`" in text
    assert "`rollout resume`" in text


def test_a_run_that_may_live_says_who_holds_the_lock() -> None:
    text = left_table(left(certain=False), SEEN)
    assert "recover" not in text
    assert "lb1    alice@bastion  a11ce0  2026-11-22T19:37:02Z  web1, web2, web3" in text


def test_a_lock_that_nobody_holds_is_said_to_be_free() -> None:
    assert lock_table([]) == f"{FREE}\n"
    assert json.loads(lock_json([])) == {"v": 1, "held": [], "acts": {}}


def test_who_holds_the_lock_is_told_for_each_place() -> None:
    one = LockState(
        place="lb1",
        owner=ALICE,
        owned_targets=(owned_target("web1"), owned_target("web2")),
        seconds_since_heartbeat=72.0,
    )
    other = LockState(
        place="lb2", owner=ALICE, ended="ended with servers out", seconds_since_heartbeat=5.0
    )
    assert lock_table([one, other]) == (
        "PLACE  OWNER          RUN     SINCE                 OUT BECAUSE OF IT\n"
        "lb1    alice@bastion  a11ce0  2026-11-22T19:37:02Z  web1, web2\n"
        "lb2    alice@bastion  a11ce0  2026-11-22T19:37:02Z  no server\n"
        "\n"
        "lb1: pid 4711: rollout restart\n"
        "lb1: gave a sign of life 1m12s ago\n"
        "lb2: pid 4711: rollout restart\n"
        "lb2: ended with servers out\n"
    )


def test_a_freeze_by_hand_says_why_and_gives_no_sign_of_life() -> None:
    assert lock_table([LockState(place="lb1", owner=FREEZE)]) == (
        "PLACE  OWNER          RUN      SINCE                 OUT BECAUSE OF IT\n"
        "lb1    alice@bastion  by hand  2026-11-22T19:37:02Z  no server\n"
        "\n"
        "lb1: reason: the database is being moved\n"
    )
    silent = replace(FREEZE, reason="")
    assert "reason: none given" in lock_table([LockState(place="lb1", owner=silent)])


def test_a_run_whose_process_is_gone_is_said_to_have_died() -> None:
    held = [LockState(place="lb1", owner=ALICE, seconds_since_heartbeat=9.0)]
    text = lock_table(held, over={ALICE.run})
    assert "died: its process is gone; it gave its last sign of life 9s ago" in text
    assert json.loads(lock_json(held, over={ALICE.run}))["held"][0]["over"] is True


def test_a_run_that_is_paused_is_said_to_be_as_long_as_it_lives() -> None:
    paused = LockState(place="lb1", owner=ALICE, paused="carol@bastion")
    said = "lb1: paused (carol@bastion): `rollout continue` goes on"
    assert said in lock_table([paused])
    assert json.loads(lock_json([paused]))["held"][0]["paused"] == "carol@bastion"
    assert "paused" not in lock_table([paused], over={ALICE.run})
    assert "paused" not in lock_table([replace(paused, ended="ended with servers out")])


def test_nothing_is_brought_back_where_no_server_is_out() -> None:
    text = left_table(UnfinishedRun(owner=ALICE, certain=True), SEEN, "rollout --env x")
    assert "recover" not in text
    assert "`rollout --env x resume` goes on with the rest" in text


def test_a_clock_that_runs_ahead_makes_nobody_alive_in_the_future() -> None:
    assert "0s ago" in lock_table(
        [LockState(place="lb1", owner=ALICE, seconds_since_heartbeat=-30.0)]
    )


def test_the_json_says_the_same() -> None:
    one = LockState(
        place="lb1",
        owner=ALICE,
        owned_targets=(owned_target("web1"),),
        seconds_since_heartbeat=72.0,
    )
    assert json.loads(lock_json([one])) == {
        "v": 1,
        "held": [
            {
                "place": "lb1",
                "run": "a11ce0",
                "kind": "run",
                "who": "alice@bastion",
                "pid": 4711,
                "since": "2026-11-22T19:37:02Z",
                "command": "rollout restart",
                "reason": "",
                "quiet": 72.0,
                "ended": "",
                "paused": "",
                "unreadable": "",
                "made_by": "",
                "out": ["web1"],
                "over": False,
            }
        ],
        "acts": {},
    }


def test_what_is_left_as_json_names_every_target_and_seat() -> None:
    fields = json.loads(json.dumps(left_fields(left())))
    assert (fields["run"], fields["kind"], fields["over"]) == ("a11ce0", "run", True)
    assert fields["out"] == [
        {"target": "web1", "asked": True, "servers": ["app/web1@lb1"]},
        {"target": "web2", "asked": False, "servers": ["app/web2@lb1"]},
        {"target": "web3", "asked": False, "servers": ["app/web3@lb1"]},
    ]


def nasty() -> LockState:
    """A lock in which every word was chosen by somebody who wishes us ill."""
    process = replace(ALICE.process, host=NASTY)
    owner = replace(
        ALICE, run=NASTY, user=NASTY, since=NASTY, command=NASTY, reason=NASTY, process=process
    )
    at = Server(NASTY, NASTY, NASTY)
    one = owned_target("web1")
    of = replace(one.target, name=NASTY, host=NASTY, servers=(at,), instances_by_server={at: ()})
    owned = replace(one.found[0], server=at, status=NASTY)
    bad = replace(one, target=of, found=(owned,), possible_states={at: (AdminState.MAINT,)})
    return LockState(place="lb1", owner=owner, owned_targets=(bad,), ended=NASTY)


def is_harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("kind", list(Kind))
def test_no_escape_code_gets_through_the_words_of_a_lock(kind: Kind) -> None:
    held = replace(nasty(), owner=replace(nasty().owner, kind=kind))
    for one in (held, replace(held, ended="")):
        text = lock_table([one])
        assert is_harmless(text)
        below = {Kind.MANUAL: 1, Kind.RUN: 3, Kind.UNKNOWN: 1}  # reason; pid, state and reason
        assert len(text.splitlines()) == 3 + below[kind], "no line is faked"


@pytest.mark.parametrize("seen", [False, True])
def test_no_escape_code_gets_through_the_table_of_what_is_left(*, seen: bool) -> None:
    held = nasty()
    at = held.owned_targets[0].found[0].server
    readings = {NASTY: reading(row(at, Admin.FORCED_MAINT, NASTY), balancer=NASTY)} if seen else {}
    over = UnfinishedRun(
        owner=held.owner, owned_targets=held.owned_targets, held=held, certain=True
    )
    for text in (remains_table(over, readings), left_table(over, readings)):
        assert is_harmless(text), repr(text)
        assert len(text.splitlines()) <= 5, "no line is faked"


def test_no_escape_code_gets_through_the_json() -> None:
    text = lock_json([nasty()])
    assert text.isascii()
    assert is_harmless(text)
    assert len(text.splitlines()) == 1
    assert json.loads(text)["held"][0]["reason"] == NASTY, "machines get the words as they are"
