"""A release that is good goes live under traffic, however it gets to the hosts."""

from collections.abc import Callable

import pytest

from examples.fleet import Fleet, Shape
from examples.fleet.household import program
from examples.fleet.programs import write_program
from tests.integration.conftest import MakeFleet
from tests.support.observed_deploy import (
    DEPLOYABLE,
    PUSH,
    SMALL,
    as_artifact,
    deploy,
    deployed_whole,
    kept_logs,
)

pytestmark = pytest.mark.integration

Prepare = Callable[[Fleet], dict[str, object]]


def by_git(fleet: Fleet) -> dict[str, object]:
    overheard(fleet, "git", "rsync")
    return {}


def by_rsync(fleet: Fleet) -> dict[str, object]:
    overheard(fleet, "git", "rsync")
    return PUSH


def by_tar(fleet: Fleet) -> dict[str, object]:
    overheard(fleet, "git")
    for host in fleet.hosts.values():
        host.lacks("rsync")
    return PUSH


def built_on_the_bastion(fleet: Fleet) -> dict[str, object]:
    overheard(fleet, "git", "rsync")
    return PUSH | {
        "deploy.build.stylesheets": None,
        "deploy.build.stylesheets.run": "bin/stylesheets",
        "deploy.build.stylesheets.where": "bastion",
    }


@pytest.mark.parametrize(
    ("prepare", "used", "shape"),
    [
        (by_git, "git", DEPLOYABLE),
        (by_rsync, "rsync", DEPLOYABLE),
        (by_tar, "", SMALL),
        (built_on_the_bastion, "rsync", SMALL),
    ],
)
def test_a_commit_goes_live_everywhere_and_no_visitor_notices(
    make_fleet: MakeFleet, prepare: Prepare, used: str, shape: Shape
) -> None:
    fleet = make_fleet(shape)
    commit = fleet.shop.release()
    fleet.settings(prepare(fleet))

    deployed = deploy(fleet)

    deployed_whole(fleet, deployed, commit)
    assert list(deployed.tally.releases) == ["1", "2"]
    assert deployed.tally.releases["1"].last > deployed.tally.releases["2"].first
    assert heard_of(fleet) == dict.fromkeys(fleet.hosts, {used} - {""})


def test_an_artifact_goes_live_everywhere_and_no_visitor_notices(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    wishes = as_artifact(fleet, fleet.shop.release())
    fleet.settings(wishes)

    deployed = deploy(fleet)

    deployed_whole(fleet, deployed, f"sha256-{str(wishes['deploy.sha256'])[:16]}")
    assert list(deployed.tally.releases) == ["1", "2"]


def test_current_moves_host_by_host_while_the_host_is_out(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    commit = fleet.shop.release()
    fleet.settings({"deploy.switch": "each"})

    deployed = deploy(fleet)

    deployed_whole(fleet, deployed, commit)
    for name in fleet.hosts:
        kinds = deployed.kinds_of(name)
        assert kinds.index("target.maint") < kinds.index("current.switching")
        assert kinds.index("current.switched") < kinds.index("target.restart_asked")


def test_the_canary_goes_first_and_the_rest_when_it_serves(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(DEPLOYABLE)
    commit = fleet.shop.release()
    fleet.settings({"fleet.canary": 1, "fleet.max_out": 2, "fleet.soak": "1s"})

    deployed = deploy(fleet)

    deployed_whole(fleet, deployed, commit)
    kinds = [(event["event"], event.get("target")) for event in deployed.events]
    soak = kinds.index(("wave.soaking", None))
    assert kinds.index(("target.returned", "web1")) < soak
    assert soak < min(kinds.index(("target.claimed", name)) for name in ("web2", "web3"))


def test_what_a_build_printed_is_kept_and_what_is_shared_is_linked(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(SMALL)
    commit = fleet.shop.release()
    fleet.settings({"deploy.shared_files": ["config/database.yml"]})
    for name, host in fleet.hosts.items():
        (host.srv.shared / "config").mkdir()
        (host.srv.shared / "config" / "database.yml").write_text(f"host: {name}\n")

    deployed = deploy(fleet)

    deployed_whole(fleet, deployed, commit)
    for name, host in fleet.hosts.items():
        assert "compiling stylesheets/base.css" in kept_logs(fleet, name, deployed.release)
        tree = host.srv.releases_directory / deployed.release
        assert (tree / "config" / "database.yml").read_text() == f"host: {name}\n"
        assert (tree / "log").resolve() == (host.srv.shared / "log").resolve()


def overheard(fleet: Fleet, *programs: str) -> None:
    """From now on the hosts note when one of ``programs`` is used for more than its version."""
    for host in fleet.hosts.values():
        for name in programs:
            note = f'[ "$1" = --version ] || echo {name} >>{host.directory}/used'
            words = f'#!/bin/sh\n{note}\nexec {program(name)} "$@"\n'
            write_program(host.directory / "bin" / name, words)


def heard_of(fleet: Fleet) -> dict[str, set[str]]:
    """Return which of the programs that are overheard have been used on each host."""
    notes = {name: host.directory / "used" for name, host in fleet.hosts.items()}
    return {
        name: set(note.read_text().split()) if note.exists() else set()
        for name, note in notes.items()
    }
