"""The seams, satisfied by the world of the scenarios."""

import asyncio
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from rollout.adapters.journal.serialization import read_holding, spell_holding
from rollout.adapters.monit.preflight import findings_in
from rollout.adapters.monit.profile import MONIT
from rollout.adapters.monit.status_parser import ServiceBlock
from rollout.adapters.monit.translate_states import instance_state
from rollout.model.control import ControlAnswer, ControlRequest
from rollout.model.errors import (
    BalancerError,
    LockError,
    LockHeld,
    LockLost,
    RecordError,
    RestartRefused,
    RolloutError,
    SupervisorError,
)
from rollout.model.fleet import (
    Admin,
    AdminState,
    BalancerSnapshot,
    Finding,
    Instance,
    InstanceState,
    ProcessIdentity,
    Server,
    Survivor,
)
from rollout.model.lock_state import LockOwner, LockState
from rollout.model.ownership import OwnedTarget
from rollout.model.supervisor import SupervisorProfile
from rollout.model.traffic import BackendTraffic, TrafficCounters, TrafficReading
from rollout.ports.site import CheckResult
from tests.support.simulation.world import FIRST, MOMENT, App, Host, Life, World, clock


class FakeBalancer:
    """Satisfies :class:`rollout.ports.site.Balancer`."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    async def look(self) -> BalancerSnapshot:
        async with self.world.faults.befall(f"{self._name} look", self._error):
            self.world.reload_due(self._name)
            self.world.operator()
        rows = {line.server: line.row(clock()) for line in self.world.shown_by(self._name)}
        for line in self.world.shown_by(self._name):
            line.unseen = False
        return BalancerSnapshot(
            balancer=self._name,
            version="2.6",
            process=self.world.marks[self._name],
            servers=rows,
            age=clock() - self.world.began[self._name],
        )

    async def read_traffic(self, *, servers: bool) -> TrafficReading:
        lines = self.world.shown_by(self._name)
        counted = {line.server: TrafficCounters(requests=line.total) for line in lines}
        backends = {
            name: BackendTraffic(
                counters=TrafficCounters(
                    requests=sum(c.requests for s, c in counted.items() if s.backend == name)
                )
            )
            for name in {server.backend for server in counted}
        }
        return TrafficReading(
            balancer=self._name,
            process=self.world.marks[self._name],
            age=clock() - self.world.began[self._name],
            backends=backends,
            servers=counted if servers else {},
        )

    async def set_state(self, servers: Sequence[Server], state: AdminState) -> None:
        async with self.world.faults.befall(f"{self._name} {state}", self._error):
            self.world.reload_due(self._name)
            for server in (s for s in servers if not self.world.lines[s].gone):
                line = self.world.lines[server]
                line.check_until(clock())
                self.world.judge_lock(f"{server} {state}")
                held = self.world.found[server][0]
                unknown = line.unseen or clock() <= line.meddled_at + MOMENT
                if held and unknown:  # nobody can know what was done a moment ago
                    line.unseen, held = False, Admin(0)
                    self.world.found[server] = (held, *self.world.found[server][1:])
                if held:
                    self.world.break_promise(f"3 as found: {server} was held by somebody else")
                if state is AdminState.READY:
                    self.world.judge_ready(server)
                elif not line.admin and line.serves() and not any(a.asked for a in line.apps):
                    self.world.judge_floor(server)
                line.told(state, clock())
            self._refuse(servers)

    def _refuse(self, servers: Sequence[Server]) -> None:
        """Refuse what HAProxy has no more; the others were told."""
        if gone := [server for server in servers if self.world.lines[server].gone]:
            raise self._error(f"HAProxy refused `set server {gone[0].name}`: No such server.")

    async def switch_agent(self, servers: Sequence[Server], *, on: bool) -> None:
        async with self.world.faults.befall(f"{self._name} agent", self._error):
            for server in servers:
                self.world.lines[server].agent = on
            self._refuse(servers)

    async def set_weight(self, server: Server, weight: int) -> None:
        async with self.world.faults.befall(f"{self._name} weight", self._error):
            self.world.lines[server].weight = weight
            self._refuse([server])

    async def cut(self, servers: Sequence[Server]) -> None:
        async with self.world.faults.befall(f"{self._name} cut", self._error):
            for server in servers:
                self.world.lines[server].endless = False

    async def examine(self) -> tuple[Finding, ...]:
        return ()

    def _error(self, words: str) -> BalancerError:
        return BalancerError(self._name, words)


class FakeSupervisor:
    """Satisfies :class:`rollout.ports.site.Supervisor`, with monit's half-truths."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.remembered: set[tuple[str, str]] = set()
        """Instances whose old processes are told from new ones."""

    @property
    def profile(self) -> SupervisorProfile:
        return MONIT

    def look_command(self, host: str) -> str:
        return f"ssh {host} monit status"

    async def look(self, host: str) -> tuple[InstanceState, ...]:
        async with self.world.faults.befall(f"{host} status", _from(host)):
            revive(self.world.hosts[host], clock())
        states = [seen(app, clock()) for app in self.world.hosts[host].apps]
        unknown = [state.name for state in states if (host, state.name) not in self.remembered]
        return tuple(replace(s, survivors=()) if s.name in unknown else s for s in states)

    async def restart(self, host: str, instances: Sequence[Instance]) -> None:
        machine = self.world.hosts[host]
        self.remembered |= {(host, one.name) for one in instances}
        for app in map(machine.app, (one.name for one in instances)):
            life = app.life(clock())
            app.to_be_replaced.append(life.process if life else None)
        await asyncio.sleep(self.world.requests_take)

        def refused(words: str) -> SupervisorError:
            return RestartRefused(host, words)

        async with self.world.faults.befall(f"{host} restart", _from(host), refused=refused):
            apps = [machine.app(one.name) for one in instances]
            self.world.judge_lock(f"restart of {host}")
            lost = [app for app in apps if app.manner == "lost"]  # monit dies before their turn
            for app in lost:
                app.manner, app.asked = "good", True
            apps = [app for app in apps if app not in lost]
            for app in apps:
                self.world.judge_restart(machine, app)
            _restart(machine, apps, clock(), self.world.manners)

    def remember(self, host: str, before: Mapping[str, ProcessIdentity | None]) -> None:
        self.remembered |= {(host, name) for name in before}

    async def examine(self, host: str) -> tuple[Finding, ...]:
        states = [seen(app, clock()) for app in self.world.hosts[host].apps]
        return findings_in(host, states, "monit", ".*", None)


