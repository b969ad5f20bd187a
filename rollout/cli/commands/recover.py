"""``rollout recover``: what a dead run left out comes back, on evidence, or is named."""

from dataclasses import replace

from rollout.cli.arguments import Arguments
from rollout.cli.from_settings import plan_of
from rollout.cli.global_options import GlobalOptions
from rollout.cli.new_run import history_of
from rollout.cli.options import ABANDON, ANYWAY, YES
from rollout.cli.run_spec import RunSpec
from rollout.cli.runner import run as run_command
from rollout.cli.unfinished import (
    Despite,
    confirm,
    confirmed,
    nothing_left,
    show_unproven,
)
from rollout.lock.session import LockedRun
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.context import RunContext
from rollout.ports.site import Tell
from rollout.recovery.journal_hosts import check_before_recovery
from rollout.recovery.recover_run import RecoverRequest, recover_run
from rollout.settings.load import Loaded


def recover(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    loaded, yes, abandon = arguments.settings(), arguments.is_on(YES), arguments.is_on(ABANDON)
    what = "Leave them as they are?" if abandon else "Bring back what is out?"
    despite = Despite.CLAIM if abandon or arguments.is_on(ANYWAY) else Despite.NOTHING
    left = confirmed(loaded.settings, what, yes=yes, despite=despite)
    if left is None:
        if abandon or not show_unproven(loaded.settings):
            return nothing_left()
        confirm("Put `current` back where no server runs what it leads to?", yes=yes)
    reason = arguments.reason(loaded, left.owner.reason if left else "")
    left = replace(left, abandoned=abandon) if left else None
    return run(loaded, left, arguments.typed, reason)


def run(loaded: Loaded, left: UnfinishedRun | None, typed: GlobalOptions, reason: str = "") -> int:
    """Bring back what a run left out, or abandon it, and return the exit code."""
    settings, abandon = loaded.settings, left is not None and left.abandoned
    if not abandon:
        check_before_recovery(left, settings.fleet.names)

    async def scenario(locked_run: LockedRun, tell: Tell) -> None:
        request = RecoverRequest(
            left=left,
            history=history_of(settings),
            fleet=settings.fleet.names,
            abandoned=abandon,
        )
        context = RunContext(plan_of(settings, ()), locked_run.site, tell)
        locked_run.has_seen_to(await recover_run(context, request))

    spec = RunSpec(
        loaded=loaded,
        typed=typed,
        verb="recover",
        takes_out=False,
        hosts=[owned_target.target.host for owned_target in left.owned_targets] if left else (),
        reason=reason,
        left=left,
        over_half_a_deploy=True,
    )
    return run_command(spec, scenario)
