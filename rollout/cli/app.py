"""The commands: for each its name, its options and its help.

Nothing heavy is imported up here, because `--help` and every press of TAB come this way; what a
command does is in its file in ``rollout.cli.commands``, imported when it runs.
"""

import inspect
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from rollout.cli import options as row
from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output, type_as
from rollout.cli.declare import Commands, parameter, set_signature
from rollout.cli.global_options import GlobalOptions, global_options
from rollout.cli.plan_commands import plan, plan_commands
from rollout.cli.typer_patch import FastGroup
from rollout.settings.options import KEEP, LOG, PACE, SOURCE, SWITCH, Option
from rollout.version import version

ACT, STEER, REPAIR, LOOK, SET_UP = "Act", "Steer a run", "Repair", "Look", "Set up"
"""The headings of the list of commands."""

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
commands = Commands(app)

TELLING = (row.YES, row.CRON, row.WHY, LOG)
RESTARTING = (*PACE, row.PLAN, row.FROM_PLAN, *TELLING, *row.PLANNED[len(PACE) :])


def _version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if asked:
        print_output(f"rollout {version()}")
        raise typer.Exit


def _no_json(context: typer.Context, asked: bool) -> None:  # noqa: FBT001 - as above
    if asked:
        context.fail("No such option: --json; use --output json")


def before_the_command(context: typer.Context, **values: Any) -> None:  # noqa: ANN401 - as typer read it
    """Keep the options that hold for every command."""
    names = ("config", "env", "output")
    sources = {name: context.get_parameter_source(name) for name in names}
    by_variable = [name for name, by in sources.items() if by and by.name == "ENVIRONMENT"]
    context.obj = GlobalOptions(
        config=values["config"],
        env=values["env"],
        output="auto" if values["output"] is None else values["output"],
        verbose=values["verbose"],
        by_variable=frozenset(by_variable),
    )
    type_as(context.obj.rollout)


set_signature(
    before_the_command,
    [
        *(parameter(option) for option in row.GLOBAL if option is not row.VERSION),
        parameter(row.VERSION, _version),
        inspect.Parameter(
            "json",
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=Annotated[bool, typer.Option("--json", hidden=True, callback=_no_json)],
        ),
    ],
)
app.callback()(before_the_command)


def _as_planned(arguments: Arguments) -> Arguments:
    """Add what a plan file says, where one is named."""
    if arguments.text(row.FROM_PLAN) is None:
        return arguments
    from rollout.cli.plan_file import as_planned  # noqa: PLC0415

    return as_planned(arguments)


@commands.add("restart", *row.CHOOSING, *RESTARTING, group=ACT)
def restart(arguments: Arguments) -> int:
    """Restart app servers without downtime.

    Each host leaves rotation, is restarted, and comes back once it has passed its checks.
    """
    arguments = _as_planned(arguments)
    loaded = arguments.checked_settings()
    from rollout.cli.commands.restart import restart as command  # noqa: PLC0415

    return command(arguments, loaded)


@commands.add(
    "deploy",
    *row.CHOOSING,
    *SOURCE,
    *SWITCH,
    *RESTARTING,
    group=ACT,
    help_text="Alias of `uninterrupted`.",
)
@commands.add("uninterrupted", *row.CHOOSING, *SOURCE, *SWITCH, *RESTARTING, group=ACT)
def uninterrupted(arguments: Arguments) -> int:
    """Deploy a new release without downtime.

    The hosts are restarted on it; one that does not come up is taken back.
    """
    arguments = _as_planned(arguments)
    loaded = arguments.checked_settings(secrets=True)
    from rollout.cli.commands.uninterrupted import uninterrupted as command  # noqa: PLC0415

    return command(arguments, loaded)


