"""What an adversary found: deaths in the middle of recovering, stale agreements, bad advice."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.fleet import Fleet, until
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.advice import steps_in
from tests.support.killed_runs import journals, left_open, told_in
from tests.support.observed_deploy import places
from tests.support.patched_rollout import run_patched
from tests.support.started_runs import Running

pytestmark = pytest.mark.integration

MAINT = 1
TWO_OUT: dict[str, object] = {"fleet__max_out": 2, "fleet__floor": 1}

STRUCK = """\
import importlib, inspect, os, sys
from rollout.__main__ import main

module, path, nth, when, sign = sys.argv.pop(1).split("|")
owner = importlib.import_module(module)
*parents, name = path.split(".")
for parent in parents:
    owner = getattr(owner, parent)
act, count = getattr(owner, name), 0

def strike(moment):
    if count == int(nth) and when == moment:
        os.kill(os.getpid(), int(sign))

async def struck(*words, **named):
    global count
    count += 1
    strike("before")
    result = await act(*words, **named)
    strike("after")
    return result

setattr(owner, name, struck)
main()
"""
"""rollout, with a signal to itself before or after the n-th call of one coroutine."""

AT_EVENT = """\
import os, signal, sys
from rollout.__main__ import main
from rollout.output import jsonl

kind, nth, show = sys.argv.pop(1), int(sys.argv.pop(1)), jsonl.JsonLines.show
seen = 0

def shown(self, told):
    global seen
    show(self, told)
    seen += type(told.event).__name__ == kind
    if type(told.event).__name__ == kind and seen == nth:
        os.kill(os.getpid(), signal.SIGKILL)

