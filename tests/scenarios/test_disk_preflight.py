"""What the look at the disks finds before a deploy."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout.deploy.disk_preflight import check_disks
from rollout.model.findings import DiskReport
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import FakeReleases, FakeSource
from tests.support.simulation.restarts import fleet, site_of
from tests.support.simulation.world import World, targets_of


class Disks(FakeReleases):
    """Disks on which things are as a test wants them."""

    def __init__(self, world: World, *, link: bool = True, place: str = "") -> None:
        super().__init__(world)
        self.link = link
        self.place = place

    async def look(self, host: str) -> HostReleases:
        host_releases = await super().look(host)
        return (
            host_releases if self.link else replace(host_releases, link="", current="", releases=())
        )

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        found = await super().whereabouts(host, pids)
        return dict.fromkeys(found, self.place) if self.place else found


def seen(world: World, disks: FakeReleases) -> DiskReport:
    site = replace(site_of(world), releases=disks)

    async def later() -> DiskReport:
        await asyncio.sleep(1)
        return await check_disks(targets_of(world), site, FakeSource(world))

    return play(later())


def test_a_healthy_site_has_no_findings() -> None:
    world = fleet(2)
    found = seen(world, Disks(world))
    assert (found.findings, found.notes) == ((), ())
    assert [host_releases.host for host_releases in found.all_releases] == ["web1", "web2"]


def test_a_directory_in_which_nothing_is_live_while_the_app_works_elsewhere_is_refused() -> None:
    world = fleet(1)
    disks = Disks(world, link=False, place="/srv/shop/releases/20260101000000/public")
    (found,) = seen(world, disks).findings
    assert found.where == "web1"
    assert "leads to no release" in found.what
    assert found.fix.startswith('set deploy.to = "/srv/shop"')


def test_a_release_that_another_tool_named_is_called_so_and_can_be_taken_over() -> None:
    world = fleet(1)

    class Named(Disks):
        async def look(self, host: str) -> HostReleases:
            return replace(await super().look(host), link="releases/v1.4.2", current="")

    (found,) = seen(world, Named(world, place="/srv/my shop/releases/v1.4.2")).findings
    assert "runs in release v1.4.2: a release has a name of 14 digits" in found.what
    assert "cp -a '/srv/my shop/releases/v1.4.2' '/srv/my shop/releases/2" in found.fix


def test_an_instance_that_works_in_no_release_could_never_be_proven() -> None:
    world = fleet(1)
    (found,) = seen(world, Disks(world, place="/")).findings
    assert found.what == "mongrel_8000 works in /, which is in no release"


def test_an_instance_whose_directory_is_hidden_could_not_be_proven_either() -> None:
    world = fleet(1)

    class Hidden(FakeReleases):
        async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
            found = await super().whereabouts(host, pids)
            return dict(list(found.items())[:1])

    (found,) = seen(world, Hidden(world)).findings
    assert "cannot see in which directory mongrel_8001 runs" in found.what


def test_instances_beside_the_live_release_are_noted() -> None:
    world = fleet(1)
    notes = seen(world, Disks(world, place="20250101000000")).notes
    assert {note.what for note in notes} == {
        f"{name} runs in 20250101000000, not in the live release 20260101000000"
        for name in ("mongrel_8000", "mongrel_8001")
    }
    assert all(isinstance(note, Finding) for note in notes)