@commands.add("rollback", *row.CHOOSING, row.TO, *SWITCH, *RESTARTING, group=ACT)
def rollback(arguments: Arguments) -> int:
    """Make an earlier release live again.

    The hosts are restarted as `rollout restart` does it, without downtime.
    """
    arguments = _as_planned(arguments)
    loaded = arguments.checked_settings()
    from rollout.cli.commands.rollback import rollback as command  # noqa: PLC0415

    return command(arguments, loaded)


app.add_typer(plan, rich_help_panel=LOOK)


@commands.add("recover", row.YES, row.WHY, LOG, row.ABANDON, row.ANYWAY, group=REPAIR)
def recover(arguments: Arguments) -> int:
    """Bring back what an unfinished run left out.

    A server that was asked to restart returns to rotation once it has passed its checks.
    """
    from rollout.cli.commands.recover import recover as command  # noqa: PLC0415

    return command(arguments)


@commands.add("resume", row.YES, row.WHY, LOG, row.REPLAN, row.CRON, group=REPAIR)
def resume(arguments: Arguments) -> int:
    """Continue a run that stopped or died.

    What it left out comes back first; then the targets that had no turn are restarted.
    """
    from rollout.cli.commands.resume import resume as command  # noqa: PLC0415

    return command(arguments)


@commands.add("pause", group=STEER)
def pause(arguments: Arguments) -> int:
    """Let the run take nothing new out.

    What is out is finished first.  It goes on with `rollout continue`, from any shell whose login
    may hold the lock.
    """
    from rollout.cli.commands.control import pause as command  # noqa: PLC0415

    return command(arguments)


@commands.add("continue", group=STEER)
def go_on(arguments: Arguments) -> int:
    """Let a paused run go on."""
    from rollout.cli.commands.control import go_on as command  # noqa: PLC0415

    return command(arguments)


@commands.add("abort", group=STEER)
def abort(arguments: Arguments) -> int:
    """Stop the run, as its first Ctrl-C would.

    What is out comes back first; then the run ends with exit code 5.
    """
    from rollout.cli.commands.control import abort as command  # noqa: PLC0415

    return command(arguments)


