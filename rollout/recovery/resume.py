"""Goes on with a run that stopped: targets that had no turn have it now, same settings."""

import asyncio
from dataclasses import dataclass, replace

from rollout.deploy.deploy import hook, rolled_out, tell_of_start
from rollout.deploy.preflight import deploy_preflight, restart_preflight
from rollout.deploy.transaction import Transaction
from rollout.events import CurrentSwitched, ReleaseInPlace, RolloutHalted, RunResumed
from rollout.model.deploy import Deploy
from rollout.model.errors import Halted, ReleaseError, RolloutError, UnfinishedRunFound
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Target
from rollout.model.lock_state import PastRun, united
from rollout.model.past_runs import UnfinishedRun
from rollout.model.plan import Plan, Share, waves_of
from rollout.model.releases import HostReleases, Switch
from rollout.ports.context import DeployContext, RunContext
from rollout.ports.releases import Releases
from rollout.ports.site import Site
from rollout.recovery.recover import RecoveryRequest, RecoveryResult, recover
from rollout.restart.impact import ImpactMeasurement, measure_impact
from rollout.restart.operator_commands import allowed_by_before_hook
from rollout.restart.preflight import report_preflight
from rollout.restart.rolling import rolling_restart
from rollout.restart.server_mapping import Selection
from rollout.wait import unless_stopped

ANEW = "`rollout uninterrupted` deploys anew, `rollout rollback` takes every host back"
"""What to type when a deploy cannot go on."""


def against_resuming(past: PastRun | None, left: UnfinishedRun | None) -> str:
    """Say why it cannot be resumed here, or nothing when it can."""
    if past is None:
        there = f": run {left.owner.run} is of {left.owner.process.host}" if left else ""
        return f"this machine has no journal of a run to resume{there}"
    if past.verb != "restart" and (past.deploy is None or not past.deploy.in_place):
        return f"run {past.run} had put no release in place: nothing of it is left to go on with"
    if past.deploy is not None and past.deploy.gone_back:
        return (
            f"run {past.run} went back from release {past.deploy.release}, or had begun to: "
            "`rollout rollback` takes every host to the release before, `rollout uninterrupted` "
            "deploys anew; with --include-left-out each restarts first what is out"
        )
    return ""


def is_through(past: PastRun) -> bool:
    """Tell whether the run has nothing left to be done."""
    live = past.deploy is None or past.deploy.live
    return not past.left and live and not past.owned_targets


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest:
    """What goes on, decided before anything is contacted.

    Attributes:
        past: The run that stopped.
        left: What it left out; None where another run has seen to that.
        scope: The hosts that it was about.
        max_out: Of how many, or how many, may be out at once.
        canary: So many were to go first.
        deploy: What it was putting in place; None for a restart.
        allow_missing_targets: Go on without targets that are not to be had any more.
    """

    past: PastRun
    left: UnfinishedRun | None
    scope: Selection
    max_out: Share
    canary: Share
    deploy: Deploy | None
    allow_missing_targets: bool

    @property
    def touched(self) -> bool:
        """Something was out, so something was told to a load balancer."""
        return self.left is not None and bool(self.left.owned_targets)


async def resume(context: RunContext, wanted: ResumeRequest) -> None:
    """Bring back what the run left out, then restart the targets that had no turn in it.

    A target that could not be brought back by proof has its turn first: it needs another restart.
    The targets of the plan of ``context`` are found out.

    Raises:
        UnfinishedRunFound: the fleet is not the one of the run any more; no other target was
            touched.
        RolloutError: its release is not in place any more; no other target was touched.
    """
    async with measure_impact(context.site, context.tell) as impact:
        out = context.site.record.owned_targets
        await impact.include(server for one in out for server in one.target.servers)
        back = await _recover_first(context, wanted)
        try:
            await _restart_remaining(context, wanted, back, impact)
        except RolloutError as error:
            if not wanted.touched:
                raise
            context.tell(RolloutHalted(reason=str(error)))


async def _restart_remaining(
    context: RunContext, wanted: ResumeRequest, back: RecoveryResult, impact: ImpactMeasurement
) -> None:
    site = context.site
    unseen = [h.target.name for h in site.record.owned_targets if h.returning]
    if unseen:
        raise Halted(f"{', '.join(unseen)} was not seen to be back: no other server is risked")
    if back.undecided:
        names = ", ".join(back.undecided)
        raise Halted(
            f"{names} could not be judged: it is not asked to restart again, and no other "
            "server is risked"
        )
    fit = await preflight_again(wanted, site)
    if not report_preflight(fit, context.tell):
        return
    plan = _rest_of(context, wanted, back, fit)
    if not await allowed_by_before_hook(replace(context, plan=plan)):
        return
    await impact.include(plan.servers, plan.floor)
    if wanted.deploy is None:
        await rolling_restart(replace(context, plan=plan))
    else:
        through = tuple(target for target in fit.targets if target.name in back.done)
        going_on = DeployContext(plan, site, context.tell, wanted.deploy)
        await _go_on_deploying(going_on, wanted.past, through)


