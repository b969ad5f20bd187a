"""An app that does not come back: it stays out, it is named, and nobody else is touched."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.fleet import until
from examples.fleet.processes import tell
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.advice import steps_in
from tests.support.started_runs import Ended

pytestmark = pytest.mark.integration

MAINT = 1


def typed_for(label: str, said: str) -> list[str]:
    """Take from the summary the lines to be typed that belong to ``label``."""
    return [line for said_of, line in steps_in(said) if said_of == label]


def type_it(shop: Troubled, line: str) -> subprocess.CompletedProcess[str]:
    """Type ``line`` as it stands into a shell."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{shop.fleet.environment['PATH']}"
    return subprocess.run(
        ["sh", "-c", line],
        env={**shop.fleet.environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def web1_stays_out(shop: Troubled, ended: Ended) -> None:
    assert ended.code == 6, ended.said
    assert "FAILED (exit 6): web1 is OUT OF ROTATION." in ended.said
    assert "web1   out (maint)" in ended.said
    assert "web2   not restarted" in ended.said
    assert shop.admin("web1") == MAINT
    assert shop.admin("web2") == 0
    assert shop.same("web2")


def test_a_host_that_does_not_boot_stays_out_and_what_is_said_to_type_brings_it_back(
    shop: Troubled,
) -> None:
    shop.fleet.hosts["web1"].break_boot()

    ended = shop.rollout()

    web1_stays_out(shop, ended)
    (look,) = typed_for("look", ended.said)
    seen = type_it(shop, look)
    assert seen.returncode == 0, seen.stderr
    assert "mongrel_8000" in seen.stdout
    (by_hand,) = typed_for("or by hand", ended.said)
    assert "set server app/web1 state ready" in type_it(shop, by_hand).stdout
    shop.fleet.hosts["web1"].heal()
    shop.fleet.hosts["web1"].until_up(20)
    shop.fleet.hosts["web1"].until_watched(20)  # monit looks again only at its next cycle
    (recover,) = typed_for("bring back", ended.said)
    assert "# web1, once every instance of it runs and answers\n" in ended.said
    back = type_it(shop, f"{recover} --yes")
    assert back.returncode == 0, back.stderr
    assert shop.all_ready
    assert shop.rollout().code == 0


def test_a_host_that_hangs_at_boot_stays_out(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].misbehave("hang-boot")

    ended = shop.rollout()

    web1_stays_out(shop, ended)
    assert "not verified after 6s: mongrel_8000" in ended.said


def test_a_host_whose_app_answers_503_stays_out(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].misbehave("answer-503")

    ended = shop.rollout()

    web1_stays_out(shop, ended)
    assert "503" in ended.said


def test_a_host_whose_app_dies_soon_after_it_answered_is_taken_out_again(shop: Troubled) -> None:
    shop.settings(restart__stable="5s")
    shop.fleet.hosts["web1"].misbehave("die-after=2.5")

    ended = shop.rollout()

    web1_stays_out(shop, ended)


def test_a_returned_server_that_misses_a_check_is_not_taken_out_again(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(checks="inter 200ms rise 2 fall 20")
    shop.settings(restart__stable="3s")
    running = shop.start("restart", "--hosts", "web1")
    running.until_says("web1 in rotation")
    pid, _ = shop.fleet.hosts["web1"].processes()["mongrel_8000"] or (0, 0)
    tell(pid, signal.SIGSTOP)
    until(lambda: shop.status("web1").startswith("UP "), "HAProxy misses a check")
    time.sleep(0.5)
    tell(pid, signal.SIGCONT)

    ended = running.end()

    assert ended.code == 0, ended.said
    assert shop.all_ready


def test_a_process_that_ignores_its_stop_is_named_as_the_one_from_before(shop: Troubled) -> None:
    shop.fleet.hosts["web1"].misbehave("ignore-term")
    shop.fleet.hosts["web1"].kill_instance("mongrel_8000")
    shop.fleet.hosts["web1"].until_up(20)
    shop.fleet.hosts["web1"].until_watched(20)
    shop.fleet.until_serving()
    shop.before = shop.fleet.processes()

    ended = shop.rollout()

    web1_stays_out(shop, ended)
    assert shop.same("web1")
    assert "mongrel_8000 is still the process from before" in ended.said


def test_one_instance_of_two_that_does_not_boot_is_named(trouble_in: MakeTrouble) -> None:
    shop = trouble_in(instances=2)
    shop.fleet.hosts["web1"].break_boot("mongrel_8001")

    ended = shop.rollout()

    web1_stays_out(shop, ended)
    reason = next(line for line in ended.said.splitlines() if "out (maint)" in line)
    assert "mongrel_8001" in reason
    assert "mongrel_8000" not in reason


def test_a_second_host_that_does_not_boot_costs_neither_the_first_nor_the_third(
    trouble_in: MakeTrouble,
) -> None:
    shop = trouble_in(hosts=3)
    shop.fleet.hosts["web2"].break_boot()

    ended = shop.rollout()

    assert ended.code == 6
    assert "FAILED (exit 6): web2 is OUT OF ROTATION." in ended.said
    assert [shop.admin(f"web{n}") for n in (1, 2, 3)] == [0, MAINT, 0]
    assert shop.new_processes("web1")
    assert shop.same("web3")
