"""What the preflight finds, in virtual time."""

from dataclasses import replace

from rollout.deploy.preflight import deploy_preflight
from rollout.model.errors import RemoteError
from rollout.model.findings import PreflightReport, Skipped
from rollout.model.fleet import Admin
from rollout.model.plan import Share
from rollout.restart.preflight import preflight, report_preflight
from rollout.restart.server_mapping import Selection
from rollout.summary.run import Exit
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import FakeReleases
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.restarts import Told, fleet, site_of
from tests.support.simulation.world import World


def examined(world: World, *faults: Fault, probe: bool = True) -> PreflightReport:
    world.faults = Faults(*faults)
    site = site_of(world) if probe else replace(site_of(world), prober=None)
    return play(preflight(Selection(hosts=tuple(world.hosts), floor=Share(1)), site))


def test_a_healthy_fleet_is_fit() -> None:
    fit = examined(fleet(3))
    assert fit.findings == ()
    assert [target.name for target in fit.targets] == ["web1", "web2", "web3"]


def test_servers_whose_return_nothing_could_prove_are_refused() -> None:
    world = fleet(2)
    assert examined(world, probe=False).findings == (), "HAProxy's own checks are a proof"
    next(iter(world.lines.values())).checked = False
    fit = examined(world, probe=False)
    assert [f.where for f in fit.findings] == ["app/web1@lb1"]
    assert examined(world).findings == (), "so is a probe"


def test_a_probe_that_cannot_be_asked_is_a_finding_beside_the_others() -> None:
    world = fleet(3)
    world.hosts["web3"].apps[0].lives[-1].answers_from = float("inf")
    fit = examined(world, Fault(Kind.REFUSED, 0, calls=100_000, only="web2 probe"))
    assert [(f.where, f.what.partition(":")[0]) for f in fit.findings] == [
        ("web2", "refused"),
        ("web3", "mongrel_8000 does not answer the probe"),
    ]


def test_a_host_without_an_address_is_found_once_and_its_disk_is_not_asked() -> None:
    class Nowhere:
        async def addresses(self, host: str) -> tuple[str, ...]:
            raise RemoteError(host, "has no address")

    world = fleet(1)
    site = replace(site_of(world), addresses=Nowhere(), releases=FakeReleases(world))
    fit, _ = play(deploy_preflight(Selection(hosts=("web1",), floor=Share(1)), site, None))
    assert [(f.where, f.what) for f in fit.findings] == [("web1", "has no address")]
    assert [call for call in world.faults.calls if call.startswith("web1")] == []


def test_a_floor_is_judged_by_what_serves_now() -> None:
    world = fleet(4)
    first, second, *_ = world.lines.values()
    first.admin = Admin.FORCED_MAINT
    site = site_of(world)
    hosts = ("web2", "web3", "web4")
    (found,) = play(preflight(Selection(hosts=hosts, floor=Share(4)), site)).findings
    assert "no restart is possible" in found.what
    assert "3 of 4 servers serve now: lower fleet.floor to 2" in found.fix
    (note,) = play(preflight(Selection(hosts=hosts, floor=Share(3)), site)).notes
    assert "3 of 4 servers serve now (1 is held out by operators)" in note.what
    assert play(preflight(Selection(hosts=hosts, floor=Share(2)), site)).notes == ()
    second.health = 0
    (note,) = play(preflight(Selection(hosts=hosts, floor=Share(2)), site)).notes
    assert "2 of 4 servers serve now" in note.what


def told_of(fit: PreflightReport, *, deploys: bool = False) -> Told:
    told = Told()
    assert not report_preflight(fit, told, deploys=deploys)
    return told


def test_a_fleet_of_which_every_host_is_skipped_though_visitors_meet_it_is_refused() -> None:
    held = Skipped("web1", "app/web1@lb1 is in maint, not by rollout")
    served = replace(held, serves=True)

    def fit(*skipped: Skipped) -> PreflightReport:
        return PreflightReport(targets=(), skipped=skipped, findings=(), notes=())

    assert told_of(fit(held)).summary.exit_code is Exit.DONE, "nothing to do, and that is true"
    assert told_of(fit(held), deploys=True).summary.exit_code is Exit.REFUSED
    refused = told_of(fit(held, replace(served, target="web2"))).summary
    assert refused.exit_code is Exit.REFUSED
    assert "web2 still serves" in refused.findings[0].what
