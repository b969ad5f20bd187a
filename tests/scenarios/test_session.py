"""Given what earlier runs left, when a run holds the lock, then no server is forgotten."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from rollout.events import Noted, RolloutHalted
from rollout.lock.acquire import LockRequest
from rollout.lock.session import LockedRun, hold_lock, take_over_lock
from rollout.model.errors import LockError, LockHeld, LockLost, RecordError, RolloutError
from rollout.model.lock_state import LockOwner, LockState, PastDeploy, PastRun
from rollout.model.past_runs import UnfinishedRun
from tests.scenarios.test_acquire import ALL, ENDED, held, out, out_of, past
from tests.support.left_out import ALICE, BOB, CAROL
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeLock
from tests.support.simulation.faults import Dead, Fault, Faults, Kind
from tests.support.simulation.restarts import Told, fleet, site_of
from tests.support.simulation.sessions import FakeHistory, FakeRun, new_run
from tests.support.simulation.world import World

WEB3 = LockRequest(wait=0, hosts=("web3",))
"""What a run wants that leaves alone what an earlier one left out."""

Body = Callable[[LockedRun], Awaitable[None]]


async def nothing(locked_run: LockedRun) -> None:
    del locked_run


async def releases_all(locked_run: LockedRun) -> None:
    """Bring back all that is out, as a recovery does."""
    for owned_target in tuple(locked_run.site.record.owned_targets):
        await locked_run.site.record.released(owned_target.target.name, restarted=False)


@dataclass
class Whole:
    """A world with what earlier runs left, and the run that comes after them."""

    world: World
    run: FakeRun
    lock: FakeLock
    told: Told = field(default_factory=Told)

    def holds(self, body: Body = nothing, request: LockRequest = WEB3) -> None:
        """Let a new run hold the lock while ``body`` runs."""
        site = replace(site_of(self.world), lock=self.lock)

        async def scenario() -> None:
            async with hold_lock(self.run, request, site, self.told) as locked_run:
                await body(locked_run)

        play(scenario())

    def takes_over(self, left: UnfinishedRun, body: Body = nothing) -> None:
        """Let a recovery hold the lock of the run that was found before."""
        site = replace(site_of(self.world), lock=self.lock)

        async def scenario() -> None:
            async with take_over_lock(left, self.run, site, self.told) as locked_run:
                await body(locked_run)

        play(scenario())

    @property
    def settled(self) -> dict[str, str]:
        return self.run.history.settled


def after(*runs: PastRun, world: World | None = None, lock: type[FakeLock] = FakeLock) -> Whole:
    world = world or fleet()
    run = new_run(world, FakeHistory(list(runs), gone={past.run for past in runs}))
    return Whole(world, run, lock(world))


def half_deployed(owner: LockOwner = ALICE) -> PastRun:
    """A deploy that died when its release was in place, and no server had been restarted."""
    deploy = PastDeploy(release="2", revision="c0", hosts=ALL[:2], fresh=True, in_place=True)
    return PastRun(file="", owner=owner, verb="uninterrupted", hosts=ALL[:2], deploy=deploy)


def found(one: PastRun, lock: LockState | None = None) -> UnfinishedRun:
    """What was found of a run before its lock was taken over."""
    return UnfinishedRun(
        owner=one.owner, owned_targets=one.owned_targets, past=one, held=lock, certain=True
    )


# ---- the order in which what an earlier run left becomes ours


class InOrder(FakeHistory):
    """A history in which a run is settled only when no other record is needed any more."""

    def __init__(self, world: World, *runs: PastRun) -> None:
        super().__init__(list(runs), gone={past.run for past in runs})
        self.world = world

    def settle(self, run: str, by: str) -> None:
        self.world.faults.calls.append(f"settled {run}")
        super().settle(run, by)


def inherits(*faults: Fault, takes_over: bool) -> Whole:
    """Let a run come after one that ended with web1 and web2 out, while ``faults`` befall it."""
    world = fleet()
    left = past(out(world, "web1"), out(world, "web2"), exit_code=6)
    scenario = Whole(world, new_run(world, InOrder(world, left)), FakeLock(world))
    world.lock = held(*left.owned_targets, ended=ENDED) if takes_over else None
    world.faults = Faults(*faults)
    try:
        if takes_over:
            scenario.takes_over(found(left, world.lock))
        else:
            scenario.holds()
    except* Dead:
        pass
    return scenario


@pytest.mark.parametrize("takes_over", [False, True])
def test_what_was_left_is_in_our_journal_then_in_the_lock_and_only_then_not_theirs(
    *, takes_over: bool
) -> None:
    scenario = inherits(takes_over=takes_over)
    calls = scenario.world.faults.calls
    order = [calls.index(call) for call in ("journal held", "lock keep", "journal inherited")]
    assert order == sorted(order)
    assert calls.index(f"settled {ALICE.run}") > max(order)
    assert sorted(scenario.world.owned_targets) == ["web1", "web2"]
    assert scenario.world.lock is not None
    assert [one.target.name for one in scenario.world.lock.owned_targets] == ["web1", "web2"]
    assert scenario.settled == {ALICE.run: BOB.run}


@pytest.mark.parametrize("takes_over", [False, True])
@pytest.mark.parametrize("kind", [Kind.DEATH, Kind.DEATH_DONE])
def test_a_death_at_any_call_leaves_one_record_of_all_that_is_out(
    kind: Kind, *, takes_over: bool
) -> None:
    calls = len(inherits(takes_over=takes_over).world.faults.calls)
    for at in range(calls):
        scenario = inherits(Fault(kind, at), takes_over=takes_over)
        journal = scenario.run.journal.has_all and len(scenario.world.owned_targets) == 2
        assert journal or ALICE.run not in scenario.settled, f"call {at}: {kind}"


@pytest.mark.parametrize("takes_over", [False, True])
@pytest.mark.parametrize("only", ["journal held", "journal inherited", "lock keep"])
def test_what_cannot_be_written_down_stays_theirs_and_the_block_is_not_entered(
    only: str, *, takes_over: bool
) -> None:
    world = fleet()
    left = past(out(world), exit_code=6)
    world.lock = held(*left.owned_targets, ended=ENDED) if takes_over else None
    scenario = after(left, world=world)
    world.faults = Faults(Fault(Kind.REFUSED, 0, calls=10_000, only=only))

    async def entered(locked_run: LockedRun) -> None:
        raise AssertionError(f"it has begun: {locked_run}")

    def begins() -> None:
        if takes_over:
            scenario.takes_over(found(left, world.lock), entered)
        else:
            scenario.holds(entered)

    with pytest.raises(RecordError if "journal" in only else LockError):
        begins()
    assert scenario.settled == {}


# ---- what a recovery finds when it has the lock


def test_what_a_run_took_out_after_it_was_looked_at_is_recovered_too() -> None:
    world = fleet()
    one, two = out(world, "web1"), out(world, "web2")
    world.lock = held(one)
    seen = found(past(one), world.lock)
    world.lock = held(one, two)
    scenario = after(past(one, two), world=world)
    names: list[str] = []

    async def sees(locked_run: LockedRun) -> None:
        names.extend(one.target.name for one in locked_run.site.record.owned_targets)

    scenario.takes_over(seen, sees)
    assert names == ["web1", "web2"]


def test_a_run_that_another_one_has_recovered_since_is_left_alone() -> None:
    world = fleet()
    left = past(out(world))
    scenario = after(left, world=world)
    world.settled[ALICE.run] = CAROL.run
    with pytest.raises(RolloutError, match=f"run {CAROL.run} has seen to run {ALICE.run} since"):
        scenario.takes_over(found(left))
    assert (world.lock, scenario.settled) == (None, {})


def test_a_run_whose_lock_is_free_since_is_left_alone() -> None:
    world = fleet()
    left = past(out(world))
    scenario = after(left, world=world)
    with pytest.raises(RolloutError, match="another run has seen to run a11ce0 since you looked"):
        scenario.takes_over(found(left, held(*left.owned_targets)))
    assert (world.lock, scenario.settled) == (None, {})


def test_a_run_without_a_lock_whose_journal_was_closed_since_is_left_alone() -> None:
    world = fleet()
    left = past(out(world))
    with pytest.raises(RolloutError, match="has seen to run"):
        after(world=world).takes_over(found(left))
    assert world.lock is None


def test_a_lock_that_another_run_holds_since_is_not_taken() -> None:
    world = fleet()
    left = past(out(world))
    before = held(*left.owned_targets)
    world.lock = held(owner=CAROL)
    with pytest.raises(LockHeld):
        after(left, world=world).takes_over(found(left, before))
    assert world.lock.owner == CAROL


def test_the_word_of_the_run_that_was_doubted_is_no_reason_to_stop() -> None:
    """The operator has read it, and typed `recover --anyway`."""
    world = fleet()
    left = past(out(world))
    world.settled[ALICE.run] = CAROL.run
    scenario = after(left, world=world)
    scenario.takes_over(replace(found(left), claimed_by=CAROL.run), releases_all)
    assert scenario.settled == {ALICE.run: BOB.run}
    assert world.lock is None


class TwoPlaces(FakeLock):
    """A lock that is of one dead run here and of another one there; one take-over gets both."""

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        assert set(old.split()) >= {ALICE.run, CAROL.run}
        await super().take_over(old, owner, seize=seize)


def test_of_a_lock_that_was_split_between_two_runs_all_is_recovered() -> None:
    world = fleet()
    one, two = out(world, "web1"), out(world, "web2")
    world.lock = held(one)
    scenario = after(past(one), world=world, lock=TwoPlaces)
    left = replace(
        found(past(one), world.lock), owned_targets=(one, two), others=(ALICE.run, CAROL.run)
    )
    names: list[str] = []

    async def sees(locked_run: LockedRun) -> None:
        names.extend(one.target.name for one in locked_run.site.record.owned_targets)

    scenario.takes_over(left, sees)
    assert sorted(names) == ["web1", "web2"]


def test_of_a_lock_that_cannot_be_read_what_was_found_is_recovered_and_the_rest_is_named() -> None:
    world = fleet()
    world.lock = broken = replace(held(), unreadable="no JSON")
    left = UnfinishedRun(
        owner=ALICE, owned_targets=(out(world),), held=broken, unreadable=(broken,)
    )
    scenario = after(world=world)
    names: list[str] = []

    async def sees(locked_run: LockedRun) -> None:
        names.extend(one.target.name for one in locked_run.site.record.owned_targets)

    scenario.takes_over(left, sees)
    assert names == ["web1"]
    (noted,) = scenario.told.of(Noted)
    assert f"broken.{BOB.run}" in str(noted)


def test_what_is_abandoned_is_settled_though_it_was_half_deployed() -> None:
    left = half_deployed()
    scenario = after(left)
    scenario.takes_over(replace(found(left), abandoned=True))
    assert scenario.settled == {ALICE.run: BOB.run}


def test_what_an_abandoned_run_had_taken_over_half_deployed_stays_open() -> None:
    half, abandoned = half_deployed(CAROL), past(exit_code=6)
    scenario = after(half, abandoned)
    left = replace(found(abandoned), others=(CAROL.run,), abandoned=True)
    scenario.takes_over(left)
    assert scenario.settled == {ALICE.run: BOB.run}


def test_what_is_abandoned_is_settled_only_when_it_is_in_our_journal() -> None:
    world = fleet()
    left = past(out(world, "web1"), exit_code=6)
    scenario = Whole(world, new_run(world, InOrder(world, left)), FakeLock(world))
    scenario.takes_over(replace(found(left), abandoned=True))
    calls = world.faults.calls
    assert calls.index(f"settled {ALICE.run}") > calls.index("journal inherited")


# ---- a lock that is lost, or a bug, right after it was taken


class LostAtOnce(FakeLock):
    """A lock that a person breaks between our claim and our first look."""

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        await super().take_over(old, owner, seize=seize)
        self.world.lock = None


class Unreadable(FakeLock):
    """A lock whose look meets a bug of ours."""

    async def settled(self) -> Mapping[str, str]:
        raise KeyError(self.world)


def test_a_lock_that_is_broken_right_after_the_claim_is_lost_and_is_no_bug() -> None:
    world = fleet()
    left = past(out(world, "web1"), exit_code=6)
    scenario = after(left, world=world, lock=LostAtOnce)
    with pytest.raises(LockLost, match="no run holds it"):
        scenario.takes_over(found(left))
    assert scenario.settled == {}


@pytest.mark.parametrize("takes_over", [False, True])
def test_a_bug_right_after_the_claim_leaves_no_lock_behind(*, takes_over: bool) -> None:
    left = half_deployed()
    scenario = after(left, lock=Unreadable)
    comes = partial(scenario.takes_over, found(left)) if takes_over else scenario.holds
    with pytest.raises(KeyError):
        comes()
    assert scenario.world.lock is None


# ---- a deploy that died between two servers


@pytest.mark.parametrize("takes_over", [False, True])
@pytest.mark.parametrize(
    ("hosts", "closed"), [((), False), (ALL[:1], False), (ALL[:2], True), (ALL, True)]
)
def test_a_half_deployed_run_stays_open_until_each_of_its_hosts_was_seen_to(
    hosts: tuple[str, ...], *, closed: bool, takes_over: bool
) -> None:
    left = half_deployed()
    scenario = after(left)

    async def sees_to(locked_run: LockedRun) -> None:
        assert scenario.settled == {}
        locked_run.has_seen_to(hosts)

    if takes_over:
        scenario.takes_over(found(left), sees_to)
    else:
        scenario.holds(sees_to, replace(WEB3, deploys=True))
    assert scenario.settled == ({ALICE.run: BOB.run} if closed else {})


def test_a_half_deployed_run_stays_open_when_the_run_after_it_fails() -> None:
    left = half_deployed()
    scenario = after(left)

    async def fails(locked_run: LockedRun) -> None:
        locked_run.has_seen_to(ALL)
        raise RolloutError("it ends here")

    with pytest.raises(RolloutError, match="it ends here"):
        scenario.takes_over(found(left), fails)
    assert scenario.settled == {}


# ---- the end


def test_a_lock_is_given_back_when_nothing_is_out() -> None:
    scenario = after()
    scenario.holds()
    assert scenario.world.lock is None
    assert scenario.told.events == []


def test_a_lock_stays_behind_with_what_is_out_and_says_that_its_run_has_ended() -> None:
    world = fleet()
    scenario = after(world=world)
    one = out(world)

    async def takes_out(locked_run: LockedRun) -> None:
        await locked_run.site.record.own(one.target, one.found)

    scenario.holds(takes_out)
    assert world.lock is not None
    assert (world.lock.owner, world.lock.ended) == (BOB, "ended with servers out")
    assert [one.target.name for one in world.lock.owned_targets] == ["web1"]


def test_a_lock_ends_with_the_block_though_the_block_fails() -> None:
    scenario = after()

    async def fails(locked_run: LockedRun) -> None:
        del locked_run
        raise RolloutError("it ends here")

    with pytest.raises(RolloutError, match="it ends here"):
        scenario.holds(fails)
    assert scenario.world.lock is None


class Stuck(FakeLock):
    """A lock that cannot be given back."""

    error: RolloutError = LockError("lb1", "no answer")

    async def release(self) -> tuple[RolloutError, ...]:
        return (self.error,)


class Lost(Stuck):
    """A lock that another run has taken over."""

    error = LockLost("lb1", "carol@bastion")


def test_a_lock_that_could_not_be_given_back_is_an_error_of_the_run() -> None:
    scenario = after(lock=Stuck)
    scenario.holds()
    (halted,) = scenario.told.of(RolloutHalted)
    assert "the lock was not released" in str(halted)


def test_a_lock_that_another_run_has_by_now_is_not_ours_to_give_back() -> None:
    scenario = after(lock=Lost)
    scenario.holds()
    assert scenario.told.of(RolloutHalted) == []
    assert len(scenario.told.of(Noted)) == 1


def test_a_run_gives_signs_of_life_as_long_as_it_holds_the_lock() -> None:
    scenario = after()
    heard: list[int] = []

    async def works(locked_run: LockedRun) -> None:
        del locked_run
        await asyncio.sleep(60)
        assert scenario.world.lock is not None
        heard.append(scenario.world.lock.heartbeats)

    scenario.holds(works)
    assert heard[0] >= 11


def test_an_act_after_the_lock_was_lost_is_refused() -> None:
    world = fleet()
    scenario = after(world=world)

    async def goes_on(locked_run: LockedRun) -> None:
        world.lock = held(owner=CAROL)
        with pytest.raises(LockLost):
            await locked_run.site.record.own(out_of("web1").target, out_of("web1").found)

    scenario.holds(goes_on)
    assert world.lock is not None
    assert world.lock.owner == CAROL
    assert world.owned_targets == {}
