"""A second shell pauses, continues and aborts the run of the first one, on real daemons."""

import json
import signal
import time

import pytest

from examples.fleet import until
from tests.integration.trouble.conftest import Troubled
from tests.support.advice import commands_in, steps_in, type_line
from tests.support.bastion import Bastion
from tests.support.fault_places import a_visitor_stays
from tests.support.started_runs import Running

pytestmark = pytest.mark.integration

UNTIL = "nothing new is taken out until `rollout "


def out_of(shop: Troubled, *words: str) -> Running:
    """Return when the first host is out, with a session that does not end."""
    running = shop.start("restart", "--drain-timeout", "10s", *words)
    running.until_says("web1 draining")
    return running


def test_a_pause_from_another_shell_sees_the_host_through_and_waits_for_continue(
    shop: Troubled,
) -> None:
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = out_of(shop)
        paused = Bastion(shop, "elsewhere").rollout("pause")
        assert "200" in finish()
    assert paused.code == 0, paused.said
    assert f"is paused: web1 is finished first; {UNTIL}" in paused.said
    running.until_says("web1 done", 60)
    time.sleep(3)
    assert "web2 taking out" not in running.said
    assert shop.new_processes("web1")
    assert shop.same("web2")
    assert shop.all_ready

    lock, status = shop.rollout("lock"), shop.rollout("status")
    again, (command,) = shop.rollout("pause"), commands_in(paused.said)
    assert "paused (" in lock.data
    assert "paused (" in status.data
    assert "paused already (" in again.said

    goes_on = type_line(shop.fleet, command)
    ended = running.end(60)

    assert goes_on.code == 0, goes_on.said
    assert "goes on" in goes_on.said
    assert ended.code == 0, ended.said
    assert "rollout paused (" in ended.said
    assert "rollout goes on (" in ended.said
    assert shop.new_processes("web2")
    assert "continued run" in shop.rollout("lock").data
    files = (path for path in (shop.fleet.directory / "state").rglob("*") if path.is_file())
    journal = "".join(path.read_text(errors="replace") for path in files)
    for wire in ("rollout.paused", "rollout.continued"):
        assert f'"{wire}"' in journal


def test_an_abort_from_another_shell_puts_back_what_is_in_drain_and_resume_goes_on(
    shop: Troubled,
) -> None:
    with a_visitor_stays(shop.fleet, "web1"):
        running = out_of(shop)
        aborted = shop.rollout("abort", "--output", "json")
        ended = running.end(30)
    assert aborted.code == 0, aborted.said
    answer = json.loads(aborted.data)
    assert (answer["outcome"], answer["finishing"]) == ("stopping", ["web1"])
    assert ended.code == 5, ended.said
    assert "rollout stopping (abort by " in ended.said
    assert shop.untouched

    resumed = type_line(shop.fleet, "rollout resume")
    assert resumed.code == 0, resumed.said
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def test_after_an_abort_from_another_shell_a_ctrl_c_is_still_the_first_one(
    shop: Troubled,
) -> None:
    shop.fleet.hosts["web1"].misbehave("hang-boot")
    running = shop.start("restart", "--running-timeout", "20s")
    running.until_says("restart requested")
    assert shop.rollout("abort").code == 0
    running.send(signal.SIGINT)
    time.sleep(1)
    assert running.process.poll() is None, "it sees web1 through"
    running.send(signal.SIGINT)
    assert running.end(10).code == 6
    assert shop.same("web2")


def test_without_a_run_nothing_is_asked_and_of_one_that_died_it_is_said(shop: Troubled) -> None:
    for command in ("pause", "continue", "abort"):
        said = shop.rollout(command)
        assert (said.code, said.data) == (3, "")
        assert "nothing was changed: no run holds the lock" in said.said
    with a_visitor_stays(shop.fleet, "web1"):
        running = out_of(shop)
        running.send(signal.SIGKILL)
        running.end(10)
        died = shop.rollout("abort")
    assert died.code == 3
    assert "died: `rollout " in died.said
    (command,) = commands_in(died.said)
    assert type_line(shop.fleet, command).code == 0
    assert shop.untouched


