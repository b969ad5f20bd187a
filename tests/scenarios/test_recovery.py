"""A run dies at every call; then recover, or resume, brings all of it to a good end.

And each call of those is broken as well: whoever comes after them finds nobody missing either.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from rollout.events import (
    Event,
    TargetAdopted,
    TargetLeftOut,
    TargetOnProbation,
    TargetRecovered,
    TargetReturned,
    TargetReturnedUntouched,
    TargetSkipped,
)
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.deploy import Deploy
from rollout.model.fleet import Admin, ProcessIdentity, Server
from rollout.model.plan import Plan
from rollout.model.releases import Release, ReleaseStatus, Switch
from rollout.ports.context import RunContext
from rollout.recovery.recover import RecoveryRequest, recover
from rollout.restart.rolling import rolling_restart
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from tests.scenarios.test_every_fault import SHAPES, SLOW_LOOKS
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND, deploy
from tests.support.simulation.fake_releases import REVISION
from tests.support.simulation.fakes import FakeJournal, FakeLock
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.random_life import owner
from tests.support.simulation.recoveries import LATER, after_it, is_back, recovered, resumed
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, roll, site_of
from tests.support.simulation.world import FIRST, Life, World, clock, targets_of

DEATHS = (Kind.DEATH, Kind.DEATH_DONE)


def asked_once(world: World) -> list[str]:
    return [
        f"{host.name}/{app.name} was asked {app.restarts} times"
        for host in world.hosts.values()
        for app in host.apps
        if app.restarts != 1
    ]


@pytest.mark.parametrize("kind", DEATHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_after_a_death_at_any_call_recover_brings_everybody_back(shape: str, kind: Kind) -> None:
    happy = SHAPES[shape].roll()[0].faults.calls
    for at in range(0, len(happy), SHAPES[shape].step):
        world, died = SHAPES[shape].roll(Fault(kind, at))
        assert died.died
        told = recovered(world, timeouts=SLOW_LOOKS) if world.owned_targets else Told()
        moment = f"{kind} at call {at} ({happy[at]})"
        assert [*is_back(world), *world.broken] == [], moment
        assert told.summary.exit_code is Exit.DONE, moment


@pytest.mark.parametrize("kind", DEATHS)
@pytest.mark.parametrize("shape", SHAPES)
def test_after_a_death_at_any_call_resume_restarts_everybody_once(shape: str, kind: Kind) -> None:
    happy = SHAPES[shape].roll()[0].faults.calls
    for at in range(0, len(happy), SHAPES[shape].step):
        world, _ = SHAPES[shape].roll(Fault(kind, at))
        resumed(world, timeouts=SLOW_LOOKS)
        moment = f"{kind} at call {at} ({happy[at]})"
        assert [*is_back(world), *world.broken, *asked_once(world)] == [], moment


@dataclass(frozen=True)
class Half:
    """A run that died at a certain call, and who sees to it."""

    at: str
    sees_to_it: Callable[..., Told]

    def world(self) -> World:
        happy = SHAPES["one after another"].roll()[0].faults.calls
        world, died = SHAPES["one after another"].roll(Fault(Kind.DEATH_DONE, happy.index(self.at)))
        assert died.died
        return world


HALVES = {
    "recover, never asked": Half("lb1 maint", recovered),
    "recover, asked": Half("web1 restart", recovered),
    "resume, never asked": Half("lb1 drain", resumed),
    "resume, asked": Half("web1 restart", resumed),
}


def calls_to_break(happy: list[str], offset: int) -> list[int]:
    """Choose each call that sees to what was left; of those that go on with the rest every third.

    They are the calls of any restart (``test_every_fault.py``); all of them took 85 s of a core.
    """
    rest = next((n for n, call in enumerate(happy) if call == "web2 status"), len(happy))
    return [at for at in range(len(happy)) if at <= rest or at % 3 == offset % 3]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("half", HALVES)
def test_a_fault_at_every_call_of_who_sees_to_it_breaks_no_promise(half: str, kind: Kind) -> None:
    case = HALVES[half]
    world = case.world()
    case.sees_to_it(world, timeouts=SLOW_LOOKS)
    happy = world.faults.calls
    assert len(happy) > 5
    for at in calls_to_break(happy, tuple(Kind).index(kind)):
        world = case.world()
        told = case.sees_to_it(world, Fault(kind, at), timeouts=SLOW_LOOKS)
        moment = f"{kind} at call {at} ({happy[at]})"
        assert promises_broken(world, told, again=True) == [], moment
        again = resumed(world, begins=5000, timeouts=SLOW_LOOKS)
        assert promises_broken(world, again, again=True) == [], moment
        assert is_back(world) == [], moment


@pytest.mark.parametrize("switch", Switch)
def test_after_a_death_while_a_deploy_rolls_recover_leaves_no_host_between_two_releases(
    switch: Switch,
) -> None:
    happy_world = fleet(3)
    deploy(happy_world, switch=switch, timeouts=SLOW_LOOKS)
    happy = happy_world.faults.calls
    rolling = next(number for number, call in enumerate(happy) if " drain" in call)
    for at in range(rolling, len(happy), 2):
        world = fleet(3)
        world.together = switch is Switch.TOGETHER
        died = deploy(world, Fault(Kind.DEATH, at), switch=switch, timeouts=SLOW_LOOKS)
        assert died.died
        told = recovered(world, timeouts=SLOW_LOOKS) if world.owned_targets else Told()
        moment = f"{switch}, at call {at} ({happy[at]})"
        assert [*is_back(world), *world.broken] == [], moment
        assert told.summary.exit_code is Exit.DONE, moment
        for host in world.hosts.values():
            runs = {app.lives[-1].release for app in host.apps}
            assert len(runs) == 1, moment
            if switch is Switch.EACH:
                assert runs == {host.current}, moment


def killed(at: str) -> World:
    return Half(at, recovered).world()


def test_what_somebody_has_changed_since_is_left_as_it_is_and_named() -> None:
    world = killed("lb1 drain")
    (line,) = [line for line in world.lines.values() if line.host.name == "web1"]
    line.meddling.append((2000.0, Admin.FORCED_MAINT))
    told = recovered(world)
    assert line.admin == Admin.FORCED_MAINT
    (skipped,) = told.of(TargetSkipped)
    assert "changed from outside since" in str(skipped)
    assert told.summary.exit_code is Exit.DONE
    assert world.owned_targets == {}


def test_what_somebody_took_from_us_is_not_ours_again_when_they_say_what_we_had_said() -> None:
    world = fleet(2, balancers=2)
    for app in world.hosts["web1"].apps:
        app.manner = "never_boots"
    line = world.lines[Server("lb2", "app", "web1")]
    line.meddling.append((1012.0, Admin.FORCED_DRAIN))
    roll(world)
    assert line.theirs
    assert world.owned_targets["web1"].possible_states[line.server] == ()
    line.admin = Admin.FORCED_MAINT  # as we had told it, but it was not us this time
    for app in world.hosts["web1"].apps:
        app.lives[-1].answers_from = 2000
    recovered(world, begins=3000)
    assert line.admin == Admin.FORCED_MAINT


def test_one_that_was_restarted_and_that_somebody_has_since_is_theirs() -> None:
    world = killed("web1 probe")
    (line,) = [line for line in world.lines.values() if line.host.name == "web1"]
    line.meddling.append((2000.0, Admin.FORCED_DRAIN))
    told = recovered(world)
    assert line.admin == Admin.FORCED_DRAIN
    assert told.summary.named(TargetPhase.SKIPPED) == ("web1",)
    assert told.summary.exit_code is Exit.DONE
    assert world.owned_targets == {}


def test_an_app_that_did_not_come_up_stays_out_and_is_named_and_comes_back_once_it_is_mended() -> (
    None
):
    world = fleet(2)
    for app in world.hosts["web1"].apps:
        app.manner = "never_boots"
    assert roll(world).summary.exit_code is Exit.REDUCED
    assert recovered(world, begins=3000).of(TargetLeftOut)
    for app in world.hosts["web1"].apps:
        app.lives[-1].answers_from = 3500
    told = recovered(world, begins=4000)
    assert told.of(TargetRecovered) == [TargetRecovered(target="web1", restarted=True)]
    assert is_back(world) == []


def test_a_restart_that_never_arrived_is_found_out_and_the_server_goes_back_as_it_was() -> None:
    happy = SHAPES["one after another"].roll()[0].faults.calls
    world, _ = SHAPES["one after another"].roll(Fault(Kind.DEATH, happy.index("web1 restart")))
    told = recovered(world)
    assert told.of(TargetRecovered) == [TargetRecovered(target="web1", restarted=False)]
    assert not any(app.restarts for app in world.hosts["web1"].apps)
    assert is_back(world) == []


def test_a_host_that_runs_the_new_release_while_current_went_back_is_not_brought_back() -> None:
    world = fleet(2)
    deploy(world, Fault(Kind.DEATH, _after("web1 restart", world)), timeouts=SLOW_LOOKS)
    world.hosts["web1"].current = FIRST  # somebody has begun to go back
    told = recovered(world)
    assert told.summary.exit_code is Exit.REDUCED
    assert "`current` leads to" in told.summary.lines["web1"].reason
    assert {app.lives[-1].release for app in world.hosts["web1"].apps} == {SECOND}


def _after(call: str, like: World) -> int:
    world = fleet(len(like.hosts))
    deploy(world, timeouts=SLOW_LOOKS)
    return world.faults.calls.index(call) + 1


class Witness(FakeJournal):
    """A journal that notes what had been told last when a target is given back to others."""

    def __init__(self, world: World, told: Told) -> None:
        super().__init__(world)
        self._told = told
        self.last: list[Event] = []

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        self.last.append(self._told.events[-1])
        await super().released(target, restarted=restarted, renewed=renewed)


def test_a_target_that_was_not_restarted_is_told_back_before_that_is_written_down() -> None:
    """It serves by then: the writes, on disk and over ssh, are no time out of rotation."""
    world, told = killed("lb1 maint"), Told()
    world.faults = Faults()
    journal, out = Witness(world, told), tuple(world.owned_targets.values())
    record = PersistentOwnershipLog(journal, owned_targets=out)
    context = RunContext(
        Plan(waves=(), floor=world.floor, timeouts=QUICK),
        replace(after_it(world), record=record),
        told,
    )
    play(recover(context, RecoveryRequest("5f0c21", out)), begins=LATER)
    assert [type(event) for event in journal.last] == [TargetRecovered]

    world, told = fleet(2), Told()
    next(iter(world.lines.values())).endless = True
    journal = Witness(world, told)
    context = RunContext(
        Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK),
        replace(site_of(world), record=PersistentOwnershipLog(journal)),
        told,
    )
    play(rolling_restart(context))
    assert [type(event) for event in journal.last] == [TargetReturnedUntouched]


def test_what_was_only_claimed_has_served_until_it_is_recovered() -> None:
    """Nothing was told to HAProxy yet, so the time since its claim is no time out of rotation."""
    for call, was_out in (("journal held", False), ("lb1 drain", True)):
        world = killed(call)
        (owned_target,) = world.owned_targets.values()
        (adopted,) = recovered(world).of(TargetAdopted)
        assert isinstance(adopted, TargetAdopted)
        assert (adopted.since == owned_target.since) is was_out
        assert owned_target.since <= adopted.since


def test_with_a_full_disk_nobody_more_is_taken_out_and_who_is_out_comes_back() -> None:
    world = fleet(3)
    world.full_from = 1001.0
    told = roll(world)
    assert told.summary.exit_code is Exit.HALTED
    assert len(world.restarted) in {1, 2}
    assert is_back(world) == []


def test_a_run_whose_lock_is_broken_touches_nothing_more_and_names_what_it_had_out() -> None:
    world, told = fleet(2), Told()
    lock = FakeLock(world)

    async def scenario() -> None:
        await lock.take(owner("5f0c21"))
        world.lock_broken = 1006.0
        site = replace(site_of(world), record=PersistentOwnershipLog(FakeJournal(world), lock))
        plan = Plan(waves=(targets_of(world),), floor=world.floor, timeouts=QUICK)
        await rolling_restart(RunContext(plan, site, told))

    play(scenario())
    assert world.broken == []
    assert told.summary.out == ("web1",)
    assert "was taken away" in told.summary.lines["web1"].reason
    assert not any(app.restarts for app in world.hosts["web2"].apps)


@pytest.mark.parametrize("switch", Switch)
def test_after_a_death_while_a_deploy_rolls_resume_brings_everybody_onto_the_release(
    switch: Switch,
) -> None:
    happy_world = fleet(3)
    deploy(happy_world, switch=switch, timeouts=SLOW_LOOKS)
    happy = happy_world.faults.calls
    rolling = next(number for number, call in enumerate(happy) if " drain" in call)
    last = max(number for number, call in enumerate(happy) if call.startswith("lb1"))
    for at in range(rolling, last, 3):
        world = fleet(3)
        world.together = switch is Switch.TOGETHER
        assert deploy(world, Fault(Kind.DEATH, at), switch=switch, timeouts=SLOW_LOOKS).died
        release = Release(SECOND, REVISION)
        wanted = Deploy(release=release, hosts=tuple(world.hosts), switch=switch)
        told = resumed(world, timeouts=SLOW_LOOKS, deploy=wanted)
        moment = f"{switch}, at call {at} ({happy[at]})"
        assert told.summary.exit_code is Exit.DONE, moment
        assert [*is_back(world), *world.broken] == [], moment
        for host in world.hosts.values():
            assert host.current == SECOND, moment
            assert {app.lives[-1].release for app in host.apps} == {SECOND}, moment
            assert host.disk[SECOND].mark == ReleaseStatus.GOOD, moment


def test_a_release_that_was_taken_away_meanwhile_is_not_gone_on_with() -> None:
    world = fleet(2)
    deploy(world, Fault(Kind.DEATH, _after("web1 restart", world)), timeouts=SLOW_LOOKS)
    world.hosts["web2"].current = FIRST
    release = Release(SECOND, REVISION)
    wanted = Deploy(release=release, hosts=tuple(world.hosts))
    told = resumed(world, timeouts=SLOW_LOOKS, deploy=wanted)
    assert "does not lead to release" in told.summary.halted
    assert not any(app.restarts for app in world.hosts["web2"].apps)


class Replaced(Told):
    """Monit replaces a process of web1 right after it was proven, before visitors come."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        if isinstance(event, TargetOnProbation):
            host = self._world.hosts["web1"]
            host.apps[0].lives[-1].gone_at = clock()
            host.apps[0].lives.append(Life(host.born(clock()), answers_from=clock()))


