"""What a deploy concludes of its release, and from what: who is down at the end, who was asked."""

import pytest

from rollout.events import DeployFinished, RollbackStarted, RolloutFinished
from rollout.model.deploy import Deploy
from rollout.model.fleet import Server
from rollout.model.plan import OnBusy, Share
from rollout.model.releases import Release, ReleaseStatus
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.support.simulation.deploys import SECOND, deploy
from tests.support.simulation.fake_releases import REVISION
from tests.support.simulation.recoveries import resumed
from tests.support.simulation.restarts import fleet
from tests.support.simulation.world import FIRST, World, clock


def falls_over(world: World, name: str, *, while_out: str, revives: bool = False) -> None:
    """Let the new processes of a host end once another host is out for its restart."""
    at: list[float] = []

    def hand() -> None:
        if not at and any(ln.admin for ln in world.lines.values() if ln.host.name == while_out):
            at.append(clock())
            for line in (ln for ln in world.lines.values() if ln.host.name == name):
                line.dies_at = clock()
                line.revives_at = 2500.0 if revives else line.revives_at

    world.operator = hand


def marks(world: World) -> dict[str, str]:
    return {name: host.disk[SECOND].mark for name, host in world.hosts.items()}


def test_a_release_on_which_a_server_has_fallen_over_is_not_marked_good() -> None:
    world = fleet(3)
    world.floor = Share(1)
    falls_over(world, "web1", while_out="web3")
    told = deploy(world, keep=1)
    assert told.of(RolloutFinished), "each had its turn"
    assert told.summary.exit_code is Exit.REDUCED
    assert told.summary.lines["web1"].standing is TargetPhase.DOWN
    assert marks(world) == dict.fromkeys(world.hosts, "")
    assert told.of(DeployFinished) == []
    assert told.of(RollbackStarted) == []
    assert all(FIRST in host.disk for host in world.hosts.values()), "there is a way back"


@pytest.mark.parametrize("revives", [True, False])
def test_a_resume_looks_at_what_an_earlier_part_of_the_deploy_had_restarted(
    revives: bool,  # noqa: FBT001 - a case
) -> None:
    world = fleet(3)
    falls_over(world, "web1", while_out="web3", revives=revives)
    deploy(world)
    world.operator = lambda: None
    wanted = Deploy(release=Release(SECOND, REVISION), hosts=tuple(world.hosts))
    told = resumed(world, deploy=wanted)
    good = ReleaseStatus.GOOD if revives else ""
    assert marks(world) == dict.fromkeys(world.hosts, good)
    assert told.summary.exit_code is (Exit.DONE if revives else Exit.REDUCED)


def cut_in_vain(world: World, name: str) -> None:
    """Let a session of a host outlive the cut."""
    line = world.lines[Server("lb1", "app", name)]

    def hand() -> None:
        line.endless = True

    world.operator = hand


def test_a_release_is_not_judged_by_what_happened_before_its_restart() -> None:
    world = fleet(3)
    cut_in_vain(world, "web2")
    told = deploy(world, on_busy=OnBusy.CUT)
    assert told.of(RollbackStarted) == []
    assert told.summary.exit_code is Exit.HALTED
    assert told.summary.lines["web2"].standing is TargetPhase.GIVEN_BACK
    assert [app.restarts for app in world.hosts["web2"].apps] == [0, 0]
    assert {app.lives[-1].release for app in world.hosts["web1"].apps} == {SECOND}