jsonl.JsonLines.show = shown
main()
"""
"""rollout, killed when the n-th event of a kind was written to its journal."""


def killed_after(fleet: Fleet, kind: str, nth: int, *words: str) -> None:
    done = run_patched(fleet, AT_EVENT, kind, str(nth), words=words, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


@contextmanager
def struck(
    fleet: Fleet, where: str, sign: signal.Signals, *words: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run rollout with ``sign`` to itself at ``where``: ``module|Class.method|nth|when``."""
    with subprocess.Popen(
        [sys.executable, "-c", STRUCK, f"{where}|{int(sign)}", *fleet.command(*words)[1:]],
        env=fleet.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def asking(shop: Troubled, *words: str) -> Iterator[tuple[Running, Callable[[str], int]]]:
    """Run what asks the operator on a terminal, up to its question; what is given answers it."""
    ours, theirs = os.openpty()
    try:
        running = shop.start(*words, stdin=theirs)
        running.until_says("[y/N]")
        yield running, lambda text: os.write(ours, text.encode())
    finally:
        os.close(ours)
        os.close(theirs)


def asked_of(fleet: Fleet) -> dict[str, int]:
    """Count by target how often monit was asked, in all runs."""
    asked: dict[str, int] = {}
    for journal in journals(fleet):
        for event in told_in(journal):
            if event["event"] == "target.restart_asked":
                asked[str(event["target"])] = asked.get(str(event["target"]), 0) + 1
    return asked


def agent_of(fleet: Fleet, server: str) -> int:
    """Read HAProxy's ``srv_agent_state``: bit 4 is "enabled"."""
    _, head, *rows = fleet.balancers["lb1"].command("show servers state").splitlines()
    names = head.removeprefix("# ").split()
    found = (dict(zip(names, row.split(), strict=True)) for row in rows if row.strip())
    return next(int(r["srv_agent_state"]) for r in found if r["srv_name"] == server)


def test_a_recover_that_dies_between_two_servers_loses_neither(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(hosts=3)
    shop.settings(**TWO_OUT)
    killed_after(shop.fleet, "InstanceRestarted", 2, "restart")
    assert shop.admin("web1")
    assert shop.admin("web2")
    where = "rollout.adapters.journal.writer|Journal.held|1|after"
    with struck(shop.fleet, where, signal.SIGKILL, "recover", "--yes") as dying:
        assert dying.wait(30) == -signal.SIGKILL

    ended = shop.rollout("recover", "--yes")

    assert ended.code == 0, ended.said
    assert shop.all_ready, ended.said
    assert left_open(shop.fleet) == []


def test_a_yes_to_what_somebody_has_seen_to_meanwhile_touches_nothing(shop: Troubled) -> None:
    killed_after(shop.fleet, "InstanceRestarted", 1, "restart")
    with asking(shop, "recover") as (running, answer):
        assert shop.rollout("recover", "--yes").code == 0
        shop.fleet.balancers["lb1"].command("set server app/web1 state maint")
        answer("y\n")
        ended = running.end(30)

    assert shop.admin("web1") == MAINT, ended.said


def test_whoever_resumes_after_another_one_has_restarts_nobody_again(shop: Troubled) -> None:
    killed_after(shop.fleet, "InstanceRestarted", 1, "restart")
    assert shop.rollout("recover", "--yes").code == 0
    where = "rollout.lock.session|acquire|1|before"  # as one who waits for the lock (--wait-lock)
    with struck(shop.fleet, where, signal.SIGSTOP, "resume", "--yes") as waiting:
        until(lambda: stopped(waiting.pid), "it waits", 20)
        assert shop.rollout("resume", "--yes").code == 0
        waiting.send_signal(signal.SIGCONT)
        waiting.wait(40)

    assert asked_of(shop.fleet) == {"web1": 1, "web2": 1}


def test_a_yes_to_a_resume_that_is_through_meanwhile_restarts_nobody(shop: Troubled) -> None:
    killed_after(shop.fleet, "InstanceRestarted", 1, "restart")
    with asking(shop, "resume") as (running, answer):
        assert shop.rollout("resume", "--yes").code == 0
        answer("y\n")
        running.end(30)

    assert asked_of(shop.fleet) == {"web1": 1, "web2": 1}


def test_an_agent_that_we_have_silenced_speaks_again_though_the_server_is_theirs(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(agent=True)
    before = agent_of(shop.fleet, "web1")
    killed_after(shop.fleet, "InstanceRestarted", 1, "restart")
    shop.fleet.balancers["lb1"].command("set server app/web1 state ready")

    ended = shop.rollout("recover", "--yes")

    assert agent_of(shop.fleet, "web1") == before or "agent" in ended.said, ended.said


def test_a_deploy_that_died_between_two_switches_leaves_one_release(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(deploys=True)
    shop.fleet.shop.release()
    shop.settings(deploy__at_once=1)
    where = "rollout.deploy.transaction|switch|2|before"
    with struck(shop.fleet, where, signal.SIGKILL, "uninterrupted") as dying:
        assert dying.wait(30) == -signal.SIGKILL
    ended = shop.rollout("recover", "--yes")
    shop.rollout("restart")

    at = places(shop.fleet)
    assert len({*at.current.values(), *at.running.values()}) == 1, (at, ended.said)


def test_what_is_said_after_a_death_on_the_way_back_does_not_spread_the_bad_release(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(hosts=3, deploys=True)
    before = places(shop.fleet).live
    shop.settings(restart__running_timeout="3s")
    shop.fleet.shop.release(broken="fail-boot@web2")
    killed_after(shop.fleet, "CurrentRestored", 1, "uninterrupted")
    assert places(shop.fleet).running["web3/mongrel_8000"] == before
    ended = shop.rollout("recover", "--yes")

    shop.fleet.hosts["web2"].until_watched(20)  # monit starts it anew, as the release before
    if "restart --include-left-out" in ended.said:  # what it says is typed
        shop.rollout("restart", "--include-left-out")

    assert places(shop.fleet).running["web3/mongrel_8000"] == before, ended.said


def test_after_a_recover_that_could_not_what_resume_says_makes_the_fleet_whole(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(instances=2, deploys=True)
    shop.fleet.shop.release()
    shop.settings(monit__instances_at_a_time=1)
    killed_after(shop.fleet, "InstanceRestarted", 1, "uninterrupted")
    assert shop.rollout("recover", "--yes").code == 6  # one instance of two is new

    refused = shop.rollout("resume", "--yes")
    ended = shop.rollout("uninterrupted", "--include-left-out")

    assert refused.code == 3
    assert " uninterrupted` deploys anew; with --include-left-out" in refused.said
    assert ended.code == 0, ended.said
    assert shop.all_ready
    assert len({*places(shop.fleet).running.values(), *places(shop.fleet).current.values()}) == 1


def test_what_is_said_to_look_at_one_instance_can_be_typed(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(instances=2, lines="instance")
    shop.settings(fleet__by="instance")
    shop.fleet.hosts["web1"].misbehave("hang-boot")
    running = shop.start()
    running.until_says("restart requested")
    running.send(signal.SIGTERM)
    running.until_says("rollout stopping")
    running.send(signal.SIGTERM)
    said = running.end(10).said
    look = dict(reversed(steps_in(said)))["look"].split()

    if look[0] == "rollout":
        assert shop.rollout(*look[look.index("status") :]).code in {0, 3}, look  # not 2: usage


def test_a_balancer_that_was_renamed_since_is_no_bug_and_nobody_is_called_never_asked(
    shop: Troubled,
) -> None:
    killed_after(shop.fleet, "InstanceRestarted", 1, "restart")
    text = shop.fleet.settings_file.read_text()
    shop.fleet.settings_file.write_text(text.replace("[balancers.lb1]", "[balancers.front]"))

    ended = shop.rollout("recover", "--yes")

    assert "bug of its own" not in ended.said, ended.said
    assert "never asked" not in ended.said, ended.said


def test_what_another_bastion_has_brought_back_is_not_touched_by_the_first(
    shop: Troubled,
) -> None:
    killed_after(shop.fleet, "InstanceRestarted", 1, "restart")
    (owner,) = (shop.fleet.directory / "lock").glob("*/lock/holder")
    seen = json.loads(owner.read_text())
    seen["process"] |= {"host": "bastion1", "machine": "1", "boot": "1"}
    owner.write_text(json.dumps(seen))  # as the other bastion sees it
    other = shop.fleet.environment | {"XDG_STATE_HOME": str(shop.fleet.directory / "other")}
    command = shop.fleet.command("recover", "--yes")
    done = subprocess.run(command, env=other, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    shop.fleet.balancers["lb1"].command("set server app/web1 state maint")

    ended = shop.rollout("recover", "--yes")

    assert shop.admin("web1") == MAINT, ended.said


def test_a_run_that_slept_through_the_end_of_its_lock_restarts_nobody(shop: Troubled) -> None:
    where = "rollout.lock.ownership_log|PersistentOwnershipLog.asked|1|after"
    with struck(shop.fleet, where, signal.SIGSTOP, "restart") as asleep:
        until(lambda: stopped(asleep.pid), "it sleeps", 20)
        shutil.rmtree(shop.fleet.directory / "lock")
        shop.fleet.balancers["lb1"].command("set server app/web1 state ready")
        time.sleep(2)
        asleep.send_signal(signal.SIGCONT)
        asleep.wait(30)
        time.sleep(1)

    assert shop.same("web1")


def stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_a_lock_that_cannot_be_read_is_not_given_back_like_one_by_hand(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(boot=2.0)
    running = shop.start()
    running.until_says("restart requested")
    (owner,) = (shop.fleet.directory / "lock").glob("*/lock/holder")
    owner.write_text("garbage")

    shop.rollout("lock", "release")

    ended = running.end(40)
    assert ended.code == 0, ended.said


def test_a_freeze_that_was_terminated_freezes_nothing(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(balancers=2, remote_balancers=True)
    shop.fleet.balancers["lb2"].suspend_sshd()
    running = shop.start("lock", "acquire", "--reason", "a test")
    until(lambda: left_open(shop.fleet), "the first place is taken", 10)
    running.send(signal.SIGTERM)
    running.end(10)
    shop.fleet.balancers["lb2"].resume_sshd()

    assert left_open(shop.fleet) == []


def test_a_freeze_that_could_not_be_written_down_freezes_nothing(trouble_in: MakeTrouble) -> None:
    shop = trouble_in()
    for words in (("acquire", "--reason", "a test"), ("release",)):
        assert shop.rollout("lock", *words).code == 0
    (acts,) = (shop.fleet.directory / "lock").glob("*/acts")
    acts.unlink()
    (acts / "in the way").mkdir(parents=True)

    refused = shop.rollout("lock", "acquire", "--reason", "a test")

    assert refused.code == 3
    assert left_open(shop.fleet) == []
