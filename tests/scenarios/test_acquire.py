"""Given a lock that somebody holds, when a run wants it, then it waits, refuses, or takes it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from rollout.events import Event, Noted, TargetLeftOut
from rollout.lock.acquire import (
    ASK_EVERY,
    LockContext,
    LockGrant,
    LockRequest,
    acquire,
    alive,
    foresee,
)
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.lock.previous_runs import (
    BEAT_EVERY,
    LISTEN_FOR,
    collect_owned_targets,
    find_unfinished_run,
    gives_sign_of_life,
    refuse_if_alive,
    refuse_if_in_doubt,
)
from rollout.model.errors import Halted, LockError, LockHeld, RolloutError, UnfinishedRunFound
from rollout.model.fleet import Admin, AdminState, ProcessIdentity
from rollout.model.lock_state import Kind, LockOwner, LockState, PastDeploy, PastRun
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from rollout.model.past_runs import UnfinishedRun
from tests.support.left_out import ALICE, BOB, CAROL
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeJournal, FakeLock
from tests.support.simulation.faults import Fault, Faults
from tests.support.simulation.faults import Kind as Trouble
from tests.support.simulation.restarts import fleet, site_of
from tests.support.simulation.sessions import FakeHistory
from tests.support.simulation.world import World, clock, targets_of

FREEZE = replace(ALICE, kind=Kind.MANUAL, reason="the database is being moved", command="")
ALL = ("web1", "web2", "web3", "web4")


@dataclass
class Story:
    """What came of a claim.

    Attributes:
        claimed: What it got; None when it was refused.
        error: Why it was.
        events: What was told.
        took: Seconds.
    """

    claimed: LockGrant | None = None
    error: Exception | None = None
    events: list[Event] = field(default_factory=list)
    took: float = 0.0

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> str:
        return " ".join(event.what for event in self.events if isinstance(event, Noted))


Meanwhile = Callable[[World], Awaitable[None]]


def claims(
    world: World,
    history: FakeHistory | None = None,
    *,
    hosts: Sequence[str] = ALL,
    wait: float = 0.0,
    include_left_out: bool = False,
    stop_asked: Callable[[], bool] = lambda: False,
    meanwhile: Meanwhile | None = None,
    lock: FakeLock | None = None,
) -> Story:
    """Let Bob claim the lock of ``world``; `check` must have said before what comes of it."""
    scenario = Story()
    plain = not (world.faults.faults or meanwhile or wait or lock or stop_asked())
    request = LockRequest(
        wait=wait,
        hosts=hosts,
        include_left_out=include_left_out,
    )
    site = replace(site_of(world, stop_asked=stop_asked), lock=lock or FakeLock(world))

    async def told() -> None:
        began = clock()
        other = asyncio.ensure_future(meanwhile(world)) if meanwhile else None
        try:
            context = LockContext(request, history or FakeHistory(), site, scenario.events.append)
            scenario.claimed = await acquire(context, BOB)
        except (LockHeld, LockError, UnfinishedRunFound, Halted) as error:
            scenario.error = error
        scenario.took = clock() - began
        if other:
            await other

    foretold: list[Event] = []
    settled = dict(history.settled) if history else {}
    if plain:
        asked = foresee(LockContext(request, history or FakeHistory(), site, foretold.append))
        outlook = play(asked)
        assert (history.settled if history else {}) == settled, "a check writes nothing"
    play(told())
    if plain:
        assert str(outlook.refused) == str(scenario.error), "`check` says what `restart` says"
        assert getattr(outlook.refused, "fix", "") == getattr(scenario.error, "fix", "")
        if scenario.claimed:
            assert outlook.owned_targets == scenario.claimed.owned_targets, (
                "and counts as out what `restart` does"
            )
            assert foretold == [e for e in scenario.events if getattr(e, "where", "") != "lock"]
    return scenario


def is_free(world: World) -> bool:
    return world.lock is None


def out(world: World, host: str = "web1", *, asked: bool = False) -> OwnedTarget:
    """Let a host be out because of a run: in maint, and asked to restart if so wished."""
    target = next(one for one in targets_of(world) if one.name == host)
    for server in target.servers:
        world.lines[server].admin = Admin.FORCED_MAINT
    return OwnedTarget(
        target=target,
        found=tuple(ServerSnapshot(server, 1, agent=False) for server in target.servers),
        possible_states=dict.fromkeys(target.servers, (AdminState.MAINT,)),
        asked={one.name: ProcessIdentity(100, 1, "boot") for one in target.instances}
        if asked
        else {},
    )


def held(*owned_targets: OwnedTarget, owner: LockOwner = ALICE, ended: str = "") -> LockState:
    return LockState(place="lb1", owner=owner, owned_targets=owned_targets, ended=ended)


def past(
    *owned_targets: OwnedTarget, exit_code: int | None = None, owner: LockOwner = ALICE
) -> PastRun:
    """A run about all four, of whom nobody is done."""
    return PastRun(
        file="shop.000001.a11ce0.jsonl",
        owner=owner,
        verb="restart",
        hosts=ALL,
        targets=ALL,
        owned_targets=owned_targets,
        exit_code=exit_code,
    )


def dead(*runs: PastRun) -> FakeHistory:
    return FakeHistory(list(runs), gone={run.run for run in runs} or {ALICE.run})


def holder_of(world: World) -> LockOwner | None:
    return world.lock.owner if world.lock else None


# ---- free, or held by somebody who lives


def test_a_lock_that_nobody_holds_is_taken_without_a_word() -> None:
    world = fleet()
    scenario = claims(world)
    assert scenario.claimed == LockGrant()
    assert scenario.events == []
    assert holder_of(world) == BOB


def test_a_lock_of_a_run_that_lives_is_not_touched() -> None:
    world = fleet()
    world.lock = held(out(world))
    before = world.lock
    scenario = claims(world, FakeHistory([past(*before.owned_targets)]))
    assert isinstance(scenario.error, LockHeld)
    assert "alice@bastion" in str(scenario.error)
    assert world.lock == before
    assert scenario.took < ASK_EVERY


def test_a_lock_is_never_taken_by_age() -> None:
    world = fleet()
    world.lock = replace(held(), seconds_since_heartbeat=10_000_000.0)
    scenario = claims(world)
    assert isinstance(scenario.error, LockHeld)
    assert holder_of(world) == ALICE


def test_a_lock_held_by_hand_is_nobodys_who_could_be_dead() -> None:
    world = fleet()
    world.lock = held(owner=FREEZE)
    scenario = claims(world, FakeHistory(gone={FREEZE.run}))
    assert isinstance(scenario.error, LockHeld)
    assert "the database is being moved" in str(scenario.error)
    assert holder_of(world) == FREEZE


def test_a_place_that_cannot_be_asked_is_said_and_nothing_is_taken() -> None:
    world = fleet()
    world.faults = Faults(Fault(Trouble.REFUSED, 0))
    scenario = claims(world)
    assert isinstance(scenario.error, LockError)
    assert world.lock is None


def foretold(
    world: World, history: FakeHistory | None = None
) -> tuple[Exception | None, list[str]]:
    """Ask what `check` asks: why a claim would be refused now, and who counts as out for us."""
    site = replace(site_of(world), lock=FakeLock(world))
    request = LockRequest(wait=0, hosts=ALL)
    outlook = play(foresee(LockContext(request, history or FakeHistory(), site, lambda _: None)))
    return outlook.refused, [one.target.name for one in outlook.owned_targets]


def test_a_check_beside_a_run_that_lives_calls_what_that_holds_no_other_hands() -> None:
    world = fleet()
    world.lock = held(out(world))
    refused, still_out = foretold(world)
    assert isinstance(refused, LockHeld)
    assert still_out == ["web1"]


def test_a_check_calls_what_was_changed_since_another_hands_though_a_run_is_refused() -> None:
    world = fleet()
    history = dead(past(out(world, "web1"), out(world, "web2")))
    for server in (line for line in world.lines if line.name == "web2"):
        world.lines[server].admin = Admin.FORCED_DRAIN
    refused, still_out = foretold(world, history)
    assert isinstance(refused, UnfinishedRunFound)
    assert still_out == ["web1"]


def test_a_check_knows_all_that_is_out_though_the_first_run_is_refused_already() -> None:
    world = fleet()
    history = dead(past(out(world, "web1")), past(out(world, "web2"), owner=CAROL))
    refused, still_out = foretold(world, history)
    assert ALICE.run in str(refused)
    assert still_out == ["web1", "web2"]


# ---- waiting


async def given_back(world: World) -> None:
    await asyncio.sleep(30)
    world.lock = None


def test_whoever_waits_gets_it_when_it_is_given_back() -> None:
    world = fleet()
    world.lock = held()
    scenario = claims(world, wait=60, meanwhile=given_back)
    assert scenario.claimed == LockGrant()
    assert holder_of(world) == BOB
    assert 30 <= scenario.took <= 30 + 2 * ASK_EVERY
    (noted,) = scenario.of(Noted)
    assert "waiting" in str(noted)
    assert "alice@bastion" in str(noted)


def test_whoever_waits_says_it_again_when_somebody_else_holds_it() -> None:
    async def handed_on(world: World) -> None:
        await asyncio.sleep(10)
        world.lock = held(owner=CAROL)

    world = fleet()
    world.lock = held()
    scenario = claims(world, wait=20, meanwhile=handed_on)
    assert isinstance(scenario.error, LockHeld)
    assert "carol" in str(scenario.error), "who holds it now, not who held it then"
    assert len(scenario.of(Noted)) == 2


def test_waiting_ends_when_it_was_said_to() -> None:
    world = fleet()
    world.lock = held()
    scenario = claims(world, wait=20)
    assert isinstance(scenario.error, LockHeld)
    assert 20 <= scenario.took <= 20 + 2 * ASK_EVERY
    assert holder_of(world) == ALICE


def test_a_stop_ends_the_waiting() -> None:
    asked = False

    async def stop(world: World) -> None:
        nonlocal asked
        await asyncio.sleep(5)
        asked = True
        del world

    world = fleet()
    world.lock = held()
    scenario = claims(world, wait=3600, stop_asked=lambda: asked, meanwhile=stop)
    assert isinstance(scenario.error, Halted)
    assert "before anything was changed" in str(scenario.error)
    assert scenario.took <= 5 + 2 * ASK_EVERY
    assert holder_of(world) == ALICE


def test_whoever_waits_takes_over_from_one_who_died_meanwhile() -> None:
    history = FakeHistory([replace(past(), targets=())])

    async def dies(world: World) -> None:
        del world
        await asyncio.sleep(10)
        history.gone.add(ALICE.run)

    world = fleet()
    world.lock = held()
    scenario = claims(world, history, wait=60, meanwhile=dies)
    assert scenario.claimed == LockGrant((), (ALICE.run,))
    assert holder_of(world) == BOB


class Slow(FakeLock):
    """A lock that another hand takes over a moment before us, once, and gives back later."""

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        if self.world.lock is not None and self.world.lock.owner == ALICE:
            self.world.lock = held(owner=CAROL)
        await super().take_over(old, owner, seize=seize)


def test_whoever_waits_goes_on_waiting_when_another_one_took_over_first() -> None:
    world = fleet()
    world.lock = held()
    scenario = claims(
        world,
        dead(replace(past(), targets=())),
        wait=60,
        meanwhile=given_back,
        lock=Slow(world),
    )
    assert scenario.error is None
    assert holder_of(world) == BOB


# ---- the dead


def test_a_dead_run_that_had_taken_nobody_out_is_taken_over_and_that_is_said() -> None:
    world = fleet()
    world.lock = held()
    scenario = claims(world, dead(replace(past(), targets=())))
    assert scenario.claimed == LockGrant((), (ALICE.run,))
    assert holder_of(world) == BOB
    assert ALICE.run in scenario.said


def test_a_dead_run_with_somebody_out_is_refused_with_what_to_type() -> None:
    world = fleet()
    world.lock = held(out(world))
    before = world.lock
    scenario = claims(world, dead(past(*before.owned_targets)))
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert scenario.error.run == ALICE.run
    assert "web1" in scenario.error.what
    assert "rollout recover" in scenario.error.fix
    assert "rollout resume" in scenario.error.fix
    assert world.lock == before, "the lock still says whose it is and what is out"


def test_a_dead_run_with_somebody_out_is_refused_to_one_who_leaves_them_alone_too() -> None:
    """It died: nobody knows in what state, so somebody looks at it first."""
    world = fleet()
    world.lock = held(out(world))
    scenario = claims(world, dead(past(*world.lock.owned_targets)), hosts=("web3",))
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert holder_of(world) == ALICE


@pytest.mark.parametrize("hosts", [("web1",), ("web3",)])
def test_a_dead_run_without_a_journal_is_no_better(hosts: tuple[str, ...]) -> None:
    """It is gone from this machine for certain and never said how it ended."""
    world = fleet()
    world.lock = held(out(world, asked=True))
    scenario = claims(world, dead(), hosts=hosts)
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert holder_of(world) == ALICE


def test_a_dead_run_that_had_begun_and_has_nobody_out_is_refused_for_the_rest_of_it() -> None:
    world = fleet()
    world.lock = held()
    scenario = claims(world, dead(past()))
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert "rollout resume" in scenario.error.fix
    assert holder_of(world) == ALICE


def test_a_dead_deploy_is_refused_even_when_all_were_restarted() -> None:
    deploy = PastDeploy(release="r2", revision="c0ffee", hosts=ALL, fresh=True, in_place=True)
    world = fleet()
    world.lock = held()
    scenario = claims(world, dead(replace(past(), done=ALL, deploy=deploy)))
    assert isinstance(scenario.error, UnfinishedRunFound)


def test_the_journal_counts_where_the_lock_says_something_else() -> None:
    """It is written last before the act, so the lock may be one act ahead."""
    world = fleet()
    world.lock = held(out(world, "web1"), out(world, "web2"))
    knows = past(world.lock.owned_targets[0])

    async def found() -> UnfinishedRun | None:
        return await find_unfinished_run(FakeLock(world), dead(knows), site_of(world))

    left = play(found())
    assert left is not None
    assert [one.target.name for one in left.owned_targets] == ["web1"]
    assert left.certain


def test_a_run_that_died_on_another_bastion_is_not_certainly_dead() -> None:
    world = fleet()
    world.lock = held(out(world))
    scenario = claims(world, FakeHistory())  # this machine knows nothing of it
    assert isinstance(scenario.error, LockHeld)


# ---- the ended


ENDED = "ended with servers out"


def ended(world: World, *hosts: str) -> FakeHistory:
    owned_targets = [out(world, host, asked=True) for host in hosts]
    world.lock = held(*owned_targets, ended=ENDED)
    return FakeHistory([past(*owned_targets, exit_code=6)])


def test_whom_a_run_left_out_is_in_the_way_of_one_that_is_about_them() -> None:
    world = fleet()
    history = ended(world, "web1", "web2")
    before = world.lock
    scenario = claims(world, history)
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert "web1" in scenario.error.what
    for words in ("rollout recover", "--include-left-out", "--exclude web1,web2"):
        assert words in scenario.error.fix
    assert world.lock == before
    assert scenario.of(TargetLeftOut) == []


def test_whom_a_run_left_out_is_named_by_one_that_is_about_others() -> None:
    world = fleet()
    history = ended(world, "web1")
    scenario = claims(world, history, hosts=("web2", "web3"))
    assert scenario.claimed is not None
    assert [one.target.name for one in scenario.claimed.owned_targets] == ["web1"]
    assert scenario.claimed.runs == (ALICE.run,)
    (named,) = scenario.of(TargetLeftOut)
    assert isinstance(named, TargetLeftOut)
    assert (named.target, named.state, named.asked) == ("web1", "maint", True)
    assert named.look == "ssh web1 monit status"
    assert named.servers == ("app/web1@lb1",)
    assert ALICE.run in named.reason
    assert holder_of(world) == BOB
    assert world.lock is not None
    assert world.lock.owned_targets, "and the lock still lists them"


def test_whom_a_run_left_out_is_taken_along_when_that_is_wished() -> None:
    world = fleet()
    history = ended(world, "web1")
    scenario = claims(world, history, include_left_out=True)
    assert scenario.claimed is not None
    assert [one.target.name for one in scenario.claimed.owned_targets] == ["web1"]
    assert holder_of(world) == BOB


def test_one_that_ended_on_another_bastion_is_told_by_the_lock_alone() -> None:
    world = fleet()
    ended(world, "web1")
    assert isinstance(claims(world, FakeHistory()).error, UnfinishedRunFound)
    scenario = claims(world, FakeHistory(), hosts=("web2",))
    assert scenario.claimed is not None
    assert [one.target.name for one in scenario.claimed.owned_targets] == ["web1"]


def test_what_somebody_has_changed_since_is_theirs_and_not_carried_on() -> None:
    world = fleet()
    history = ended(world, "web1")
    for line in world.lines.values():
        line.admin = Admin(0)  # an operator made it ready
    scenario = claims(world, history)
    assert scenario.claimed == LockGrant((), (ALICE.run,))
    assert scenario.of(TargetLeftOut) == []
    assert "no longer manages" in scenario.said
    assert holder_of(world) == BOB


def test_what_somebody_has_changed_in_part_is_still_carried_on() -> None:
    world = fleet(balancers=2)
    history = ended(world, "web1")
    next(iter(world.lines.values())).admin = Admin(0)
    scenario = claims(world, history, hosts=("web2",))
    assert scenario.claimed is not None
    assert [one.target.name for one in scenario.claimed.owned_targets] == ["web1"]


def test_what_cannot_be_seen_now_counts_as_still_out() -> None:
    world = fleet()
    history = ended(world, "web1")
    for line in world.lines.values():
        line.admin = Admin(0)
    world.faults = Faults(Fault(Trouble.REFUSED, 0, calls=1000, only="lb1 look"))
    scenario = claims(world, history)
    assert isinstance(scenario.error, UnfinishedRunFound)


# ---- journals that are open though no lock speaks for them


def test_an_open_journal_of_a_dead_run_refuses_and_the_lock_is_given_back() -> None:
    world = fleet()
    scenario = claims(world, dead(past(out(world))))
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert "rollout recover" in scenario.error.fix
    assert world.lock is None


def test_an_open_journal_of_a_run_that_ended_names_whom_it_left_out() -> None:
    world = fleet()
    history = FakeHistory([past(out(world), exit_code=6)], gone={ALICE.run})
    assert isinstance(claims(world, history).error, UnfinishedRunFound)
    assert world.lock is None
    scenario = claims(world, history, hosts=("web2",))
    assert scenario.claimed is not None
    assert scenario.claimed.runs == (ALICE.run,)
    assert len(scenario.of(TargetLeftOut)) == 1


def test_all_that_several_runs_left_is_answered_for() -> None:
    world = fleet()
    history = dead(
        past(out(world, "web1"), exit_code=6),
        past(out(world, "web2"), exit_code=6, owner=CAROL),
        replace(past(owner=replace(CAROL, run="d0a")), targets=()),
    )
    scenario = claims(world, history, hosts=("web3",))
    assert scenario.claimed is not None
    assert [one.target.name for one in scenario.claimed.owned_targets] == ["web1", "web2"]
    assert scenario.claimed.runs == (ALICE.run, CAROL.run, "d0a")


def test_a_run_that_waits_for_the_lock_itself_is_not_answered_for() -> None:
    """Its journal is open, and it lives: what it writes there later is its own."""
    world = fleet()
    scenario = claims(world, FakeHistory([replace(past(), targets=())]))
    assert scenario.claimed == LockGrant()


def test_a_run_that_has_given_back_the_lock_and_is_about_to_end_refuses_nobody() -> None:
    """It halted whole and still writes its account: it lives, and is not one that died."""
    world = fleet()
    scenario = claims(world, FakeHistory([replace(past(), done=("web1",))]))
    assert scenario.error is None
    assert scenario.claimed == LockGrant()
    assert holder_of(world) == BOB


def test_a_lock_that_was_taken_over_does_not_hide_what_another_dead_run_left() -> None:
    world = fleet()
    world.lock = held()
    history = dead(replace(past(), targets=()), past(out(world), owner=CAROL))
    scenario = claims(world, history)
    assert isinstance(scenario.error, UnfinishedRunFound)
    assert CAROL.run in str(scenario.error)
    assert is_free(world)
    assert history.settled == {}


# ---- what is found, for whoever asks


def found(world: World, history: FakeHistory) -> UnfinishedRun | None:
    async def scenario() -> UnfinishedRun | None:
        return await find_unfinished_run(FakeLock(world), history, site_of(world))

    return play(scenario())


def test_where_there_is_no_lock_and_no_journal_nothing_is_left() -> None:
    assert found(fleet(), FakeHistory()) is None


def test_a_lock_without_a_journal_is_left_with_what_it_lists() -> None:
    world = fleet()
    world.lock = held(out(world))
    left = found(world, FakeHistory())
    assert left is not None
    assert (left.owner, left.past, left.held) == (ALICE, None, world.lock)
    assert [one.target.name for one in left.owned_targets] == ["web1"]
    assert not left.certain


def test_an_ended_run_is_certainly_over_wherever_it_ran() -> None:
    world = fleet()
    world.lock = held(out(world), ended=ENDED)
    left = found(world, FakeHistory())
    assert left is not None
    assert left.certain


def test_a_hand_is_never_certainly_gone() -> None:
    world = fleet()
    world.lock = held(owner=FREEZE)
    left = found(world, FakeHistory(gone={FREEZE.run}))
    assert left is not None
    assert not left.certain


def test_an_unfinished_journal_without_a_lock_is_found_and_a_finished_one_is_not() -> None:
    world = fleet()
    assert found(world, dead(replace(past(), done=ALL))) is None
    left = found(world, dead(replace(past(), done=ALL), past(out(world), owner=CAROL)))
    assert left is not None
    assert (left.owner, left.held, left.certain) == (CAROL, None, True)


def test_a_living_run_whose_journal_is_open_is_not_certainly_over() -> None:
    left = found(fleet(), FakeHistory([past()]))
    assert left is None or not left.certain


# ---- signs of life


def listens(world: World, meanwhile: Meanwhile) -> tuple[bool, float]:
    async def scenario() -> tuple[bool, float]:
        other = asyncio.ensure_future(meanwhile(world))
        began = clock()
        heard = await gives_sign_of_life(FakeLock(world), ALICE)
        took = clock() - began
        other.cancel()
        await asyncio.wait({other})
        return heard, took

    return play(scenario())


async def beats(world: World) -> None:
    lock = FakeLock(world)
    lock._run = ALICE.run
    async with alive(lock, PersistentOwnershipLog()):
        await asyncio.sleep(1000)


def test_news_that_a_place_is_slow_to_take_keep_no_sign_of_life_from_the_others() -> None:
    """A run that gives none for 16 s is taken for dead on another machine."""

    class Slow(FakeLock):
        async def keep(
            self, owned_targets: Sequence[OwnedTarget] | None = None, *, everywhere: bool
        ) -> None:
            if slow and owned_targets is not None:
                await asyncio.sleep(20)
            await super().keep(owned_targets, everywhere=everywhere)

    world, slow = fleet(), False

    async def scenario() -> tuple[int, Sequence[OwnedTarget]]:
        nonlocal slow
        lock = Slow(world)
        await lock.take(ALICE)
        record = PersistentOwnershipLog(FakeJournal(world), lock)
        one = out(world)
        await record.own(one.target, one.found)
        seen = dict.fromkeys(one.target.servers, (AdminState.DRAIN,))
        await record.records_intent("web1", seen, returning=None)
        slow = True
        async with alive(lock, record):
            await asyncio.sleep(LISTEN_FOR)
            (stands,) = await lock.look()
            heard = stands.heartbeats
            await asyncio.sleep(20)
            (stands,) = await lock.look()
            return heard, stands.owned_targets

    heard, listed = play(scenario())
    assert heard >= 3
    assert listed[0].possible_states == dict.fromkeys(listed[0].target.servers, (AdminState.DRAIN,))


async def nothing(world: World) -> None:
    del world


def test_whoever_lives_is_heard_within_three_beats() -> None:
    world = fleet()
    world.lock = replace(
        held(), seconds_since_heartbeat=10_000_000.0
    )  # a clock that is wrong says nothing
    heard, took = listens(world, beats)
    assert heard
    assert took <= BEAT_EVERY + 2


def test_whoever_is_silent_is_listened_for_long_enough() -> None:
    world = fleet()
    world.lock = replace(held(), seconds_since_heartbeat=0.0)
    heard, took = listens(world, nothing)
    assert not heard
    assert took >= 3 * BEAT_EVERY
    assert took <= LISTEN_FOR + 2


def test_a_count_that_does_not_rise_is_no_sign_of_life_however_high() -> None:
    world = fleet()
    world.lock = replace(held(), heartbeats=10_000)
    assert listens(world, nothing)[0] is False


def test_the_beats_of_somebody_else_are_no_sign_of_life() -> None:
    async def another(world: World) -> None:
        await asyncio.sleep(3)
        world.lock = replace(held(owner=CAROL), heartbeats=17)

    world = fleet()
    world.lock = held()
    assert listens(world, another)[0] is False


def test_a_lock_that_nobody_holds_has_nobody_alive() -> None:
    heard, took = listens(fleet(), nothing)
    assert not heard
    assert took < 1


def test_a_take_over_that_was_cut_short_forgets_nobody() -> None:
    """The second run had written down one of two, and its journal does not say that this is all."""
    one, two = out_of("web1"), out_of("web2")
    first = PastRun("", ALICE, "restart", targets=ALL, owned_targets=(one, two))
    second = PastRun("", BOB, "recover", owned_targets=(one,))
    history = FakeHistory([first, second])
    assert collect_owned_targets((one, two), (BOB.run, ALICE.run), history) == (one, two)
    elsewhere = FakeHistory([second])  # the first ran on another machine
    assert collect_owned_targets((one, two), (BOB.run, ALICE.run), elsewhere) == (one, two)


def test_who_has_written_down_all_that_it_took_over_is_believed_alone() -> None:
    one, two = out_of("web1"), out_of("web2")
    first = PastRun("", ALICE, "restart", targets=ALL, owned_targets=(one, two))
    second = PastRun("", BOB, "recover", owned_targets=(two,), inherited=True)
    history = FakeHistory([first, second])
    assert collect_owned_targets((one, two), (BOB.run, ALICE.run), history) == (two,)


def test_of_two_places_the_one_that_was_written_last_has_the_news() -> None:
    stale, fresh = out_of("web1"), replace(out_of("web1"), asked={"mongrel_8000": None})

    class TwoPlaces(FakeLock):
        async def look(self) -> tuple[LockState, ...]:
            return (
                LockState(place="lb1", owner=ALICE, owned_targets=(stale,), number=1),
                LockState(place="lb2", owner=ALICE, owned_targets=(fresh,), number=2),
            )

    left = play(find_unfinished_run(TwoPlaces(fleet(2)), FakeHistory(), site_of(fleet(2))))
    assert left is not None
    assert left.owned_targets == (fresh,)


def test_a_lock_that_is_split_between_two_dead_runs_is_seen_whole() -> None:
    class Split(FakeLock):
        async def look(self) -> tuple[LockState, ...]:
            return (
                LockState(place="lb1", owner=ALICE, owned_targets=(out_of("web1"),)),
                LockState(place="lb2", owner=BOB, owned_targets=(out_of("web2"),)),
            )

    both = play(
        find_unfinished_run(
            Split(fleet(2)), FakeHistory(gone={ALICE.run, BOB.run}), site_of(fleet(2))
        )
    )
    assert both is not None
    assert both.certain
    assert {ALICE.run, BOB.run} == set(both.runs)
    assert {one.target.name for one in both.owned_targets} == {"web1", "web2"}
    one_lives = play(
        find_unfinished_run(Split(fleet(2)), FakeHistory(gone={ALICE.run}), site_of(fleet(2)))
    )
    assert one_lives is not None
    assert not one_lives.certain
    assert one_lives.owner == BOB


def out_of(name: str) -> OwnedTarget:
    (target,) = (target for target in targets_of(fleet(2)) if target.name == name)
    return OwnedTarget(
        target=target, found=tuple(ServerSnapshot(s, 1, agent=False) for s in target.servers)
    )


# ---- what is asked before a run is recovered


@dataclass
class Listens:
    """Whether a run is alive, as far as `recover` is told, and what it says meanwhile."""

    world: World
    left: UnfinishedRun
    meanwhile: Meanwhile = nothing
    said: list[str] = field(default_factory=list)
    took: float = 0.0

    def play(self) -> None:
        async def scenario() -> None:
            other = asyncio.ensure_future(self.meanwhile(self.world))
            began = clock()
            try:
                await refuse_if_alive(self.left, FakeLock(self.world), self.said.append)
            finally:
                self.took = clock() - began
                other.cancel()
                await asyncio.wait({other})

        play(scenario())


def test_a_run_that_gives_signs_of_life_is_not_recovered() -> None:
    world = fleet()
    world.lock = held()
    listens_to = Listens(world, UnfinishedRun(owner=ALICE, held=world.lock), beats)
    with pytest.raises(LockHeld, match="it is alive: stop it there first"):
        listens_to.play()
    assert len(listens_to.said) == 1


def test_a_run_that_is_silent_is_recovered_after_it_was_listened_for() -> None:
    world = fleet()
    world.lock = held()
    listens_to = Listens(world, UnfinishedRun(owner=ALICE, held=world.lock))
    listens_to.play()
    assert listens_to.took >= 3 * BEAT_EVERY
    assert listens_to.said[-1] == "it has given no sign of life"


@pytest.mark.parametrize("certain", [False, True])
def test_a_run_that_is_over_for_certain_is_not_listened_for(*, certain: bool) -> None:
    world = fleet()
    world.lock = held()
    left = UnfinishedRun(owner=ALICE, held=world.lock if certain else None, certain=certain)
    listens_to = Listens(world, left, beats)
    listens_to.play()
    assert (listens_to.said, listens_to.took) == ([], 0.0)


@pytest.mark.parametrize(
    ("kind", "fix"), [(Kind.MANUAL, "lock release"), (Kind.UNKNOWN, "lock break")]
)
def test_a_lock_by_hand_or_one_that_cannot_be_read_is_not_recovered(kind: Kind, fix: str) -> None:
    world = fleet()
    world.lock = held(owner=replace(ALICE, kind=kind))
    listens_to = Listens(world, UnfinishedRun(owner=world.lock.owner, held=world.lock))
    with pytest.raises(LockHeld, match=fix):
        listens_to.play()
    assert listens_to.said == []


def test_what_another_run_says_that_it_has_recovered_is_not_touched_unasked() -> None:
    world = fleet()
    left = UnfinishedRun(owner=ALICE, owned_targets=(out(world),), claimed_by=CAROL.run)
    with pytest.raises(RolloutError, match="nothing was changed; if a person has put it there"):
        refuse_if_in_doubt(left)
    refuse_if_in_doubt(replace(left, owned_targets=()))
    refuse_if_in_doubt(replace(left, claimed_by=""))
