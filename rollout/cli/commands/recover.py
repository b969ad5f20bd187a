"""``rollout recover``: what a dead run left out comes back, on evidence, or is named."""

from typing import TYPE_CHECKING

from rollout.cli.arguments import Arguments
from rollout.cli.options import ABANDON, ANYWAY, YES

if TYPE_CHECKING:
    from rollout.cli.global_options import GlobalOptions
    from rollout.lock.session import LockedRun
    from rollout.model.past_runs import UnfinishedRun
    from rollout.ports.site import Tell
    from rollout.settings.load import Loaded


def recover(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    from rollout.cli.unfinished import (  # noqa: PLC0415 - not for `--help`
        confirm,
        confirmed,
        nothing_left,
        show_unproven,
    )

    loaded, yes, abandon = arguments.settings(), arguments.is_on(YES), arguments.is_on(ABANDON)
    what = "Leave them as they are?" if abandon else "Bring back what is out?"
    anyway = arguments.is_on(ANYWAY) or abandon
    left = confirmed(loaded.settings, what, yes=yes, anyway=anyway)
    if left is None:
        if abandon or not show_unproven(loaded.settings):
            return nothing_left()
        confirm("Put `current` back where no server runs what it leads to?", yes=yes)
    return run(loaded, left, arguments.typed, abandon=abandon)


def run(
    loaded: "Loaded", left: "UnfinishedRun | None", typed: "GlobalOptions", *, abandon: bool = False
) -> int:
    """Run the command and return its exit code."""
    from dataclasses import replace  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli import runner as running  # noqa: PLC0415
    from rollout.cli.from_settings import plan_of  # noqa: PLC0415
    from rollout.cli.new_run import history_of  # noqa: PLC0415
    from rollout.recovery.journal_hosts import check_before_recovery  # noqa: PLC0415
    from rollout.recovery.recover_run import RecoverRequest, recover_run  # noqa: PLC0415

    settings = loaded.settings
    if not abandon:
        check_before_recovery(left, settings.fleet.names)

    async def scenario(locked_run: "LockedRun", tell: "Tell") -> None:
        request = RecoverRequest(
            left=left,
            history=history_of(settings),
            fleet=settings.fleet.names,
            plan=plan_of(settings, ()),
            abandoned=abandon,
        )
        locked_run.has_seen_to(await recover_run(request, locked_run.site, tell))

    spec = running.CommandSpec(
        loaded=loaded,
        typed=typed,
        verb="recover",
        hosts=[owned_target.target.host for owned_target in left.owned_targets] if left else (),
        left=replace(left, abandoned=abandon) if left else None,
        over_half_a_deploy=True,
    )
    return running.run(spec, scenario)
