"""Releases that stand on the hosts already: shown, gone back to, cleared away."""

import signal
import subprocess

import pytest

from examples.fleet import until
from examples.fleet.srv import FIRST
from tests.integration.conftest import MakeFleet
from tests.integration.crash.test_adversary import stopped, struck
from tests.support.observed_deploy import (
    SMALL,
    Deployed,
    deploy,
    places,
    played,
    rollout,
)
from tests.support.observed_restart import served_without_a_failure

pytestmark = pytest.mark.integration

OLDEST = "20251201000000"


def went_back(deployed: Deployed, name: str) -> None:
    served_without_a_failure(deployed.outcome)
    assert deployed.code == 0
    assert deployed.outcome.new_processes == set(deployed.outcome.processes[0])
    assert deployed.outcome.servers[1] == deployed.outcome.servers[0]
    assert deployed.places[1].live == name


def test_a_rollback_returns_to_the_release_before_and_the_list_of_releases_shows_it(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    commit = fleet.shop.release()
    new = deploy(fleet)
    shown = rollout(fleet, "releases")

    back = played(fleet, "rollback")

    assert new.code == 0
    assert all(name in shown.stdout for name in (*fleet.hosts, FIRST, new.release, "good"))
    assert commit[:7] in shown.stdout
    went_back(back, FIRST)
    assert list(back.tally.releases) == ["2", "1"]
    kept = rollout(fleet, "releases").stdout
    assert "bad" not in kept, "it had served well"
    assert new.release in kept


def test_a_rollback_returns_to_a_release_of_capistranos_that_is_named(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    for host in fleet.hosts.values():
        first = host.srv.releases_directory / FIRST
        host.srv.add(OLDEST, None, host.srv.revision(FIRST))
        (host.srv.releases_directory / OLDEST / "VERSION").write_text("old")
        assert first.is_dir()

    back = played(fleet, "rollback", "--to", OLDEST)

    went_back(back, OLDEST)
    assert list(back.tally.releases) == ["1", "old"]
    assert "bad" not in rollout(fleet, "releases").stdout, "it had served well"


def test_a_release_that_one_host_lacks_is_not_gone_back_to(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.hosts["web1"].srv.add(OLDEST, None, "0" * 40)
    before = places(fleet)

    done = rollout(fleet, "rollback", "--to", OLDEST)

    assert done.returncode in {2, 3}
    assert "web2" in done.stderr
    assert places(fleet) == before


def test_a_prune_never_removes_what_a_process_runs_in(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    fleet.settings({"deploy.keep": 1})
    older, before = "20251202000000", "20251203000000"
    for host in fleet.hosts.values():
        for name in (OLDEST, older, before):
            host.srv.add(name, None, "0" * 40)
    where = fleet.hosts["web2"].srv.releases_directory / OLDEST

    with subprocess.Popen(["sleep", "60"], cwd=where) as console:
        done = rollout(fleet, "prune")
        kept = places(fleet)
        console.kill()
    again = rollout(fleet, "prune")

    assert (done.returncode, again.returncode) == (0, 0)
    assert kept.releases == {"web1": [before, FIRST], "web2": [OLDEST, before, FIRST]}
    assert set(kept.running.values()) == {FIRST}
    assert places(fleet).releases == {name: [before, FIRST] for name in fleet.hosts}


def test_a_deploy_that_starts_between_the_look_and_the_removals_of_a_prune_is_refused(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    fleet.settings({"deploy.keep": 1})
    for host in fleet.hosts.values():
        for name in (OLDEST, "20251202000000", "20251203000000"):
            host.srv.add(name, None, "0" * 40)
    fleet.shop.release()
    before = places(fleet)
    where = "rollout.adapters.releases.on_hosts|ReleasesOnDisk.prune|1|before"

    with struck(fleet, where, signal.SIGSTOP, "prune") as pruning:
        until(lambda: stopped(pruning.pid), "the prune has looked, and removes nothing yet", 30)
        refused = rollout(fleet, "uninterrupted")
        untouched = places(fleet) == before
        pruning.send_signal(signal.SIGCONT)
        code = pruning.wait(60)
    after = places(fleet)
    deployed = rollout(fleet, "uninterrupted")

    assert refused.returncode == 4, refused.stderr
    assert f"pid {pruning.pid}) since " in refused.stderr
    assert untouched
    assert code == 0
    assert after.releases == {name: ["20251203000000", FIRST] for name in fleet.hosts}
    assert deployed.returncode == 0, deployed.stderr


def test_a_site_whose_releases_have_other_names_is_taken_over_as_the_refusal_says(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(SMALL)
    for host in fleet.hosts.values():
        first = host.srv.releases_directory / FIRST
        first.rename(first.with_name("v1.4.2"))
        (host.srv.directory / "current").unlink()
        (host.srv.directory / "current").symlink_to("releases/v1.4.2")
    commit = fleet.shop.release()

    refused = rollout(fleet, "uninterrupted")
    lines = [line.partition("there: ")[2] for line in refused.stderr.splitlines()]
    for line in filter(None, lines):
        subprocess.run(["sh", "-c", line], check=True)
    restarted = rollout(fleet, "restart")
    deployed = deploy(fleet)

    assert refused.returncode == 3
    assert "runs in release v1.4.2: a release has a name of 14 digits" in refused.stderr
    assert restarted.returncode == 0
    assert deployed.code == 0
    assert fleet.hosts["web1"].srv.revision(deployed.places[1].live) == commit
