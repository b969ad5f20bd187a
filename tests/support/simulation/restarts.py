"""Given a fleet, when it is rolled, then the promises are kept: the grammar of the scenarios."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from rollout.events import Event
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.fleet import Server
from rollout.model.plan import Plan, Share, Timeouts, waves_of
from rollout.ports.context import RunContext
from rollout.ports.site import Site, Supervisor
from rollout.restart.rolling import rolling_restart
from rollout.summary.deploy import Phase
from rollout.summary.run import Exit, RunSummary, enter
from rollout.summary.target import FINISHED, TargetPhase
from rollout.summary.target import TargetSummary as Account
from tests.support.simulation.clock import play
from tests.support.simulation.fakes import (
    FakeAddresses,
    FakeBalancer,
    FakeJournal,
    FakeProber,
    FakeSupervisor,
)
from tests.support.simulation.faults import Dead, Fault, Faults
from tests.support.simulation.world import App, Host, Life, Line, World, targets_of

QUICK = Timeouts(
    drain_timeout=5,
    maint_timeout=10,
    running_timeout=60,
    probation_timeout=20,
    stable=2,
    room_timeout=20,
)


def fleet(hosts: int = 4, *, instances: int = 2, balancers: int = 1, lines: str = "host") -> World:
    """A healthy fleet: every host with a line (or one per instance) on every load balancer."""
    machines, rows = [], []
    for number in range(1, hosts + 1):
        apps = [App(f"mongrel_{8000 + i}", 8000 + i) for i in range(instances)]
        machine = Host(f"web{number}", apps)
        for app in apps:
            app.lives.append(Life(machine.born(0)))
        machines.append(machine)
        for balancer in range(1, balancers + 1):
            if lines == "host":
                rows.append(Line(Server(f"lb{balancer}", "app", machine.name), machine, apps))
            else:
                rows += [
                    Line(
                        Server(f"lb{balancer}", "app", f"{machine.name}_{app.port}"), machine, [app]
                    )
                    for app in apps
                ]
    return World(machines, rows, Share(50, percent=True))


@dataclass
class Told:
    """What a run told, and the summary it amounts to."""

    events: list[Event] = field(default_factory=list)
    summary: RunSummary = field(default_factory=RunSummary)
    died: bool = False

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.summary = enter(self.summary, event)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def site_of(
    world: World,
    *,
    stop_asked: Callable[[], bool] = lambda: False,
    supervisor: Callable[[World], Supervisor] = FakeSupervisor,
) -> Site:
    return Site(
        balancers={name: FakeBalancer(world, name) for name in world.balancers},
        supervisor=supervisor(world),
        prober=FakeProber(world),
        smoke=None,
        record=PersistentOwnershipLog(FakeJournal(world)),
        addresses=FakeAddresses(),
        stop_asked=stop_asked,
    )


def roll(
    world: World,
    *faults: Fault,
    max_out: int = 1,
    canary: int = 0,
    timeouts: Timeouts = QUICK,
    stop_asked: Callable[[], bool] = lambda: False,
    started: float | None = None,
    supervisor: Callable[[World], Supervisor] = FakeSupervisor,
    **policy: object,
) -> Told:
    """Restart the whole fleet of ``world`` while ``faults`` befall it."""
    world.faults = Faults(*faults)
    plan = Plan(
        waves=waves_of(targets_of(world), Share(canary)),
        max_out=max_out,
        floor=world.floor,
        timeouts=timeouts,
    )
    plan = replace(plan, **policy)  # type: ignore[arg-type]  # the fields of Plan, by name
    told = Told()
    with suppress(Dead):
        site = replace(
            site_of(world, stop_asked=stop_asked, supervisor=supervisor), started=started
        )
        play(rolling_restart(RunContext(plan, site, told)))
    told.died = world.faults.dead
    return told


def promises_broken(world: World, told: Told, *, again: bool = False) -> list[str]:
    """Check the six promises (design, section 1) on the world after the run.

    ``again``: an earlier part of the run, or of the same deploy, may have asked for a restart too.
    """
    broken = list(world.broken)
    recorded = {
        server
        for owned_target in world.owned_targets.values()
        for server in owned_target.target.servers
    }
    for server, line in world.lines.items():
        changed = as_found(world, line) is False
        if changed and told.died and server not in recorded:
            broken.append(f"4 record: {server} is out and in no record")
        if changed and not told.died and line.host.name not in told.summary.out:
            broken.append(f"3 as found: {server} is {line.admin!r} weight {line.weight}, not named")
    if not told.died:
        broken += _account(world, told.summary, again=again)
    return broken


def as_found(world: World, line: Line) -> bool:
    """Of a line that another hand has now, its agent is left as it is."""
    if line.gone:
        return True
    admin, weight, agent = world.found[line.server]
    as_it_was = line.agent == agent or line.theirs
    return (line.admin, line.weight) == (admin, weight) and as_it_was


def _account(world: World, summary: RunSummary, *, again: bool) -> Iterable[str]:
    """Promise 6: the code says what the fleet looks like."""
    code = summary.exit_code
    for name, line in summary.lines.items():
        restarted = [app.restarts for app in world.hosts[name].apps]
        twice = again or summary.deploy.phase not in {Phase.NONE, Phase.LIVE}
        if line.standing is TargetPhase.DONE and set(restarted) - {1, 2 if twice else 1}:
            yield f"6 account: {name} called restarted, monit was asked {restarted}"
        idle = {TargetPhase.UNTOUCHED, TargetPhase.SKIPPED}
        if line.standing in idle and any(restarted) and not again:
            yield f"6 account: {name} called {line.standing}, monit was asked {restarted}"
        yield from _at_the_end(world, summary, name, line)
    if code is Exit.DONE and any(line.standing not in FINISHED for line in summary.lines.values()):
        yield "6 account: exit 0 with somebody not restarted"
    if code is Exit.BUG:
        yield "6 account: the run ended without saying how"


def _at_the_end(world: World, summary: RunSummary, name: str, line: Account) -> Iterable[str]:
    """Promise 6: what is said to serve carries visitors on every load balancer that was seen."""
    rows = [x for x in world.lines.values() if x.host.name == name]
    there = [x for x in rows if not x.off and not x.gone]
    seen = [x for x in there if x.server.balancer not in summary.unseen]
    idle = [str(x.server) for x in seen if x.admin or not x.up or not x.weight]
    serves = {TargetPhase.DONE, TargetPhase.RECOVERED, TargetPhase.GIVEN_BACK}
    if line.standing in serves and idle and not line.now:
        yield f"6 account: {name} called {line.standing}, and {idle} get no visitors"
    if line.standing in serves and not there and not summary.unseen and not line.now:
        yield f"6 account: {name} called {line.standing}, and HAProxy has no server of it"
    if line.now and seen and not idle:
        yield f"6 account: {name} called idle ({line.now}), and it serves"
