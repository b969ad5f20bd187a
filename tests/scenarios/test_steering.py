"""Given a run under way, when another shell asks something of it, then it obeys at a safe point."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace

import pytest

from rollout.events import (
    Event,
    Noted,
    RolloutContinued,
    RolloutFinished,
    RolloutHalted,
    RolloutPaused,
    SoakStarted,
    StopRequested,
    TargetClaimed,
    TargetDone,
    TargetReturned,
)
from rollout.lock.acquire import LockRequest
from rollout.lock.ask import ANSWER_WITHIN, ask_run, run_under_way
from rollout.lock.listen import LISTEN_EVERY
from rollout.lock.session import LockedRun, hold_lock
from rollout.model.control import ControlAnswer, ControlRequest, Outcome, Wanted
from rollout.model.errors import LockError, LockLost, RolloutError
from rollout.model.fleet import Admin, BalancerSnapshot
from rollout.model.lock_state import Kind, LockState
from rollout.model.plan import Plan, Share, waves_of
from rollout.ports.context import RunContext
from rollout.ports.control import Steering
from rollout.ports.site import Site
from rollout.restart.pause import SETTING
from rollout.restart.rolling import rolling_restart
from rollout.summary.run import Exit
from tests.support.left_out import ALICE, BOB, CAROL
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import FakeBalancer, FakeControl, FakeLock
from tests.support.simulation.restarts import QUICK, Told, fleet, promises_broken, site_of
from tests.support.simulation.sessions import FakeHistory, new_run
from tests.support.simulation.world import World, clock, targets_of

PEOPLE = (replace(ALICE, run="000001", kind=Kind.MANUAL), replace(CAROL, run="000002"))

FOUR = LockRequest(wait=0, hosts=("web1", "web2", "web3", "web4"))


@dataclass
class Terminal:
    """Satisfies :class:`rollout.ports.control.Person`: one answer, or none ever."""

    after: float
    answer: bool | None

    async def agrees(self) -> bool:
        await asyncio.sleep(self.after)
        if self.answer is None:
            await asyncio.sleep(1e9)
        return bool(self.answer)


@dataclass
class Steered:
    """A run of Bob's over four hosts, and the shells from which it is asked."""

    world: World = field(default_factory=fleet)
    told: Told = field(default_factory=Told)
    at: dict[int, float] = field(default_factory=dict)
    answers: list[ControlAnswer] = field(default_factory=list)
    steering: Steering = field(default_factory=Steering)
    interrupted: bool = False
    balancer: FakeBalancer | None = None

    def __post_init__(self) -> None:
        self.control = FakeControl(self.world)
        self.lock = FakeLock(self.world)

    def tell(self, event: Event) -> None:
        self.at[len(self.told.events)] = clock()
        self.told(event)

    def when(self, kind: type[Event]) -> list[float]:
        """Give the moments at which events of ``kind`` were told."""
        return [self.at[n] for n, event in enumerate(self.told.events) if isinstance(event, kind)]

    def stop_asked(self) -> bool:
        return self.interrupted or self.steering.stop_asked

    def site(self, person: Terminal | None = None) -> Site:
        site = site_of(self.world, stop_asked=self.stop_asked)
        if self.balancer is not None:
            site = replace(site, balancers={self.balancer.name: self.balancer})
        steered = replace(site, lock=self.lock, control=self.control, steering=self.steering)
        return replace(steered, person=person, started=clock())

    async def ask(self, wanted: Wanted, number: int = 0) -> ControlAnswer:
        request = ControlRequest(wanted=wanted, by=PEOPLE[number])
        answer = await ask_run(BOB.run, request, self.control)
        self.answers.append(answer)
        return answer

    async def until(self, kind: type[Event], count: int = 1) -> None:
        while len(self.told.of(kind)) < count:  # noqa: ASYNC110 - the run tells, nothing is set
            await asyncio.sleep(0.05)

    def play(
        self,
        *shells: Callable[["Steered"], Awaitable[None]],
        person: Terminal | None = None,
        **policy: object,
    ) -> None:
        """Let the run go through the fleet while each of ``shells`` does what it does."""
        canary = Share(policy.pop("canary", 0))  # type: ignore[arg-type]  # a number
        plan = Plan(waves=waves_of(targets_of(self.world), canary), timeouts=QUICK)
        plan = replace(plan, **policy)  # type: ignore[arg-type]  # the fields of Plan, by name

        async def body(locked_run: LockedRun) -> None:
            await rolling_restart(RunContext(plan, locked_run.site, self.tell))

        async def whole() -> None:
            asked = [asyncio.create_task(_shell(shell, self)) for shell in shells]
            site, run = self.site(person), new_run(self.world)
            async with hold_lock(run, FOUR, site, self.tell) as locked_run:
                await body(locked_run)
            for one in asked:
                await one

        play(whole())
        assert promises_broken(self.world, self.told) == []


