"""``rollout resume``: who had no turn in a run that stopped has it now."""

from typing import TYPE_CHECKING, Annotated

import typer

from rollout.cli import options as said
from rollout.cli.context import asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollout.cli.context import Asked
    from rollout.holders import Left, Past
    from rollout.ports import Tell
    from rollout.settings.loading import Loaded

Replan = Annotated[
    bool,
    typer.Option("--replan", help="Go on with the settings and the fleet as they are now."),
]


def resume(
    context: typer.Context,
    *,
    yes: said.Yes = False,
    replan: Replan = False,
    cron: said.Cron = False,
) -> None:
    """Go on with a run that stopped or died part-way."""
    from rollout.cli.begun import history_of  # noqa: PLC0415 - not for `--help`
    from rollout.cli.leftovers import agreed, nothing_left  # noqa: PLC0415
    from rollout.cli.words import hand_over  # noqa: PLC0415
    from rollout.errors import RolloutError  # noqa: PLC0415
    from rollout.resuming import against_resuming, is_through  # noqa: PLC0415

    settings = asked(context).settings().settings
    left = agreed(settings, "Bring back what is out, and go on with the rest?", yes=yes or cron)
    past = (left.past if left else None) or history_of(settings).last()
    if past is None and left is None:
        raise typer.Exit(nothing_left())
    if why := against_resuming(past, left):
        raise RolloutError(why)
    assert past is not None  # noqa: S101 - or there had been a reason against it
    if is_through(past):
        hand_over(f"nothing to resume: run {past.run} is through")
        raise typer.Exit
    loaded = same_as_before(past, asked(context), replan=replan)
    raise typer.Exit(run(loaded, past, left, asked(context), replan=replan, cron=cron))


def same_as_before(past: "Past", typed: "Asked", *, replan: bool) -> "Loaded":
    """Load the settings with the flags of the run, and see that they are those it had.

    Raises:
        RolloutError: they are not, and nobody said that they may differ.
    """
    from rollout.cli.begun import changed  # noqa: PLC0415 - not for `--help`
    from rollout.errors import RolloutError  # noqa: PLC0415
    from rollout.settings.showing import as_text  # noqa: PLC0415

    loaded = typed.settings(past.flags)
    differ = changed(past.settings, as_text(loaded.settings))
    if differ and not replan:
        lines = "\n  ".join(differ)
        raise RolloutError(
            f"nothing was touched: the settings are not those of run {past.run} any more:\n  "
            f"{lines}\n  --replan goes on with them as they are now"
        )
    return loaded


def run(
    loaded: "Loaded",
    past: "Past",
    left: "Left | None",
    typed: "Asked",
    *,
    replan: bool,
    cron: bool,
) -> int:
    """Tell the story and return the exit code of its account."""
    from contextlib import AsyncExitStack  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.aloud import looking_at, overheard, tell_aloud  # noqa: PLC0415
    from rollout.cli.begun import begin  # noqa: PLC0415
    from rollout.cli.build import open_deploy, open_site  # noqa: PLC0415
    from rollout.cli.charge import in_charge, in_charge_after  # noqa: PLC0415
    from rollout.cli.deploys import deploy_again  # noqa: PLC0415
    from rollout.cli.plans import plan_of, scope_of, wish_of  # noqa: PLC0415
    from rollout.resuming import Resumption, resume  # noqa: PLC0415

    settings = loaded.settings
    begun = begin(loaded, past.verb, past.hosts, flags=past.flags, done=past.done)
    resumption = Resumption(
        past=past,
        left=left,
        scope=scope_of(settings, past.hosts),
        plan=plan_of(settings, ()),
        max_out=settings.fleet.max_out,
        canary=settings.fleet.canary,
        deploy=deploy_again(settings, past),
        whoever_is_there=replan,
    )

    async def story(tell: "Tell", stop_asked: "Callable[[], bool]") -> None:
        async with AsyncExitStack() as stack:
            supply = None
            if past.deploy is None:
                world = await stack.enter_async_context(open_site(settings, stop_asked=stop_asked))
            else:
                opened = open_deploy(settings, stop_asked=stop_asked)
                world, supply = await stack.enter_async_context(opened)
            world = overheard(world, tell, verbose=typed.verbose)
            if left is not None:
                charge = await stack.enter_async_context(in_charge_after(left, world, begun))
            else:
                wish = wish_of(settings, past.hosts, typed.rollout, take_up=False)
                charge = await stack.enter_async_context(in_charge(world, begun, wish, tell))
            await resume(resumption, charge.site, supply, tell, charge.findings)

    meanwhile = looking_at(past.hosts)
    return tell_aloud(story, settings, typed, begun, cron=cron, meanwhile=meanwhile)
