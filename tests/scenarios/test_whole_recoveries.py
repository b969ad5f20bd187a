"""Given an unfinished run, when `recover` or `resume` comes after it, then they know it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollout.events import ImpactMeasured, RecoveryStarted, TargetRecovered, UnprovenTakenBack
from rollout.model.deploy import Deploy
from rollout.model.errors import RolloutError
from rollout.model.lock_state import PastRun
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from rollout.model.past_runs import UnfinishedRun
from rollout.model.plan import Plan, Share
from rollout.model.releases import Release
from rollout.ports.context import RunContext
from rollout.ports.site import DeployServices, Site
from rollout.recovery.journal_hosts import check_before_recovery, limit_to_fleet
from rollout.recovery.recover_run import (
    RecoverRequest,
    began_with,
    find_unproven_links,
    recover_run,
)
from rollout.recovery.resume import ResumeRequest
from rollout.recovery.resume_run import (
    check_not_gone_on,
    look_before_resuming,
    resume_run,
    run_to_resume,
)
from rollout.restart.server_mapping import Selection
from tests.scenarios.test_acquire import ALL, past
from tests.scenarios.test_dead_deploys import (
    currents,
    dead_after_the_first,
    dead_in_place,
    journal,
)
from tests.scenarios.test_lost_lock import looks_of
from tests.support.left_out import ALICE, CAROL
from tests.support.simulation.clock import play
from tests.support.simulation.deploys import SECOND
from tests.support.simulation.fake_releases import FakeHooks, FakeSource
from tests.support.simulation.faults import Fault, Faults, Kind
from tests.support.simulation.recoveries import LATER, after_it, died_in
from tests.support.simulation.restarts import QUICK, Told, fleet, roll
from tests.support.simulation.sessions import FakeHistory
from tests.support.simulation.world import FIRST, World, targets_of

HOSTS = ("web1", "web2", "web3")


def left_by(one: PastRun | None) -> UnfinishedRun:
    return UnfinishedRun(owner=one.owner if one else ALICE, past=one, certain=True)


# ---- which run it is about


def test_a_recovery_after_one_that_failed_goes_back_to_the_run_that_it_all_began_with() -> None:
    first, then = past(), replace(past(owner=CAROL), verb="recover")
    history = FakeHistory([first])
    for find in (began_with, run_to_resume):
        assert find(left_by(then), history) == first
        assert find(left_by(first), history) == first


def test_where_nothing_is_left_resume_goes_on_with_the_last_run_and_recover_with_none() -> None:
    history = FakeHistory([past()])
    assert run_to_resume(None, history) == history.runs[0]
    assert began_with(None, history) is None


def test_a_run_of_another_machine_is_not_resumed_from_a_journal_of_this_one() -> None:
    assert run_to_resume(left_by(None), FakeHistory([past(owner=CAROL)])) is None


# ---- no other command has gone on with it


def test_a_run_that_is_still_the_last_one_can_go_on() -> None:
    check_not_gone_on(past(), FakeHistory([past()]))


@pytest.mark.parametrize(
    "now", [[], [past(), past(owner=CAROL)], [replace(past(), done=("web1",))]]
)
def test_a_run_that_another_command_has_gone_on_with_is_not_resumed(now: list[PastRun]) -> None:
    with pytest.raises(RolloutError, match="another command has gone on with run a11ce0"):
        check_not_gone_on(past(), FakeHistory(now))


def patiently(world: World, site: Site, told: Told) -> RunContext:
    return RunContext(Plan(waves=(), floor=world.floor, timeouts=QUICK), site, told)


def request_of(world: World, was: PastRun, deploy: Deploy | None = None) -> ResumeRequest:
    return ResumeRequest(
        past=was,
        left=UnfinishedRun(owner=was.owner, owned_targets=was.owned_targets, past=was),
        scope=Selection(hosts=tuple(world.hosts), floor=world.floor),
        max_out=Share(1),
        canary=Share(0),
        deploy=deploy,
        allow_missing_targets=False,
    )


def dead_restart() -> World:
    """Let a restart die while its second host is out."""
    happy = fleet(3)
    roll(happy)
    at = next(n for n, call in enumerate(happy.faults.calls) if call == "web2 restart")
    world = fleet(3)
    assert roll(world, Fault(Kind.DEATH, at)).died
    world.faults = Faults()
    return world


def test_a_resume_brings_back_nothing_and_restarts_nothing_once_another_one_went_on() -> None:
    world = dead_restart()
    was, told, before = died_in(world), Told(), looks_of(world)
    site, gone_on = after_it(world), FakeHistory([replace(was, done=HOSTS)])
    with pytest.raises(RolloutError, match="another command has gone on"):
        play(
            resume_run(patiently(world, site, told), request_of(world, was), gone_on), begins=LATER
        )
    with pytest.raises(RolloutError, match="another command has gone on"):
        play(look_before_resuming(request_of(world, was), gone_on, site), begins=LATER)
    assert (looks_of(world), told.events) == (before, [])


def test_a_resume_brings_back_what_is_out_and_restarts_the_rest() -> None:
    world = dead_restart()
    was, told = died_in(world), Told()
    hosts = play(
        resume_run(
            patiently(world, after_it(world), told), request_of(world, was), FakeHistory([was])
        ),
        begins=LATER,
    )
    assert hosts == set()
    assert told.summary.exit_code == 0
    assert {app.restarts for host in world.hosts.values() for app in host.apps} == {1}


def test_a_look_before_a_resume_changes_nothing() -> None:
    world = dead_restart()
    was, before = died_in(world), looks_of(world)
    fit = play(
        look_before_resuming(request_of(world, was), FakeHistory([was]), after_it(world)),
        begins=LATER,
    )
    assert {target.name for target in fit.targets} >= {"web2", "web3"}
    assert looks_of(world) == before


def test_a_resumed_deploy_has_seen_to_its_hosts_once_it_stands_in_our_journal() -> None:
    world = dead_in_place()
    world.faults = Faults()
    deploy = Deploy(release=Release(SECOND, "c0ffee"), hosts=HOSTS)
    was = died_in(world, deploy)
    site = replace(after_it(world), services=DeployServices(FakeSource(world), FakeHooks()))
    told = Told()
    hosts = play(
        resume_run(
            patiently(world, site, told), request_of(world, was, deploy), FakeHistory([was])
        ),
        begins=LATER,
    )
    assert hosts == set(HOSTS)
    assert told.summary.exit_code == 0


def test_a_resumed_deploy_that_is_refused_has_seen_to_no_host() -> None:
    world = dead_in_place()
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only="web3 status"))
    deploy = Deploy(release=Release(SECOND, "c0ffee"), hosts=HOSTS)
    was = died_in(world, deploy)
    site = replace(after_it(world), services=DeployServices(FakeSource(world), FakeHooks()))
    hosts = play(
        resume_run(
            patiently(world, site, Told()), request_of(world, was, deploy), FakeHistory([was])
        ),
        begins=LATER,
    )
    assert hosts == set()


# ---- recover, as a whole


def recovers(
    world: World,
    left: UnfinishedRun | None,
    *runs: PastRun,
    abandoned: bool = False,
    faults: Sequence[Fault] = (),
) -> tuple[Sequence[str], Told]:
    world.faults = Faults(*faults)
    told = Told()
    request = RecoverRequest(
        left=left,
        history=FakeHistory(list(runs)),
        fleet=tuple(world.hosts),
        abandoned=abandoned,
    )
    hosts = play(recover_run(patiently(world, after_it(world), told), request), begins=LATER)
    return hosts, told


def test_a_recovery_puts_back_a_release_that_nothing_ran_and_has_seen_to_every_host() -> None:
    world = dead_in_place()
    was = died_in(world, Deploy(release=Release(SECOND, "c0ffee"), hosts=HOSTS))
    hosts, told = recovers(world, left_by(was), was)
    assert hosts == HOSTS
    assert len(told.of(UnprovenTakenBack)) == 1
    assert currents(world) == {FIRST}


def test_a_recovery_counts_the_servers_beside_those_that_are_out_and_no_floor() -> None:
    world = dead_restart()
    was = died_in(world, None)
    _, told = recovers(world, left_by(was), was)
    (end,) = told.of(ImpactMeasured)
    assert isinstance(end, ImpactMeasured)
    assert [(one.members, one.floor) for one in end.backends] == [(len(world.lines), 0)]


def test_what_is_abandoned_stays_as_it_is() -> None:
    world = dead_in_place()
    was = died_in(world, Deploy(release=Release(SECOND, "c0ffee"), hosts=HOSTS))
    before = looks_of(world)
    hosts, _ = recovers(world, left_by(was), was, abandoned=True)
    assert (hosts, looks_of(world)) == ((), before)


def came_back_out_of_sight(world: World) -> PastRun:
    """Let web1 be out and verified on the release of a dead deploy, on a disk that is away."""
    world.restarted.clear()
    target, *_ = targets_of(world)
    asked = {one.name: None for one in target.instances}
    found = tuple(ServerSnapshot(server, 1, agent=False) for server in target.servers)
    world.owned_targets = {
        "web1": OwnedTarget(target=target, found=found, asked=asked, release=SECOND, returning=True)
    }
    return replace(journal(world), targets=HOSTS, owned_targets=(*world.owned_targets.values(),))


OUT_OF_SIGHT = Fault(Kind.REFUSED, 0, calls=10_000, only="web1 shelf")


def test_what_a_recovery_brings_back_proves_the_release_that_it_runs() -> None:
    happy = dead_after_the_first()
    recovers(happy, left_by(came_back_out_of_sight(happy)))
    calls = happy.faults.calls
    at = max(n for n in range(calls.index("web2 shelf")) if calls[n] == "web1 shelf")
    world = dead_after_the_first()
    was = came_back_out_of_sight(world)
    hosts, told = recovers(world, left_by(was), was, faults=(replace(OUT_OF_SIGHT, at=at),))
    assert len(told.of(TargetRecovered)) == 1
    assert told.of(UnprovenTakenBack) == []
    assert currents(world) == {SECOND}
    assert "web1" not in hosts, "what is on its disk was not seen"


def test_what_a_run_of_another_machine_asked_for_is_not_known_from_a_journal_of_this_one() -> None:
    world = dead_after_the_first()
    was = journal(world)
    _, told = recovers(world, left_by(None), was, faults=(OUT_OF_SIGHT,))
    assert told.of(UnprovenTakenBack) == [], "web1 may serve it: its journal is elsewhere"
    assert currents(world) == {SECOND}


def test_a_link_that_nothing_has_proven_is_found_and_said_to_be_put_back() -> None:
    world = dead_in_place()
    world.faults = Faults()
    found, put_back = play(find_unproven_links(HOSTS, after_it(world)), begins=LATER)
    assert (tuple(one.where for one in found), put_back) == (HOSTS, True)
    served = dead_after_the_first()
    served.faults = Faults()
    found, put_back = play(find_unproven_links(HOSTS, after_it(served)), begins=LATER)
    assert (bool(found), put_back) == (True, False)
    assert play(find_unproven_links(HOSTS, after_it(fleet(3)))) == ((), False)


def test_a_recovery_tells_what_had_no_turn() -> None:
    world = dead_restart()
    was = died_in(world)
    _, told = recovers(world, left_by(was), was)
    (started,) = told.of(RecoveryStarted)
    assert isinstance(started, RecoveryStarted)
    assert set(started.rest) == {"web2", "web3"}


# ---- the hosts that a journal names


STRANGE = replace(past(), hosts=(*ALL, "db1"))


def test_a_resume_contacts_no_host_that_the_settings_do_not_know() -> None:
    with pytest.raises(RolloutError, match="names db1, which the settings do not know; --replan"):
        limit_to_fleet(STRANGE, ALL, replan=False)
    assert limit_to_fleet(STRANGE, ALL, replan=True).hosts == ALL
    assert limit_to_fleet(past(), ALL, replan=False) == past()
    with pytest.raises(RolloutError, match=r"settings do not know$"):
        limit_to_fleet(STRANGE, ("web9",), replan=True)


def test_a_recovery_contacts_no_host_of_a_half_deployed_run_that_the_settings_do_not_know() -> None:
    world = dead_in_place()
    was = died_in(world, Deploy(release=Release(SECOND, "c0ffee"), hosts=(*HOSTS, "db1")))
    was = replace(was, targets=())
    assert was.half_deployed
    with pytest.raises(RolloutError, match=r"names db1.*`rollout recover --abandon` leaves"):
        check_before_recovery(left_by(was), HOSTS)
    check_before_recovery(left_by(was), (*HOSTS, "db1"))
    check_before_recovery(left_by(None), HOSTS)
    check_before_recovery(None, HOSTS)
