"""The commands, by name, and the options that every command takes.

Nothing heavy is imported up here: `--help` and every press of TAB come this way.
"""

from typing import Annotated

import typer

from rollout.cli.commands.check import check
from rollout.cli.commands.config import config as show_config
from rollout.cli.commands.explain import explain
from rollout.cli.commands.init import init
from rollout.cli.commands.lock import lock
from rollout.cli.commands.prune import prune
from rollout.cli.commands.recover import recover
from rollout.cli.commands.releases import releases
from rollout.cli.commands.restart import restart
from rollout.cli.commands.resume import resume
from rollout.cli.commands.rollback import rollback
from rollout.cli.commands.schema import schema
from rollout.cli.commands.setup import setup
from rollout.cli.commands.status import status
from rollout.cli.commands.uninterrupted import uninterrupted
from rollout.cli.console import print_output, type_as
from rollout.cli.global_options import GlobalOptions
from rollout.cli.typer_patch import Command, FastGroup

app = typer.Typer(
    name="rollout",
    cls=FastGroup,
    help="Restart app servers behind HAProxy, one after another, without one failed request.",
    epilog="Exit codes: 0 done, 1 bug, 2 usage, 3 refused, 4 busy, 5 halted, 6 reduced, "
    "7 rolled back.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if asked:
        from rollout.version import version  # noqa: PLC0415 - not for `--help`

        print_output(f"rollout {version()}")
        raise typer.Exit


def _no_json(context: typer.Context, asked: bool) -> None:  # noqa: FBT001 - as above
    if asked:
        context.fail("No such option: --json; use --output json")


def _outputs() -> list[str]:
    from rollout.output.select import Output  # noqa: PLC0415 - only for completion

    return [output.value for output in Output]


@app.callback()
def before_the_command(
    context: typer.Context,
    *,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            envvar="ROLLOUT_CONFIG",
            help="Read the settings from FILE (default: the first found of ./rollout.toml, "
            "~/.config/rollout/rollout.toml, /etc/rollout/rollout.toml).",
        ),
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            envvar="ROLLOUT_ENV",
            help="Use the settings of [env.NAME] as well.",
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            metavar="auto|live|plain|json",
            envvar="ROLLOUT_OUTPUT",
            autocompletion=_outputs,
            help="Show a live table, plain lines or JSON lines; auto is live on a terminal.",
        ),
    ] = "auto",
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", help="Print what is asked of HAProxy and monit, and their answers."
        ),
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", hidden=True, callback=_no_json)] = False,
) -> None:
    """Keep the options that hold for every command."""
    del version, json  # answered by their callbacks
    by_variable = frozenset(
        name
        for name in ("config", "env", "output")
        if (source := context.get_parameter_source(name)) and source.name == "ENVIRONMENT"
    )
    context.obj = GlobalOptions(
        config=config, env=env, output=output, verbose=verbose, by_variable=by_variable
    )
    type_as(context.obj.rollout)


app.command(cls=Command)(restart)
app.command(cls=Command)(uninterrupted)
app.command("deploy", cls=Command, help="The same as `uninterrupted`.")(uninterrupted)
app.command(cls=Command)(rollback)
app.command(cls=Command)(recover)
app.command(cls=Command)(resume)
app.add_typer(lock)
app.command(cls=Command)(releases)
app.command(cls=Command)(prune)
app.command(cls=Command)(check)
app.command(cls=Command)(status)
app.command("config", cls=Command)(show_config)
app.command(cls=Command)(init)
app.command(cls=Command)(setup)
app.command(cls=Command)(schema)
app.command(cls=Command)(explain)
