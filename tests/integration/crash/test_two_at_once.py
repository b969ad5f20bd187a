"""Two who roll the same fleet: one works, the other is told who; a lock by hand stops them all."""

import json
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from examples.fleet import until
from examples.fleet.programs import write_program
from examples.fleet.srv import FIRST
from rollout.adapters.local.process_identity import this_process, user
from rollout.output.lock import FREE
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.bastion import Bastion, kill_9, restarts
from tests.support.fault_places import a_visitor_stays
from tests.support.private_files import in_private, machine_id_is
from tests.support.started_runs import Running

pytestmark = pytest.mark.integration

MAINT = 1
ROUNDS = 10

OWN_DISK = """\
#!/bin/bash
# All machines of the fleet share one file system; where the lock lies this one has its own.
exec /bin/bash -c "${{SSH_ORIGINAL_COMMAND//"{common}"/"{own}"}}"
"""


def two_bastions(shop: Troubled) -> tuple[Bastion, Bastion]:
    return Bastion(shop, "bastion1"), Bastion(shop, "bastion2")


def one_runs(runs: Sequence[Running]) -> Running:
    """Wait for two runs; see that one was told of the other; return that other one."""
    ended = [running.end() for running in runs]
    codes = [one.code for one in ended]
    assert sorted(codes) == [0, 4], [one.said for one in ended]
    winner, loser = runs[codes.index(0)], ended[codes.index(4)]
    assert "busy, nothing was changed" in loser.said
    assert f"the lock is held by {user()}@{this_process().host} (run " in loser.said
    assert f", pid {winner.process.pid}) since " in loser.said
    return winner


def the_lock_is_free(shop: Troubled) -> None:
    assert shop.rollout("lock").data.startswith(FREE)


def test_of_two_that_start_at_the_same_moment_one_runs_and_the_other_names_it(
    shop: Troubled,
) -> None:
    bastions = two_bastions(shop)
    for number in range(1, ROUNDS + 1):
        one_runs([bastion.start("restart", "--hosts", "web1") for bastion in bastions])
        assert restarts(shop, "web1") == number
        assert shop.all_ready
    assert shop.same("web2")
    the_lock_is_free(shop)


# One balancer here, one behind ssh


@pytest.fixture
def half_remote(trouble_in: MakeTrouble) -> Troubled:
    """One balancer on the bastion, another on a machine with a file system of its own."""
    shop = trouble_in(balancers=2, remote_balancers=True)
    lb2 = shop.fleet.balancers["lb2"]
    common, own = shop.fleet.directory / "lock", lb2.directory / "lock"
    lb2.login = lb2.directory / "bin" / "session"
    write_program(lb2.login, OWN_DISK.format(common=common, own=own))
    lb2.kill_sshd()
    lb2.start_sshd()
    shop.settings(balancers__lb1__ssh=None)
    until(lambda: shop.rollout("lock").code == 0, "lb2 is reached")
    return shop


def locks(shop: Troubled) -> list[Path]:
    """List the locks on the disk of the bastion and on that of the second balancer."""
    lb2 = shop.fleet.balancers["lb2"]
    return [*shop.fleet.directory.glob("lock/*/lock"), *lb2.directory.glob("lock/*/lock")]


def test_one_of_two_runs_where_the_lock_lies_on_two_machines(half_remote: Troubled) -> None:
    bastions = two_bastions(half_remote)
    for number in (1, 2, 3):
        runs = [bastion.start("restart", "--hosts", "web1") for bastion in bastions]
        until(lambda: len(locks(half_remote)) == 2, "the lock is taken in both places")
        one_runs(runs)
        assert restarts(half_remote, "web1") == number
        assert half_remote.all_ready
        assert locks(half_remote) == []


def test_a_lock_that_is_held_in_one_of_two_places_is_not_taken_in_the_other(
    half_remote: Troubled,
) -> None:
    half_remote.rollout("lock", "acquire", "--reason", "a look at lb2")
    here, _ = locks(half_remote)
    shutil.rmtree(here)

    ended = half_remote.rollout()

    assert ended.code == 4, ended.said
    assert "a look at lb2" in ended.said
    assert [lock.parts[-4] for lock in locks(half_remote)] == ["lb2"]
    assert half_remote.untouched
    assert half_remote.rollout("lock", "release").code == 0
    assert locks(half_remote) == []


# A restart and a deploy