async def _shell(shell: Callable[[Steered], Awaitable[None]], steered: Steered) -> None:
    await shell(steered)


# ---- pause and continue


async def pauses_in_the_first_turn(steered: Steered) -> None:
    await steered.until(TargetClaimed)
    await steered.ask(Wanted.PAUSE)


async def pauses_for_ten_minutes(steered: Steered) -> None:
    await pauses_in_the_first_turn(steered)
    await asyncio.sleep(600)
    await steered.ask(Wanted.CONTINUE, 1)


def test_a_pause_sees_through_what_is_out_and_takes_nothing_new_out() -> None:
    steered = Steered()

    steered.play(pauses_for_ten_minutes)

    (paused,), (goes_on,) = steered.when(RolloutPaused), steered.when(RolloutContinued)
    assert [at for at in steered.when(TargetClaimed) if paused < at < goes_on] == []
    assert [at for at in steered.when(TargetDone) if paused < at < goes_on], "web1 was seen through"
    assert steered.told.summary.exit_code is Exit.DONE
    assert len(steered.told.of(TargetDone)) == 4
    assert goes_on - paused >= 600
    first, second = steered.answers
    assert (first.outcome, first.finishing) == (Outcome.PAUSED, ("web1",))
    assert (second.outcome, second.by) == (Outcome.CONTINUED, PEOPLE[0].who)


def test_a_pause_is_answered_within_seconds_and_the_lock_shows_it_until_it_is_over() -> None:
    steered = Steered()
    seen: list[str] = []

    async def looks(steered: Steered) -> None:
        await steered.until(TargetClaimed)
        began = clock()
        await steered.ask(Wanted.PAUSE)
        assert clock() - began <= LISTEN_EVERY + 1
        for _ in range(2):
            (state,) = await steered.lock.look()
            seen.append(state.paused)
            await steered.ask(Wanted.CONTINUE, 1)

    steered.play(looks)
    assert seen == [PEOPLE[0].who, ""]
    assert [answer.outcome for answer in steered.answers][1:] == [
        Outcome.CONTINUED,
        Outcome.CONTINUED,
    ]


def test_the_lock_shows_no_pause_of_a_run_that_stops() -> None:
    """A Ctrl-C ends the pause, and what is out is then seen through: that may take minutes."""
    steered = Steered()
    seen: list[str] = []

    async def pauses(steered: Steered) -> None:
        await steered.until(TargetReturned)
        await steered.ask(Wanted.PAUSE)
        steered.interrupted = True
        await asyncio.sleep(2 * LISTEN_EVERY)
        (state,) = await steered.lock.look()
        seen.append(state.paused)

    steered.play(pauses, timeouts=replace(QUICK, stable=30.0))
    assert seen == [""]
    assert steered.told.summary.exit_code is Exit.HALTED


def test_the_summary_says_by_whom_the_run_is_paused_as_long_as_it_is() -> None:
    steered = Steered()
    seen: list[str] = []

    async def looks(steered: Steered) -> None:
        await pauses_in_the_first_turn(steered)
        seen.append(steered.told.summary.paused)
        await steered.ask(Wanted.CONTINUE, 1)
        seen.append(steered.told.summary.paused)

    steered.play(looks)
    assert seen == [PEOPLE[0].who, ""]


def test_the_deadline_goes_on_counting_in_a_pause() -> None:
    steered = Steered()

    steered.play(pauses_in_the_first_turn, timeouts=replace(QUICK, deadline=120.0))

    assert "the deadline of 120s" in steered.told.summary.halted
    assert steered.told.summary.exit_code is Exit.HALTED
    assert len(steered.told.of(TargetDone)) == 1