def _from(host: str) -> Callable[[str], SupervisorError]:
    return lambda words: SupervisorError(host, words)


def revive(machine: Host, at: float) -> None:
    """Let monit start what it was still to start, as `current` is now."""
    for app in machine.apps:
        if app.reviving_at <= at:
            born, app.reviving_at = app.reviving_at, math.inf
            app.lives.append(
                Life(machine.born(born), answers_from=born + app.boot, release=machine.current)
            )


def seen(app: App, at: float) -> InstanceState:
    life = app.life(at)
    watched = app.manner != "unmonitored" or app.restarts > 0
    if at < app.pending_until:
        return _state(app, "OK", pending="restart", process=life.process if life else None)
    if at < app.initializing_until:
        return _state(app, "Initializing", process=None)
    if life is None:
        status = "Does not exist" if watched else "Not monitored"  # monit has given it up
        return _state(app, status, process=None, watched=watched)
    status = (app.alert or "OK") if watched else "Not monitored"
    return _state(app, status, process=life.process, watched=watched)


def _state(
    app: App,
    status: str,
    *,
    process: ProcessIdentity | None,
    pending: str = "",
    watched: bool = True,
) -> InstanceState:
    block = ServiceBlock(
        kind="Process",
        name=app.name,
        status=status,
        pending=pending,
        monitoring="Monitored" if watched else "Not monitored",
        pid=process.pid if process else None,
    )
    return replace(
        instance_state(block, process),
        port=app.port,
        survivors=survivors_of(app),
        requests=len(app.to_be_replaced),
        outgoing=process is not None and process in app.to_be_replaced,
    )


def survivors_of(app: App) -> tuple[Survivor, ...]:
    child = [Survivor(99, "ruby", listens=True)] * (clock() < app.outlives_until)
    helper = [Survivor(98, "sleep", listens=False)] * (app.helper and app.restarts > 0)
    return (*child, *helper)


