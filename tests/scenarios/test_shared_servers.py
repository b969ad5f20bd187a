"""A fleet that names a machine, or a server line, for two hosts is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rollout.model.findings import PreflightReport
from rollout.model.plan import Share
from rollout.restart.preflight import preflight
from rollout.restart.server_mapping import Selection
from tests.support.simulation.clock import play
from tests.support.simulation.restarts import fleet, site_of
from tests.support.simulation.world import World


@dataclass(frozen=True)
class Resolver:
    """Satisfies :class:`rollout.ports.site.Addresses`: the address of each host; else its name."""

    known: Mapping[str, str]

    async def addresses(self, host: str) -> tuple[str, ...]:
        return (self.known.get(host, host),)


def checked(world: World, known: Mapping[str, str]) -> PreflightReport:
    site = replace(site_of(world), addresses=Resolver(known))
    return play(preflight(Selection(hosts=tuple(world.hosts), floor=Share(0)), site))


def test_a_machine_under_two_names_is_named_once_and_not_restarted_twice() -> None:
    world = fleet(2)
    world.hosts["shopbox"] = world.hosts["web1"]
    (finding,) = checked(world, {"shopbox": "web1"}).findings
    assert finding.where == "shopbox"
    assert "the same machine as web1" in finding.what


def test_two_hosts_at_one_address_are_not_taken_out_for_each_other() -> None:
    findings = checked(fleet(3), {"web2": "web1"}).findings
    assert [finding.where for finding in findings] == ["web2"]
    assert "app/web1@lb1 would be taken out for web1 as well" in findings[0].what
    assert "fleet.server" in findings[0].fix


def test_hosts_at_their_own_addresses_are_fit() -> None:
    assert checked(fleet(3), {}).findings == ()
