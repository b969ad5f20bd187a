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
from rollout.ports.context import RunContext
from rollout.restart import server_changes as lines
from rollout.restart.lb_commands import Evidence, order, put_back, read_again_if_stale
from rollout.restart.observe import TargetObserver
from rollout.restart.operator_changes import OperatorChanges, awake_agents
from rollout.restart.return_permission import ReturnPermission
from rollout.restart.server_control import ControlledServers, ServerControl
from rollout.restart.visits_in_maint import MaintVisitors
from rollout.wait import Poll, WaitReporter, now, until

CONFIRM_WITHIN = 10.0
"""Seconds to get an order through; repeating it is safe, so a lost reply costs one more."""


class TargetControl:
    """One target that this run controls.

    Attributes:
        controlled: What is known of each server, in the order in which they were found.
        context: The plan, the outside world, and what hears of events: the attributes ``plan``,
            ``site`` and ``tell``.
        observer: What was last seen of it, and of the load balancers as a whole.
        maint_visitors: Visitors that HAProxy sent to servers in maint.
        renewed: Instances with a new process already, which are not asked to restart.
        permission: Whether it may return.
        out_since: When it went out of rotation, on the loop's clock.
        lingering: Sessions that stayed open through all of the drain.
        proven: What lets the target return.
        spared: That the floor holds without it, until it is out.
    """

    def __init__(self, context: RunContext, target: Target) -> None:
        self.context = context
        self.plan, self.site, self.tell = context.plan, context.site, context.tell
        self.target = target
        self.controlled = ControlledServers()
        self.observer = TargetObserver(target, context.site, context.tell)
        self.maint_visitors = MaintVisitors()
        self.lingering = 0
        self.proven = Evidence()
        self.spared = Evidence()
        self.renewed = context.plan.renewed.get(target.name, ())
        self.permission = ReturnPermission()
        self.out_since = now()
        self._places: dict[str, set[tuple[str, int]]] = {}
        self._settings = OperatorChanges()
        self._last_told = AdminState.READY
        self._takes_new = False
        self._kept = True  # the record knows the servers as they are by now

    @property
    def found(self) -> dict[Server, ServerState]:
        """Each server before the first change."""
        return self.controlled.found

    @property
    def lost(self) -> dict[Server, AdminState]:
        """Servers that were changed from outside meanwhile, with what was made of them."""
        return self.controlled.lost

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers that are still ours: nothing outside has changed them meanwhile."""
        lost = self.lost
        return tuple(server for server in self.target.servers if server not in lost)

    @property
    def owned(self) -> tuple[ServerSnapshot, ...]:
        """How it was found, as the record keeps it."""
        return tuple(ServerSnapshot.of(one.found) for one in self.controlled.values())

    async def read_initial_state(self) -> str:
        """Read every server as it is before we touch it.

        Returns:
            How the target was held out from outside, or nothing when it is ours to take.

        Raises:
            BalancerError: a load balancer did not answer, or has no line of the target any more.
        """
        rows = await self.observer.begin_with_new_lines()
        self._places = lines.places_of(rows.values())
        idle = {server: why for server, row in rows.items() if (why := is_disabled(row))}
        if len(idle) == len(rows):
            return "; ".join(f"{server} is {why}" for server, why in idle.items())
        ours = {server: row for server, row in rows.items() if server not in idle}
        self.controlled = ControlledServers.of(ours)
        self._set_target(tuple(ours))
        held = ((server, external_hold(row)) for server, row in ours.items())
        return "; ".join(f"{server} is {how}" for server, how in held if how)

    async def adopt(self, owned_target: OwnedTarget) -> None:
        """Own again what was ours; a server that was changed from outside since is ``lost``.

        A line that is gone, or leads to another server by now, is no server of the target any more.

        Raises:
            BalancerError: a load balancer did not answer.
            RecordError, LockLost: it could not be written down.
        """
        rows = await self.observer.begin()
        there = [before for before in owned_target.found if before.server in rows]
        owned = {before.server: before.over(rows[before.server]) for before in there}
        self._places = lines.places_of(owned.values())
        self.controlled = ControlledServers.of(owned)
        gone = lines.vanished(self.target.servers, self.observer.readings)
        for server, one in self.controlled.items():
            row = rows[server]
            state = owned_target.ours(row)
            if lines.has_moved(one.found, row, AdminState.MAINT):
                gone.append(server)
            elif state is None:
                one.lost = admin_state_of(row)
            else:
                one.own(state)
        await self._change_lines(gone, [])

    def own_again(self, servers: Collection[Server]) -> None:
        """Control again what is in rotation, though nothing has proven it.

        It was found so, not ordered: where a reload changes it, that is an operator's doing.
        """
        for server in servers:
            self.controlled[server].own(AdminState.READY, ordered=False)

    async def read_all(self) -> Mapping[Server, ServerState]:
        """Read every server that is ours, and put right what a reload undid.

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
        held = self.controlled.held(states)
        undone = [(s, one) for s, one in held if one.ordered]
        again += [s for s, one in undone if reloaded or one.missed_order(states[s])]
        again += awake_agents(self.controlled.wanted, states, self.servers)
        if again:
            await self._confirm(tuple(dict.fromkeys(again)))
            states = await self.observer.read_some()
        await self._raise_if_changed_and_owned(states)
        self.maint_visitors.see(self.observer.answered, self.controlled.in_maint)
        lost = self.lost
        return {server: row for server, row in states.items() if server not in lost}

    async def _follow_lines(self) -> list[Server]:
        """Part with lines that are gone, take those that are new, notice what others set.

        Returns:
            The servers to be told their state again.
        """
        seen = self.observer.answered
        rows = self.observer.rows(seen)
        gone = lines.vanished(self.target.servers, seen)
        for server, one in self.controlled.held(rows):
            if one.wanted and lines.has_moved(one.found, rows[server], one.wanted):
                gone.append(server)
            if lines.is_disabled_since(one.found, rows[server]):
                one.lost = admin_state_of(rows[server])
                self._note(f"{server} is disabled in HAProxy's file by now: left so")
        new = lines.new_lines(self.target, self._places, seen.values()) if self._takes_new else []
        new = [row for row in new if not external_hold(row)]
        if gone or new or not self._kept:
            await self._change_lines(gone, new)
        self._notice_settings()
        return [row.server for row in new]

    async def _change_lines(self, gone: Collection[Server], new: Sequence[ServerState]) -> None:
        """Let the target consist of other servers than before, and write that down."""
        state = AdminState.MAINT if self.controlled.in_maint else self._last_told
        for server in gone:
            self.controlled.pop(server, None)
        for row in new:
            self.controlled[row.server] = ServerControl(lines.as_new(row), wanted=state)
        left = [server for server in self.target.servers if server not in gone]
        self._set_target((*left, *(row.server for row in new)))
        if gone or new:
            names = (tuple(map(str, gone)), tuple(str(row.server) for row in new))
            self.tell(ServersChanged(target=self.target.name, gone=names[0], new=names[1]))
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
        for server, one in self.controlled.held(rows):
            mark = self.observer.readings[server.balancer].process
            found, changes = self._settings.see(one.found, rows[server], mark)
            for what in changes:
                self._note(what)
            if found != one.found:
                one.found, self._kept = found, False

    def _note(self, what: str) -> None:
        self.tell(Noted(where=self.target.name, what=what))

    async def wait_until(
        self, awaited: str, question: Poll, *, timeout: float, every: float | None = None
    ) -> None:
        """Ask about this target until the answer is met; see :func:`rollout.wait.until`."""
        reporter = WaitReporter(self.target.name, awaited, self.tell)
        every = self.plan.timeouts.poll if every is None else every
        await until(reporter, question, timeout=timeout, every=every)

    async def set_state(self, state: AdminState, servers: Collection[Server] | None = None) -> None:
        """Tell ``servers`` (default: all) their state and see it on every load balancer.

        A server that was changed from outside is left as it is now.  The agent of one that is not
        to be ready is silenced first.

        Raises:
            ChangedExternally: one was changed from outside at the same moment.
            BalancerError: it was not seen in time; it may have taken effect none the less.
        """
        chosen = [s for s in self.servers if servers is None or s in servers]
        for server in chosen:
            self.controlled[server].order(state)
        self._last_told, self._takes_new = state, state is not AdminState.READY
        await self._confirm(chosen)
        if state is not AdminState.READY or not chosen:
            with suppress(RecordError):  # what it is later is others' doing, if this is written
                await self._record({})

    def returned(self, server: Server) -> bool:
        """Whether it was told to be ready, and nothing else since."""
        return self.controlled.wanted.get(server) is AdminState.READY

    async def record_intent(self, state: AdminState) -> None:
        """Write down that all is about to be told ``state``; nothing is told yet.

        Raises:
            RecordError, LockLost: it must not be told.
        """
        await self._record(dict.fromkeys(self.servers, state))

    def state_after(self, state: AdminState) -> str:
        """Say how HAProxy has it when all that is ours was told ``state``."""
        ours = {state} if self.servers else set[AdminState]()
        return " and ".join(sorted(ours | set(self.lost.values()))) or "gone"

    async def set_ready_as_found(self) -> None:
        """Make every server ready again, with the weight and the agent it was found with.

        Every load balancer gets its turn even when another one fails.  What was changed
        from outside since the last look is left as it is.

        Raises:
            BalancerError: one of them was not seen to do it.
            ChangedExternally: a server was changed from outside at the same moment.
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
        """Part with what was changed from outside there since the last look, and tell it."""
        with suppress(BalancerError):
            rows = await self.observer.read((name,))
            if self.observer.reloaded((name,)):
                return
            self._notice_settings()
            held = self.controlled.held(rows)
            arrived = {s: rows[s] for s, one in held if not one.missed_order(rows[s])}
            try:
                self._raise_if_changed(arrived)
            except ChangedExternally as taken:
                self._note(str(taken))

    async def _confirm(self, servers: Sequence[Server]) -> None:
        deadline = now() + CONFIRM_WITHIN
        names = tuple(dict.fromkeys(server.balancer for server in servers))
        while servers:
            try:
                wanted = {s: state for s, state in self.controlled.wanted.items() if s in servers}
                await self._record(wanted)
                awake = awake_agents(wanted, self.observer.rows(names), tuple(servers))
                returns = AdminState.READY in wanted.values()
                earn = self.proven if returns else self.spared
                may = partial(read_again_if_stale, self.site.record.still_ours, earn)
                await order(wanted, awake, self.site.balancers, may)
                states = await self.observer.read(names)
            except BalancerError:
                # the reply was lost, HAProxy is not back yet, or a line is gone: telling it again,
                # without that one, is safe
                servers = await self._still_owned(servers, names)
                if servers and now() >= deadline:
                    raise
            else:
                left = [server for server in servers if server in states]
                undone = [s for s in left if not has_admin_state(states[s], wanted[s])]
                if now() >= deadline or not self.observer.reloaded(s.balancer for s in undone):
                    await self._raise_if_changed_and_owned(states)
                    return
            await asyncio.sleep(self.plan.timeouts.poll)

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
            self.controlled[server].expect(state)
        told = {server: self.controlled[server].could_be for server in wanted or self.servers}
        told |= dict.fromkeys(self.lost, ())
        returning = AdminState.READY in wanted.values() if wanted else None
        await self.site.record.records_intent(self.target.name, told, returning=returning)

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
        """See every server as it was told; what was changed from outside is not ours any more."""
        taken = []
        for server, one in self.controlled.held(states):
            if one.obeys(states[server]) or one.wanted is None:
                continue
            one.lost = admin_state_of(states[server])
            how = f"{one.lost} ({states[server].status})"
            taken.append(ChangedExternally(str(server), one.wanted, how))
        if taken:
            raise taken[0]
