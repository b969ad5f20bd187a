"""What the summary of a deploy that halted tells to type is typed, and does what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples.fleet import Fleet
from tests.integration.conftest import MakeFleet
from tests.support.advice import steps_in
from tests.support.observed_deploy import DEPLOYABLE, SOON, Deployed, deploy, places

pytestmark = pytest.mark.integration

STOP: dict[str, object] = SOON | {"deploy.on_failure": "stop"}


def told(deployed: Deployed) -> dict[str, str]:
    """Return by its label what the summary tells to type; of several lines the last."""
    return dict(steps_in(deployed.said))


def typed(fleet: Fleet, line: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{fleet.environment['PATH']}"
    return subprocess.run(
        ["sh", "-c", line],
        env={**fleet.environment, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_after_a_deploy_of_one_host_it_can_be_put_back_and_the_others_are_left_alone(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(DEPLOYABLE)
    fleet.settings(STOP)
    fleet.shop.release(broken="fail-boot")

    deployed = deploy(fleet, "--hosts", "web1")

    assert deployed.code == 6
    assert set(told(deployed)) == {"look", "old code", "bring back", "or by hand", "more"}
    before, after = deployed.places
    assert after.current == before.current | {"web1": deployed.release}
    assert typed(fleet, told(deployed)["old code"]).returncode == 0
    assert places(fleet).current == before.current


def test_the_others_go_back_to_what_they_had_without_the_host_that_is_out(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(DEPLOYABLE)
    fleet.settings(STOP)
    fleet.shop.release(broken="fail-boot@web2")

    deployed = deploy(fleet, "--ref", "main")
    steps = told(deployed)

    assert deployed.code == 6
    assert " uninterrupted --ref main --hosts web1,web3" in steps["go on"]
    before, _ = deployed.places
    back = typed(fleet, steps["or back"])
    assert back.returncode == 6, back.stderr  # web2 is out, as it was before
    assert "web2   out (maint)" in back.stderr
    after = places(fleet)
    assert after.current == before.current | {"web2": deployed.release}
    assert {n: r for n, r in after.running.items() if not n.startswith("web2")} == {
        n: r for n, r in before.running.items() if not n.startswith("web2")
    }
