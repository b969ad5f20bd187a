"""Why a run was begun: another that is refused reads it, `lock` shows it, its recovery keeps it."""

import json

import pytest

from tests.integration.trouble.conftest import Troubled
from tests.support.advice import commands_in
from tests.support.bastion import kill_9, last_in, state_of
from tests.support.fault_places import a_visitor_stays

pytestmark = pytest.mark.integration

WHY = "leaking workers, OPS-311"


def test_who_is_refused_reads_why_and_what_recovers_the_run_needs_no_reason_of_its_own(
    shop: Troubled,
) -> None:
    shop.settings(require_reason=True)
    refused = shop.rollout("restart")
    assert refused.code == 2
    (to_type,) = commands_in(refused.said)
    assert to_type.endswith(" restart --reason TEXT")
    assert shop.untouched

    with a_visitor_stays(shop.fleet, "web1") as finish:
        running = shop.start("restart", "-m", WHY, "--drain-timeout", "10s")
        running.until_says("web1 draining")
        busy = shop.rollout("restart", "--reason", "mine")
        held = json.loads(shop.rollout("--output", "json", "lock").data)["held"]
        shown = shop.rollout("lock")
        kill_9(running)
        finish()

    assert busy.code == 4
    assert f"({WHY})" in busy.said
    assert [one["reason"] for one in held] == [WHY]
    assert f"reason: {WHY}" in shown.data
    assert shop.rollout("recover", "--yes").code == 0
    assert last_in(state_of(shop)).owner.reason == WHY
    resumed = shop.rollout("resume", "--yes", "--reason", "the rest of it")
    assert resumed.code == 0, resumed.said
    assert last_in(state_of(shop)).owner.reason == "the rest of it"
