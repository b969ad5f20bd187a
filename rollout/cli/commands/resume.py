"""``rollout resume``: restarts the targets that had no turn in a run that stopped."""

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.from_deploy_settings import deploy_again
from rollout.cli.from_settings import plan_of, scope_of
from rollout.cli.global_options import GlobalOptions
from rollout.cli.new_run import changed, history_of, written_settings
from rollout.cli.options import CRON, REPLAN, YES
from rollout.cli.question import can_ask
from rollout.cli.run_spec import RunSpec
from rollout.cli.runner import looking_at
from rollout.cli.runner import run as run_command
from rollout.cli.unfinished import confirm, confirmed, nothing_left
from rollout.lock.session import LockedRun
from rollout.model.errors import RolloutError
from rollout.model.findings import PreflightReport
from rollout.model.lock_state import PastRun
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.context import RunContext
from rollout.ports.site import Site, Tell
from rollout.recovery.journal_hosts import limit_to_fleet
from rollout.recovery.resume import ResumeRequest, against_resuming, is_through
from rollout.recovery.resume_run import look_before_resuming, resume_run, run_to_resume
from rollout.settings.load import Loaded


def resume(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    settings = arguments.settings().settings
    replan, yes = arguments.is_on(REPLAN), arguments.is_on(CRON) or arguments.is_on(YES)
    left = confirmed(settings, "Bring back what is out, and go on with the rest?", yes=yes)
    past = run_to_resume(left, history_of(settings))
    if past is None and left is None:
        return nothing_left()
    if why := against_resuming(past, left):
        raise RolloutError(why)
    if past is None or is_through(past):
        print_output(f"nothing to resume: run {past.run if past else ''} is complete")
        return 0
    loaded = same_as_before(past, arguments.typed, replan=replan)
    past = limit_to_fleet(past, loaded.settings.fleet.names, replan=replan)
    if left is None and can_ask(arguments.typed, cron=arguments.is_on(CRON)):
        confirm(question(past), yes=yes)
    return run(arguments, loaded, past, left)


def question(past: PastRun) -> str:
    """Ask whether to go on with a run that has left nothing out."""
    rest = ", ".join(name for name in past.targets if name not in past.done)
    return f"Go on with run {past.run} ({past.verb}){f': {rest}' if rest else ''}?"


def same_as_before(past: PastRun, typed: GlobalOptions, *, replan: bool) -> Loaded:
    """Load the settings with the flags of the run, and see that they are those it had.

    Raises:
        RolloutError: they are not, and ``--replan`` was not given.
    """
    loaded = typed.settings(past.flags)
    differ = changed(past.settings, written_settings(loaded), past.chosen)
    if differ and not replan:
        lines = "\n  ".join(differ)
        raise RolloutError(
            f"nothing was changed: the settings are not those of run {past.run} any more:\n  "
            f"{lines}\n  --replan goes on with them as they are now"
        )
    return loaded


def run(arguments: Arguments, loaded: Loaded, past: PastRun, left: UnfinishedRun | None) -> int:
    """Go on with ``past``, under the settings that it had, and return the exit code."""
    settings = loaded.settings
    request = ResumeRequest(
        past=past,
        left=left,
        scope=scope_of(settings, past.hosts, past.flags),
        max_out=settings.fleet.max_out,
        canary=settings.fleet.canary,
        deploy=deploy_again(settings, past),
        allow_missing_targets=arguments.is_on(REPLAN),
    )

    history = history_of(settings)

    async def look(site: Site) -> PreflightReport:
        return await look_before_resuming(request, history, site)

    async def scenario(locked_run: LockedRun, tell: Tell) -> None:
        context = RunContext(plan_of(settings, (), past.flags), locked_run.site, tell)
        locked_run.has_seen_to(await resume_run(context, request, history))

    spec = RunSpec(
        loaded=loaded,
        typed=arguments.typed,
        verb=past.verb,
        hosts=past.hosts,
        flags=past.flags,
        deploys=past.deploy is not None,
        reason=arguments.reason(loaded, past.owner.reason),
        log=arguments.settings().settings.log.file,
        left=left,
        done=past.done,
        renewed=past.renewed,
        cron=arguments.is_on(CRON),
        meanwhile=looking_at(past.hosts, "hooks.before" if settings.hooks.before else ""),
        look=look,
    )
    return run_command(spec, scenario)
