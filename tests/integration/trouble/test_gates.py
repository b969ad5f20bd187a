"""A canary that is none opens nothing; the summary counts what visitors and operators met."""

import time

import pytest

from examples.fleet import until
from tests.integration.trouble.conftest import MakeTrouble, Troubled
from tests.support.fault_places import a_visitor_stays, in_flight

pytestmark = pytest.mark.integration

MAINT = 1


@pytest.fixture
def three(trouble_in: MakeTrouble) -> Troubled:
    return trouble_in(hosts=3)


def take(shop: Troubled, server: str, state: str = "maint") -> None:
    shop.fleet.balancers["lb1"].command(f"set server app/{server} state {state}")


def test_a_canary_that_does_not_boot_opens_nothing_though_a_failure_is_forgiven(
    three: Troubled,
) -> None:
    three.fleet.hosts["web1"].misbehave("fail-boot")
    words = ["--canary", "10%", "--max-failures", "1", "--soak", "2s", "--floor", "0"]
    ended = three.rollout("restart", *words)
    assert ended.code == 6, ended.said
    assert "no further server is risked after the canary: web1: not verified" in ended.said
    assert three.same("web2")
    assert three.same("web3")


def test_a_canary_that_an_operator_takes_in_its_soak_opens_nothing(three: Troubled) -> None:
    running = three.start("restart", "--canary", "1", "--soak", "20s")
    running.until_says("rollout soak")
    take(three, "web1", "drain")
    ended = running.end()
    assert ended.code == 5, ended.said
    assert "web1 was to carry traffic first, and app/web1@lb1 is in drain" in ended.said
    assert ended.seconds < 15, "it does not wait for the end of the soak"
    assert three.same("web2")
    assert "1 of 3 hosts restarted" in ended.said
    assert "Not serving now, and not because of this run: web1 (app/web1@lb1 is in drain)" in (
        ended.said
    )


@pytest.mark.parametrize("cron", [(), ("--cron",)])
def test_a_server_that_an_operator_takes_after_its_turn_is_said_not_to_serve(
    three: Troubled, cron: tuple[str, ...]
) -> None:
    with a_visitor_stays(three.fleet, "web2") as finish:
        words = ["--floor", "1", *cron]
        running = three.start("restart", *words)
        until(
            lambda: three.new_processes("web1") and three.admin("web2") != 0,
            "web2 has its turn",
            20,
        )
        take(three, "web1")
        finish()
        ended = running.end()
    assert ended.code == 0, ended.said
    assert "3 of 3 hosts restarted" in ended.said
    assert "all serving" not in ended.said
    assert "web1 (app/web1@lb1 is in maint)" in ended.said
    assert three.admin("web1") == MAINT, "it is left to the operator"


@pytest.mark.parametrize("cron", [(), ("--cron",)])
def test_sessions_that_were_cut_are_counted_in_the_summary(
    shop: Troubled, cron: tuple[str, ...]
) -> None:
    shop.settings(restart__on_busy="cut", restart__maint_timeout="1s")
    with a_visitor_stays(shop.fleet, "web1"):
        assert in_flight(shop.fleet, "web1") == 1
        ended = shop.rollout("restart", "--hosts", "web1", *cron)
    assert ended.code == 0, ended.said
    assert "1 session was cut off: web1 1." in ended.said


def test_the_deadline_counts_the_wait_for_the_lock(shop: Troubled) -> None:
    assert shop.rollout("lock", "acquire", "--reason", "wait for me").code == 0
    running = shop.start("restart", "--wait-lock", "30s", "--deadline", "2s")
    running.until_says("waiting: the lock is held")
    time.sleep(2.5)  # the deadline passes; nothing is told of that before the lock is there
    assert shop.rollout("lock", "release").code == 0
    ended = running.end()
    assert ended.code == 5, ended.said
    assert "the deadline of 2s for the whole run has passed" in ended.said
    assert shop.untouched


def test_a_server_that_falls_over_after_its_turn_is_out_and_named(three: Troubled) -> None:
    with a_visitor_stays(three.fleet, "web3") as finish:
        running = three.start("restart", "--floor", "1")
        until(
            lambda: three.new_processes("web1") and three.admin("web3") != 0,
            "web3 has its turn",
            20,
        )
        three.fleet.hosts["web1"].misbehave("fail-boot")
        three.fleet.hosts["web1"].kill_monit()
        three.fleet.hosts["web1"].kill_instance("mongrel_8000")
        until(lambda: three.status("web1") == "DOWN", "HAProxy has noticed", 10)
        finish()
        ended = running.end()
    assert ended.code == 6, ended.said
    assert " is DOWN again." in ended.said
    assert "web1   down again" in ended.said
    assert "recover" not in ended.said.rpartition("down again")[2], "it is not out because of us"
