"""What we hold of one target in HAProxy: how it was found, what it was told, when it slips.

Every look asks all load balancers.  A look that finds another HAProxy process (a reload) tells it
again what the old one knew; a look that finds our state changed under the same process stops
us, because somebody else has a reason that we do not know.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rollout.errors import BalancerError, Meddled
from rollout.events import BalancerReloaded
from rollout.fleet import AdminState, ProcessMark, Reading, Seat, SeatState, Target
from rollout.orders import send, switch_agents
from rollout.ports import Owned, Site, Tell
from rollout.verdicts import held_out, shows, told
from rollout.waiting import Question, now, until

CONFIRM_WITHIN = 10.0
"""Seconds to get an order through; repeating it is safe, so a lost reply costs one more."""


class Grip:
    """One target in our hand.

    Attributes:
        found: Each seat before the first change.
        readings: The last look at each load balancer, whole, from which the floor is judged.
        reloaded_at: When an HAProxy last began to serve, reloaded or not, on the loop's clock.
        lost: Seats that somebody else has changed meanwhile, with what they made of them.
        away: Load balancers that did not answer the last look, with what they did instead.
    """

    def __init__(self, target: Target, site: Site, tell: Tell, *, poll: float) -> None:
        self.target = target
        self.found: dict[Seat, SeatState] = {}
        self.readings: dict[str, Reading] = {}
        self.reloaded_at = float("-inf")
        self.lost: dict[Seat, AdminState] = {}
        self.away: dict[str, BalancerError] = {}
        self._site = site
        self._tell = tell
        self._poll = poll
        self._marks: dict[str, ProcessMark] = {}
        self._wanted: dict[Seat, AdminState] = {}

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The seats that are still in our hand: nobody else has changed them meanwhile."""
        return tuple(seat for seat in self.target.seats if seat not in self.lost)

    @property
    def owned(self) -> tuple[Owned, ...]:
        """How it was found, as the record keeps it."""
        return tuple(Owned(s.seat, s.weight, s.agent, s.status) for s in self.found.values())

    async def find(self) -> str:
        """Read every seat as it is before we touch it.

        Returns:
            How somebody else holds the target out, or nothing when it is ours to take.
        """
        self.found = await self._read(self.target.balancers)
        self._marks = {name: reading.process for name, reading in self.readings.items()}
        self.reloaded_at = now() - min(reading.age for reading in self.readings.values())
        held = ((state.seat, held_out(state)) for state in self.found.values())
        return "; ".join(f"{seat} is {how}" for seat, how in held if how)

    async def take_up(self, owned: Sequence[Owned]) -> None:
        """Take again in hand what we left in maint, found as ``owned`` says.

        Raises:
            Meddled: somebody has changed it since.
            BalancerError: a load balancer did not answer.
        """
        rows = await self._read(self.target.balancers)
        self._marks = {name: reading.process for name, reading in self.readings.items()}
        self._wanted = dict.fromkeys(self.target.seats, AdminState.MAINT)
        self._insist(rows)
        self.found = {
            one.seat: replace(rows[one.seat], weight=one.weight, agent=one.agent, status=one.status)
            for one in owned
        }

    async def look(self) -> Mapping[Seat, SeatState]:
        """Read every seat, and put right what a reload undid.

        Raises:
            Meddled: a seat is not as we told it, and HAProxy was not reloaded.
            BalancerError: a load balancer did not answer.
        """
        states = await self.glance()
        for error in self.away.values():
            raise error
        return states

    async def glance(self) -> Mapping[Seat, SeatState]:
        """Read what can be read, as :meth:`look`; who does not answer is in ``away``.

        For a target that was asked to restart: one lost load balancer must not keep the others
        from getting it back.

        Raises:
            Meddled: as for :meth:`look`.
            BalancerError: no load balancer answered.
        """
        states = await self._read_some()
        if self._notice_reloads():
            await self._see_it_done([s for s in self._wanted if s in states and s in self.seats])
            states = await self._read_some()
        self._insist(states)
        return states

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

    def state_after(self, state: AdminState) -> str:
        """Say how HAProxy has it when all that is in our hand was told ``state``."""
        ours = {state} if self.seats else set[AdminState]()
        return " and ".join(sorted(ours | set(self.lost.values())))

    async def let_go(self) -> None:
        """Make every seat ready again, with the weight and the agent it was found with.

        Every load balancer gets its turn even when another one fails.

        Raises:
            BalancerError: one of them was not seen to do it.
            Meddled: somebody else changed a seat at the same moment.
        """
        errors: list[BalancerError | Meddled] = []
        for name in self.target.balancers:
            seats = tuple(seat for seat in self.seats if seat.balancer == name)
            try:
                await self.order(AdminState.READY, seats)
                await self._restore(seats)
            except (BalancerError, Meddled) as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _restore(self, seats: Sequence[Seat]) -> None:
        for seat in seats:
            found, is_now = self.found[seat], self.readings[seat.balancer].seats[seat]
            if is_now.weight != found.weight:
                await self._site.balancers[seat.balancer].set_weight(seat, found.weight)
        agents = [seat for seat in seats if self.found[seat].agent]
        await switch_agents(agents, self._site.balancers, on=True)

    async def _silence_agents(self, seats: Sequence[Seat]) -> None:
        """Keep agents from undoing what we hold with a word of their own (measured: they do).

        Not only once: a reload wakes them, and they speak before the next look (measured).
        """
        held = [seat for seat in seats if self._wanted[seat] is not AdminState.READY]
        agents = [seat for seat in held if self._row(seat).agent]
        await switch_agents(agents, self._site.balancers, on=False)

    async def _see_it_done(self, seats: Sequence[Seat]) -> None:
        deadline = now() + CONFIRM_WITHIN
        names = tuple(dict.fromkeys(seat.balancer for seat in seats))
        while seats:
            try:
                await self._silence_agents(seats)
                await send({s: self._wanted[s] for s in seats}, self._site.balancers)
                states = await self._read(names)
            except BalancerError:
                # the reply was lost, or HAProxy is not back yet: telling it again is safe
                if now() >= deadline:
                    raise
            else:
                undone = [s for s in seats if not shows(states[s], self._wanted[s])]
                if now() >= deadline or not any(self._reloaded(s.balancer) for s in undone):
                    self._insist(states)
                    return
            await asyncio.sleep(self._poll)

    def _insist(self, states: Mapping[Seat, SeatState]) -> None:
        """See every seat as it was told; what somebody else has changed is theirs from now on."""
        for seat, wanted in self._wanted.items():
            if seat in self.lost or seat not in states or shows(states[seat], wanted):
                continue
            self.lost[seat] = told(states[seat])
            raise Meddled(str(seat), wanted, f"{told(states[seat])} ({states[seat].status})")

    def _reloaded(self, name: str) -> bool:
        return self.readings[name].process != self._marks[name]

    async def _read(self, names: Sequence[str]) -> dict[Seat, SeatState]:
        readings = await asyncio.gather(*(self._site.balancers[name].look() for name in names))
        self.readings |= dict(zip(names, readings, strict=True))
        return {seat: self._row(seat) for seat in self.target.seats if seat.balancer in names}

    async def _read_some(self) -> dict[Seat, SeatState]:
        names = self.target.balancers
        results = await asyncio.gather(
            *(self._read((name,)) for name in names), return_exceptions=True
        )
        states: dict[Seat, SeatState] = {}
        self.away = {}
        for name, result in zip(names, results, strict=True):
            if isinstance(result, BalancerError):
                self.away[name] = result
            elif isinstance(result, BaseException):
                raise result
            else:
                states |= result
        if not states:
            raise next(iter(self.away.values()))
        return states

    def _row(self, seat: Seat) -> SeatState:
        row = self.readings[seat.balancer].seats.get(seat)
        if row is None:
            raise BalancerError(
                seat.balancer,
                f"has no server {seat.backend}/{seat.server} any more",
                "was its configuration changed?  `rollout check` shows what is there now",
            )
        return row

    def _notice_reloads(self) -> bool:
        changed = [n for n in self.readings if n not in self.away and self._reloaded(n)]
        for name in changed:
            self._marks[name] = self.readings[name].process
            self.reloaded_at = now()
            self._tell(BalancerReloaded(balancer=name, target=self.target.name))
        return bool(changed)
