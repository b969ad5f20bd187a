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
from rollout.restart.lb_commands import Evidence, order, put_back, read_again_if_stale
from rollout.restart.observe import TargetObserver
from rollout.restart.operator_changes import OperatorChanges, awake_agents
from rollout.restart.visits_in_maint import MaintVisitors
from rollout.wait import Poll, now, until

CONFIRM_WITHIN = 10.0
"""Seconds to get an order through; repeating it is safe, so a lost reply costs one more."""


class TargetControl:
    """One target in our hand.

    Attributes:
        found: Each server before the first change.
        watch: What was last seen of it, and of the load balancers as a whole.
        lost: Servers that another hand has changed meanwhile, with what they made of them.
        maint_visits: Visitors that HAProxy sent to servers in maint.
        lingering: Sessions that stayed open through all of the drain.
        proven: What lets the target return.
        spared: That the floor holds without it, until it is out.
    """

    def __init__(self, target: Target, site: Site, tell: Tell, *, poll: float) -> None:
        self.target = target
        self.found: dict[Server, ServerState] = {}
        self.observer = TargetObserver(target, site, tell)
        self.lost: dict[Server, AdminState] = {}
        self.maint_visitors = MaintVisitors()
        self.lingering = 0
        self.proven = Evidence()
        self.spared = Evidence()
        self.site = site
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
        self._kept = True  # the record knows the servers as they are by now

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers that are still ours: nothing outside has changed them meanwhile."""
        return tuple(server for server in self.target.servers if server not in self.lost)

    @property
    def owned(self) -> tuple[ServerSnapshot, ...]:
        """How it was found, as the record keeps it."""
        return tuple(ServerSnapshot.of(row) for row in self.found.values())

    async def read_initial_state(self) -> str:
        """Read every server as it is before we touch it.

        Returns:
            How another hand holds the target out, or nothing when it is ours to take.

        Raises:
            BalancerError: a load balancer did not answer, or has no line of the target any more.
        """
        rows = await self.observer.begin_with_new_lines()
        self._places = lines.places_of(rows.values())
        idle = {server: why for server, row in rows.items() if (why := is_disabled(row))}
        if len(idle) == len(rows):
            return "; ".join(f"{server} is {why}" for server, why in idle.items())
        self.found = {server: row for server, row in rows.items() if server not in idle}
        self._could_be = dict.fromkeys(self.found, (AdminState.READY,))
        self._set_target(tuple(self.found))
        held = ((state.server, external_hold(state)) for state in self.found.values())
        return "; ".join(f"{server} is {how}" for server, how in held if how)

    async def adopt(self, owned_target: OwnedTarget) -> None:
        """Own again what was ours; a server that was changed from outside since is ``lost``.

        A line that is gone, or leads to another server by now, is no server of the target any more.

        Raises:
            BalancerError: a load balancer did not answer.
            RecordError, LockLost: it could not be written down.
        """
        rows = await self.observer.begin()
        self.lost = {}
        there = [before for before in owned_target.found if before.server in rows]
        owned = {before.server: before.over(rows[before.server]) for before in there}
        self._places = lines.places_of(owned.values())
        gone = lines.vanished(self.target.servers, self.observer.readings)
        for server, found in owned.items():
            row = rows[server]
            state = owned_target.ours(row)
            if lines.has_moved(found, row, AdminState.MAINT):
                gone.append(server)
            elif state is None:
                self.lost[server] = admin_state_of(row)
            else:
                self._wanted[server] = state
                self._could_be[server] = (state,)
        self.found = owned
        await self._change_lines(gone, [])

    def own_again(self, servers: Collection[Server]) -> None:
        """Take in hand again what is in rotation, though nothing has proven it."""
        for server in servers:
            del self.lost[server]
            self._wanted[server], self._could_be[server] = AdminState.READY, (AdminState.READY,)

    async def read_all(self) -> Mapping[Server, ServerState]:
        """Read every server in our hand, and put right what a reload undid.

        Raises:
            ChangedExternally: a server is not as we told it, and HAProxy was not reloaded.
            BalancerError: a load balancer did not answer.
        """
        states = await self.read_available()
        for error in self.observer.away.values():
            raise error
        return states

    async def read_available(self) -> Mapping[Server, ServerState]:
        """Read what can be read, as :meth:`read_all`; the rest is named in ``observer.away``.

        Used after the restart request: one balancer that is down must not stop the others.

        Raises:
            ChangedExternally: as for :meth:`read_all`.
            BalancerError: no load balancer answered.
        """
        await self.observer.read_some()
        reloaded = self.observer.notice_reloads()
        again = await self._follow_lines()
        states = self.observer.rows(self.observer.answered)
        told = [server for server in self._wanted if server in states and server in self.servers]
        again += [server for server in told if reloaded or self._order_was_lost(states[server])]
        again += awake_agents(self._wanted, states, self.servers)
        if again:
            await self._confirm(tuple(dict.fromkeys(again)))
            states = await self.observer.read_some()
        await self._raise_if_changed_and_owned(states)
        in_maint = [s for s in self.servers if self._wanted.get(s) is AdminState.MAINT]
        self.maint_visitors.see(self.observer.answered, in_maint)
        return {server: row for server, row in states.items() if server not in self.lost}

    async def _follow_lines(self) -> list[Server]:
        """Part with lines that are gone, take those that are new, notice what others set.

        Returns:
            The servers to be told their state again.
        """
        seen = self.observer.answered
        rows = self.observer.rows(seen)
        gone = lines.vanished(self.target.servers, seen)
        held = {s: rows[s] for s in self.servers if s in rows and s in self._wanted}
        found, wanted = self.found, self._wanted
        gone += [s for s, row in held.items() if lines.has_moved(found[s], row, wanted[s])]
        for server in (s for s, row in held.items() if lines.is_disabled_since(found[s], row)):
            self.lost[server] = admin_state_of(rows[server])
            self._note(f"{server} is disabled in HAProxy's file by now: left so")
        new = lines.new_lines(self.target, self._places, seen.values()) if self._takes_new else []
        new = [row for row in new if not external_hold(row)]
        if gone or new or not self._kept:
            await self._change_lines(gone, new)
        self._notice_settings()
        return [row.server for row in new]

    async def _change_lines(self, gone: Collection[Server], new: Sequence[ServerState]) -> None:
        """Let the target consist of other servers than before, and write that down."""
        in_maint = any(self._wanted.get(server) is AdminState.MAINT for server in self.servers)
        state = AdminState.MAINT if in_maint else self._last_told
        for server in gone:
            for known in (self.found, self.lost, self._wanted, self._could_be):
                known.pop(server, None)
        for row in new:
            self.found[row.server] = lines.as_new(row)
            self._wanted[row.server] = state
            self._could_be[row.server] = (AdminState.READY,)
        left = [server for server in self.target.servers if server not in gone]
        self._set_target((*left, *(row.server for row in new)))
        if gone or new:
            names = (tuple(map(str, gone)), tuple(str(row.server) for row in new))
            self._tell(ServersChanged(target=self.target.name, gone=names[0], new=names[1]))
            self._kept = False
        if self._kept or self.site.record.owned_target(self.target.name) is None:
            return
        try:
            await self.site.record.has_lines(self.target, self.owned)
            self._kept = True
        except RecordError:
            if new:
                raise

    def _set_target(self, servers: Sequence[Server]) -> None:
        self.target = self.observer.target = lines.with_lines(self.target, servers, self.found)

    def _notice_settings(self) -> None:
        """Leave a weight or an agent as an operator has set it, and say so."""
        rows = self.observer.rows(self.observer.answered)
        for server in (s for s in self.servers if s in rows and s in self._wanted):
            mark = self.observer.readings[server.balancer].process
            found, said = self._settings.see(self.found[server], rows[server], mark)
            for what in said:
                self._note(what)
            if found != self.found[server]:
                self.found[server], self._kept = found, False

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

    async def set_state(self, state: AdminState, servers: Collection[Server] | None = None) -> None:
        """Tell ``servers`` (default: all) their state and see it on every load balancer.

        A server that another hand has changed is left as it is now.  The agent of one that is not
        to be ready is silenced first.

        Raises:
            ChangedExternally: another hand changed one at the same moment.
            BalancerError: it was not seen in time; it may have taken effect none the less.
        """
        chosen = [s for s in self.servers if servers is None or s in servers]
        self._wanted |= dict.fromkeys(chosen, state)
        self._last_told, self._takes_new = state, state is not AdminState.READY
        await self._confirm(chosen)
        if state is not AdminState.READY or not chosen:
            with suppress(RecordError):  # what it is later is others' doing, if this is written
                await self._record({})

    def returned(self, server: Server) -> bool:
        """Whether it was told to be ready, and nothing else since."""
        return self._wanted.get(server) is AdminState.READY

    async def record_intent(self, state: AdminState) -> None:
        """Write down that all is about to be told ``state``; nothing is told yet.

        Raises:
            RecordError, LockLost: it must not be told.
        """
        await self._record(dict.fromkeys(self.servers, state))

    def state_after(self, state: AdminState) -> str:
        """Say how HAProxy has it when all that is in our hand was told ``state``."""
        ours = {state} if self.servers else set[AdminState]()
        return " and ".join(sorted(ours | set(self.lost.values()))) or "gone"

    async def set_ready_as_found(self) -> None:
        """Make every server ready again, with the weight and the agent it was found with.

        Every load balancer gets its turn even when another one fails.  What another hand has
        changed since the last look is left to them.

        Raises:
            BalancerError: one of them was not seen to do it.
            ChangedExternally: another hand changed a server at the same moment.
        """
        errors: list[BalancerError | ChangedExternally] = []
        for name in self.target.balancers:
            await self._detect_external_changes(name)
            servers = tuple(server for server in self.servers if server.balancer == name)
            self._takes_new = False
            try:
                await self.set_state(AdminState.READY, servers)
                rows = self.observer.rows((name,))
                as_found = [(self.found[s], rows[s]) for s in self.servers if s in rows]
                await put_back(as_found, self.site.balancers)
            except (BalancerError, ChangedExternally) as error:
                errors.append(error)
        if errors:
            raise errors[0]

    async def _detect_external_changes(self, name: str) -> None:
        """Part with what another hand has changed there since the last look, and tell it."""
        with suppress(BalancerError):
            rows = await self.observer.read((name,))
            if self.observer.reloaded((name,)):
                return
            known = {server: row for server, row in rows.items() if server in self._wanted}
            self._notice_settings()
            arrived = {s: row for s, row in known.items() if not self._order_was_lost(row)}
            try:
                self._raise_if_changed(arrived)
            except ChangedExternally as taken:
                self._note(str(taken))

    async def _confirm(self, servers: Sequence[Server]) -> None:
        deadline = now() + CONFIRM_WITHIN
        names = tuple(dict.fromkeys(server.balancer for server in servers))
        while servers:
            try:
                await self._record({server: self._wanted[server] for server in servers})
                awake = awake_agents(self._wanted, self.observer.rows(names), tuple(servers))
                returns = any(self._wanted[server] is AdminState.READY for server in servers)
                earn = self.proven if returns else self.spared
                may = partial(read_again_if_stale, self.site.record.still_ours, earn)
                await order({s: self._wanted[s] for s in servers}, awake, self.site.balancers, may)
                states = await self.observer.read(names)
            except BalancerError:
                # the reply was lost, HAProxy is not back yet, or a line is gone: telling it again,
                # without that one, is safe
                servers = await self._still_owned(servers, names)
                if servers and now() >= deadline:
                    raise
            else:
                left = [server for server in servers if server in states]
                undone = [s for s in left if not has_admin_state(states[s], self._wanted[s])]
                if now() >= deadline or not self.observer.reloaded(s.balancer for s in undone):
                    await self._raise_if_changed_and_owned(states)
                    return
            await asyncio.sleep(self._poll)

    async def _still_owned(self, told: Sequence[Server], names: Sequence[str]) -> Sequence[Server]:
        """Return the servers of ``told`` that HAProxy still has, as far as it answers."""
        try:
            await self.observer.read(names)
        except BalancerError:
            return told
        gone = lines.vanished(told, {name: self.observer.readings[name] for name in names})
        if gone:
            await self._change_lines(gone, [])
        return [server for server in told if server not in gone]

    async def _record(self, wanted: Mapping[Server, AdminState]) -> None:
        """Let the record know what we are about to tell, and hear whether we still may.

        With nothing to be told it learns how each server is by now.
        """
        for server, state in wanted.items():
            self._could_be[server] = tuple(dict.fromkeys((*self._could_be[server], state)))
        told = {server: self._could_be[server] for server in wanted or self.servers}
        told |= dict.fromkeys(self.lost, ())
        returning = AdminState.READY in wanted.values() if wanted else None
        await self.site.record.records_intent(self.target.name, told, returning=returning)

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
            ChangedExternally: as :meth:`_raise_if_changed`.
        """
        try:
            self._raise_if_changed(states)
        except ChangedExternally:
            with suppress(LockError):  # a place that is away says nothing against it
                await self.site.record.still_ours(anew=True)
            raise

    def _raise_if_changed(self, states: Mapping[Server, ServerState]) -> None:
        """See every server as it was told; what another hand has changed is theirs from now on."""
        taken = []
        for server, wanted in self._wanted.items():
            if server in self.lost or server not in states:
                continue
            if has_admin_state(states[server], wanted):
                self._could_be[server] = (wanted,)
                continue
            self.lost[server] = admin_state_of(states[server])
            how = f"{self.lost[server]} ({states[server].status})"
            taken.append(ChangedExternally(str(server), wanted, how))
        if taken:
            raise taken[0]