def test_a_pause_with_two_out_names_both_and_waits_for_neither() -> None:
    steered = Steered()

    async def pauses(steered: Steered) -> None:
        await steered.until(TargetClaimed, 2)
        await steered.ask(Wanted.PAUSE)
        await asyncio.sleep(100)
        assert len(steered.told.of(TargetDone)) == 2
        await steered.ask(Wanted.CONTINUE, 1)

    steered.play(pauses, max_out=2)
    assert steered.answers[0].finishing == ("web1", "web2")


def test_a_pause_during_the_soak_holds_before_the_next_wave() -> None:
    steered = Steered()

    async def pauses(steered: Steered) -> None:
        await steered.until(SoakStarted)
        await steered.ask(Wanted.PAUSE)
        await asyncio.sleep(300)
        await steered.ask(Wanted.CONTINUE, 1)

    steered.play(pauses, canary=1, timeouts=replace(QUICK, soak=30.0))
    (goes_on,) = steered.when(RolloutContinued)
    assert [at > goes_on for at in steered.when(TargetClaimed)] == [False, True, True, True]
    assert steered.told.summary.exit_code is Exit.DONE


class PausedDuringALook(FakeBalancer):
    """A pause comes while HAProxy is asked whether the second host can be spared."""

    steered: "Steered"
    paused_at = 0.0

    async def look(self) -> BalancerSnapshot:
        seen = await super().look()
        between = not self.steered.steering.under_way and self.steered.told.of(TargetDone)
        if between and not self.paused_at:
            self.paused_at = clock()
            self.steered.steering.paused_by = "ops"
            asyncio.get_running_loop().call_later(200, self.goes_on)
        return seen

    def goes_on(self) -> None:
        self.steered.steering.paused_by = ""


def test_a_pause_that_is_asked_for_during_the_look_for_room_holds() -> None:
    """What was seen before it is no reason to take one more host out."""
    steered = Steered()
    balancer = PausedDuringALook(steered.world, "lb1")
    balancer.steered = steered
    steered.balancer = balancer

    steered.play()

    assert balancer.paused_at
    late = [at for at in steered.when(TargetClaimed) if at > balancer.paused_at]
    assert len(late) == 3
    assert min(late) >= balancer.paused_at + 200
    assert steered.told.summary.exit_code is Exit.DONE


def test_a_pause_costs_no_time_of_the_wait_for_room() -> None:
    """web4 is out by another hand, so nobody can be spared until it is back."""
    steered = Steered()
    steered.world.floor = Share(3)
    web4 = list(steered.world.lines.values())[-1]
    web4.admin = Admin.FORCED_MAINT

    async def pauses(steered: Steered) -> None:
        await asyncio.sleep(QUICK.room_timeout / 2)
        steered.steering.paused_by = "ops"
        await asyncio.sleep(5 * QUICK.room_timeout)
        steered.steering.paused_by = ""
        await asyncio.sleep(QUICK.room_timeout / 2)
        web4.admin = Admin(0)

    steered.play(pauses, floor=Share(3))
    assert steered.told.summary.exit_code is Exit.DONE


def test_two_requests_are_obeyed_in_their_order_and_both_are_answered() -> None:
    steered = Steered()

    async def first(steered: Steered) -> None:
        await steered.until(TargetClaimed)
        await steered.ask(Wanted.PAUSE)

    async def second(steered: Steered) -> None:
        await steered.until(TargetClaimed)
        await asyncio.sleep(0.1)
        await steered.ask(Wanted.PAUSE, 1)
        request = ControlRequest(wanted=Wanted.CONTINUE, by=replace(CAROL, run="000003"))
        assert (await ask_run(BOB.run, request, steered.control)).outcome is Outcome.CONTINUED

    steered.play(first, second)
    outcomes = {answer.request: answer.outcome for answer in steered.answers}
    assert outcomes == {"000001": Outcome.PAUSED, "000002": Outcome.PAUSED_ALREADY}
    already = next(a for a in steered.answers if a.outcome is Outcome.PAUSED_ALREADY)
    assert already.by == PEOPLE[0].who
    assert len(steered.told.of(RolloutPaused)) == 1