def _restart(machine: Host, apps: Iterable[App], at: float, manners: Mapping[str, str]) -> None:
    """Monit's serial thread: stop, start, the next one; all shown as OK only when all are done."""
    chosen = [app.name for app in apps]
    ours = [app for app in machine.apps if app.name in chosen or app.depends_on in chosen]
    free = max(machine.free_at, at + 0.1)
    for app in ours:
        if app.name not in chosen:
            app.unasked, app.asked = app.unasked + 1, True
            if app.manner not in {"stop_times_out", "unmonitored", "keeps_pid"}:
                app.restarted_on.append(machine.current)
    for app in ours:
        app.restarts += 1
        if app.manner == "stop_times_out":
            free += 30
            app.pending_until = free
            continue
        if app.manner in {"unmonitored", "keeps_pid"} and app.life(at) is not None:
            app.pending_until = free
            continue
        if app.lives:
            app.lives[-1].gone_at = min(app.lives[-1].gone_at, free)
        free += app.stop
        if app.outlived:
            app.outlives_until = free + app.outlived
        app.pending_until = free
        bear(machine, app, free, manners.get(machine.current, app.manner))
        free += 0.2
    machine.free_at = free
    for app in ours:
        app.initializing_until = free


def bear(machine: Host, app: App, at: float, manner: str) -> None:
    release = machine.current if machine.follows_current else FIRST
    boots = max(at + app.boot, app.outlives_until)
    life = Life(machine.born(at), answers_from=boots, release=release)
    app.lives.append(life)
    if manner == "never_boots":
        life.answers_from = math.inf
    if manner == "hangs":  # in its start; monit waits for the pid until its start timeout
        life.answers_from, app.pending_until = math.inf, at + 80
    if manner == "hangs_long":  # with a start timeout of minutes
        life.answers_from, app.pending_until = math.inf, at + 400
    if manner == "revives":  # ends at boot; monit starts later what `current` leads to by then
        life.answers_from, life.gone_at = math.inf, at + 0.5
        app.pending_until = at + 70
        app.reviving_at = at + 65
    if manner == "dies":
        life.answers_from, life.gone_at = math.inf, at + 0.5
    if manner == "flaps":  # dies at boot; monit brings it back at its next cycle
        for number in range(6):
            last = app.lives[-1]
            last.answers_from, last.gone_at = math.inf, at + 4 * number + 2
            born = machine.born(last.gone_at + 2)
            app.lives.append(Life(born, answers_from=math.inf, release=release))
    if manner == "crashes":
        life.gone_at = at + app.boot + app.lasts
        again = life.gone_at + app.boot
        app.lives.append(Life(machine.born(life.gone_at), answers_from=again, release=release))


class FakeProber:
    """Satisfies :class:`rollout.ports.site.Prober`."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def answers(self, host: str, instance: Instance) -> CheckResult:
        async with self.world.faults.befall(f"{host} probe", _from(host)):
            pass
        if self.world.hosts[host].app(instance.name).answers(clock()):
            return CheckResult(ok=True, message="200 OK")
        return CheckResult(ok=False, message="connection refused")


class FakeJournal:
    """The journal that `PersistentOwnershipLog` writes to; survives in the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.has_all = False

    def has_room(self) -> None:
        if self.world.disk_full:
            raise RecordError("the disk is full")
        if clock() >= self.world.full_from:
            self.world.disk_full = True  # and the reserve is what is left

    async def held(self, owned_target: OwnedTarget) -> None:
        async with self.world.faults.befall("journal held", RecordError):
            if owned_target.target.name not in self.world.owned_targets:
                for app in (
                    a for s in owned_target.target.servers for a in self.world.lines[s].apps
                ):
                    app.asked = False
            written = json.loads(json.dumps(spell_holding(owned_target)))
            self.world.owned_targets[owned_target.target.name] = read_holding(written)
            self.world.released.discard(owned_target.target.name)

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        async with self.world.faults.befall("journal released", RecordError):
            self.world.owned_targets.pop(target, None)
            self.world.released.add(target)
            self.world.renewed[target] = tuple(renewed)
            if restarted:
                self.world.restarted.add(target)

    async def inherited_all(self) -> None:
        async with self.world.faults.befall("journal inherited", RecordError):
            self.has_all = True