def test_a_recovered_server_is_made_ready_only_as_the_processes_that_were_proven() -> None:
    world = Half("web1 restart", recovered).world()
    world.faults = Faults()
    told = Replaced(world)
    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK)
    owned_targets = tuple(world.owned_targets.values())
    play(
        recover(RunContext(plan, after_it(world), told), RecoveryRequest("5f0c21", owned_targets)),
        begins=LATER,
    )
    assert told.of(TargetOnProbation)
    assert not told.of(TargetReturned), "no visitor meets a process that was not proven"
    assert told.summary.out == ("web1",)
    assert "mongrel_8000" in told.summary.lines["web1"].reason


def test_a_server_that_an_operator_made_ready_in_a_restart_is_never_taken_out_again() -> None:
    world = fleet(2)
    for app in world.hosts["web1"].apps:
        app.manner = "never_boots"
    (line,) = (line for line in world.lines.values() if line.host.name == "web1")
    line.meddling.append((1012.0, Admin(0)))
    assert roll(world).summary.exit_code is Exit.REDUCED
    for app in world.hosts["web1"].apps:
        app.lives[-1].answers_from = 2000
    told = recovered(world)
    assert not {"lb1 maint", "lb1 drain"} & {*world.faults.calls}
    assert told.summary.exit_code is Exit.DONE
    assert world.owned_targets == {}


