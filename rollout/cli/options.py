"""The options that are no settings, one row each, and how typer is told of a row."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from rollout.cli.completion import completer
from rollout.settings.options import LIMITS_AND_TIMEOUTS, OUT, PACE, RELEASE, Option

CONFIG = Option(
    flag="--config",
    short="-c",
    metavar="FILE",
    variable="ROLLOUT_CONFIG",
    default="the first of ./rollout.toml, ~/.config/rollout/rollout.toml, "
    "/etc/rollout/rollout.toml",
    help="Read the settings from FILE",
)
ENV = Option(
    flag="--env",
    short="-e",
    metavar="NAME",
    completes="environments",
    variable="ROLLOUT_ENV",
    help="Apply the overrides in [env.NAME]",
)
OUTPUT = Option(
    flag="--output",
    short="-o",
    metavar="MODE",
    variable="ROLLOUT_OUTPUT",
    values=("auto", "plain", "live", "json"),
    default="auto",
    help="Show a live table, plain lines or json lines; auto is live on a terminal",
)
VERBOSE = Option(
    flag="--verbose",
    short="-v",
    help="Print each request to HAProxy and monit, and each answer",
)
VERSION = Option(flag="--version", short="-V", help="Print the version")
GLOBAL = (CONFIG, ENV, OUTPUT, VERBOSE, VERSION)
"""What every command takes, before it or after it."""

FLEET = "The fleet"
"""The heading of what says to `rollout init` where to look."""

HOSTS = Option(
    flag="--hosts",
    short="-H",
    metavar="NAMES",
    completes="hosts",
    default="all of fleet.hosts",
    repeats=True,
    help="Only these hosts, in this order: web1,web3 or web[01-08] or web*",
)
EXCLUDE = Option(
    flag="--exclude",
    metavar="NAMES",
    completes="hosts",
    repeats=True,
    help="All but these hosts, written as for --hosts",
)
HELP_ALL = Option(flag="--help-all", help="Show the rare options too: limits, timeouts and others")
CRON = Option(flag="--cron", help="Print only on failure; never prompt")
YES = Option(flag="--yes", short="-y", help="Do not ask for a confirmation")
PLAN = Option(
    flag="--plan",
    short="-n",
    help="Show what would be done, and change nothing",
)
FROM_PLAN = Option(
    flag="--from-plan",
    metavar="FILE",
    help="Do what a plan file says, if all is as planned",
)
INCLUDE_LEFT_OUT = Option(
    flag="--include-left-out",
    group=OUT,
    help="Also restart the targets that an earlier run left out of rotation",
)
ACCEPT_SICK = Option(
    flag="--accept-sick",
    group=OUT,
    help="In an outage: also restart instances that are down or do not answer",
)
CHOOSING = (HOSTS, EXCLUDE)
PLANNED = (*PACE, *LIMITS_AND_TIMEOUTS, INCLUDE_LEFT_OUT, ACCEPT_SICK)
"""What decides how servers are restarted: `plan` takes it too."""

TO = Option(
    flag="--to",
    metavar="RELEASE",
    completes="releases",
    group=RELEASE,
    default="the last good one",
    help="Make this release live",
)
ABANDON = Option(
    flag="--abandon",
    help="Change nothing: what is out stays out, and rollout no longer manages it",
)
ANYWAY = Option(
    flag="--anyway",
    help="Also bring back what another run says that it has recovered",
)
REPLAN = Option(flag="--replan", help="Use the settings and the fleet as they are now")
WHY = Option(
    flag="--reason",
    short="-m",
    metavar="TEXT",
    help="Why; `rollout lock` and the journal show it",
)
REASON = Option(
    flag="--reason",
    short="-m",
    metavar="TEXT",
    required=True,
    help="Why; a run that is refused shows it",
)
WATCH = Option(
    flag="--watch",
    short="-w",
    help="Show it again every 2 seconds, until Ctrl-C; in a pipe what changed",
)
SHOW_SECRETS = Option(
    flag="--show-secrets",
    help="Show values of environments, and passwords and tokens in addresses, instead of ***",
)
SOCKET = Option(
    flag="--socket",
    metavar="PATH",
    group=FLEET,
    help="HAProxy's admin socket: a path, or an address such as 127.0.0.1:9999",
)
SSH = Option(
    flag="--ssh",
    metavar="HOST",
    group=FLEET,
    help="The host of --socket, as ssh knows it; left out, this machine",
)
LB = Option(
    flag="--lb",
    metavar="NAME=[HOST:]PATH",
    group=FLEET,
    repeats=True,
    help="One of several load balancers: its name, its host and its admin socket",
)
BACKEND = Option(
    flag="--backend",
    metavar="NAMES",
    group=FLEET,
    repeats=True,
    default="all whose hosts ssh knows",
    help="Manage these backends",
)
HOST = Option(
    flag="--host",
    metavar="ADDRESS=NAME",
    group=FLEET,
    repeats=True,
    help="The host behind an address, or behind a server of HAProxy, as ssh knows it",
)
MATCH = Option(
    flag="--match",
    metavar="REGEX",
    group=FLEET,
    help="The processes that are instances, by their whole name",
)
APP = Option(
    flag="--app",
    metavar="NAME",
    group=FLEET,
    default="the name of the first backend",
    help="The name of the application",
)
SSH_CONFIG = Option(
    flag="--ssh-config",
    metavar="FILE",
    group=FLEET,
    default="~/.ssh/config",
    help="Read this configuration of ssh, as ssh -F does",
)
INIT = (SOCKET, SSH, LB, BACKEND, HOST, MATCH, APP, SSH_CONFIG)
"""What `rollout init` asks for on a terminal."""

FORCE = Option(flag="--force", help="Replace a file that is already there")
EXIT = Option(
    flag="code",
    is_argument=True,
    metavar="EXIT",
    values=("0", "1", "2", "3", "4", "5", "6", "7", "130", "143"),
    help="An exit code, or its name",
)

RUN = Option(
    flag="run",
    is_argument=True,
    metavar="RUN",
    default="the last run that began",
    completes="runs",
    help="A run's id or its beginning, or `last`",
)
A_HOST = Option(
    flag="host",
    is_argument=True,
    required=True,
    metavar="HOST",
    completes="hosts",
    help="A host of the fleet",
)
LOG = Option(flag="--log", help="Print what was asked and answered")
NUMBER = Option(
    flag="--number",
    short="-n",
    metavar="N",
    default="20",
    help="Show at most N runs, the newest",
)
SINCE = Option(
    flag="--since",
    metavar="TIME",
    help="Only runs that began within TIME, like 7d or 12h",
)
BY_HAND = Option(
    flag="--by-hand",
    help="Print HAProxy's commands that put back, unchecked, what the run left out",
)


def typer_type(option: Option, callback: Callable[..., object] | None = None) -> Any:  # noqa: ANN401 - a type, made here
    """Return the type of a parameter from which typer makes ``option``.

    Args:
        option: The row.
        callback: What typer calls with the value, before the command.
    """
    if option.is_argument:
        argument = typer.Argument(
            metavar=option.metavar,
            help=option.sentence,
            show_default=False,
            autocompletion=completer(option),
        )
        return Annotated[str if option.required else str | None, argument]
    told = typer.Option(
        *filter(None, (option.flag, option.short)),
        metavar=option.metavar or None,
        help=option.sentence,
        envvar=option.variable or None,
        show_envvar=False,  # it stands in the sentence
        show_default=False,
        autocompletion=completer(option),
        callback=callback,
        is_eager=callback is not None,
        rich_help_panel=option.group,
    )
    if not option.metavar:
        return Annotated[bool, told]
    if option.repeats:
        return Annotated[list[str] | None, told]
    return Annotated[str if option.required else str | None, told]