class FakeLock:
    """Satisfies :class:`rollout.ports.ownership.Lock`, in one place."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._run = ""

    async def look(self) -> tuple[LockState, ...]:
        async with self.world.faults.befall("lock look", self._error):
            return () if self.world.lock is None else (self.world.lock,)

    async def take(self, owner: LockOwner) -> None:
        async with self.world.faults.befall("lock take", self._error):
            if self.world.lock is not None:
                raise LockHeld("lb1", str(self.world.lock.owner))
            self.world.lock = LockState(place="lb1", owner=owner)
            self._run = owner.run

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        del seize
        async with self.world.faults.befall("lock take over", self._error):
            held = self.world.lock
            if held is not None and held.owner.run not in {*old.split(), owner.run}:
                raise LockHeld("lb1", str(held.owner))
            then = held.owned_targets if held else ()
            before = held.before if held else ()
            if held is not None and held.owner.run != owner.run:
                self.world.settled[held.owner.run] = owner.run
                before = (held.owner.run, *before)
            self.world.lock = LockState(place="lb1", owner=owner, owned_targets=then, before=before)
            self._run = owner.run

    async def keep(
        self, owned_targets: Sequence[OwnedTarget] | None = None, *, everywhere: bool
    ) -> None:
        if clock() >= self.world.lock_broken:
            raise LockLost("lb1", "ops@elsewhere")
        try:
            async with self.world.faults.befall("lock keep", self._error):
                pass
        except LockError:
            if everywhere:
                raise
            self.world.lock_unheard = clock()  # nobody can know whose it is
            return
        if self.world.lock is None or self.world.lock.owner.run != self._run:
            held = self.world.lock
            raise LockLost("lb1", str(held.owner) if held else "")
        if owned_targets is not None:
            self.world.lock = replace(self.world.lock, owned_targets=tuple(owned_targets))

    async def beat(self) -> None:
        if self.world.lock is not None and self.world.lock.owner.run == self._run:
            self.world.lock = replace(self.world.lock, heartbeats=self.world.lock.heartbeats + 1)

    async def settled(self) -> Mapping[str, str]:
        return self.world.settled

    async def leave_behind(self, how: str) -> tuple[RolloutError, ...]:
        if self.world.lock is not None and self.world.lock.owner.run == self._run:
            self.world.lock = replace(self.world.lock, ended=how)
        return ()

    async def release(self) -> tuple[RolloutError, ...]:
        held = self.world.lock
        if held is not None and held.owner.run != self._run:
            return (LockLost("lb1", str(held.owner)),)
        if self.world.lock is not None and self.world.lock.owned_targets:
            return (self._error("it still lists servers"),)
        self.world.lock = None
        return ()

    def _error(self, words: str) -> LockError:
        return LockError("lb1", words)


class FakeControl:
    """Satisfies :class:`rollout.ports.control.Control`: what is asked stands in the lock's world.

    A request is of one run, and gone with its lock.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: dict[str, list[ControlRequest]] = {}
        self.answers: dict[str, list[ControlAnswer]] = {}

    async def requests(self, run: str) -> Sequence[ControlRequest]:
        return tuple(self.asked.get(run, ())) if self._holds(run) else ()

    async def answer(self, run: str, answer: ControlAnswer) -> None:
        if self._holds(run):
            self.answers.setdefault(run, []).append(answer)

    async def show_pause(self, run: str, by: str) -> None:
        if self._holds(run) and self.world.lock is not None:
            self.world.lock = replace(self.world.lock, paused=by)

    async def ask(self, run: str, request: ControlRequest) -> None:
        self._check(run)
        self.asked.setdefault(run, []).append(request)

    async def answered(self, run: str, request: str) -> ControlAnswer | None:
        answer = next((a for a in self.answers.get(run, ()) if a.request == request), None)
        if answer is None:
            self._check(run)
        return answer

    def _holds(self, run: str) -> bool:
        return self.world.lock is not None and self.world.lock.owner.run == run

    def _check(self, run: str) -> None:
        if not self._holds(run):
            raise LockLost("lb1", str(self.world.lock.owner) if self.world.lock else "")


class FakeAddresses:
    """Satisfies :class:`rollout.ports.site.Addresses`: a host's name is its address here."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        return (host,)
