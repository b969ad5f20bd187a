"""``rollout recover``: what a dead run left out comes back, on evidence, or is named."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollout.cli import options as said
from rollout.cli.global_options import asked

if TYPE_CHECKING:
    from rollout.cli.global_options import Asked
    from rollout.cli.locked_run import Charge
    from rollout.model.lock_state import Past
    from rollout.model.past_runs import Left
    from rollout.ports.site import Tell
    from rollout.settings.load import Loaded

GiveUp = Annotated[
    bool,
    typer.Option(
        "--give-up", help="Touch nothing: what is out stays out, and is yours from now on."
    ),
]


Anyway = Annotated[
    bool,
    typer.Option("--anyway", help="Bring back also what another run says that it has seen to."),
]


def recover(
    context: typer.Context,
    *,
    yes: said.Yes = False,
    give_up: GiveUp = False,
    anyway: Anyway = False,
) -> None:
    """Bring back what a dead run left out of rotation."""
    from rollout.cli.unfinished import (  # noqa: PLC0415 - not for `--help`
        agreed,
        confirm,
        nothing_left,
        show_unproven,
    )

    loaded = asked(context).settings()
    what = "Leave them as they are?" if give_up else "Bring back what is out?"
    left = agreed(loaded.settings, what, yes=yes, anyway=anyway or give_up)
    if left is None:
        if give_up or not show_unproven(loaded.settings):
            raise typer.Exit(nothing_left())
        confirm("Put `current` back where no server runs what it leads to?", yes=yes)
    raise typer.Exit(run(loaded, left, asked(context), give_up=give_up))


def run(loaded: "Loaded", left: "Left | None", typed: "Asked", *, give_up: bool = False) -> int:
    """Tell the story and return the exit code of its account."""
    from dataclasses import replace  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli import runner as running  # noqa: PLC0415
    from rollout.cli.from_settings import hosts_unknown, plan_of  # noqa: PLC0415
    from rollout.events import RolloutRefused  # noqa: PLC0415
    from rollout.model.errors import RolloutError  # noqa: PLC0415
    from rollout.model.past_runs import UNKNOWN_RUN  # noqa: PLC0415
    from rollout.recovery.recover import give_up as given_up  # noqa: PLC0415
    from rollout.recovery.recover import recover as recovered  # noqa: PLC0415
    from rollout.recovery.recover import take_back_what_never_ran  # noqa: PLC0415

    settings = loaded.settings
    of, plan = left.holder.run if left else UNKNOWN_RUN, plan_of(settings, ())
    half = left.past if left and left.past and left.past.half_deployed and not give_up else None
    if half and (unknown := hosts_unknown(half, settings)):
        raise RolloutError(
            f"nothing was touched: the journal of run {of} names {unknown}, which the settings do "
            "not know; `rollout recover --give-up` leaves everything as it is"
        )

    async def story(charge: "Charge", tell: "Tell") -> None:
        if charge.findings:
            tell(RolloutRefused(findings=charge.findings))
            return
        out = charge.site.record.held
        if give_up:
            await given_up(of, out, charge.site, tell)
            return
        past = _begun_with(loaded, left)
        rest = past.left if past else ()
        gone = bool(past and past.deploy and past.deploy.gone_back)
        back = await recovered(of, out, plan, charge.site, tell, rest=rest, gone_back=gone)
        if left is None or left.past is None:
            past = None  # another machine has gone on since, and what it asked for is not known
        elif past is not None:
            past = replace(past, done=(*past.done, *back.done))
        seen = await take_back_what_never_ran(settings.fleet.names, past, charge.site, tell)
        charge.has_seen_to(seen)

    errand = running.Errand(
        loaded=loaded,
        typed=typed,
        verb="recover",
        hosts=[holding.target.host for holding in left.holdings] if left else (),
        left=replace(left, given_up=give_up) if left else None,
        over_half_a_deploy=True,
    )
    return running.run(errand, story)


def _begun_with(loaded: "Loaded", left: "Left | None") -> "Past | None":
    """Find the journal of the run that all this began with."""
    from rollout.cli.new_run import history_of  # noqa: PLC0415 - not for `--help`

    past = left.past if left else None
    if past is None or past.verb == "recover":  # one that saw to it before us, in vain
        past = history_of(loaded.settings).last() if left else None
    return past
