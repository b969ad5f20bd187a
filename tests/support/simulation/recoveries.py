"""Given a run that died, when another one sees to what it left, then nobody is missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rollout.deploy.deploy import uninterrupted
from rollout.deploy.preflight import ready_to_deploy, ready_to_roll_back, restart_preflight
from rollout.lock.ownership_log import PersistentOwnershipLog
from rollout.model.deploy import Deploy
from rollout.model.lock_state import PastDeploy, PastRun
from rollout.model.past_runs import UnfinishedRun
from rollout.model.plan import Plan, Share, Timeouts
from rollout.model.releases import OnFailure, Release, Switch
from rollout.ports.context import DeployContext, RunContext
from rollout.ports.site import DeployServices, Site
from rollout.recovery.recover import RecoveryRequest, recover, take_back_what_never_ran
from rollout.recovery.resume import ResumeRequest, resume
from rollout.restart.preflight import report_preflight
from rollout.restart.rolling import rolling_restart
from rollout.restart.server_mapping import Selection
from tests.support.simulation.clock import play
from tests.support.simulation.fake_releases import FakeHooks, FakeReleases, FakeSource
from tests.support.simulation.fakes import FakeJournal
from tests.support.simulation.faults import Dead, Fault, Faults
from tests.support.simulation.random_life import owner
from tests.support.simulation.restarts import QUICK, Told, site_of
from tests.support.simulation.world import FIRST, World

LATER = 3000.0
"""When the next run begins, on the world's clock."""


def after_it(world: World, *, stop_asked: Callable[[], bool] = lambda: False) -> Site:
    """Return the site of a run that answers for what the one before it has left."""
    record = PersistentOwnershipLog(
        FakeJournal(world), owned_targets=tuple(world.owned_targets.values())
    )
    return replace(
        site_of(world, stop_asked=stop_asked), record=record, releases=FakeReleases(world)
    )


def recovered(
    world: World,
    *faults: Fault,
    begins: float = LATER,
    timeouts: Timeouts = QUICK,
    past: PastRun | None = None,
) -> Told:
    """Bring back what the dead run of ``world`` left out, while ``faults`` befall it.

    ``past`` is what the journal here knows of that run; None where it ran on another machine.
    """
    world.faults = Faults(*faults)
    told = Told()
    plan = Plan(waves=(), floor=world.floor, timeouts=timeouts)
    site = after_it(world)

    async def scenario() -> None:
        await recover(
            RunContext(plan, site, told),
            RecoveryRequest("5f0c21", tuple(world.owned_targets.values())),
        )
        await take_back_what_never_ran(RunContext(plan, site, told), tuple(world.hosts), past)

    with until_it_dies():
        play(scenario(), begins=begins)
    told.died = world.faults.dead
    return told


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A command, with what an operator types after it; what is out is always taken up.

    Attributes:
        verb: ``restart``, ``rollback`` or ``uninterrupted``.
        hosts: Those of ``--hosts``; empty for all.
        to: The release of ``--to``.
        accept_sick: ``--accept-sick`` was typed.
    """

    verb: str
    hosts: tuple[str, ...] = ()
    to: str | None = None
    switch: Switch = Switch.TOGETHER
    on_failure: OnFailure = OnFailure.ROLLBACK
    accept_sick: bool = False


def typed(
    world: World, command: Typed, *faults: Fault, begins: float, timeouts: Timeouts = QUICK
) -> Told:
    """Run a command over a fleet that another run has left as it is."""
    for app in (app for host in world.hosts.values() for app in host.apps):
        app.restarted_on.clear()  # who types it wants another restart
    world.faults = Faults(*faults)
    services = DeployServices(FakeSource(world), FakeHooks())
    told, site = Told(), replace(after_it(world), services=services)
    scope = Selection(
        hosts=command.hosts or tuple(world.hosts),
        floor=world.floor,
        accept_sick=command.accept_sick,
    )

    def request(release: Release, hosts: tuple[str, ...]) -> Deploy:
        return Deploy(
            release=release,
            hosts=hosts,
            fresh=command.verb != "rollback",
            switch=command.switch,
            on_failure=command.on_failure,
        )

    async def scenario() -> None:
        deploy: Deploy | None = None
        if command.verb == "restart":
            fit = await restart_preflight(scope, site)
        elif command.verb == "rollback":
            fit, deploy = await ready_to_roll_back(scope, site, command.to, request)
        else:
            fit, deploy = await ready_to_deploy(
                scope, site, site.require_services().source, request
            )
        if not report_preflight(fit, told):
            return
        plan = Plan(waves=(fit.targets,), floor=world.floor, timeouts=timeouts)
        if deploy is None:
            await rolling_restart(RunContext(plan, site, told))
        else:
            await uninterrupted(DeployContext(plan, site, told, deploy))

    with until_it_dies():
        play(scenario(), begins=begins)
    told.died = world.faults.dead
    return told


def resumed(
    world: World,
    *faults: Fault,
    begins: float = LATER,
    timeouts: Timeouts = QUICK,
    deploy: Deploy | None = None,
) -> Told:
    """Bring back what the dead run left out, and restart whoever had no turn."""
    world.faults = Faults(*faults)
    told = Told()
    past = died_in(world, deploy)
    wanted = ResumeRequest(
        past=past,
        left=UnfinishedRun(
            owner=past.owner, owned_targets=past.owned_targets, past=past, certain=True
        ),
        scope=Selection(hosts=tuple(world.hosts), floor=world.floor),
        max_out=Share(1),
        canary=Share(0),
        deploy=deploy,
        allow_missing_targets=False,
    )
    plan = Plan(waves=(), floor=world.floor, timeouts=timeouts)
    services = DeployServices(FakeSource(world), FakeHooks())
    site = replace(after_it(world), services=services)
    with until_it_dies():
        play(resume(RunContext(plan, site, told), wanted), begins=begins)
    told.died = world.faults.dead
    return told


@contextmanager
def until_it_dies() -> Iterator[None]:
    """Let a death end the block, also that of a task among others."""
    try:
        yield
    except* Dead:
        pass


def died_in(world: World, deploy: Deploy | None = None) -> PastRun:
    """Tell what the journal of a run over the whole of ``world`` would say of it."""
    was = None
    if deploy is not None:
        was = PastDeploy(
            release=deploy.release.name,
            revision=deploy.release.revision,
            hosts=deploy.hosts,
            fresh=deploy.fresh,
            before=dict.fromkeys(deploy.hosts, FIRST),
            in_place=True,
        )
    return PastRun(
        file="",
        owner=owner("5f0c21"),
        verb="uninterrupted" if deploy else "restart",
        hosts=tuple(world.hosts),
        targets=tuple(world.hosts),
        done=tuple(sorted(world.restarted)),
        renewed={n: r for n, r in world.renewed.items() if r and n not in world.restarted},
        owned_targets=tuple(world.owned_targets.values()),
        deploy=was,
    )


def is_back(world: World) -> list[str]:
    """List what is not as it was found; nobody's record names anything either."""
    wrong = [
        f"{line.server} is {line.admin!r} weight {line.weight} agent {line.agent}"
        for line in world.lines.values()
        if not line.gone and (line.admin, line.weight, line.agent) != world.found[line.server]
    ]
    return [*wrong, *(f"{name} is still recorded" for name in world.owned_targets)]
