"""At most so many out at once, never below the floor, and nothing new after a failure.

A sliding window, not batches in lock-step: whenever a target is back and the floor allows it,
the next one starts, so a slow drain delays no other target.  A failure is kept as a value, so that
it cancels no neighbour in mid-restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from rollout.events import TargetNotStarted
from rollout.model.conditions import external_hold
from rollout.model.errors import (
    FloorBroken,
    FloorUnreachable,
    Halted,
    RestartedTogether,
    RolloutError,
    said_of,
)
from rollout.model.fleet import BalancerSnapshot, Condition, Server, Target
from rollout.ports.context import RunContext
from rollout.restart.floor import FloorRule
from rollout.restart.pause import Pausing
from rollout.wait import WaitReporter, now

RestartFn = Callable[[], Awaitable[bool]]
"""The restart of one target; false when it turned out not to be ours."""

LOST_WITHIN = 15.0
"""Seconds for a load balancer that does not answer to be back, before nothing more is started."""

LOOK_EVERY = 1.0
"""Seconds between two looks for room; nothing is out of rotation because of this wait."""


class Window:
    """The targets that are out, and the decision whether one more may go.

    Leaving it sees everything through that is out, whatever else happens.

    Attributes:
        restarted: Targets that were restarted, in the order of their return.
        skipped: Targets that were out from outside when their turn came.
        failed: Targets that did not, with what stopped them; or that took others with them.
        since: When each of them had its turn, on the loop's clock.
    """

    def __init__(self, context: RunContext) -> None:
        self.restarted: list[Target] = []
        self.skipped: list[Target] = []
        self.failed: dict[Target, Exception] = {}
        self.since: dict[Target, float] = {}
        self._plan = context.plan
        self._site = context.site
        self._tell = context.tell
        self._began = now() if context.site.started is None else context.site.started
        self._running: dict[Target, asyncio.Task[None]] = {}
        self._servers: dict[str, tuple[Server, ...]] = {}  # by target, where they are others by now
        self._given_back: set[Target] = set()  # of those: in rotation, waiting for room
        self._were_out: set[Target] = set()  # of those that were given back

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.empty()
        for failure in self.failed.values():
            if not isinstance(failure, RolloutError):
                raise failure  # a bug of ours
        if error is None:
            self._stop_after_failures()

    async def empty(self) -> None:
        """Wait until nothing is out any more."""
        if self._running:
            await asyncio.wait(self._running.values())
        self._collect_finished()

    def see_whole(self, wave: Sequence[Target]) -> None:
        """See that all of a wave came back; what did not has proven nothing for the others.

        Raises:
            Halted: one did not, however many failures the plan forgives.
        """
        self.check_may_go_on()
        missing = [
            f"{target}: {said_of(target.name, self.failed[target])}"
            if target in self.failed
            else f"{target}: held out from outside before its turn"
            for target in wave
            if target not in self.restarted
        ]
        if missing:
            raise Halted(f"no further server is risked after the canary: {'; '.join(missing)}")

    async def wait_for_capacity(self, target: Target) -> None:
        """Wait until ``target`` can be spared.

        Raises:
            FloorUnreachable: no other target of this run is out, and yet it cannot be taken out.
            Halted: nothing new is to be started.
            LockLost: the lock was broken in a pause.
        """
        reporter = WaitReporter(target.name, "spared", self._tell)
        pausing = Pausing(self._site.record)
        hopeless_since: float | None = None
        while True:
            self.check_may_go_on()
            if self._is_paused():
                hopeless_since = None
                await pausing.wait()
                continue
            others = self._others_than(target)
            if len(others) >= self._plan.max_out:
                await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
                continue
            condition, worth_waiting = await self._can_be_spared(target)
            if self._is_paused():  # since the look began
                continue
            if condition.met:
                return
            if others and any(t not in self._given_back for t in self._running if t != target):
                reporter.say(condition.reason)
                hopeless_since = None
                await asyncio.wait(others, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
                continue
            hopeless_since = now() if hopeless_since is None else hopeless_since
            reporter.say(condition.reason, round(hopeless_since + worth_waiting - now(), 3))
            if now() - hopeless_since >= worth_waiting:
                if target not in self._were_out:  # else it was told to be given back, and why
                    self._tell(TargetNotStarted(target=target.name, reason=condition.reason))
                raise FloorUnreachable(f"{target} cannot be taken out: {condition.reason}")
            await asyncio.sleep(LOOK_EVERY)

    def start(self, target: Target, restart: RestartFn) -> None:
        """Restart ``target`` beside the others."""
        self.since[target] = now()
        self._site.steering.under_way[target.name] = None
        self._running[target] = asyncio.create_task(
            self._run_target(target, restart), name=target.name
        )

    async def _run_target(self, target: Target, restart: RestartFn) -> None:
        try:
            while True:
                try:
                    (self.restarted if await self._turn(target, restart) else self.skipped).append(
                        target
                    )
                except FloorBroken as lost:
                    self._servers[target.name] = lost.servers or target.servers
                    # it is in rotation, and has another turn when it can be spared
                    self._given_back.add(target)
                    if lost.taken:
                        self._were_out.add(target)
                    await self.wait_for_capacity(target)
                    self._given_back.discard(target)
                else:
                    return
        except Halted:
            return
        except RestartedTogether as failure:  # it came back; others went with it while they served
            self.restarted.append(target)
            self.failed[target] = failure
        except Exception as failure:  # noqa: BLE001 - a bug as well cancels no neighbour
            self.failed[target] = failure

    def _is_paused(self) -> bool:
        return self._site.steering.paused

    async def _turn(self, target: Target, restart: RestartFn) -> bool:
        under_way = self._site.steering.under_way
        under_way[target.name] = None
        try:
            return await restart()
        finally:
            under_way.pop(target.name, None)

    async def _can_be_spared(self, target: Target) -> tuple[Condition, float]:
        """Ask every load balancer of ``target`` whether the floor holds without it.

        Each target in its turn counts as out, also one that has not been drained yet; one that was
        given back and waits for its next turn does not.  A target that is spared must take its
        place before the next ``await``: this is counted after the looks.  One that is out because
        of us already takes nothing away, so it waits for no other.

        Returns:
            The verdict, and how many seconds it is worth waiting for a better one.
        """
        try:
            readings = await asyncio.gather(
                *(self._site.balancers[name].look() for name in target.balancers)
            )
        except RolloutError as error:
            return Condition(met=False, reason=str(error)), LOST_WITHIN
        if self._is_out(target, readings):
            return Condition(met=True, reason=""), 0.0
        out = [t.servers for t in self._running if t not in self._given_back]
        servers = self._servers.get(target.name, target.servers)
        rule = FloorRule(self._plan.floor, accept_sick=self._plan.accept_sick)
        condition = rule.holds_without(servers, out, readings)
        if not condition.met:
            return condition, self._plan.timeouts.room_timeout
        return Condition(met=True, reason=""), 0.0

    def _is_out(self, target: Target, readings: Sequence[BalancerSnapshot]) -> bool:
        """Tell whether a run before this one has left it out, on every load balancer."""
        if self._site.record.owned_target(target.name) is None:
            return False
        rows = {server: row for reading in readings for server, row in reading.servers.items()}
        return all(server in rows and external_hold(rows[server]) for server in target.servers)

    def check_may_go_on(self) -> None:
        """See that one more target may be taken out.

        Raises:
            Halted: the operator wants us to stop, the deadline has passed, or too many failed.
        """
        if self._site.stop_asked():
            raise Halted(self._site.steering.stop_reason)
        deadline = self._plan.timeouts.deadline
        if deadline and now() - self._began >= deadline:
            raise Halted(f"the deadline of {deadline:g}s for the whole run has passed")
        self._stop_after_failures()

    def _stop_after_failures(self) -> None:
        together = any(isinstance(f, RestartedTogether) for f in self.failed.values())
        if together or len(self.failed) > self._plan.max_failures:
            said = (f"{t}: {said_of(t.name, failure)}" for t, failure in self.failed.items())
            raise Halted("; ".join(said))

    def _others_than(self, target: Target) -> tuple[asyncio.Task[None], ...]:
        self._collect_finished()
        return tuple(task for t, task in self._running.items() if t != target)

    def _collect_finished(self) -> None:
        done = [target for target, task in self._running.items() if task.done()]
        for target in done:
            self._running.pop(target).result()  # raises only what is no Exception
