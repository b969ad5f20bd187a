"""The fakes of the stories keep the terms."""

from rollout.fleet import Instance, Seat
from tests.stories.clock import play
from tests.stories.fakes import FakeBalancer, FakeProber, FakeSupervisor
from tests.stories.harness import fleet

from . import terms

SEAT = Seat("lb1", "app", "web1")
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


def test_the_fake_prober_answers_like_a_port() -> None:
    world = fleet(1)

    def kill() -> None:
        world.hosts["web1"].app(ONE.name).lives[-1].gone_at = 0

    play(terms.prober_keeps_its_word(FakeProber(world), "web1", ONE, kill))
