"""The options that are settings: one row each, from which flags, help and completion come."""

from dataclasses import dataclass

Setting = tuple[str, str]
"""A table of the settings and the key in it: ``("fleet", "max_out")``."""

COMMON, RELEASE, SWITCHING = "Options", "Release", "How a release goes live"
LIMITS, TIMEOUTS = "Limits", "Timeouts"
OUT = "Servers that are out of rotation or down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of the command line.

    Attributes:
        flag: What is typed: ``--max-out``; of an argument its name.
        help: What it does, in a sentence without a full stop.
        metavar: What stands for its value in the help; empty for a switch, which has none.
        short: A second spelling of one letter: ``-y``.
        setting: The setting that it outranks, where there is one.
        default: What holds where neither the option nor the setting is given, as it is typed.
        values: All values that there are, where they can be listed.
        completes: What TAB offers where that depends on settings and earlier runs: ``hosts``,
            ``environments``, ``releases`` or ``runs`` (:mod:`rollout.cli.completion`).
        variable: The environment variable that gives it.
        group: The heading that it stands under in the help.
        repeats: It may be given several times.
        required: The command cannot do without it.
        is_argument: It is a word without a flag before it.
    """

    flag: str
    help: str
    metavar: str = ""
    short: str = ""
    setting: Setting | None = None
    default: str = ""
    values: tuple[str, ...] = ()
    completes: str = ""
    variable: str = ""
    group: str = COMMON
    repeats: bool = False
    required: bool = False
    is_argument: bool = False

    @property
    def name(self) -> str:
        """The flag as a Python name: ``max_out``."""
        return self.flag.lstrip("-").replace("-", "_")

    @property
    def is_rare(self) -> bool:
        """Only ``--help-all`` shows it."""
        return self.group in {SWITCHING, LIMITS, TIMEOUTS, OUT}

    @property
    def sentence(self) -> str:
        """The help, with the setting and the default behind it in brackets."""
        setting = ".".join(self.setting or ())
        variable = f"variable {self.variable}" if self.variable else ""
        default = f"default {self.default}" if self.default else ""
        behind = ", ".join(filter(None, (setting, variable, default)))
        return f"{self.help} [{behind}]" if behind else self.help


PACE = (
    Option(
        flag="--max-out",
        setting=("fleet", "max_out"),
        metavar="N|N%",
        default="1",
        help="At most N out at once",
    ),
    Option(
        flag="--floor",
        setting=("fleet", "floor"),
        metavar="N|N%",
        default="50%",
        help="Keep at least N servers of each backend serving",
    ),
    Option(
        flag="--canary",
        setting=("fleet", "canary"),
        metavar="N|N%",
        default="0",
        help="Restart N targets first, the rest only if all of them come back",
    ),
    Option(
        flag="--soak",
        setting=("fleet", "soak"),
        metavar="TIME",
        default="0s",
        help="Watch the canary for TIME",
    ),
    Option(
        flag="--pause-after-canary",
        setting=("fleet", "pause_after_canary"),
        help="Ask after the canary",
    ),
    Option(
        flag="--wait-lock",
        setting=("lock", "wait"),
        metavar="TIME",
        default="0s",
        help="Wait TIME for another run",
    ),
)
"""What is given most often to a command that restarts servers."""

LOG = Option(
    flag="--log",
    setting=("log", "file"),
    metavar="FILE",
    help="Append the lines of the run to FILE",
)

LIMITS_AND_TIMEOUTS = (
    Option(
        flag="--by",
        setting=("fleet", "by"),
        metavar="host|instance",
        values=("host", "instance"),
        default="host",
        group=LIMITS,
        help="Take out a whole host, or one instance at a time",
    ),
    Option(
        flag="--instances-at-a-time",
        setting=("monit", "instances_at_a_time"),
        metavar="N",
        default="0",
        group=LIMITS,
        help="Restart N instances of a host at a time; 0 is all",
    ),
    Option(
        flag="--max-failures",
        setting=("fleet", "max_failures"),
        metavar="N",
        default="0",
        group=LIMITS,
        help="Start no further target once more than N failed",
    ),
    Option(
        flag="--deadline",
        setting=("fleet", "deadline"),
        metavar="TIME",
        default="0s",
        group=LIMITS,
        help="Start no further target after TIME; 0s is no limit",
    ),
    Option(
        flag="--drain-timeout",
        setting=("restart", "drain_timeout"),
        metavar="TIME",
        default="30s",
        group=TIMEOUTS,
        help="Wait up to TIME for sessions to end",
    ),
    Option(
        flag="--maint-timeout",
        setting=("restart", "maint_timeout"),
        metavar="TIME",
        default="60s",
        group=TIMEOUTS,
        help="Then block new requests and wait up to TIME for the rest",
    ),
    Option(
        flag="--on-busy",
        setting=("restart", "on_busy"),
        metavar="stop|cut",
        values=("stop", "cut"),
        default="stop",
        group=TIMEOUTS,
        help="If requests are still open then: stop and put the host back, or cut them off",
    ),
    Option(
        flag="--startup-delay",
        setting=("restart", "startup_delay"),
        metavar="TIME",
        default="0s",
        group=TIMEOUTS,
        help="Wait TIME after a restart before the first check",
    ),
    Option(
        flag="--running-timeout",
        setting=("restart", "running_timeout"),
        metavar="TIME",
        default="2m",
        group=TIMEOUTS,
        help="Give all instances up to TIME to run and answer",
    ),
    Option(
        flag="--stable",
        setting=("restart", "stable"),
        metavar="TIME",
        default="5s",
        group=TIMEOUTS,
        help="Watch a server in rotation for TIME before it counts as done",
    ),
)
"""What a command that restarts servers takes besides."""

SOURCE = (
    Option(
        flag="--ref",
        setting=("deploy", "ref"),
        metavar="REF",
        default="main",
        group=RELEASE,
        help="This branch, tag or commit",
    ),
    Option(
        flag="--artifact",
        setting=("deploy", "artifact"),
        metavar="FILE",
        group=RELEASE,
        help="This packed file or http address",
    ),
    Option(
        flag="--sha256",
        setting=("deploy", "sha256"),
        metavar="DIGITS",
        group=RELEASE,
        help="SHA-256 of --artifact",
    ),
)
"""Where a release comes from."""

SWITCH = (
    Option(
        flag="--switch",
        setting=("deploy", "switch"),
        metavar="together|each",
        values=("together", "each"),
        default="together",
        group=SWITCHING,
        help="Move `current` on all hosts before the first restart, or on each while it is out",
    ),
    Option(
        flag="--on-failure",
        setting=("deploy", "on_failure"),
        metavar="rollback|stop",
        values=("rollback", "stop"),
        default="rollback",
        group=SWITCHING,
        help="If a host does not come up: take the release back, or stop and leave it out",
    ),
)
"""How a release is made live."""

KEEP = Option(
    flag="--keep",
    setting=("deploy", "keep"),
    metavar="N",
    default="5",
    help="Keep N good releases",
)

SETTINGS = (*PACE, LOG, *LIMITS_AND_TIMEOUTS, *SOURCE, *SWITCH, KEEP)
"""All options that are settings."""
