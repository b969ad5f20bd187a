"""The commands of `plan`: those of the runs that it is about, with the same options.

Nothing heavy is imported up here, as in ``rollout.cli.app``.
"""

import typer

from rollout.cli import options as row
from rollout.cli.arguments import Arguments
from rollout.cli.declare import Commands
from rollout.cli.typer_patch import FastGroup
from rollout.settings.options import SOURCE, SWITCH

plan = typer.Typer(
    name="plan",
    cls=FastGroup,
    help="Show what a run would do; change nothing.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
plan_commands = Commands(plan, "plan")


@plan_commands.add("restart", *row.CHOOSING, *row.PLANNED)
def plan_restart(arguments: Arguments) -> int:
    """Show what `rollout restart` would do.

    With -o plan.json the plan is written to a file, for --from-plan.
    """
    loaded = arguments.checked_settings()
    from rollout.cli.commands.restart import restart as command  # noqa: PLC0415

    return command(arguments, loaded)


@plan_commands.add(
    "deploy",
    *row.CHOOSING,
    *SOURCE,
    *SWITCH,
    *row.PLANNED,
    help_text="Alias of `plan uninterrupted`.",
)
@plan_commands.add("uninterrupted", *row.CHOOSING, *SOURCE, *SWITCH, *row.PLANNED)
def plan_uninterrupted(arguments: Arguments) -> int:
    """Show what `rollout uninterrupted` would do.

    The commits between what is live and the new release are listed.
    """
    loaded = arguments.checked_settings(secrets=True)
    from rollout.cli.commands.uninterrupted import uninterrupted as command  # noqa: PLC0415

    return command(arguments, loaded)


@plan_commands.add("rollback", *row.CHOOSING, row.TO, *SWITCH, *row.PLANNED)
def plan_rollback(arguments: Arguments) -> int:
    """Show what `rollout rollback` would do."""
    loaded = arguments.checked_settings()
    from rollout.cli.commands.rollback import rollback as command  # noqa: PLC0415

    return command(arguments, loaded)