def test_what_monit_had_restarted_when_it_died_is_told_and_not_restarted_again() -> None:
    world = fleet(2)
    world.hosts["web1"].apps[1].manner = "lost"
    assert roll(world).summary.exit_code is Exit.REDUCED
    told = recovered(world)
    assert told.of(TargetRecovered) == [
        TargetRecovered(target="web1", restarted=False, renewed=("mongrel_8000",))
    ]
    again = resumed(world, begins=5000)
    assert again.summary.exit_code is Exit.DONE
    assert [*is_back(world), *world.broken, *asked_once(world)] == []


def test_one_half_of_which_was_asked_when_the_run_died_is_not_restarted_twice_by_resume() -> None:
    world = fleet(2)
    roll(world, instances_at_a_time=1)
    at = [n for n, call in enumerate(world.faults.calls) if call == "web1 restart"][1]
    world = fleet(2)
    assert roll(world, Fault(Kind.DEATH, at), instances_at_a_time=1).died
    resumed(world, timeouts=SLOW_LOOKS)
    assert [*is_back(world), *world.broken, *asked_once(world)] == []


def test_one_half_of_which_was_asked_onto_a_release_waits_for_it_and_is_named() -> None:
    world = _half_on(SECOND)
    told = recovered(world)
    assert told.summary.exit_code is Exit.REDUCED
    assert "it would serve two" in told.summary.lines["web1"].reason