def test_of_a_restart_and_a_deploy_one_runs_and_the_other_leaves_no_trace(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(deploys=True)
    hosts = shop.fleet.hosts.values()
    bastions = two_bastions(shop)
    live, deploys = FIRST, 0
    for number in range(1, 4):
        shop.fleet.shop.release()
        releases = [host.srv.releases for host in hosts]
        first, second = bastions if number % 2 else reversed(bastions)
        runs = [first.start("uninterrupted"), second.start("restart")]

        winner = one_runs(runs)

        if winner is runs[0]:
            deploys += 1
            assert len({host.srv.current for host in hosts}) == 1
            assert all(host.srv.current != live for host in hosts)
            live = next(iter(hosts)).srv.current
        else:
            assert [host.srv.releases for host in hosts] == releases
        assert {release for host in hosts for release in host.running().values()} == {live}
        assert [restarts(shop, "web1"), restarts(shop, "web2")] == [number, number]
        assert shop.all_ready
    the_lock_is_free(shop)


# By hand


def test_a_lock_by_hand_stops_cron_with_one_account_and_its_end_lets_it_run(
    shop: Troubled,
) -> None:
    ours, theirs = two_bastions(shop)
    frozen = ours.rollout("lock", "acquire", "--reason", "the database moves")

    refused = theirs.rollout("restart", "--cron")
    again = theirs.rollout("lock", "acquire", "--reason", "me too")
    untouched = shop.untouched
    thawed = theirs.rollout("lock", "release")
    ran = theirs.rollout("restart", "--cron")

    assert frozen.code == 0, frozen.said
    assert refused.code == 4, refused.said
    assert refused.said.count("busy, nothing was changed") == 1
    assert refused.said.count("the database moves") == 1
    assert f"{user()}@{this_process().host}, by hand since" in refused.said
    assert refused.data == ""
    assert again.code == 4
    assert "the database moves" in again.said
    assert untouched
    assert thawed.code == 0, thawed.said
    assert (ran.code, ran.said, ran.data) == (0, "", "")
    assert shop.new_processes("web1")
    assert shop.new_processes("web2")


def test_who_waits_for_the_lock_runs_when_the_other_is_through(shop: Troubled) -> None:
    ours, theirs = two_bastions(shop)
    with a_visitor_stays(shop.fleet, "web1") as finish:
        first = ours.start("restart", "--hosts", "web1", "--drain-timeout", "5s")
        first.until_says("web1 draining")
        second = theirs.start("restart", "--hosts", "web1", "--wait-lock", "20s")
        second.until_says("waiting: the lock is held by")
        asked = restarts(shop, "web1")
        finish()
    early = first.end()
    late = second.end()

    assert asked == 0
    assert f"pid {first.process.pid})" in late.said
    assert (early.code, late.code) == (0, 0), late.said
    assert restarts(shop, "web1") == 2
    assert shop.all_ready
    the_lock_is_free(shop)


def test_who_waits_for_the_lock_longer_than_was_said_touches_nothing(shop: Troubled) -> None:
    shop.rollout("lock", "acquire", "--reason", "the database moves")

    ended = shop.rollout("restart", "--wait-lock", "2s")

    assert ended.code == 4, ended.said
    assert 2 <= ended.seconds < 10
    assert "the database moves" in ended.said
    assert shop.untouched


def test_a_stop_ends_the_wait_for_the_lock(shop: Troubled) -> None:
    shop.rollout("lock", "acquire", "--reason", "the database moves")
    running = shop.start("restart", "--wait-lock", "60s")
    running.until_says("waiting: the lock is held by")
    running.send(signal.SIGINT)

    ended = running.end(10)

    assert ended.code == 5, ended.said
    assert "stopped on request, before anything was changed" in ended.said
    assert shop.untouched


def test_of_two_recoveries_at_the_same_moment_one_brings_back_what_is_out(shop: Troubled) -> None:
    ours, theirs = two_bastions(shop)
    with a_visitor_stays(shop.fleet, "web1"):
        running = ours.start("restart", "--drain-timeout", "4s")
        running.until_says("web1 draining")
        kill_9(running)

    runs = [bastion.start("recover", "--yes") for bastion in (ours, theirs)]
    ended = [one.end() for one in runs]

    said = "\n".join(one.said for one in ended)
    assert sorted(one.code for one in ended) in ([0, 0], [0, 3], [0, 4]), said
    assert ("since you looked" in said) == (3 in [one.code for one in ended]), said
    assert said.count("web1 recovered: serves as it was found") == 1, said
    assert shop.untouched
    the_lock_is_free(shop)


# Broken


@pytest.mark.parametrize("asked", [False, True])
def test_a_frozen_run_whose_lock_was_broken_touches_nothing_when_it_thaws(
    shop: Troubled, *, asked: bool
) -> None:
    shop.settings(restart__running_timeout="30s")
    ours, theirs = two_bastions(shop)
    web1 = shop.fleet.hosts["web1"]
    if asked:
        web1.misbehave("hang-boot")
        running = ours.start("restart")
        running.until_says("nothing listens")
    else:
        with a_visitor_stays(shop.fleet, "web1"):
            running = ours.start("restart", "--drain-timeout", "30s")
            running.until_says("web1 draining")
            running.send(signal.SIGSTOP)
    running.send(signal.SIGSTOP)
    web1.heal()
    if asked:
        web1.kill_instance("mongrel_8000")

    broken = theirs.rollout("lock", "break", "--yes")

    assert broken.code == 0, broken.said
    assert shop.all_ready
    after, calls = shop.fleet.processes(), [restarts(shop, "web1"), restarts(shop, "web2")]
    assert calls == [int(asked), 0]

    running.send(signal.SIGCONT)
    ended = running.end(60)

    assert ended.code not in {0, 1}, ended.said
    stays_so(shop, after)
    assert [restarts(shop, "web1"), restarts(shop, "web2")] == calls
    the_lock_is_free(shop)
    recovered = ours.rollout("recover", "--yes")
    assert recovered.code == 0, recovered.said
    assert ours.rollout("restart").code == 0
    assert shop.all_ready


def stays_so(shop: Troubled, processes: dict[str, tuple[int, int] | None]) -> None:
    """See for a while that nobody is taken out, and nobody restarted."""
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert shop.all_ready
        time.sleep(0.05)
    assert shop.fleet.processes() == processes


def test_a_frozen_run_whose_lock_was_broken_takes_nobody_else_when_it_thaws(
    shop: Troubled,
) -> None:
    shop.settings(restart__stable="3s")
    ours, theirs = two_bastions(shop)
    running = ours.start("restart")
    running.until_says("web1 in rotation")
    running.send(signal.SIGSTOP)
    broken = theirs.rollout("lock", "break", "--yes")
    after = shop.fleet.processes()

    running.send(signal.SIGCONT)
    ended = running.end()

    assert broken.code == 0, broken.said
    assert ended.code not in {0, 1}, ended.said
    assert "the lock of this run on this machine was taken away" in ended.said
    stays_so(shop, after)
    assert shop.same("web2")
    the_lock_is_free(shop)


def test_the_run_that_lost_its_lock_does_not_give_back_that_of_the_next_one(
    shop: Troubled,
) -> None:
    ours, theirs = two_bastions(shop)
    with a_visitor_stays(shop.fleet, "web1"):
        running = ours.start("restart", "--drain-timeout", "30s")
        running.until_says("web1 draining")
        running.send(signal.SIGSTOP)
    assert theirs.rollout("lock", "break", "--yes").code == 0
    assert theirs.rollout("lock", "acquire", "--reason", "what was that?").code == 0

    running.send(signal.SIGCONT)
    ended = running.end(60)

    assert ended.code not in {0, 1}, ended.said
    held = json.loads(shop.rollout("--output", "json", "lock").data)["held"]
    assert [one["reason"] for one in held] == ["what was that?"]
    assert shop.untouched


def test_a_run_whose_lock_was_broken_says_so_rather_than_blame_whoever_put_right_what_it_held(
    shop: Troubled,
) -> None:
    ours, theirs = two_bastions(shop)
    with a_visitor_stays(shop.fleet, "web1"):
        running = ours.start("restart", "--drain-timeout", "30s")
        running.until_says("web1 draining")
        running.send(signal.SIGSTOP)
    theirs.rollout("lock", "break", "--yes")
    running.send(signal.SIGCONT)

    ended = running.end()

    assert ended.code == 5, ended.said
    assert shop.untouched
    assert "the lock of this run on this machine was taken away" in ended.said


# A machine without an id: minimal systems, containers


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("content", [None, "uninitialized\n"])
def test_a_run_that_died_is_known_to_be_dead_on_a_machine_without_an_id(
    shop: Troubled, content: str | None
) -> None:
    bastion = Bastion(shop, "bastion", inside=in_private(machine_id_is(content)))
    with a_visitor_stays(shop.fleet, "web1"):
        running = bastion.start("restart", "--hosts", "web1")
        running.until_says("web1 draining")
        lives = bastion.rollout("restart", "--hosts", "web1")
        kill_9(running)
        died = bastion.rollout("restart", "--hosts", "web1")

    assert lives.code == 4, lives.said
    assert died.code == 3, died.said
    assert " recover` brings back what is out" in died.said
    assert bastion.rollout("recover", "--yes").code == 0
    assert shop.all_ready
    the_lock_is_free(shop)
