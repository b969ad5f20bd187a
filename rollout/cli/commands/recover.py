"""``rollout recover``: what a dead run left out comes back, on evidence, or is named."""

from typing import TYPE_CHECKING

from rollout.cli.arguments import Arguments
from rollout.cli.options import ABANDON, ANYWAY, YES

if TYPE_CHECKING:
    from rollout.cli.global_options import GlobalOptions
    from rollout.cli.locked_run import LockedRun
    from rollout.model.lock_state import PastRun
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
    from rollout.cli.from_settings import hosts_unknown, plan_of  # noqa: PLC0415
    from rollout.events import RolloutRefused  # noqa: PLC0415
    from rollout.model.errors import RolloutError  # noqa: PLC0415
    from rollout.model.past_runs import UNKNOWN_RUN  # noqa: PLC0415
    from rollout.recovery.recover import abandon as abandon_them  # noqa: PLC0415
    from rollout.recovery.recover import recover as recovered  # noqa: PLC0415
    from rollout.recovery.recover import take_back_what_never_ran  # noqa: PLC0415

    settings = loaded.settings
    of, plan = left.owner.run if left else UNKNOWN_RUN, plan_of(settings, ())
    half = left.past if left and left.past and left.past.half_deployed and not abandon else None
    if half and (unknown := hosts_unknown(half, settings)):
        raise RolloutError(
            f"nothing was changed: the journal of run {of} names {unknown}, which the settings do "
            "not know; `rollout recover --abandon` leaves everything as it is"
        )

    async def scenario(locked_run: "LockedRun", tell: "Tell") -> None:
        if locked_run.findings:
            tell(RolloutRefused(findings=locked_run.findings))
            return
        out = locked_run.site.record.owned_targets
        if abandon:
            await abandon_them(of, out, locked_run.site, tell)
            return
        past = _begun_with(loaded, left)
        rest = past.left if past else ()
        gone = bool(past and past.deploy and past.deploy.gone_back)
        back = await recovered(of, out, plan, locked_run.site, tell, rest=rest, gone_back=gone)
        if left is None or left.past is None:
            past = None  # another machine has gone on since, and what it asked for is not known
        elif past is not None:
            past = replace(past, done=(*past.done, *back.done))
        seen = await take_back_what_never_ran(settings.fleet.names, past, locked_run.site, tell)
        locked_run.has_seen_to(seen)

    spec = running.CommandSpec(
        loaded=loaded,
        typed=typed,
        verb="recover",
        hosts=[owned_target.target.host for owned_target in left.owned_targets] if left else (),
        left=replace(left, abandoned=abandon) if left else None,
        over_half_a_deploy=True,
    )
    return running.run(spec, scenario)


def _begun_with(loaded: "Loaded", left: "UnfinishedRun | None") -> "PastRun | None":
    """Find the journal of the run that all this began with."""
    from rollout.cli.new_run import history_of  # noqa: PLC0415 - not for `--help`

    past = left.past if left else None
    if past is None or past.verb == "recover":  # one that saw to it before us, in vain
        past = history_of(loaded.settings).last() if left else None
    return past
