"""A fleet with bad manners, in virtual time.

HAProxy checks at its own pace and calls a server up the moment it leaves maint; monit works
serially and tells half-truths meanwhile; sessions end late; sticky clients come back.  The contract
tests hold this against the real daemons.  What the world sees of us it judges by the promises:
each broken one is written to ``broken`` with the moment.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rollout.model.fleet import (
    Admin,
    AdminState,
    HaproxyProcess,
    Instance,
    OperationalState,
    ProcessIdentity,
    Server,
    ServerState,
    Target,
)
from rollout.model.lock_state import LockState
from rollout.model.ownership import OwnedTarget
from rollout.model.plan import Share
from tests.support.simulation.faults import Faults

INTER, RISE, FALL = 1.0, 2, 2
MOMENT = 0.05
"""Seconds between the last look at a process and the order that it has earned; nobody can know who
dies in between (an order to each of three load balancers takes so long here)."""

LAST_WORDS = 4.0
"""Seconds that the process before a reload goes on serving what it had accepted."""


def clock() -> float:
    return asyncio.get_running_loop().time()


FIRST = "20260101000000"
"""The release that is live when a scenario begins."""


@dataclass
class Life:
    """One process of an instance: when it was born, when it answers, when it is gone."""

    process: ProcessIdentity
    answers_from: float = -math.inf
    gone_at: float = math.inf
    release: str = FIRST

    def answers(self, at: float) -> bool:
        return self.answers_from <= at < self.gone_at


@dataclass
class App:
    """One instance: its processes so far, and how it behaves when monit restarts it."""

    name: str
    port: int
    boot: float = 3.0
    stop: float = 0.5
    lasts: float = 0.4  # seconds that an app answers which then crashes
    manner: str = (
        "good"  # never_boots, hangs, dies, flaps, crashes, stop_times_out, keeps_pid, unmonitored,
        # lost (monit dies before its turn comes)
    )
    lives: list[Life] = field(default_factory=list)
    pending_until: float = -math.inf
    initializing_until: float = -math.inf
    reviving_at: float = math.inf
    restarts: int = 0
    unasked: int = 0  # restarts of those, because of another instance (`depends on`)
    alert: str = ""  # what a rule of monit's reports while it runs
    depends_on: str = ""
    outlived: float = 0.0  # seconds that a child of its process answers after its restart
    helper: bool = False  # started by its process, and not ended with it
    outlives_until: float = -math.inf  # its port is answered by a process from before
    asked: bool = False  # to restart, since it was claimed
    to_be_replaced: list[ProcessIdentity | None] = field(
        default_factory=list
    )  # at each request of ours
    restarted_on: list[str] = field(default_factory=list)

    def life(self, at: float) -> Life | None:
        alive = [one for one in self.lives if one.process.started is not None]
        started = [one for one in alive if _born(one) <= at < one.gone_at]
        return started[-1] if started else None

    def answers(self, at: float) -> bool:
        life = self.life(at)
        return at < self.outlives_until or (life is not None and life.answers(at))


def _life(app: App) -> Life | None:
    return app.life(clock())


def _born(life: Life) -> float:
    return (life.process.started or 0) / 100


@dataclass
class Directory:
    """A release on a disk: what its REVISION says, what was done to it, what became of it."""

    revision: str = ""
    whole: bool = False
    linked: bool = False
    built: list[str] = field(default_factory=list)
    mark: str = ""


@dataclass
class Host:
    """A machine with a monit of its own, which works on one instance after another."""

    name: str
    apps: list[App]
    free_at: float = -math.inf
    pids: int = 100
    current: str = FIRST
    disk: dict[str, Directory] = field(default_factory=lambda: {FIRST: Directory("r0", whole=True)})
    notes: dict[str, tuple[bool, str]] = field(default_factory=dict)
    follows_current: bool = True

    def app(self, name: str) -> App:
        return next(app for app in self.apps if app.name == name)

    def born(self, at: float) -> ProcessIdentity:
        self.pids += 1
        return ProcessIdentity(self.pids, round(at * 100), f"boot-{self.name}")


@dataclass
class Line:
    """A server line as HAProxy keeps it."""

    server: Server
    host: Host
    apps: list[App]
    admin: Admin = field(default_factory=lambda: Admin(0))
    weight: int = 1
    agent: bool = False
    agent_says_ready: bool = False
    backup: bool = False
    health: int = RISE + FALL - 1
    next_check: float = 0.0
    since: float = -math.inf
    tail: float = 1.0
    sticky: bool = False
    endless: bool = False
    hidden_until: float = -math.inf
    total: int = 0
    dies_at: float = math.inf
    revives_at: float = math.inf
    theirs_from: float = math.inf
    meddling: list[tuple[float, Admin]] = field(default_factory=list)
    theirs: bool = False  # somebody has changed it meanwhile, whoever held it
    unseen: bool = False  # somebody has changed it, and nobody of us has looked since
    meddled_at: float = -math.inf
    checked: bool = True
    initial_weight: int = 1
    leaves_at: float = math.inf  # the file loses it; HAProxy follows at its next reload
    comes_at: float = math.inf
    gone: bool = False
    visits_every: float = math.inf  # of clients that HAProxy sends here even in maint
    visited: list[float] = field(default_factory=list)

    @property
    def off(self) -> bool:
        """The file disables it or gives it no weight, or it has no address."""
        return int(self.admin) & 5 == 5 or bool(int(self.admin) & 32) or not self.initial_weight

    @property
    def up(self) -> bool:
        return self.health >= RISE

    def answers(self, at: float) -> bool:
        alive = not self.dies_at <= at < self.revives_at
        return alive and any(app.answers(at) for app in self.apps)

    def check_until(self, at: float) -> None:
        """Do the health checks that were due; none while in maint."""
        while self.next_check <= at:
            if self.agent and self.agent_says_ready:
                self.admin &= Admin.CONFIG_MAINT
            if not int(self.admin) & 1:
                self._check(self.answers(self.next_check))
            alike_until = min(at, self._next_turn())
            self.next_check += INTER
            if alike_until > self.next_check:
                self.next_check += INTER * math.floor((alike_until - self.next_check) / INTER)

    def _next_turn(self) -> float:
        """Return until when all checks come to what the last one did.

        Without it nine of ten checks of a scenario changed nothing, in a third of its time.
        """
        if int(self.admin) & 1:
            return math.inf
        if 0 < self.health < RISE + FALL - 1:
            return self.next_check
        turns = [self.dies_at, self.revives_at]
        for app in self.apps:
            turns.append(app.outlives_until)
            for life in app.lives:
                turns += (_born(life), life.answers_from, life.gone_at)
        return min((turn for turn in turns if turn > self.next_check), default=math.inf)

    def _check(self, good: bool) -> None:  # noqa: FBT001 - one check has one result
        full = RISE + FALL - 1
        if good:
            self.health = min(self.health + 1, full)
            if self.health == RISE:
                self.health = full
        else:
            self.health = max(self.health - 1, 0)
            if self.health < RISE:
                self.health = 0

    def told(self, state: AdminState, at: float) -> None:
        self.check_until(at)
        was_maint = bool(self.admin & Admin.FORCED_MAINT)
        kept = self.admin & ~(Admin.FORCED_MAINT | Admin.FORCED_DRAIN)
        bits = {
            AdminState.READY: Admin(0),
            AdminState.DRAIN: Admin.FORCED_DRAIN,
            AdminState.MAINT: Admin.FORCED_MAINT,
        }
        if self.admin != kept | bits[state]:
            self.since = at
        self.admin = kept | bits[state]
        if was_maint and state is not AdminState.MAINT:
            self.health = RISE  # up at once, one bad check from down
            self.next_check = at + INTER / 10

    def sessions(self, at: float) -> int:
        if self.endless:
            return 1
        if not self.admin:
            return 5 if self.up else 0
        if int(self.admin) & 8 and self.sticky and self.up:
            return 2
        return 1 if at < self.since + self.tail else 0

    def row(self, at: float) -> ServerState:
        self.check_until(at)
        flowing = not self.admin or (self.sticky and int(self.admin) & 8)
        self.total += 1 if flowing else 0
        if int(self.admin) & 1 and self.visits_every < math.inf:
            last = max([self.since, *self.visited[-1:]])
            self.visited += [last + self.visits_every] * (last + self.visits_every <= at)
            self.total += last + self.visits_every <= at
        return ServerState(
            server=self.server,
            address=self.host.name,
            port=self.apps[0].port if len(self.apps) == 1 else 80,
            status=self._status(),
            admin=self.admin,
            operation=OperationalState.RUNNING if self.up else OperationalState.STOPPED,
            sessions=self.sessions(at),
            queued=0,
            sessions_total=self.total,
            weight=self.weight,
            initial_weight=self.initial_weight,
            backup=self.backup,
            checked=self.checked,
            agent=self.agent,
            tracks="",
            throttle=None,
        )

    def _status(self) -> str:
        full = RISE + FALL - 1
        if int(self.admin) & 3:
            return "MAINT"
        if not self.up:
            return "DOWN" if not self.health else f"DOWN {self.health}/{RISE}"
        word = "DRAIN" if int(self.admin) & 8 else "UP"
        return word if self.health == full else f"{word} {self.health - RISE + 1}/{FALL}"

    def serves(self) -> bool:
        return not self.admin and self.up and self.weight > 0 and not self.backup


class World:
    """Everything there is, the faults that befall it, and what we broke."""

    def __init__(self, hosts: Sequence[Host], lines: Sequence[Line], floor: Share) -> None:
        self.hosts = {host.name: host for host in hosts}
        self.lines = {line.server: line for line in lines}
        self.floor = floor
        self.faults = Faults()
        self.marks = {line.server.balancer: HaproxyProcess(1, 1) for line in lines}
        self.reloads: dict[str, list[float]] = {}
        self.began = dict.fromkeys(self.marks, -math.inf)
        self.broken: list[str] = []
        self.found = {line.server: (line.admin, line.weight, line.agent) for line in lines}
        self.owned_targets: dict[str, OwnedTarget] = {}
        self.released: set[str] = set()
        self.restarted: set[str] = set()
        self.renewed: dict[str, tuple[str, ...]] = {}
        self.lock: LockState | None = None
        self.settled: dict[str, str] = {}
        self.disk_full = False
        self.full_from = math.inf
        self.lock_broken = math.inf
        self.lock_unheard = -math.inf  # when it was asked last, and gave no answer
        self.together = False  # `current` moved everywhere before anybody was restarted
        self.manners: dict[str, str] = {}  # of every app, by the release that it runs
        self.restored: set[tuple[str, str]] = set()  # hosts and releases
        self.operator: Callable[[], object] = lambda: None  # has a hand in it before each look
        self.requests_take = 0.0  # seconds until monit has them
        self.deliveries: dict[str, str] = {}  # another revision than the one that was asked for

    @property
    def balancers(self) -> tuple[str, ...]:
        return tuple(self.marks)

    def break_promise(self, words: str) -> None:
        self.broken.append(f"{clock():.1f} {words}")

    def reload_due(self, balancer: str) -> None:
        for line in self.of(balancer):
            if line.theirs_from <= clock() and not line.admin:  # an operator drains it
                line.theirs_from, line.admin = math.inf, Admin.FORCED_DRAIN
                self.found[line.server] = (line.admin, line.weight, line.agent)
            self._meddle(line)
        due = [at for at in self.reloads.get(balancer, []) if at <= clock()]
        if not due:
            return
        self.reloads[balancer] = [at for at in self.reloads[balancer] if at > clock()]
        mark = self.marks[balancer]
        self.marks[balancer] = HaproxyProcess(mark.pid + 1, mark.started + 1)
        self.began[balancer] = clock()
        for line in self.of(balancer):
            if line.leaves_at <= clock():
                line.gone = clock() < line.comes_at or line.comes_at < line.leaves_at
            elif line.comes_at <= clock():
                line.gone = False
            line.check_until(clock())
            if not line.admin & Admin.FORCED_MAINT or line.sessions(clock()):
                line.hidden_until = clock() + LAST_WORDS
            line.admin &= Admin.CONFIG_MAINT
            line.agent = self.found[line.server][2]
            if self.found[line.server][0]:  # an operator's hold is gone as well, and not by us
                self.found[line.server] = (line.admin, line.weight, line.agent)
            # up, and one bad check from down: "UP 1/2" with check INI (measured on 2.6)
            line.health, line.total, line.weight = RISE, 0, line.initial_weight

    def could_be_ours(self, line: Line) -> set[Admin]:
        """List what nobody could tell from what we have told this line."""
        said = {AdminState.READY: 0, AdminState.MAINT: 1, AdminState.DRAIN: 8}
        told = [h.possible_states.get(line.server, ()) for h in self.owned_targets.values()]
        return {Admin(said[state]) for states in told for state in states}

    def _meddle(self, line: Line) -> None:
        """An operator tells a server something, whoever may hold it."""
        for at, admin in [one for one in line.meddling if one[0] <= clock()]:
            line.meddling.remove((at, admin))
            if line.admin == admin or admin in self.could_be_ours(line):
                continue  # nobody could tell who said it
            state = {0: AdminState.READY, 1: AdminState.MAINT, 8: AdminState.DRAIN}
            line.told(state[int(admin)], clock())
            line.unseen = line.theirs = True
            line.meddled_at = clock()
            self.found[line.server] = (line.admin, *self.found[line.server][1:])

    def of(self, balancer: str) -> list[Line]:
        return [line for line in self.lines.values() if line.server.balancer == balancer]

    def shown_by(self, balancer: str) -> list[Line]:
        return [line for line in self.of(balancer) if not line.gone]

    def judge_floor(self, server: Server) -> None:
        """A server is about to be taken out by us: does the floor hold without it?"""
        farm = [
            line
            for line in self.shown_by(server.balancer)
            if line.server.backend == server.backend and not line.backup and not line.off
        ]
        left = sum(1 for line in farm if line.serves() and line.server != server)
        if left < self.floor.at_least(len(farm)):
            self.break_promise(f"1 floor: {left} of {len(farm)} serve without {server}")

    def judge_lock(self, what: str) -> None:
        """Something is about to be changed: have we still the right to?"""
        if clock() > max(self.lock_broken, self.lock_unheard) + MOMENT:
            self.break_promise(f"5 lock: {what} after the lock was broken")

    def judge_ready(self, server: Server) -> None:
        """A server is about to be made ready by us: has it earned it?"""
        line = self.lines[server]
        asked = [app for app in line.apps if app.asked]
        moment = clock() - MOMENT
        if any(not app.answers(clock()) and not app.answers(moment) for app in asked):
            self.break_promise(f"2 evidence: {server} made ready and does not answer")
        if any(clock() < app.outlives_until for app in asked):
            self.break_promise(f"2 evidence: {server} made ready, and an old process answers")
        behind = {FIRST} if self.together else set[str]()  # with those who had no turn
        runs = {life.release for life in map(_life, asked) if life}
        if runs - {line.host.current} - behind:
            self.break_promise(f"7 release: {server} made ready beside what `current` says")
        if (
            asked
            and line.admin
            and (line.admin & Admin.FORCED_MAINT or line.health < RISE + FALL - 1)
        ):
            self.break_promise(f"2 evidence: {server} made ready before its checks were full")

    def judge_restart(self, host: Host, app: App) -> None:
        died = app.life(clock()) is None or len(app.lives) > app.restarts + 1
        if host.current in app.restarted_on and not (app.unasked and died):
            self.break_promise(f"5 twice: {host.name}/{app.name} asked to restart again")
        if clock() < app.pending_until:
            self.break_promise(f"5 twice: {host.name}/{app.name} asked while monit is busy with it")
        app.restarted_on.append(host.current)
        app.asked = True
        for line in self.lines.values():
            reloaded = self.marks[line.server.balancer].pid > 1
            if app not in line.apps or line.gone or line.server.balancer not in self.balancers:
                continue
            quiet = line.admin & (Admin.FORCED_MAINT | Admin.NO_ADDRESS) and not line.sessions(
                clock()
            )
            if not quiet and not reloaded:
                self.break_promise(f"0 visitors: {app.name} restarted while {line.server} serves")
            if clock() < line.hidden_until:
                self.break_promise(f"0 visitors: {app.name} restarted under the old process")

    def judge_work(self, host: Host) -> None:
        """A release is being filled or built: nobody may be missing for that."""
        shown = [line for line in self.lines.values() if not line.gone]
        out = [line.server for line in shown if line.admin != self.found[line.server][0]]
        if out:
            self.break_promise(f"8 window: {host.name} is prepared while {out[0]} is out")

    def judge_switch(self, host: Host, directory: Directory) -> None:
        """``current`` is about to move: is there a whole release, on every host?"""
        if not directory.whole:
            self.break_promise(f"7 release: {host.name} is switched to half a release")

    def judge_removal(self, host: Host, name: str) -> None:
        """A release is about to be removed."""
        lives = [app.life(clock()) for app in host.apps]
        if name == host.current or any(life and life.release == name for life in lives):
            self.break_promise(f"7 release: {host.name} loses {name}, which is in use")


def targets_of(world: World) -> tuple[Target, ...]:
    """One target per host that we may touch, in order."""
    targets = []
    for host in world.hosts.values():
        instances = tuple(Instance(app.name, app.port) for app in host.apps)
        lines = [line for line in world.lines.values() if line.host is host and not line.gone]
        behind = {
            line.server: tuple(one for one in instances if one.name in {a.name for a in line.apps})
            for line in lines
        }
        targets.append(Target(host.name, host.name, tuple(behind), instances, behind))
    return tuple(targets)
