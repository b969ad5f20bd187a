"""Going slower on purpose: a canary and its soak, a start-up delay; and the silence of cron."""

import os
import subprocess

import pytest

from examples.fleet import Shape
from tests.integration.conftest import MakeFleet
from tests.support.observed_restart import (
    WITHIN,
    events_of,
    order_of,
    restart,
    restarted_whole,
    served_without_a_failure,
    visited,
)

pytestmark = pytest.mark.integration


def test_the_canary_carries_traffic_alone_before_the_rest_goes(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(boot=1, instances=1))
    words = ["--canary", "1", "--soak", "2s", "--startup-delay", "3s", "--max-out", "2"]

    outcome = restart(fleet, *words, output="json")

    restarted_whole(outcome)
    told = [(e["event"], e.get("target")) for e in events_of(outcome.done.stdout)]
    soaking = told.index(("wave.soaking", None))
    assert ("target.done", "web1") in told[:soaking]
    assert {target for event, target in told[:soaking] if event == "target.claimed"} == {"web1"}
    then = order_of(events_of(outcome.done.stdout), "target.claimed")[1:]
    assert sorted(map(str, then)) == ["web2", "web3"]  # both at once: either may be the first


def test_cron_is_told_nothing_at_all_when_all_is_well(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(Shape(hosts=2, instances=1, boot=1))
    as_cron = {"PATH": os.environ["PATH"], "HOME": str(fleet.directory)}

    with visited(fleet) as stage:
        done = subprocess.run(
            fleet.command("restart", "--cron"),
            env=as_cron,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    outcome = stage.outcome(done)

    served_without_a_failure(outcome)
    assert outcome.new_processes == set(fleet.processes())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
