"""Controls the servers of one target in HAProxy, and notices what others change there.

Every read asks all load balancers.  After a reload of HAProxy the new process is told again what
the old one knew.  A state that changed under the same process stops the run: an operator has a
reason for it.  A server that is gone is let go, and one that appears for the target is taken.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial

from rollout.events import Noted, ServersChanged
from rollout.model.conditions import admin_state_of, external_hold, has_admin_state, is_disabled
from rollout.model.errors import BalancerError, ChangedExternally, LockError, RecordError
from rollout.model.fleet import AdminState, Server, ServerState, Target
from rollout.model.ownership import OwnedTarget, ServerSnapshot
from rollout.ports.site import Site, Tell
from rollout.restart import server_changes as lines
from rollout.restart.lb_commands import ReadAgain, order, put_back, read_again_if_stale
from rollout.restart.observe import TargetObserver
from rollout.restart.operator_changes import OperatorChanges, awake_agents
from rollout.restart.visits_in_maint import MaintVisits
from rollout.wait import Poll, now, until

CONFIRM_WITHIN = 10.0
"""Seconds to get an order through; repeating it is safe, so a lost reply costs one more."""


class TargetControl:
    """One target in our hand.

    Attributes:
        found: Each seat before the first change.
        watch: What was last seen of it, and of the load balancers as a whole.
        lost: Seats that somebody else has changed meanwhile, with what they made of them.
        newcomers: Visitors that HAProxy sent to seats in maint.
        lingering: Sessions that stayed open through all of the drain.
        proven: What lets the target return.
        spared: That the floor holds without it, until it is out.
    """

    def __init__(self, target: Target, site: Site, tell: Tell, *, poll: float) -> None:
        self.target = target
        self.found: dict[Server, ServerState] = {}
        self.watch = TargetObserver(target, site, tell)
        self.lost: dict[Server, AdminState] = {}
        self.newcomers = MaintVisits()
        self.lingering = 0
        self.proven = ReadAgain()
        self.spared = ReadAgain()
        self._site = site
        self._tell = tell
        self._poll = poll
        self._wanted: dict[Server, AdminState] = {}
        self._could_be: dict[Server, tuple[AdminState, ...]] = dict.fromkeys(
            target.servers, (AdminState.READY,)
        )
        self._places: dict[str, set[tuple[str, int]]] = {}
        self._settings = OperatorChanges()
        self._last_told = AdminState.READY
        self._takes_new = False
        self._kept = True  # the record knows the seats as they are by now

    @property
    def seats(self) -> tuple[Server, ...]:
        """The seats that are still in our hand: nobody else has changed them meanwhile."""
        return tuple(seat for seat in self.target.servers if seat not in self.lost)

    @property
    def owned(self) -> tuple[ServerSnapshot, ...]:
        """How it was found, as the record keeps it."""
        return tuple(ServerSnapshot.of(row) for row in self.found.values())

    async def read_initial_state(self) -> str:
        """Read every seat as it is before we touch it.

        Returns:
            How somebody else holds the target out, or nothing when it is ours to take.

        Raises:
            BalancerError: a load balancer did not answer, or has no line of the target any more.
        """
        rows = await self.watch.begin_with_new_lines()
        self._places = lines.places_of(rows.values())
        idle = {seat: why for seat, row in rows.items() if (why := is_disabled(row))}
        if len(idle) == len(rows):
            return "; ".join(f"{seat} is {why}" for seat, why in idle.items())
        self.found = {seat: row for seat, row in rows.items() if seat not in idle}
        self._could_be = dict.fromkeys(self.found, (AdminState.READY,))
        self._set_target(tuple(self.found))
        held = ((state.server, external_hold(state)) for state in self.found.values())
        return "; ".join(f"{seat} is {how}" for seat, how in held if how)

    async def adopt(self, holding: OwnedTarget) -> None:
        """Take again in hand what was ours; a seat that somebody has changed since is ``lost``.

        A line that is gone, or leads to another server by now, is no seat of the target any more.

        Raises:
            BalancerError: a load balancer did not answer.
            RecordError, LockLost: it could not be written down.
        """
        rows = await self.watch.begin()
        self.lost = {}
        there = [before for before in holding.found if before.server in rows]
        owned = {before.server: before.over(rows[before.server]) for before in there}
        self._places = lines.places_of(owned.values())
        gone = lines.vanished(self.target.servers, self.watch.readings)
        for seat, found in owned.items():
            row = rows[seat]
            state = holding.ours(row)
            if lines.has_moved(found, row, AdminState.MAINT):
                gone.append(seat)
            elif state is None:
                self.lost[seat] = admin_state_of(row)
            else:
                self._wanted[seat] = state
                self._could_be[seat] = (state,)
        self.found = owned
        await self._change_lines(gone, [])

    def own_again(self, seats: Collection[Server]) -> None:
        """Take in hand again what is in rotation, though nothing has proven it."""
        for seat in seats:
            del self.lost[seat]
            self._wanted[seat], self._could_be[seat] = AdminState.READY, (AdminState.READY,)

    async def read_all(self) -> Mapping[Server, ServerState]:
        """Read every seat in our hand, and put right what a reload undid.

        Raises:
            Meddled: a seat is not as we told it, and HAProxy was not reloaded.
            BalancerError: a load balancer did not answer.
        """
        states = await self.read_available()
        for error in self.watch.away.values():
            raise error
        return states

    async def read_available(self) -> Mapping[Server, ServerState]:
        """Read what can be read, as :meth:`read_all`; who does not answer is in ``watch.away``.

        Of who was asked to restart: one lost balancer must not keep the others from getting it.

        Raises:
            Meddled: as for :meth:`read_all`.
            BalancerError: no load balancer answered.
        """
        await self.watch.read_some()
        reloaded = self.watch.notice_reloads()
        again = await self._follow_lines()
        states = self.watch.rows(self.watch.answered)
        told = [seat for seat in self._wanted if seat in states and seat in self.seats]
        again += [seat for seat in told if reloaded or self._order_was_lost(states[seat])]
        again += awake_agents(self._wanted, states, self.seats)
        if again:
            await self._confirm(tuple(dict.fromkeys(again)))
            states = await self.watch.read_some()
        await self._raise_if_changed_and_owned(states)
        in_maint = [s for s in self.seats if self._wanted.get(s) is AdminState.MAINT]
        self.newcomers.see(self.watch.answered, in_maint)
        return {seat: row for seat, row in states.items() if seat not in self.lost}

    async def _follow_lines(self) -> list[Server]:
        """Part with lines that are gone, take those that are new, notice what others set.

        Returns:
            The seats to be told their state again.
        """
        seen = self.watch.answered
        rows = self.watch.rows(seen)
        gone = lines.vanished(self.target.servers, seen)
        held = {seat: rows[seat] for seat in self.seats if seat in rows and seat in self._wanted}
        found, wanted = self.found, self._wanted
        gone += [s for s, row in held.items() if lines.has_moved(found[s], row, wanted[s])]
        for seat in (s for s, row in held.items() if lines.is_disabled_since(found[s], row)):
            self.lost[seat] = admin_state_of(rows[seat])
            self._note(f"{seat} is disabled in HAProxy's file by now: left so")
        new = lines.new_lines(self.target, self._places, seen.values()) if self._takes_new else []
        new = [row for row in new if not external_hold(row)]
        if gone or new or not self._kept:
            await self._change_lines(gone, new)
        self._notice_settings()
        return [row.server for row in new]

    async def _change_lines(self, gone: Collection[Server], new: Sequence[ServerState]) -> None:
        """Let the target consist of other seats than before, and write that down."""
        in_maint = any(self._wanted.get(seat) is AdminState.MAINT for seat in self.seats)
        state = AdminState.MAINT if in_maint else self._last_told
        for seat in gone:
            for known in (self.found, self.lost, self._wanted, self._could_be):
                known.pop(seat, None)
        for row in new:
            self.found[row.server] = lines.as_new(row)
            self._wanted[row.server] = state
            self._could_be[row.server] = (AdminState.READY,)
        left = [seat for seat in self.target.servers if seat not in gone]
        self._set_target((*left, *(row.server for row in new)))
        if gone or new:
            names = (tuple(map(str, gone)), tuple(str(row.server) for row in new))
            self._tell(ServersChanged(target=self.target.name, gone=names[0], new=names[1]))
            self._kept = False
        if self._kept or self._site.record.holding(self.target.name) is None:
            return
        try:
            await self._site.record.has_lines(self.target, self.owned)
            self._kept = True
        except RecordError:
            if new:
                raise

    def _set_target(self, seats: Sequence[Server]) -> None:
        self.target = self.watch.target = lines.with_lines(self.target, seats, self.found)

    def _notice_settings(self) -> None:
        """Leave a weight or an agent as an operator has set it, and say so."""
        rows = self.watch.rows(self.watch.answered)
        for seat in (s for s in self.seats if s in rows and s in self._wanted):
            mark = self.watch.readings[seat.balancer].process
            found, said = self._settings.see(self.found[seat], rows[seat], mark)
            for what in said:
                self._note(what)
            if found != self.found[seat]:
                self.found[seat], self._kept = found, False

    def _note(self, what: str) -> None:
        self._tell(Noted(where=self.target.name, what=what))

    async def wait_until(
        self, awaited: str, question: Poll, *, timeout: float, every: float | None = None
    ) -> None:
        """Ask about this target until the answer is met; see :func:`rollout.wait.until`."""
        await until(
            awaited,
            question,
            target=self.target.name,
            timeout=timeout,
            tell=self._tell,
            every=self._poll if every is None else every,
        )

    async def set_state(self, state: AdminState, seats: Collection[Server] | None = None) -> None:
        """Tell ``seats`` (default: all) their state and see it on every load balancer.

        A seat that somebody else has changed is left as it is now.  The agent of one that is not
        to be ready is silenced first.

        Raises:
            Meddled: somebody else changed one at the same moment.
            BalancerError: it was not seen in time; it may have taken effect none the less.
        """
        chosen = [s for s in self.seats if seats is None or s in seats]
        self._wanted |= dict.fromkeys(chosen, state)
        self._last_told, self._takes_new = state, state is not AdminState.READY
        await self._confirm(chosen)
        if state is not AdminState.READY or not chosen:
            with suppress(RecordError):  # what it is later is others' doing, if this is written
                await self._record({})

    def returned(self, seat: Server) -> bool:
        """Whether it was told to be ready, and nothing else since."""
        return self._wanted.get(seat) is AdminState.READY

    async def record_intent(self, state: AdminState) -> None:
        """Write down that all is about to be told ``state``; nothing is told yet.

        Raises:
            RecordError, LockLost: it must not be told.
        """
        await self._record(dict.fromkeys(self.seats, state))

    def state_after(self, state: AdminState) -> str:
        """Say how HAProxy has it when all that is in our hand was told ``state``."""
        ours = {state} if self.seats else set[AdminState]()
        return " and ".join(sorted(ours | set(self.lost.values()))) or "gone"

    async def set_ready_as_found(self) -> None:
        """Make every seat ready again, with the weight and the agent it was found with.

        Every load balancer gets its turn even when another one fails.  What somebody else has
        changed since the last look is left to them.

        Raises:
            BalancerError: one of them was not seen to do it.
            Meddled: somebody else changed a seat at the same moment.
        """
        errors: list[BalancerError | ChangedExternally] = []
        for name in self.target.balancers:
            await self._detect_external_changes(name)
            seats = tuple(seat for seat in self.seats if seat.balancer == name)
            self._takes_new = False
            try:
                await self.set_state(AdminState.READY, seats)
                rows = self.watch.rows((name,))
                as_found = [(self.found[s], rows[s]) for s in self.seats if s in rows]
                await put_back(as_found, self._site.balancers)
            except (BalancerError, ChangedExternally) as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _detect_external_changes(self, name: str) -> None:
        """Part with what somebody else has changed there since the last look, and tell it."""
        with suppress(BalancerError):
            rows = await self.watch.read((name,))
            if self.watch.reloaded((name,)):
                return
            known = {seat: row for seat, row in rows.items() if seat in self._wanted}
            self._notice_settings()
            arrived = {s: row for s, row in known.items() if not self._order_was_lost(row)}
            try:
                self._raise_if_changed(arrived)
            except ChangedExternally as taken:
                self._note(str(taken))

    async def _confirm(self, seats: Sequence[Server]) -> None:
        deadline = now() + CONFIRM_WITHIN
        names = tuple(dict.fromkeys(seat.balancer for seat in seats))
        while seats:
            try:
                await self._record({seat: self._wanted[seat] for seat in seats})
                awake = awake_agents(self._wanted, self.watch.rows(names), tuple(seats))
                returns = any(self._wanted[seat] is AdminState.READY for seat in seats)
                earn = self.proven if returns else self.spared
                may = partial(read_again_if_stale, self._site.record.still_ours, earn)
                await order({s: self._wanted[s] for s in seats}, awake, self._site.balancers, may)
                states = await self.watch.read(names)
            except BalancerError:
                # the reply was lost, HAProxy is not back yet, or a line is gone: telling it again,
                # without that one, is safe
                seats = await self._still_owned(seats, names)
                if seats and now() >= deadline:
                    raise
            else:
                left = [seat for seat in seats if seat in states]
                undone = [s for s in left if not has_admin_state(states[s], self._wanted[s])]
                if now() >= deadline or not self.watch.reloaded(s.balancer for s in undone):
                    await self._raise_if_changed_and_owned(states)
                    return
            await asyncio.sleep(self._poll)

    async def _still_owned(self, seats: Sequence[Server], names: Sequence[str]) -> Sequence[Server]:
        """Return those of ``seats`` that HAProxy still has, as far as it answers."""
        try:
            await self.watch.read(names)
        except BalancerError:
            return seats
        gone = lines.vanished(seats, {name: self.watch.readings[name] for name in names})
        if gone:
            await self._change_lines(gone, [])
        return [seat for seat in seats if seat not in gone]

    async def _record(self, wanted: Mapping[Server, AdminState]) -> None:
        """Let the record know what we are about to tell, and hear whether we still may.

        With nothing to be told it learns how each seat is by now.
        """
        for seat, state in wanted.items():
            self._could_be[seat] = tuple(dict.fromkeys((*self._could_be[seat], state)))
        told = {seat: self._could_be[seat] for seat in wanted or self.seats}
        told |= dict.fromkeys(self.lost, ())
        returning = AdminState.READY in wanted.values() if wanted else None
        await self._site.record.records_intent(self.target.name, told, returning=returning)

    def _order_was_lost(self, row: ServerState) -> bool:
        """Judge whether our last order never got through: it is as it could be before that."""
        wanted, could_be = self._wanted[row.server], self._could_be[row.server]
        return not has_admin_state(row, wanted) and any(
            has_admin_state(row, state) for state in could_be
        )

    async def _raise_if_changed_and_owned(self, states: Mapping[Server, ServerState]) -> None:
        """Insist, but call no change another person's before the lock is seen to be ours.

        Raises:
            LockLost: the run that has the lock now has changed it.
            Meddled: as :meth:`_raise_if_changed`.
        """
        try:
            self._raise_if_changed(states)
        except ChangedExternally:
            with suppress(LockError):  # a place that is away says nothing against it
                await self._site.record.still_ours(anew=True)
            raise

    def _raise_if_changed(self, states: Mapping[Server, ServerState]) -> None:
        """See every seat as it was told; what somebody else has changed is theirs from now on."""
        taken = []
        for seat, wanted in self._wanted.items():
            if seat in self.lost or seat not in states:
                continue
            if has_admin_state(states[seat], wanted):
                self._could_be[seat] = (wanted,)
                continue
            self.lost[seat] = admin_state_of(states[seat])
            how = f"{self.lost[seat]} ({states[seat].status})"
            taken.append(ChangedExternally(str(seat), wanted, how))
        if taken:
            raise taken[0]