lock = typer.Typer(
    name="lock",
    cls=FastGroup,
    help="Show, acquire, release or break the lock.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
lock_commands = Commands(lock, "lock")
app.add_typer(lock, rich_help_panel=REPAIR)


@lock.callback()
def show_lock(context: typer.Context) -> None:
    """Show the owner of the lock, and what is out because of it."""
    if context.invoked_subcommand is None:
        from rollout.cli.commands.lock import show  # noqa: PLC0415

        raise typer.Exit(show(Arguments(typed=global_options(context), values={})))


@lock_commands.add("acquire", row.REASON)
def acquire(arguments: Arguments) -> int:
    """Let no run begin, cron included.

    It holds until `rollout lock release`.
    """
    from rollout.cli.commands.lock import acquire as command  # noqa: PLC0415

    return command(arguments)


@lock_commands.add("release", row.YES)
def release(arguments: Arguments) -> int:
    """Release a lock that a person acquired.

    It asks before it releases the lock of another person.
    """
    from rollout.cli.commands.lock import release as command  # noqa: PLC0415

    return command(arguments)


@lock_commands.add("break", row.YES)
def break_it(arguments: Arguments) -> int:
    """Take the lock from any run or person.

    What is out of rotation because of that run comes back, as with `rollout recover`.
    """
    from rollout.cli.commands.lock import break_it as command  # noqa: PLC0415

    return command(arguments)


@commands.add("check", *row.CHOOSING, group=LOOK)
def check(arguments: Arguments) -> int:
    """Try all that a run needs; change nothing."""
    from rollout.cli.commands.check import check as command  # noqa: PLC0415

    return command(arguments)


@commands.add("status", *row.CHOOSING, row.WATCH, group=LOOK)
def status(arguments: Arguments) -> int:
    """Show hosts, servers, instances and pids."""
    if arguments.is_on(row.WATCH):
        from rollout.cli.commands.watch import watch  # noqa: PLC0415

        return watch(arguments)
    from rollout.cli.commands.status import status as command  # noqa: PLC0415

    return command(arguments)


@commands.add("history", row.NUMBER, row.SINCE, *row.CHOOSING, group=LOOK)
def history(arguments: Arguments) -> int:
    """List the past runs: who, what, how it ended."""
    from rollout.cli.commands.history import history as command  # noqa: PLC0415

    return command(arguments)


@commands.add("show", row.RUN, row.LOG, row.BY_HAND, group=LOOK)
def show(arguments: Arguments) -> int:
    """Show one past run: each host, times, impact.

    And what later runs made of what it left.  `--verbose` adds what each server's visitors met.
    """
    from rollout.cli.commands.show import show as command  # noqa: PLC0415

    return command(arguments)


@commands.add("report", row.RUN, group=LOOK)
def report(arguments: Arguments) -> int:
    """Write the report of a past run as HTML.

    To stdout, or to the file that -o FILE.html names; on a terminal to a file in this directory.
    """
    from rollout.cli.commands.report import report as command  # noqa: PLC0415

    return command(arguments)


@commands.add("why", row.A_HOST, group=LOOK)
def why(arguments: Arguments) -> int:
    """Say why a host is out, or what restarted it.

    By the journals of the last runs, and one look at the load balancers.
    """
    from rollout.cli.commands.why import why as command  # noqa: PLC0415

    return command(arguments)


@commands.add("releases", *row.CHOOSING, group=LOOK)
def releases(arguments: Arguments) -> int:
    """Show the releases on each host.

    Which of them are good, bad, live and running.
    """
    from rollout.cli.commands.releases import releases as command  # noqa: PLC0415

    return command(arguments)


@commands.add("prune", KEEP, *row.CHOOSING, row.PLAN, row.YES, row.CRON, group=REPAIR)
def prune(arguments: Arguments) -> int:
    """Remove old releases from the hosts."""
    from rollout.cli.commands.prune import prune as command  # noqa: PLC0415

    return command(arguments)


@commands.add("config", row.SHOW_SECRETS, group=SET_UP)
def config(arguments: Arguments) -> int:
    """Print the settings and where each is set.

    Secrets are shown as ***.
    """
    from rollout.cli.commands.config import config as command  # noqa: PLC0415

    return command(arguments)


@commands.add("init", row.YES, row.FORCE, *row.INIT, group=SET_UP)
def init(arguments: Arguments) -> int:
    """Look at a fleet; write ./rollout.toml for it.

    It asks for HAProxy's admin socket, reads backends and servers, finds the hosts through ssh and
    what their supervisor watches, and writes all settings with the values that it found and why.
    It changes nothing but that file.  Without a terminal and without options it writes the
    settings with their defaults.
    """
    from rollout.cli.commands.init import init as command  # noqa: PLC0415

    return command(arguments)


@commands.add("setup", group=SET_UP)
def setup(arguments: Arguments) -> int:
    """Print what root types once on each machine."""
    from rollout.cli.commands.setup import setup as command  # noqa: PLC0415

    return command(arguments)


@commands.add("explain", row.EXIT, group=LOOK)
def explain(arguments: Arguments) -> int:
    """Say what an exit code means and what to do.

    Without a code it lists all of them.
    """
    from rollout.cli.commands.explain import explain as command  # noqa: PLC0415

    return command(arguments)


@commands.add("schema", group=SET_UP)
def schema(arguments: Arguments) -> int:
    """Print the JSON Schema of --output json."""
    from rollout.cli.commands.schema import schema as command  # noqa: PLC0415

    return command(arguments)


def option_rows() -> Iterator[tuple[str, Sequence[Option]]]:
    """Yield each command with its options, and first, under the empty name, the global ones."""
    yield "", row.GLOBAL
    yield from commands.options.items()
    yield "lock", ()
    yield from lock_commands.options.items()
    yield "plan", ()
    yield from plan_commands.options.items()