def test_a_request_is_obeyed_once_however_often_it_is_read() -> None:
    steered = Steered()

    async def pauses(steered: Steered) -> None:
        await pauses_in_the_first_turn(steered)
        await steered.ask(Wanted.CONTINUE, 1)
        await asyncio.sleep(10 * LISTEN_EVERY)

    steered.play(pauses)
    assert len(steered.told.of(RolloutPaused)) == len(steered.told.of(RolloutContinued)) == 1


def test_a_run_that_is_not_paused_has_nothing_to_continue() -> None:
    steered = Steered()

    async def goes_on(steered: Steered) -> None:
        await steered.until(TargetClaimed)
        await steered.ask(Wanted.CONTINUE)

    steered.play(goes_on)
    assert steered.answers[0].outcome is Outcome.NOT_PAUSED
    assert steered.told.of(RolloutContinued) == []


async def pauses_and_loses_the_lock(steered: Steered) -> None:
    await pauses_in_the_first_turn(steered)
    await steered.until(TargetDone)
    await asyncio.sleep(60)
    steered.world.lock_broken = clock()


def test_a_paused_run_whose_lock_was_broken_ends_as_no_shell_can_let_it_go_on() -> None:
    """It waited for ever: `continue` and `abort` found no lock, and so no run to ask."""
    steered = Steered()

    steered.play(pauses_and_loses_the_lock)

    assert len(steered.told.of(TargetClaimed)) == 1
    assert steered.told.summary.exit_code is Exit.HALTED
    assert "ops@elsewhere" in steered.told.summary.halted


# ---- abort


@pytest.mark.parametrize("paused", [False, True])
def test_an_abort_stops_the_run_as_a_first_ctrl_c_does_and_says_who(*, paused: bool) -> None:
    steered = Steered()

    async def aborts(steered: Steered) -> None:
        await steered.until(TargetDone)
        if paused:
            await steered.ask(Wanted.PAUSE, 1)
            await asyncio.sleep(60)
        await steered.ask(Wanted.ABORT)

    steered.play(aborts)
    assert steered.told.of(StopRequested) == [StopRequested(by=f"abort by {PEOPLE[0].who}")]
    assert steered.told.summary.exit_code is Exit.HALTED
    assert steered.told.summary.out == ()
    assert steered.told.summary.halted == f"stopped on request of {PEOPLE[0].who}"
    assert steered.answers[-1].outcome is Outcome.STOPPING
    assert steered.world.lock is None


def test_an_abort_during_the_soak_says_who() -> None:
    steered = Steered()

    async def aborts(steered: Steered) -> None:
        await steered.until(SoakStarted)
        await steered.ask(Wanted.ABORT)

    steered.play(aborts, canary=1, timeouts=replace(QUICK, soak=30.0))
    who = f"stopped on request of {PEOPLE[0].who} during the soak"
    assert steered.told.summary.halted == who


def test_after_an_abort_nothing_that_is_asked_changes_anything() -> None:
    steered = Steered()

    async def aborts(steered: Steered) -> None:
        await steered.until(TargetClaimed)
        await asyncio.gather(steered.ask(Wanted.ABORT), steered.ask(Wanted.PAUSE, 1))

    steered.play(aborts)
    outcomes = {answer.request: (answer.outcome, answer.by) for answer in steered.answers}
    assert outcomes == {
        "000001": (Outcome.STOPPING, ""),
        "000002": (Outcome.STOPPING_ALREADY, PEOPLE[0].who),
    }
    assert steered.told.of(RolloutPaused) == []


# ---- a run that is over, or does not hear


def test_what_was_asked_of_a_run_that_is_over_does_not_act_on_the_next_one() -> None:
    steered = Steered()
    late = ControlRequest(wanted=Wanted.ABORT, by=PEOPLE[0])
    steered.control.asked[ALICE.run] = [late]

    steered.play()

    assert steered.told.of(StopRequested) == []
    assert steered.told.of(RolloutFinished)
    with pytest.raises(LockLost):
        play(steered.control.ask(BOB.run, late))


def of_the_lock(world: World, *, gone: bool = False) -> Coroutine[object, object, object]:
    return run_under_way(FakeLock(world), FakeHistory(gone={ALICE.run} if gone else set()))