def test_one_half_of_whose_restart_onto_a_release_was_lost_does_not_come_back() -> None:
    world = fleet(2)
    at = _after("web1 restart", world)
    world.hosts["web1"].apps[1].manner = "lost"
    assert deploy(world, Fault(Kind.DEATH, at), timeouts=SLOW_LOOKS).died
    told = recovered(world)
    assert told.summary.exit_code is Exit.REDUCED
    assert "mongrel_8001 not restarted" in told.summary.lines["web1"].reason
    assert world.broken == []


def _half_on(release: str) -> World:
    """Let a deploy die when only the first instance of web1 was asked to restart onto it."""
    world = fleet(2)
    deploy(world, release=release, instances_at_a_time=1)
    at = [n for n, call in enumerate(world.faults.calls) if call == "web1 restart"][1]
    at = max(n for n, call in enumerate(world.faults.calls[:at]) if call == "web1 status")
    world = fleet(2)
    assert deploy(world, Fault(Kind.DEATH, at), release=release, instances_at_a_time=1).died
    return world


def test_a_host_whose_current_went_back_is_proven_on_what_it_leads_to() -> None:
    world = _half_on(SECOND)
    machine = world.hosts["web1"]
    machine.current = FIRST
    first = machine.apps[0]
    first.lives[-1].gone_at = 2000.0
    first.lives.append(Life(ProcessIdentity(900, 200_000, "boot-web1"), answers_from=2001.0))
    told = recovered(world)
    assert told.summary.exit_code is Exit.DONE
    assert told.summary.lines["web1"].release == FIRST
    assert is_back(world) == []


def test_with_a_short_timeout_a_restart_that_never_arrived_is_still_found_out() -> None:
    happy = SHAPES["one after another"].roll()[0].faults.calls
    world, _ = SHAPES["one after another"].roll(Fault(Kind.DEATH, happy.index("web1 restart")))
    told = recovered(world, timeouts=replace(QUICK, running_timeout=10))
    assert told.summary.exit_code is Exit.DONE
    assert is_back(world) == []


def test_one_that_dies_after_its_proof_is_not_made_ready() -> None:
    world = killed("web1 probe")
    app = world.hosts["web1"].apps[0]
    told = Told()

    def tell(event: Event) -> None:
        told(event)
        if isinstance(event, TargetOnProbation):
            app.lives[-1].gone_at = clock()
            app.lives.append(Life(world.hosts["web1"].born(clock()), answers_from=clock()))

    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK)
    world.faults = Faults()
    play(
        recover(
            RunContext(plan, after_it(world), tell),
            RecoveryRequest("5f0c21", tuple(world.owned_targets.values())),
        ),
        begins=3000,
    )
    assert "lb1 ready" not in world.faults.calls
    assert told.summary.exit_code is Exit.REDUCED
