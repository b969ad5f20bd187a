"""What is looked at before a deploy or a rollback, and what keeps one from being begun."""

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rollout.cli.from_deploy_settings import deploy_of, the_deploy
from rollout.cli.from_settings import scope_of
from rollout.deploy.disk_preflight import revision_of, rollback_blockers
from rollout.deploy.preflight import ready_to_deploy, ready_to_roll_back
from rollout.model.deploy import Deploy
from rollout.model.errors import SourceError, SupervisorError
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding, InstanceState
from rollout.model.releases import HostReleases, ReleaseOnHost, ReleaseStatus, to_roll_back_to
from rollout.ports.site import Site
from rollout.settings.load import load
from rollout.settings.model import Settings
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import REVISION, FakeReleases, FakeSource
from tests.support.simulation.fakes import FakeSupervisor
from tests.support.simulation.restarts import fleet, site_of
from tests.support.simulation.world import FIRST, Directory, World

OLD, NEW, NEWER = "20260101000000", "20260201000000", "20260301000000"


def host_releases(host: str, *names: str, current: str = NEW, unfinished: str = "") -> HostReleases:
    releases = tuple(
        ReleaseOnHost(name, f"r{name}", ReleaseStatus.GOOD, unfinished=name == unfinished)
        for name in names
    )
    return HostReleases(host, link=f"releases/{current}", current=current, releases=releases)


def test_a_release_that_every_host_has_can_be_made_live_again() -> None:
    all_releases = [host_releases("web1", OLD, NEW), host_releases("web2", OLD, NEW)]
    assert rollback_blockers(OLD, all_releases) == ()
    assert revision_of(OLD, all_releases) == f"r{OLD}"


def test_one_that_is_live_on_some_hosts_only_can_be_made_live_on_all() -> None:
    assert (
        rollback_blockers(
            OLD, [host_releases("web1", OLD, NEW, current=OLD), host_releases("web2", OLD, NEW)]
        )
        == ()
    )


def test_every_host_that_lacks_it_is_named() -> None:
    all_releases = [
        host_releases("web1", OLD, NEW),
        host_releases("web2", NEW),
        host_releases("web3", NEW),
    ]
    assert [(f.where, f.what) for f in rollback_blockers(OLD, all_releases)] == [
        ("web2", f"has no release {OLD}"),
        ("web3", f"has no release {OLD}"),
    ]


def test_a_release_that_nobody_has_gets_the_nearest_name() -> None:
    (found,) = rollback_blockers("20260101000001", [host_releases("web1", OLD, NEW)])
    assert found.what == f"has no release 20260101000001 (did you mean '{OLD}'?)"


def test_one_that_is_live_everywhere_is_refused() -> None:
    (found,) = rollback_blockers(NEW, [host_releases("web1", NEW), host_releases("web2", NEW)])
    assert found.what == f"release {NEW} is live on every host already"


def test_one_whose_deploy_never_ended_is_refused_where_that_is_so() -> None:
    (found,) = rollback_blockers(
        OLD, [host_releases("web1", OLD), host_releases("web2", OLD, unfinished=OLD)]
    )
    assert (found.where, found.what) == ("web2", f"the deploy of release {OLD} did not end there")


def test_the_same_name_for_different_code_is_refused() -> None:
    other = HostReleases(
        "web2", current=NEW, releases=(ReleaseOnHost(OLD, "another"), ReleaseOnHost(NEW, "x"))
    )
    found = rollback_blockers(OLD, [host_releases("web1", OLD, NEW), other])
    assert [f.where for f in found] == ["web1", "web2"]
    assert found[1].what == f"has another revision in release {OLD} than others: another"


def test_where_there_is_nothing_to_go_back_to_that_is_said() -> None:
    all_releases = [host_releases("web1", NEW)]
    (found,) = rollback_blockers(to_roll_back_to(all_releases), all_releases)
    assert found.what.startswith("no release to go back to")


@pytest.mark.parametrize("currents", [(NEWER, NEW), (NEW, NEWER)])
def test_after_a_deploy_that_halted_part_way_the_others_show_what_to_go_back_to(
    currents: tuple[str, str],
) -> None:
    all_releases = [
        host_releases(f"web{n}", OLD, NEW, NEWER, current=current)
        for n, current in enumerate(currents)
    ]
    assert to_roll_back_to(all_releases) == NEW
    assert rollback_blockers(NEW, all_releases) == ()


