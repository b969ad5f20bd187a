"""Beside a lock, and after a run that died: `check`, `status`, `lock` say what `restart` does."""

import pytest

from tests.integration.trouble.conftest import Troubled
from tests.support.bastion import Bastion, kill_9
from tests.support.fault_places import a_visitor_stays

pytestmark = pytest.mark.integration

MAINT, DRAIN = 1, 8


def test_check_says_of_a_lock_that_is_held_what_restart_says(shop: Troubled) -> None:
    ours = Bastion(shop, "bastion1")
    ours.rollout("lock", "acquire", "--reason", "the database moves")
    checked, refused = ours.rollout("check"), ours.rollout("restart")
    assert (checked.code, refused.code) == (4, 4), checked.said
    assert "the database moves" in checked.data
    assert "check failed: 1 finding" in checked.said
    ours.rollout("lock", "release")
    assert ours.rollout("check").code == 0


def test_check_says_of_a_run_that_died_what_restart_says(shop: Troubled) -> None:
    ours = Bastion(shop, "bastion1")
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = ours.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        kill_9(running)
        finish()
    assert shop.admin("web1") == DRAIN

    checked, refused = ours.rollout("check"), ours.rollout("restart")
    lock, status = ours.rollout("lock"), ours.rollout("status")

    assert (checked.code, refused.code) == (3, 3), checked.said
    assert "not by rollout" not in checked.data, "it is out because of the run that died"
    assert "died; out because of it: web1" in checked.data
    assert "recover` brings back what is out" in checked.data
    assert "died: its process is gone" in lock.data
    assert "died; out because of it: web1" in status.data
    assert ours.rollout("recover", "--yes").code == 0
    assert shop.all_ready
    assert ours.rollout("resume").code == 0
    assert ours.rollout("check").code == 0


def test_a_status_after_a_recovery_promises_nothing_that_is_done_already(shop: Troubled) -> None:
    ours = Bastion(shop, "bastion1")
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = ours.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        kill_9(running)
        finish()
    assert ours.rollout("recover", "--yes").code == 0
    status = ours.rollout("status")
    assert "brings it back" not in status.data
    assert "died" not in status.data


def test_check_beside_a_run_that_lives_is_as_busy_as_restart_and_blames_no_other_hand(
    shop: Troubled,
) -> None:
    ours = Bastion(shop, "bastion1")
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = ours.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        checked, refused = ours.rollout("check"), ours.rollout("restart")
        finish()
    assert running.end(60).code == 0
    assert (checked.code, refused.code) == (4, 4), checked.said
    assert "the lock is held by" in checked.data
    assert "check failed: 1 finding" in checked.said
    assert "not by rollout" not in checked.data


def test_check_counts_what_was_changed_since_as_another_hands_as_restart_does(
    shop: Troubled,
) -> None:
    ours = Bastion(shop, "bastion1")
    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = ours.start("restart", "--drain-timeout", "10s")
        running.until_says("web1 draining")
        kill_9(running)
        finish()
    shop.fleet.balancers["lb1"].command("set server app/web1 state maint")
    checked, refused = ours.rollout("check"), ours.rollout("restart")
    assert (checked.code, refused.code) == (3, 3), checked.said
    assert "no longer manages" in checked.data
    assert "app/web1@lb1 is in maint, not by rollout" in checked.data
