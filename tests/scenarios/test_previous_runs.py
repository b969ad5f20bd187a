"""Given a record that another hand may have written, when a run reads it, it asks HAProxy."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rollout.events import TargetLeftOut
from rollout.lock.acquire import release
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.lock.previous_runs import find_unfinished_run, is_settled
from rollout.model.errors import UnfinishedRunFound
from rollout.model.fleet import Admin, AdminState, Server
from rollout.model.known_fleet import KnownFleet
from rollout.model.lock_state import LockState
from rollout.model.ownership import OwnedTarget
from rollout.model.past_runs import UnfinishedRun
from rollout.model.plan import Plan
from rollout.ports.context import RunContext
from rollout.recovery.recover import RecoveryRequest, recover
from rollout.summary.run import Exit
from tests.scenarios.test_acquire import ALL, claims, dead, out, past
from tests.support.left_out import ALICE, BOB
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeBalancer, FakeJournal, FakeLock
from tests.support.simulation.restarts import QUICK, Told, fleet, site_of
from tests.support.simulation.world import World

KNOWN = KnownFleet(
    hosts=frozenset(ALL),
    balancers=frozenset({"lb1"}),
    match=r"mongrel_.*",
    match_setting="monit.match",
)


def serves(world: World) -> None:
    for line in world.lines.values():
        line.admin = Admin(0)


# ---- the word of another run that it has seen to a server


def test_the_word_that_a_server_was_seen_to_is_believed_once_it_serves() -> None:
    world = fleet()
    history = dead(
        past(
            replace(
                out(world),
                possible_states={s: tuple(AdminState) for s in out(world).possible_states},
            )
        )
    )
    serves(world)
    world.settled[ALICE.run] = "ca401d"
    scenario = claims(world, history)
    assert scenario.error is None
    assert history.settled == {ALICE.run: "ca401d"}


def test_the_word_alone_settles_nothing_while_the_server_is_out_as_it_was_left() -> None:
    world = fleet()
    history = dead(past(out(world)))
    world.settled[ALICE.run] = "ca401d"
    scenario = claims(world, history)
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert "run ca401d says that it has seen to it" in str(scenario.error)
    assert "recover --abandon" in scenario.error.fix
    assert "recover --anyway" in scenario.error.fix
    assert history.settled == {}
    assert world.lock is None


def test_a_server_that_another_hand_has_changed_since_is_no_reason_to_doubt_the_word() -> None:
    world = fleet()
    history = dead(past(out(world)))
    for line in world.lines.values():
        if line.host.name == "web1":
            line.admin = Admin.FORCED_DRAIN
    world.settled[ALICE.run] = "ca401d"
    assert claims(world, history).error is None
    assert history.settled == {ALICE.run: "ca401d"}


def test_a_run_that_is_said_to_be_seen_to_is_found_none_the_less_while_it_has_servers_out() -> None:
    world = fleet()
    history = dead(past(out(world)))
    world.settled[ALICE.run] = "ca401d"

    async def found() -> UnfinishedRun | None:
        return await find_unfinished_run(FakeLock(world), history, site_of(world))

    left = play(found())
    assert left is not None
    assert left.claimed_by == "ca401d"
    serves(world)
    assert play(found()) is None


def test_what_cannot_be_seen_is_not_seen_to() -> None:
    world = fleet()
    owned_targets = (out(world),)
    serves(world)

    async def judged(*, site_without: bool) -> bool:
        site = site_of(world)
        return await is_settled(
            owned_targets, replace(site, balancers={}) if site_without else site
        )

    assert play(judged(site_without=False))
    assert not play(judged(site_without=True))


# ---- a record that names what is not of the fleet


def of_another(world: World, **names: object) -> OwnedTarget:
    one = out(world)
    return replace(one, target=replace(one.target, **names))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (replace(KNOWN, hosts=frozenset({"web2"})), "the settings know no host web1"),
        (replace(KNOWN, balancers=frozenset({"lb9"})), "know no load balancer lb1"),
        (replace(KNOWN, match="thin_.*"), "monit.match does not match mongrel_8000"),
    ],
)
def test_what_the_settings_do_not_know_is_named_and_not_acted_upon(
    known: KnownFleet, why: str
) -> None:
    world = fleet()
    one = out(world)
    world.owned_targets = {"web1": one}
    record = PersistentOwnershipLog(FakeJournal(world), owned_targets=(one,))
    site = replace(site_of(world), record=record)
    told = Told()
    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK, known=known)
    play(recover(RunContext(plan, site, told), RecoveryRequest("a11ce0", (one,))))
    (left_out,) = [event for event in told.events if isinstance(event, TargetLeftOut)]
    assert why in left_out.reason
    assert "nothing of it was changed" in left_out.reason
    assert told.summary.exit_code is Exit.REDUCED
    assert [h.target.name for h in record.owned_targets] == ["web1"], "the record stays"
    assert all(
        line.admin is Admin.FORCED_MAINT
        for line in world.lines.values()
        if line.host.name == "web1"
    )


def test_what_the_settings_know_comes_back() -> None:
    world = fleet()
    one = out(world)
    record = PersistentOwnershipLog(FakeJournal(world), owned_targets=(one,))
    told = Told()
    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK, known=KNOWN)
    play(
        recover(
            RunContext(plan, replace(site_of(world), record=record), told),
            RecoveryRequest("a11ce0", (one,)),
        )
    )
    assert told.summary.exit_code is Exit.DONE
    assert record.owned_targets == ()


# ---- a lock that lists servers


def test_a_lock_that_still_lists_servers_is_left_behind_and_not_thrown_away() -> None:
    world = fleet()
    lock = FakeLock(world)

    async def scenario() -> None:
        await lock.take(BOB)
        await lock.keep((out(world),), everywhere=True)
        await release(lock)

    play(scenario())
    assert isinstance(world.lock, LockState)
    assert world.lock.owned_targets
    assert world.lock.ended


def test_one_that_was_asked_to_restart_waits_in_maint_for_its_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dead run left it in drain, where sticky clients still reach it."""
    world = fleet()
    one = out(world, asked=True)
    one = replace(one, possible_states=dict.fromkeys(one.possible_states, (AdminState.DRAIN,)))
    for line in world.lines.values():
        line.admin = Admin.FORCED_DRAIN if line.host.name == "web1" else Admin(0)
    orders: list[AdminState] = []
    order = FakeBalancer.set_state

    async def noted(self: FakeBalancer, servers: Sequence[Server], state: AdminState) -> None:
        orders.append(state)
        await order(self, servers, state)

    monkeypatch.setattr(FakeBalancer, "set_state", noted)
    record = PersistentOwnershipLog(FakeJournal(world), owned_targets=(one,))
    plan = Plan(waves=(), floor=world.floor, timeouts=QUICK, known=KNOWN)
    play(
        recover(
            RunContext(plan, replace(site_of(world), record=record), Told()),
            RecoveryRequest("a11ce0", (one,)),
        )
    )
    assert orders[0] is AdminState.MAINT