NOT_UNDER_WAY = {
    "no run holds the lock": None,
    "a person does: alice@bastion": replace(ALICE, kind=Kind.MANUAL),
    "says why it is not believed": replace(ALICE, kind=Kind.UNKNOWN),
    "run a11ce0 died: `rollout recover`": ALICE,
}


@pytest.mark.parametrize("why", NOT_UNDER_WAY)
def test_without_a_run_under_way_nothing_is_asked_and_it_is_said_what_there_is(why: str) -> None:
    world, owner = fleet(), NOT_UNDER_WAY[why]
    world.lock = LockState(place="lb1", owner=owner) if owner else None
    with pytest.raises(RolloutError, match=why):
        play(of_the_lock(world, gone=True))


def test_a_run_that_ended_with_servers_out_is_asked_nothing() -> None:
    world = fleet()
    world.lock = LockState(place="lb1", owner=ALICE, ended="ended with servers out")
    with pytest.raises(RolloutError, match="has ended and left servers out: `rollout recover`"):
        play(of_the_lock(world))


def test_a_run_that_does_not_answer_is_waited_for_and_named() -> None:
    world = fleet()
    world.lock = LockState(place="lb1", owner=ALICE)

    async def scenario() -> float:
        began = clock()
        request = ControlRequest(wanted=Wanted.PAUSE, by=PEOPLE[0])
        with pytest.raises(RolloutError, match="run a11ce0 has not answered within 15s"):
            await ask_run(ALICE.run, request, FakeControl(world))
        return clock() - began

    assert play(scenario()) == pytest.approx(ANSWER_WITHIN, abs=1)


class Deaf(FakeControl):
    """The requests and answers of a lock that cannot be read for a while."""

    silent_until = 0.0

    async def answered(self, run: str, request: str) -> ControlAnswer | None:
        if clock() < self.silent_until:
            raise LockError("lb1", "connection refused")
        return await super().answered(run, request)


@pytest.mark.parametrize("silent", [5.0, 1e9])
def test_a_look_that_fails_ends_no_wait_for_an_answer(silent: float) -> None:
    """The run has the request, and obeys it: to fail would say that it was not asked."""
    world = fleet()
    world.lock = LockState(place="lb1", owner=ALICE)
    control, request = Deaf(world), ControlRequest(wanted=Wanted.PAUSE, by=PEOPLE[0])
    answer = ControlAnswer(request=request.id, outcome=Outcome.PAUSED)

    async def scenario() -> ControlAnswer:
        control.silent_until = clock() + silent
        await control.answer(ALICE.run, answer)
        return await ask_run(ALICE.run, request, control)

    if silent < ANSWER_WITHIN:
        assert play(scenario()) == answer
        return
    with pytest.raises(RolloutError, match=r"within 15s \(lb1: connection refused\); the request"):
        play(scenario())


def test_a_run_that_ends_before_it_answers_is_said_to_have_ended() -> None:
    world = fleet()
    world.lock = LockState(place="lb1", owner=ALICE)

    async def scenario() -> None:
        asyncio.get_running_loop().call_later(3, setattr, world, "lock", None)
        request = ControlRequest(wanted=Wanted.PAUSE, by=PEOPLE[0])
        with pytest.raises(RolloutError, match="run a11ce0 has ended meanwhile"):
            await ask_run(ALICE.run, request, FakeControl(world))

    play(scenario())


# ---- the pause after the canary


def after_the_canary(
    steered: Steered,
    *shells: Callable[[Steered], Awaitable[None]],
    person: Terminal | None = None,
    timeout: float = 600.0,
) -> None:
    timeouts = replace(QUICK, soak=10.0, pause_timeout=timeout)
    steered.play(*shells, person=person, canary=1, pause_after_canary=True, timeouts=timeouts)