FILE = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[1-3]"]
server = "{host}"
[deploy]
to = "/srv/shop"
repo = "x"
build.css = "make css"
"""


def site_for(world: World) -> Site:
    return replace(site_of(world), releases=FakeReleases(world))


Ready = Coroutine[Any, Any, tuple[PreflightReport, Deploy | None]]


def to_deploy(settings: Settings, site: Site, source: FakeSource) -> Ready:
    request = partial(deploy_of, the_deploy(settings), fresh=True)
    return ready_to_deploy(scope_of(settings, HOSTS), site, source, request)


def to_roll_back(settings: Settings, site: Site, to: str | None) -> Ready:
    request = partial(deploy_of, the_deploy(settings), fresh=False)
    return ready_to_roll_back(scope_of(settings, HOSTS), site, to, request)


class Unfit(FakeReleases):
    async def examine(self, host: str) -> tuple[Finding, ...]:
        return (Finding(host, "disk full", "make room"),) if host != "web1" else ()


class Deaf(FakeSupervisor):
    async def look(self, host: str) -> tuple[InstanceState, ...]:
        if host == "web3":
            raise SupervisorError(host, "monit does not answer")
        return await super().look(host)


class NoSuchRef(FakeSource):
    async def resolve(self, hosts: Sequence[str]) -> str:
        raise SourceError(f"{hosts[0]}: no branch mian", "git ls-remote")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "rollout.toml"
    file.write_text(FILE)
    return load(environ={}, config=str(file)).settings


HOSTS = ("web1", "web2", "web3")


def test_a_fleet_that_is_fit_gets_a_release_of_its_own(settings: Settings) -> None:
    world = fleet(3)
    fit, deploy = play(to_deploy(settings, site_for(world), FakeSource(world)))
    assert not fit.findings
    assert deploy is not None
    assert (deploy.hosts, deploy.fresh) == (HOSTS, True)
    assert deploy.release.name > FIRST
    assert deploy.release.revision == REVISION
    assert [step.name for step in deploy.builds] == ["css"]


def test_what_is_wrong_with_the_fleet_and_with_its_disks_is_told_at_once(
    settings: Settings,
) -> None:
    world = fleet(3)
    site = replace(site_for(world), releases=Unfit(world), supervisor=Deaf(world))
    fit, deploy = play(to_deploy(settings, site, FakeSource(world)))
    assert deploy is None
    said = [(f.where, f.what) for f in fit.findings]
    assert ("web2", "disk full") in said
    assert ("web3", "disk full") in said
    assert ("web3", "monit does not answer") in said


def test_a_ref_that_does_not_exist_is_a_finding_like_any_other(settings: Settings) -> None:
    world = fleet(3)
    fit, deploy = play(to_deploy(settings, site_for(world), NoSuchRef(world)))
    assert deploy is None
    assert fit.findings == (Finding("deploy", "web1: no branch mian", "git ls-remote"),)


def test_what_a_release_lacks_of_its_commit_is_noted_before_it_is_deployed(
    settings: Settings,
) -> None:
    world = fleet(3)
    source = FakeSource(world)
    source.warnings = ("export-ignore leaves out spec",)
    fit, deploy = play(to_deploy(settings, site_for(world), source))
    assert deploy is not None
    assert Finding("deploy", "export-ignore leaves out spec", "") in fit.notes


def test_a_rollback_goes_to_the_last_good_release(settings: Settings) -> None:
    world = fleet(3)
    for host in world.hosts.values():
        host.disk["20260202000000"] = Directory(revision=REVISION)
        host.current = "20260202000000"
    fit, deploy = play(to_roll_back(settings, site_for(world), None))
    assert not fit.findings
    assert deploy is not None
    assert (deploy.release.name, deploy.fresh, deploy.builds) == (FIRST, False, ())


def test_a_rollback_to_a_release_that_is_not_there_names_the_hosts(settings: Settings) -> None:
    world = fleet(3)
    world.hosts["web1"].disk["20260202000000"] = Directory(revision=REVISION)
    fit, deploy = play(to_roll_back(settings, site_for(world), "20260202000000"))
    assert deploy is None
    assert [f.where for f in fit.findings] == ["web2", "web3"]
