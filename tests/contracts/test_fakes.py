"""The fakes of the scenarios keep the terms."""

from rollout.model.fleet import Instance, Server
from tests.contracts import release_terms as terms_of_releases
from tests.contracts import terms
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import FakeReleases
from tests.support.simulation.fakes import FakeBalancer, FakeProber, FakeSupervisor
from tests.support.simulation.restarts import fleet
from tests.support.simulation.systemd import FakeSystemd
from tests.support.simulation.world import FIRST

SEAT = Server("lb1", "app", "web1")
ONE, OTHER = Instance("mongrel_8000", 8000), Instance("mongrel_8001", 8001)


def test_the_fake_balancer_walks_like_haproxy() -> None:
    play(terms.balancer_keeps_its_word(FakeBalancer(fleet(1), "lb1"), SEAT))


def test_the_fake_balancer_sees_a_dead_app() -> None:
    world = fleet(1)

    def kill() -> None:
        world.lines[SEAT].dies_at = 0

    play(terms.balancer_sees_a_dead_app(FakeBalancer(world, "lb1"), SEAT, kill))


def test_the_fake_supervisor_talks_like_monit() -> None:
    play(terms.supervisor_keeps_its_word(FakeSupervisor(fleet(1)), "web1", ONE, OTHER))


def test_a_supervisor_with_other_words_than_monits_keeps_the_same_terms() -> None:
    play(terms.supervisor_keeps_its_word(FakeSystemd(fleet(1)), "web1", ONE, OTHER))


def test_the_fake_prober_answers_like_a_port() -> None:
    world = fleet(1)

    def kill() -> None:
        world.hosts["web1"].app(ONE.name).lives[-1].gone_at = 0

    play(terms.prober_keeps_its_word(FakeProber(world), "web1", ONE, kill))


def test_the_fake_releases_stand_like_those_on_disks() -> None:
    world = fleet(1)
    for app in world.hosts["web1"].apps:
        app.lives.clear()  # nobody runs in any: what is run in has terms of its own

    def fill(name: str, revision: str) -> None:
        directory = world.hosts["web1"].disk[name]
        directory.revision, directory.whole = revision, True

    term = terms_of_releases.releases_keep_their_word
    play(term(FakeReleases(world), "web1", FIRST, fill))
    assert world.broken == []