async def _recover_first(context: RunContext, wanted: ResumeRequest) -> RecoveryResult:
    """Bring back what is out, before another host is risked; return what is restarted already."""
    past, left = wanted.past, wanted.left
    before = RecoveryResult(past.done, past.renewed)
    out = context.site.record.owned_targets
    if left is None or not out:
        return before
    back = await recover(context, RecoveryRequest(left.owner.run, out, goes_on=True))
    return RecoveryResult(
        done=tuple(dict.fromkeys((*before.done, *back.done))),
        renewed=united(before.renewed, back.renewed),
        undecided=back.undecided,
    )


async def preflight_again(wanted: ResumeRequest, site: Site) -> PreflightReport:
    """Look at all that the rest of the run needs.

    Raises:
        Halted: the operator wants us to stop.
    """
    looking = _look_again(wanted, site)
    return await unless_stopped(looking, site.stop_asked, "stopped on request before the next one")


async def _look_again(wanted: ResumeRequest, site: Site) -> PreflightReport:
    if wanted.deploy is None:
        return await restart_preflight(wanted.scope, site)
    fit, _ = await deploy_preflight(wanted.scope, site, None)
    return fit


def _rest_of(
    context: RunContext, wanted: ResumeRequest, back: RecoveryResult, fit: PreflightReport
) -> Plan:
    """Plan the turns of the targets that had none; canaries that are done need no own wave.

    Raises:
        UnfinishedRunFound: a target that had none is not to be had any more.
    """
    past, done = wanted.past, back.done
    there = {*(target.name for target in fit.targets), *(s.target for s in fit.skipped)}
    gone = [name for name in past.left if name not in there and name not in done]
    if gone and not wanted.allow_missing_targets:
        fix = "`rollout check` shows what is there; --replan goes on without"
        raise UnfinishedRunFound(
            past.run, f"had {', '.join(gone)} to restart: not to be had now", fix
        )
    release = wanted.deploy.release.name if wanted.deploy else ""
    context.tell(RunResumed(of=past.run, done=tuple(done), release=release))
    record = context.site.record
    left = [target for target in fit.targets if target.name not in done]
    left.sort(key=lambda target: record.owned_target(target.name) is None)  # who is out, first
    through = tuple(target for target in fit.targets if target.name in done)
    waves = waves_of(left, wanted.canary, through)
    return replace(
        context.plan,
        waves=waves,
        canaries_done=through if len(waves) > 1 else (),
        max_out=wanted.max_out.at_most(len(fit.targets)),
        renewed={} if wanted.deploy else back.renewed,
        goes_on=True,
    )


async def _go_on_deploying(context: DeployContext, past: PastRun, done: tuple[Target, ...]) -> None:
    """Bring who is left onto the release that a dead run had put in place on every host.

    Raises:
        RolloutError: it is not in place any more; nothing was touched.
    """
    deploy, releases, was = context.deploy, context.releases, past.deploy
    if was is None:
        raise AssertionError("a deploy without its journal")
    looks = (_seen_in_place(host, deploy, releases) for host in deploy.hosts)
    all_releases = await asyncio.gather(*looks)
    new, before = {deploy.release.name, ""}, was.before
    live = {s.host: (s.live | {before.get(s.host, "")}) - new for s in all_releases}
    transaction = Transaction(deploy, releases, context.services.source, context.tell)
    transaction.take_up(before, live, {one.host: one.unproven for one in all_releases})
    tell_of_start(context)
    for host_releases in all_releases:
        if host_releases.current == deploy.release.name:
            context.tell(CurrentSwitched(host=host_releases.host, release=deploy.release.name))
    context.tell(ReleaseInPlace(release=deploy.release.name, before=dict(was.before)))
    outcome = await rolled_out(context, transaction, done=done)
    await hook(context, "after", outcome=outcome)


async def _seen_in_place(host: str, deploy: Deploy, releases: Releases) -> HostReleases:
    name, wanted = deploy.release.name, deploy.release.revision
    host_releases = await releases.look(host)
    found = host_releases.find(name)
    if found is None or (wanted and found.revision != wanted):
        raise ReleaseError(host, f"release {name} is not in place any more: {ANEW}")
    if deploy.switch is Switch.TOGETHER and host_releases.current != name:
        what = f"`current` does not lead to release {name} any more"
        raise ReleaseError(host, f"{what}: {ANEW}")
    if host_releases.current != name:  # it may have been, and been restored
        await releases.begin(host, deploy.release, fresh=deploy.fresh)
    return host_releases
