"""What fails before the first server is taken out leaves everything as it was."""

import pytest

from tests.integration.conftest import MakeFleet
from tests.support.observed_deploy import (
    DEPLOYABLE,
    SMALL,
    deploy,
    deployed_whole,
    kept_logs,
    nothing_was_touched,
)

pytestmark = pytest.mark.integration


def test_a_build_that_fails_on_one_host_is_taken_back_on_all(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    fleet.shop.release()
    fleet.hosts["web2"].lacks("md5sum")  # which bin/stylesheets needs

    deployed = deploy(fleet)

    assert deployed.code == 7
    nothing_was_touched(deployed)
    failed = deployed.the("deploy.step_failed")
    assert (failed["host"], failed["step"]) == ("web2", "compile stylesheets")
    assert "md5sum" in kept_logs(fleet, "web2", deployed.release)
    assert "md5sum" in " ".join(map(str, failed["tail"]))  # type: ignore[call-overload]


def test_the_next_deploy_works_without_cleaning_up(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.shop.release(broken="fail-build")
    broken = deploy(fleet)
    commit = fleet.shop.release()

    deployed = deploy(fleet)

    assert broken.code == 7
    nothing_was_touched(broken)
    assert {event["host"] for event in broken.all("deploy.step_failed")} <= set(fleet.hosts)
    deployed_whole(fleet, deployed, commit)
    assert list(deployed.tally.releases) == ["1", "3"]


def test_a_shared_file_that_is_missing_on_one_host_is_named(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    fleet.shop.release()
    fleet.settings({"deploy.shared_files": ["config/database.yml"]})
    for name in ("web1", "web2"):
        (fleet.hosts[name].srv.shared / "config").mkdir()
        (fleet.hosts[name].srv.shared / "config" / "database.yml").write_text("")

    deployed = deploy(fleet)

    assert deployed.code == 3
    nothing_was_touched(deployed)
    findings = deployed.the("rollout.refused")["findings"]
    assert [f["where"] for f in findings] == ["web3"]  # type: ignore[attr-defined]
    assert "config/database.yml" in deployed.said


def test_a_branch_that_does_not_exist_is_refused_by_its_name(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.settings({"deploy.ref": "summer-sale"})

    deployed = deploy(fleet)

    assert deployed.code == 3
    nothing_was_touched(deployed)
    assert "summer-sale" in deployed.said
