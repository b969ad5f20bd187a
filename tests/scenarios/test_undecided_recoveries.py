"""A resume whose recovery could not look asks no target a second time to restart for that.

A journal that cannot be written and a load balancer that is silent say nothing about a process.
"""

import pytest

from rollout.events import Event, TargetLeftOut, TargetRecovered, TargetReturned
from rollout.summary.target import TargetPhase
from tests.scenarios.test_every_fault import SHAPES, SLOW_LOOKS
from tests.support.simulation import recoveries
from tests.support.simulation.faults import Fault, Kind
from tests.support.simulation.recoveries import is_back, recovered, resumed
from tests.support.simulation.restarts import Told
from tests.support.simulation.world import World, clock

AFTER_THE_DEATH = 1012.0
"""When web1 was just asked to restart, and boots."""


def killed_as_web1_was_asked() -> World:
    happy = SHAPES["one after another"].roll()[0].faults.calls
    at = happy.index("web1 restart")
    world, died = SHAPES["one after another"].roll(Fault(Kind.DEATH_DONE, at))
    assert died.died
    return world


def restarts(world: World) -> dict[str, set[int]]:
    return {name: {app.restarts for app in host.apps} for name, host in world.hosts.items()}


ONCE = {"web1": {1}, "web2": {1}, "web3": {1}}
PASSING = {
    "the journal could not be written": Fault(Kind.REFUSED, 11, only="journal held"),
    "the load balancer was silent": Fault(Kind.HANG, 1, only="lb1 maint"),
    "the load balancer was silent after it obeyed": Fault(Kind.HANG_DONE, 1, only="lb1 maint"),
    "no reply of the load balancer came": Fault(Kind.HANG, 2, only="lb1 look"),
}


@pytest.mark.parametrize("begins", [AFTER_THE_DEATH, recoveries.LATER])
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_passes_costs_a_target_no_second_restart(fault: Fault, begins: float) -> None:
    world = killed_as_web1_was_asked()
    told = resumed(world, fault, begins=begins, timeouts=SLOW_LOOKS)
    assert restarts(world) == ONCE
    assert [*is_back(world), *world.broken] == []
    assert told.of(TargetRecovered) == [TargetRecovered(target="web1", restarted=True)]


def test_a_target_that_still_cannot_be_judged_is_not_asked_again_and_no_other_is_risked() -> None:
    world = killed_as_web1_was_asked()
    told = resumed(world, Fault(Kind.HANG, 0, calls=1000, only="lb1 maint"), timeouts=SLOW_LOOKS)
    assert restarts(world) == {"web1": {1}, "web2": {0}, "web3": {0}}
    assert "web1 could not be judged: it is not asked to restart again" in told.summary.halted
    assert told.summary.out == ("web1",)
    resumed(world, begins=5000, timeouts=SLOW_LOOKS)
    assert restarts(world) == ONCE
    assert [*is_back(world), *world.broken] == []


def test_recover_by_itself_tries_once() -> None:
    world = killed_as_web1_was_asked()
    told = recovered(world, Fault(Kind.REFUSED, 11, only="journal held"), timeouts=SLOW_LOOKS)
    assert len(told.of(TargetLeftOut)) == 1
    assert not told.of(TargetReturned)


class Late(Told):
    """Lets web1 answer as soon as it was left out because it does not."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        if isinstance(event, TargetLeftOut):
            for app in self._world.hosts["web1"].apps:
                app.lives[-1].answers_from = clock()


def test_what_has_come_up_since_its_recovery_was_given_up_is_not_restarted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = killed_as_web1_was_asked()
    for app in world.hosts["web1"].apps:
        app.lives[-1].answers_from = 1e9
    told = Late(world)
    monkeypatch.setattr(recoveries, "Told", lambda: told)
    resumed(world, timeouts=SLOW_LOOKS)
    assert len(told.of(TargetLeftOut)) == 1
    assert "web1" in told.summary.named(TargetPhase.DONE)
    assert restarts(world) == ONCE
    assert [*is_back(world), *world.broken] == []