def test_after_the_canary_the_run_waits_until_another_shell_lets_it_go_on() -> None:
    steered = Steered()

    async def goes_on(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        await asyncio.sleep(400)
        (state,) = await steered.lock.look()
        assert state.paused == SETTING
        await steered.ask(Wanted.CONTINUE)

    after_the_canary(steered, goes_on)
    (paused,) = steered.told.of(RolloutPaused)
    assert paused == RolloutPaused(by=SETTING, seconds=600.0)
    (goes,) = steered.when(RolloutContinued)
    assert [at > goes for at in steered.when(TargetClaimed)] == [False, True, True, True]
    assert goes - steered.when(SoakStarted)[0] > 400
    assert steered.told.summary.exit_code is Exit.DONE


def test_after_the_canary_an_abort_from_another_shell_ends_the_run() -> None:
    steered = Steered()

    async def aborts(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        await steered.ask(Wanted.ABORT)

    after_the_canary(steered, aborts)
    assert steered.told.summary.exit_code is Exit.HALTED
    assert len(steered.told.of(TargetClaimed)) == 1


class SlowControl(FakeControl):
    """A place that takes three seconds to show a pause, and as long as it is told to answer."""

    answers_within = 0.5

    async def show_pause(self, run: str, by: str) -> None:
        await asyncio.sleep(3)
        await super().show_pause(run, by)

    async def answer(self, run: str, answer: ControlAnswer) -> None:
        await asyncio.sleep(self.answers_within)
        await super().answer(run, answer)


def test_an_abort_that_was_obeyed_is_answered_though_the_run_ends_before() -> None:
    """It was said to have ended meanwhile, and not to have answered (exit code 3)."""
    steered = Steered()
    steered.control = SlowControl(steered.world)

    async def aborts(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        await asyncio.sleep(60)
        await steered.ask(Wanted.ABORT)

    after_the_canary(steered, aborts)
    assert steered.answers[0].outcome is Outcome.STOPPING
    assert steered.told.summary.exit_code is Exit.HALTED


def test_a_place_that_takes_no_answer_does_not_keep_the_run_from_its_end() -> None:
    steered = Steered()
    steered.control = SlowControl(steered.world)
    steered.control.answers_within = 1e6

    async def aborts(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        with pytest.raises(RolloutError, match="has ended meanwhile"):
            await steered.ask(Wanted.ABORT)

    after_the_canary(steered, aborts)
    assert steered.told.summary.exit_code is Exit.HALTED


def test_after_the_canary_a_run_whose_lock_was_broken_ends() -> None:
    steered = Steered()

    async def loses(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        steered.world.lock_broken = clock() + 60

    after_the_canary(steered, loses, timeout=0.0)
    assert len(steered.told.of(TargetClaimed)) == 1
    assert steered.told.summary.exit_code is Exit.HALTED


def test_without_an_answer_the_run_halts_in_the_end_and_nothing_is_out() -> None:
    steered = Steered()

    after_the_canary(steered, timeout=300.0)

    assert steered.told.summary.exit_code is Exit.HALTED
    assert "not told to go on within 5m00s" in steered.told.summary.halted
    assert steered.told.summary.out == ()
    halted, paused = steered.when(RolloutHalted)[0], steered.when(RolloutPaused)[0]
    assert halted - paused == pytest.approx(300, abs=2)
    assert steered.world.lock is None


@pytest.mark.parametrize("agrees", [True, False])
def test_an_answer_at_the_terminal_decides(*, agrees: bool) -> None:
    steered = Steered()

    after_the_canary(steered, person=Terminal(after=30, answer=agrees))

    assert steered.told.of(RolloutPaused) == [RolloutPaused(by=SETTING, asks=True, seconds=600.0)]
    assert len(steered.told.of(TargetDone)) == (4 if agrees else 1)
    assert steered.told.summary.exit_code is (Exit.DONE if agrees else Exit.HALTED)
    said = [RolloutContinued(by="answered at the terminal")] if agrees else []
    assert steered.told.of(RolloutContinued) == said
    assert agrees or "the answer was no" in steered.told.summary.halted


def test_the_keys_of_before_are_dropped_before_the_question_can_be_read() -> None:
    """The question is drawn with its event: what is typed from then on is an answer."""
    steered, paused_by_then = Steered(), list[int]()

    class Listening(Terminal):
        async def agrees(self) -> bool:
            paused_by_then.append(len(steered.told.of(RolloutPaused)))
            return await super().agrees()

    after_the_canary(steered, person=Listening(after=30, answer=True))

    assert paused_by_then == [0]


def test_an_answer_at_the_terminal_ends_no_pause_of_another_person() -> None:
    """Who paused the run before was told that only `rollout continue` lets it go on."""
    steered = Steered()

    async def pauses(steered: Steered) -> None:
        await steered.until(SoakStarted)
        await steered.ask(Wanted.PAUSE)
        await steered.until(RolloutContinued)
        await asyncio.sleep(300)
        await steered.ask(Wanted.CONTINUE, 1)

    after_the_canary(steered, pauses, person=Terminal(after=30, answer=True))
    paused = [one for one in steered.told.events if isinstance(one, RolloutPaused)]
    assert [one.by for one in paused] == [PEOPLE[0].who, SETTING, PEOPLE[0].who]
    goes_on = steered.when(RolloutContinued)[-1]
    assert [at > goes_on for at in steered.when(TargetClaimed)] == [False, True, True, True]
    assert steered.told.summary.exit_code is Exit.DONE


def test_a_pause_while_the_terminal_is_asked_outlives_the_answer() -> None:
    """The other shell was told `paused already`, and the `y` let the run go on over it."""
    steered = Steered()

    async def pauses(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        await steered.ask(Wanted.PAUSE)
        await steered.ask(Wanted.PAUSE, 1)
        (state,) = await steered.lock.look()
        assert state.paused == SETTING
        await steered.until(RolloutContinued)
        await asyncio.sleep(300)
        (state,) = await steered.lock.look()
        assert state.paused == PEOPLE[0].who
        request = ControlRequest(wanted=Wanted.CONTINUE, by=replace(CAROL, run="000003"))
        await ask_run(BOB.run, request, steered.control)

    after_the_canary(steered, pauses, person=Terminal(after=60, answer=True))
    first, second = steered.answers
    assert first.outcome is Outcome.PAUSED
    assert (second.outcome, second.by) == (Outcome.PAUSED_ALREADY, PEOPLE[0].who)
    paused = [one for one in steered.told.events if isinstance(one, RolloutPaused)]
    assert [one.by for one in paused] == [SETTING, PEOPLE[0].who]
    notes = [one for one in steered.told.events if isinstance(one, Noted) and one.where == "pause"]
    (note,) = notes
    assert note.what.startswith(f"{PEOPLE[0].who} has paused the run as well")
    goes_on = steered.when(RolloutContinued)[-1]
    assert [at > goes_on for at in steered.when(TargetClaimed)] == [False, True, True, True]
    assert steered.told.summary.exit_code is Exit.DONE


@pytest.mark.parametrize("wanted", list(Wanted))
def test_a_run_that_takes_nothing_out_says_so_and_goes_on(wanted: Wanted) -> None:
    """`recover` was said to be paused, or to stop, and did neither."""
    steered = Steered()
    steered.steering = Steering(takes_out=False)

    async def asks(steered: Steered) -> None:
        await steered.until(TargetClaimed)
        await steered.ask(wanted)

    steered.play(asks)
    assert steered.answers[0].outcome is Outcome.ENDS_BY_ITSELF
    assert steered.told.of(RolloutPaused) == steered.told.of(StopRequested) == []
    assert steered.told.summary.exit_code is Exit.DONE


def test_while_the_terminal_is_asked_another_shell_may_answer_as_well() -> None:
    steered = Steered()

    async def goes_on(steered: Steered) -> None:
        await steered.until(RolloutPaused)
        await steered.ask(Wanted.CONTINUE)

    after_the_canary(steered, goes_on, person=Terminal(after=0, answer=None))
    assert steered.told.of(RolloutContinued) == [RolloutContinued(by=PEOPLE[0].who)]
    assert steered.told.summary.exit_code is Exit.DONE


def test_the_deadline_ends_the_pause_after_the_canary_as_well() -> None:
    steered = Steered()
    timeouts = replace(QUICK, pause_timeout=3000.0, deadline=200.0)

    steered.play(canary=1, pause_after_canary=True, timeouts=timeouts)

    assert "the deadline of 200s" in steered.told.summary.halted
    assert steered.told.summary.exit_code is Exit.HALTED


def test_a_canary_that_failed_is_asked_about_nothing() -> None:
    steered = Steered()
    for app in steered.world.hosts["web1"].apps:
        app.manner = "never_boots"

    after_the_canary(steered)

    assert steered.told.of(RolloutPaused) == []
    assert steered.told.summary.exit_code is not Exit.DONE