def test_a_request_of_a_run_that_was_stopped_does_not_act_on_the_next_one(shop: Troubled) -> None:
    """The run that is asked does not read any more: it is stopped, and killed then."""
    with a_visitor_stays(shop.fleet, "web1"):
        running = out_of(shop)
        running.send(signal.SIGSTOP)
        asked = shop.rollout("abort", timeout=60)
        running.send(signal.SIGKILL)
        running.end(10)
    assert asked.code == 3
    assert "has not answered within 15s" in asked.said
    assert type_line(shop.fleet, "rollout recover").code == 0
    ended = shop.rollout("restart")
    assert ended.code == 0, ended.said
    assert "stopping" not in ended.said


# ---- the pause after the canary

CANARY = "--canary 1 --pause-after-canary"


@pytest.mark.parametrize(("key", "code"), [("y", 0), ("n", 5), ("\n", 5)], ids=["y", "n", "Enter"])
def test_one_key_at_the_terminal_answers_for_the_rest(shop: Troubled, key: str, code: int) -> None:
    done = type_line(shop.fleet, f"rollout restart {CANARY} --yes --output plain", answer=key)
    assert done.code == code, done.said
    assert "paused (pause_after_canary): continue? [y/N]" in done.said
    assert shop.new_processes("web1")
    assert shop.new_processes("web2") if code == 0 else shop.same("web2")
    assert shop.all_ready
    assert ("goes on (answered at the terminal)" in done.said) == (code == 0)
    if code:
        assert "the answer was no" in done.said
        assert type_line(shop.fleet, "rollout resume --yes", answer="y").code == 0
        assert shop.new_processes("web2")


def test_under_cron_another_shell_answers_after_the_canary(shop: Troubled) -> None:
    running = shop.start("restart", *CANARY.split(), "--cron")
    until(lambda: "pause_after_canary" in shop.rollout("lock").data, "the run is paused", 30)
    assert shop.all_ready
    assert shop.same("web2")
    assert shop.rollout("continue").code == 0
    ended = running.end(30)
    assert (ended.code, ended.said) == (0, "")
    assert shop.new_processes("web2")


def test_without_an_answer_the_run_halts_and_says_what_goes_on(shop: Troubled) -> None:
    shop.settings(fleet__pause_timeout="2s")
    ended = shop.rollout("restart", *CANARY.split())
    assert ended.code == 5, ended.said
    assert "not told to go on within 2s" in ended.said
    assert shop.all_ready
    assert shop.same("web2")
    steps = [line for label, line in steps_in(ended.said) if label == "go on"]
    assert steps
    assert "resume" in steps[0]


# ---- status --watch


def test_watch_follows_the_run_from_this_bastion_and_from_another_until_ctrl_c(
    shop: Troubled,
) -> None:
    here = shop.start("status", "--watch")
    there = Bastion(shop, "elsewhere").start("status", "--watch", "--output", "json")
    until(lambda: "no run is under way" in here.data, "the first look", 30)
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = out_of(shop)
        assert shop.rollout("pause").code == 0
        until(lambda: "0 of 2 done · web1 out" in here.data, "web1 is out", 30)
        until(lambda: "paused (" in here.data, "it is paused", 30)
        assert "200" in finish()
    until(lambda: "1 of 2 done · no host out" in here.data, "web1 is back", 60)
    assert shop.rollout("continue").code == 0
    assert running.end(60).code == 0
    until(lambda: here.data.count("no run is under way") > 1, "the run is over", 30)
    time.sleep(3)
    texts = here.data.count("no run is under way")
    time.sleep(5)
    assert here.data.count("no run is under way") == texts, "nothing changed, nothing printed"

    for watching in (here, there):
        watching.send(signal.SIGINT)
        ended = watching.end(10)
        assert (ended.code, ended.said) == (0, "")
    seen = [json.loads(line) for line in ended.data.splitlines()]
    outs = [[h["target"] for h in one["run"]["out"]] for one in seen if one["run"]]
    assert ["web1"] in outs
    assert seen[-1]["run"] is None


def test_a_reader_that_hangs_up_ends_the_watch(shop: Troubled) -> None:
    done = type_line(shop.fleet, "rollout status --watch | head -n 1")
    assert done.code == 0, done.said
    assert "no run is under way" in done.said
