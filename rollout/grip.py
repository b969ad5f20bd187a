"""What we hold of one target in HAProxy: how it was found, what it was told, when it slips.

Every look asks all load balancers.  A look that finds another HAProxy process (a reload) tells it
again what the old one knew; a look that finds our state changed under the same process stops
us, because somebody else has a reason that we do not know.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress

from rollout.errors import BalancerError, LockError, Meddled, RecordError
from rollout.events import Noted
from rollout.fleet import AdminState, Seat, SeatState, Target
from rollout.holdings import Holding, Owned
from rollout.orders import put_back, send, switch_agents
from rollout.ports import Site, Tell
from rollout.verdicts import held_out, shows, told
from rollout.waiting import Question, now, until
from rollout.watch import Watch

OLDEST = 3.0
"""Seconds that what earns a return, and a look at the lock, may have been seen ago."""

LOOKS = 4
"""Attempts at something fresher: a machine that is slower than that has nothing fresher."""

CONFIRM_WITHIN = 10.0
"""Seconds to get an order through; repeating it is safe, so a lost reply costs one more."""


class Grip:
    """One target in our hand.

    Attributes:
        found: Each seat before the first change.
        watch: What was last seen of it, and of the load balancers as a whole.
        lost: Seats that somebody else has changed meanwhile, with what they made of them.
        look_again: Sees once more what lets the target return; None where nothing need be seen.
        looked_at: When it began to see that last, on the loop's clock.
    """

    def __init__(self, target: Target, site: Site, tell: Tell, *, poll: float) -> None:
        self.target = target
        self.found: dict[Seat, SeatState] = {}
        self.watch = Watch(target, site, tell)
        self.lost: dict[Seat, AdminState] = {}
        self.look_again: Callable[[], Awaitable[None]] | None = None
        self.looked_at = float("-inf")
        self._site = site
        self._tell = tell
        self._poll = poll
        self._wanted: dict[Seat, AdminState] = {}
        self._could_be: dict[Seat, tuple[AdminState, ...]] = dict.fromkeys(
            target.seats, (AdminState.READY,)
        )

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The seats that are still in our hand: nobody else has changed them meanwhile."""
        return tuple(seat for seat in self.target.seats if seat not in self.lost)

    @property
    def owned(self) -> tuple[Owned, ...]:
        """How it was found, as the record keeps it."""
        return tuple(Owned.of(row) for row in self.found.values())

    async def find(self) -> str:
        """Read every seat as it is before we touch it.

        Returns:
            How somebody else holds the target out, or nothing when it is ours to take.
        """
        self.found = await self.watch.begin()
        held = ((state.seat, held_out(state)) for state in self.found.values())
        return "; ".join(f"{seat} is {how}" for seat, how in held if how)

    async def take_up(self, holding: Holding) -> None:
        """Take again in hand what was ours; a seat that somebody has changed since is ``lost``.

        Raises:
            BalancerError: a load balancer did not answer.
        """
        rows = await self.watch.begin()
        self.lost = {}
        for seat, row in rows.items():
            state = holding.ours(row)
            if state is None:
                self.lost[seat] = told(row)
            else:
                self._wanted[seat] = state
                self._could_be[seat] = (state,)
        self.found = {one.seat: one.over(rows[one.seat]) for one in holding.found}

    async def look(self) -> Mapping[Seat, SeatState]:
        """Read every seat in our hand, and put right what a reload undid.

        Raises:
            Meddled: a seat is not as we told it, and HAProxy was not reloaded.
            BalancerError: a load balancer did not answer.
        """
        states = await self.glance()
        for error in self.watch.away.values():
            raise error
        return states

    async def glance(self) -> Mapping[Seat, SeatState]:
        """Read what can be read, as :meth:`look`; who does not answer is in ``watch.away``.

        Of who was asked to restart: one lost balancer must not keep the others from getting it.

        Raises:
            Meddled: as for :meth:`look`.
            BalancerError: no load balancer answered.
        """
        states = await self.watch.read_some()
        reloaded = self.watch.notice_reloads()
        again = [
            seat
            for seat in self._wanted
            if seat in states and seat in self.seats and (reloaded or self._unheard(states[seat]))
        ]
        if again:
            await self._see_it_done(again)
            states = await self.watch.read_some()
        await self._insist_if_ours(states)
        return {seat: row for seat, row in states.items() if seat not in self.lost}

    async def until(
        self, awaited: str, question: Question, *, within: float, every: float | None = None
    ) -> None:
        """Ask ``question`` about this target until it is settled; see :func:`waiting.until`."""
        await until(
            awaited,
            question,
            target=self.target.name,
            within=within,
            tell=self._tell,
            every=self._poll if every is None else every,
        )

    async def order(self, state: AdminState, seats: Collection[Seat] | None = None) -> None:
        """Tell ``seats`` (default: all) their state and see it on every load balancer.

        A seat that somebody else has changed is left as it is now.  The agent of one that is not
        to be ready is silenced first.

        Raises:
            Meddled: somebody else changed one at the same moment.
            BalancerError: it was not seen in time; it may have taken effect none the less.
        """
        chosen = [s for s in self.seats if seats is None or s in seats]
        self._wanted |= dict.fromkeys(chosen, state)
        await self._see_it_done(chosen)
        if state is not AdminState.READY or not chosen:
            with suppress(RecordError):  # what it is later is others' doing, if this is written
                await self._write_down({})

    def returned(self, seat: Seat) -> bool:
        """Whether it was told to be ready, and nothing else since."""
        return self._wanted.get(seat) is AdminState.READY

    async def announce(self, state: AdminState) -> None:
        """Write down that all is about to be told ``state``; nothing is told yet.

        Raises:
            RecordError, LockLost: it must not be told.
        """
        await self._write_down(dict.fromkeys(self.seats, state))

    def state_after(self, state: AdminState) -> str:
        """Say how HAProxy has it when all that is in our hand was told ``state``."""
        ours = {state} if self.seats else set[AdminState]()
        return " and ".join(sorted(ours | set(self.lost.values())))

    async def let_go(self) -> None:
        """Make every seat ready again, with the weight and the agent it was found with.

        Every load balancer gets its turn even when another one fails.  What somebody else has
        changed since the last look is left to them.

        Raises:
            BalancerError: one of them was not seen to do it.
            Meddled: somebody else changed a seat at the same moment.
        """
        errors: list[BalancerError | Meddled] = []
        for name in self.target.balancers:
            await self._see(name)
            seats = tuple(seat for seat in self.seats if seat.balancer == name)
            try:
                await self.order(AdminState.READY, seats)
                as_found = [(self.found[seat], self.watch.row(seat)) for seat in seats]
                await put_back(as_found, self._site.balancers)
            except (BalancerError, Meddled) as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _see(self, name: str) -> None:
        """Part with what somebody else has changed there since the last look, and tell it."""
        with suppress(BalancerError):
            rows = await self.watch.read((name,))
            if self.watch.reloaded((name,)):
                return
            known = {seat: row for seat, row in rows.items() if seat in self._wanted}
            try:
                self._insist({s: row for s, row in known.items() if not self._unheard(row)})
            except Meddled as taken:
                self._tell(Noted(where=self.target.name, what=str(taken)))

    async def _silence_agents(self, seats: Sequence[Seat]) -> None:
        """Keep agents from undoing what we hold with a word of their own (measured: they do).

        Not only once: a reload wakes them, and they speak before the next look (measured).
        """
        held = [seat for seat in seats if self._wanted[seat] is not AdminState.READY]
        agents = [seat for seat in held if self.watch.row(seat).agent]
        await switch_agents(agents, self._site.balancers, on=False)

    async def _see_it_done(self, seats: Sequence[Seat]) -> None:
        deadline = now() + CONFIRM_WITHIN
        names = tuple(dict.fromkeys(seat.balancer for seat in seats))
        while seats:
            try:
                await self._write_down({seat: self._wanted[seat] for seat in seats})
                await self._silence_agents(seats)
                await self._may_send(seats)
                await send({s: self._wanted[s] for s in seats}, self._site.balancers)
                states = await self.watch.read(names)
            except BalancerError:
                # the reply was lost, or HAProxy is not back yet: telling it again is safe
                if now() >= deadline:
                    raise
            else:
                undone = [s for s in seats if not shows(states[s], self._wanted[s])]
                if now() >= deadline or not self.watch.reloaded(s.balancer for s in undone):
                    await self._insist_if_ours(states)
                    return
            await asyncio.sleep(self._poll)

    async def _may_send(self, seats: Sequence[Seat]) -> None:
        """See, right before an order, that nothing it rests on is old: a call may hang for long.

        Raises:
            LockLost: the lock is another run's.
            CrashLoop, TimedOut: what lets the target return does not hold any more.
        """
        returns = any(self._wanted[seat] is AdminState.READY for seat in seats)
        for _ in range(LOOKS):
            asked_at = now()
            await self._site.record.still_ours()  # the machine may have slept since
            if returns and self.look_again is not None and now() > self.looked_at + OLDEST:
                await self.look_again()
            if now() <= asked_at + OLDEST:
                return

    async def _write_down(self, wanted: Mapping[Seat, AdminState]) -> None:
        """Let the record know what we are about to tell, and hear whether we still may.

        With nothing to be told it learns how each seat is by now.
        """
        for seat, state in wanted.items():
            self._could_be[seat] = tuple(dict.fromkeys((*self._could_be[seat], state)))
        told = {seat: self._could_be[seat] for seat in wanted or self.seats}
        told |= dict.fromkeys(self.lost, ())
        returning = AdminState.READY in wanted.values() if wanted else None
        await self._site.record.tells(self.target.name, told, returning=returning)

    def _unheard(self, row: SeatState) -> bool:
        """Judge whether our last order never got through: it is as it could be before that."""
        wanted, could_be = self._wanted[row.seat], self._could_be[row.seat]
        return not shows(row, wanted) and any(shows(row, state) for state in could_be)

    async def _insist_if_ours(self, states: Mapping[Seat, SeatState]) -> None:
        """Insist, but call no change another person's before the lock is seen to be ours.

        Raises:
            LockLost: the run that has the lock now has changed it.
            Meddled: as :meth:`_insist`.
        """
        try:
            self._insist(states)
        except Meddled:
            with suppress(LockError):  # a place that is away says nothing against it
                await self._site.record.still_ours(anew=True)
            raise

    def _insist(self, states: Mapping[Seat, SeatState]) -> None:
        """See every seat as it was told; what somebody else has changed is theirs from now on."""
        taken = []
        for seat, wanted in self._wanted.items():
            if seat in self.lost or seat not in states:
                continue
            if shows(states[seat], wanted):
                self._could_be[seat] = (wanted,)
                continue
            self.lost[seat] = told(states[seat])
            taken.append(Meddled(str(seat), wanted, f"{self.lost[seat]} ({states[seat].status})"))
        if taken:
            raise taken[0]
