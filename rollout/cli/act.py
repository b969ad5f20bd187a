"""The one path of restart, uninterrupted and rollback: look, and if all is well, go on."""

from dataclasses import replace

from rollout.cli.arguments import Arguments
from rollout.cli.commands.plan import show_plan
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.from_settings import plan_of
from rollout.cli.options import CRON, INCLUDE_LEFT_OUT, PLAN
from rollout.cli.plan_file import with_added_settings
from rollout.cli.planning import Ready, Subject, plan_under_lock
from rollout.cli.question import shown_plan
from rollout.cli.run_spec import RunSpec
from rollout.cli.runner import looking_at, run
from rollout.deploy.deploy import uninterrupted
from rollout.lock.session import LockedRun
from rollout.model.deploy import Deploy
from rollout.model.findings import PreflightReport
from rollout.model.planned_run import PlannedRun
from rollout.planning.drift import drift
from rollout.ports.context import DeployContext, RunContext
from rollout.ports.site import Site, Tell
from rollout.restart.impact import measure_impact
from rollout.restart.operator_commands import allowed_by_before_hook
from rollout.restart.preflight import report_preflight
from rollout.restart.rolling import rolling_restart
from rollout.settings.load import Loaded
from rollout.summary.run import Exit
from rollout.wait import unless_stopped


def act(verb: str, arguments: Arguments, loaded: Loaded, ready: Ready) -> int:
    """Run ``restart``, ``uninterrupted`` or ``rollback``, or plan it, and return its exit code."""
    hosts = arguments.selected_hosts(loaded.settings)
    subject = Subject(verb=verb, arguments=arguments, loaded=loaded, hosts=hosts, ready=ready)
    if arguments.is_on(PLAN) or arguments.typed.command.startswith("plan "):
        return show_plan(subject)
    reason = arguments.reason(loaded)
    planned = shown_plan(subject)
    return planned if isinstance(planned, Exit) else _run(subject, planned, reason)


def _run(subject: Subject, planned: PlannedRun | None, reason: str) -> int:
    """Run the command; where it is not as it was ``planned``, it is refused."""
    settings, arguments, deploys = subject.settings, subject.arguments, subject.deploys

    async def look(site: Site) -> tuple[PreflightReport, Deploy | None]:
        return await unless_stopped(subject.look(site), site.stop_asked)

    async def only_look(site: Site) -> PreflightReport:
        fit, _ = await look(site)
        return fit

    async def body(locked_run: LockedRun, tell: Tell) -> None:
        site = locked_run.site
        fit, deploy = await look(site)
        if planned is not None and not fit.findings:
            now = await plan_under_lock(subject, site, fit, deploy)
            fit = replace(fit, findings=drift(with_added_settings(planned, now), now))
        if not report_preflight(fit, tell, deploys=deploys):
            return
        plan = plan_of(settings, fit.targets, arguments.flags)
        if not await allowed_by_before_hook(RunContext(plan, site, tell)):
            return
        async with measure_impact(site, tell) as impact:
            await impact.include(plan.servers, plan.floor)
            if not deploys:
                await rolling_restart(RunContext(plan, site, tell))
            elif deploy is not None:
                await uninterrupted(DeployContext(plan, site, tell, deploy))

    before = "hooks.before" if settings.hooks.before else ""
    if deploys and not before and the_deploy(settings).hooks.before:
        before = "deploy.hooks.before"
    spec = RunSpec(
        loaded=subject.loaded,
        typed=arguments.typed,
        verb=subject.verb,
        hosts=subject.hosts,
        flags=arguments.flags,
        deploys=deploys,
        include_left_out=arguments.is_on(INCLUDE_LEFT_OUT),
        reason=reason,
        cron=arguments.is_on(CRON),
        meanwhile=looking_at(subject.hosts, before),
        look=only_look,
    )
    return run(spec, body)
