"""``rollout resume``: restarts the targets that had no turn in a run that stopped."""

from typing import TYPE_CHECKING

from rollout.cli.arguments import Arguments
from rollout.cli.options import CRON, REPLAN, YES

if TYPE_CHECKING:
    from rollout.cli.global_options import GlobalOptions
    from rollout.lock.session import LockedRun
    from rollout.model.findings import PreflightReport
    from rollout.model.lock_state import PastRun
    from rollout.model.past_runs import UnfinishedRun
    from rollout.ports.site import Site, Tell
    from rollout.settings.load import Loaded


def resume(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    from rollout.cli.console import print_output  # noqa: PLC0415
    from rollout.cli.new_run import history_of  # noqa: PLC0415 - not for `--help`
    from rollout.cli.unfinished import confirmed, nothing_left  # noqa: PLC0415
    from rollout.model.errors import RolloutError  # noqa: PLC0415
    from rollout.recovery.journal_hosts import limit_to_fleet  # noqa: PLC0415
    from rollout.recovery.resume import against_resuming, is_through  # noqa: PLC0415
    from rollout.recovery.resume_run import run_to_resume  # noqa: PLC0415

    settings = arguments.settings().settings
    cron, replan = arguments.is_on(CRON), arguments.is_on(REPLAN)
    yes = cron or arguments.is_on(YES)
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
    return run(loaded, past, left, arguments.typed, replan=replan, cron=cron)


def same_as_before(past: "PastRun", typed: "GlobalOptions", *, replan: bool) -> "Loaded":
    """Load the settings with the flags of the run, and see that they are those it had.

    Raises:
        RolloutError: they are not, and ``--replan`` was not given.
    """
    from rollout.cli.new_run import changed, written_settings  # noqa: PLC0415 - not for `--help`
    from rollout.model.errors import RolloutError  # noqa: PLC0415

    loaded = typed.settings(past.flags)
    differ = changed(past.settings, written_settings(loaded))
    if differ and not replan:
        lines = "\n  ".join(differ)
        raise RolloutError(
            f"nothing was changed: the settings are not those of run {past.run} any more:\n  "
            f"{lines}\n  --replan goes on with them as they are now"
        )
    return loaded


def run(
    loaded: "Loaded",
    past: "PastRun",
    left: "UnfinishedRun | None",
    typed: "GlobalOptions",
    *,
    replan: bool,
    cron: bool,
) -> int:
    """Run the command and return its exit code."""
    from rollout.cli import runner as running  # noqa: PLC0415 - for all of these: not for `--help`
    from rollout.cli.from_deploy_settings import deploy_again  # noqa: PLC0415
    from rollout.cli.from_settings import plan_of, scope_of  # noqa: PLC0415
    from rollout.cli.new_run import history_of  # noqa: PLC0415
    from rollout.cli.run_with_output import looking_at  # noqa: PLC0415
    from rollout.recovery.resume import ResumeRequest  # noqa: PLC0415
    from rollout.recovery.resume_run import look_before_resuming, resume_run  # noqa: PLC0415

    settings = loaded.settings
    request = ResumeRequest(
        past=past,
        left=left,
        scope=scope_of(settings, past.hosts, past.flags),
        plan=plan_of(settings, (), past.flags),
        max_out=settings.fleet.max_out,
        canary=settings.fleet.canary,
        deploy=deploy_again(settings, past),
        allow_missing_targets=replan,
    )

    history = history_of(settings)

    async def look(site: "Site") -> "PreflightReport":
        return await look_before_resuming(request, history, site)

    async def scenario(locked_run: "LockedRun", tell: "Tell") -> None:
        locked_run.has_seen_to(await resume_run(request, history, locked_run.site, tell))

    spec = running.CommandSpec(
        loaded=loaded,
        typed=typed,
        verb=past.verb,
        hosts=past.hosts,
        flags=past.flags,
        deploys=past.deploy is not None,
        left=left,
        done=past.done,
        renewed=past.renewed,
        cron=cron,
        meanwhile=looking_at(past.hosts),
        look=look,
    )
    return running.run(spec, scenario)
