"""The options that commands share; unset means "as in the settings"."""

from typing import Annotated, Any

import typer

Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--hosts",
        metavar="NAMES",
        help="Only these hosts, in this order: names with commas, ranges web[01-08], globs web* "
        "(default: all of [fleet] hosts).",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="NAMES", help="All but these hosts, written as for --hosts."),
]
MaxOut = Annotated[
    str | None,
    typer.Option(
        "--max-out",
        metavar="N|N%",
        help="The most targets out of rotation at once (default: [fleet] max_out).",
    ),
]
Floor = Annotated[
    str | None,
    typer.Option(
        "--floor",
        metavar="N|N%",
        help="The fewest servers that keep serving in each backend (default: [fleet] floor).",
    ),
]
Canary = Annotated[
    str | None,
    typer.Option(
        "--canary",
        metavar="N|N%",
        help="This many targets go first; the rest only if all of them come back "
        "(default: [fleet] canary).",
    ),
]
Soak = Annotated[
    str | None,
    typer.Option(
        "--soak",
        metavar="TIME",
        help="How long the canary carries traffic before the rest goes, e.g. 5m "
        "(default: [fleet] soak).",
    ),
]
Granularity = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="host|instance",
        help="Take out a whole host or one instance at a time (default: [fleet] by).",
    ),
]
MaxFailures = Annotated[
    str | None,
    typer.Option(
        "--max-failures",
        metavar="N",
        help="Start no further target after so many failed (default: [fleet] max_failures).",
    ),
]
Deadline = Annotated[
    str | None,
    typer.Option(
        "--deadline",
        metavar="TIME",
        help="Start no further target after this time, e.g. 1h30m; 0s: no limit "
        "(default: [fleet] deadline).",
    ),
]
InstancesAtATime = Annotated[
    str | None,
    typer.Option(
        "--instances-at-a-time",
        metavar="N",
        help="How many instances of a host boot together; 0: all "
        "(default: [monit] instances_at_a_time).",
    ),
]
DrainTimeout = Annotated[
    str | None,
    typer.Option(
        "--drain-timeout",
        metavar="TIME",
        help="How long open sessions may end by themselves, e.g. 30s "
        "(default: [restart] drain_timeout).",
    ),
]
MaintTimeout = Annotated[
    str | None,
    typer.Option(
        "--maint-timeout",
        metavar="TIME",
        help="How long open requests may finish in maint after that, e.g. 60s "
        "(default: [restart] maint_timeout).",
    ),
]
OnBusy = Annotated[
    str | None,
    typer.Option(
        "--on-busy",
        metavar="stop|cut",
        help="When they take longer: stop and give the host back, or cut them off "
        "(default: [restart] on_busy).",
    ),
]
StartupDelay = Annotated[
    str | None,
    typer.Option(
        "--startup-delay",
        metavar="TIME",
        help="How long to wait after a restart before the first check, e.g. 70s "
        "(default: [restart] startup_delay).",
    ),
]
RunningTimeout = Annotated[
    str | None,
    typer.Option(
        "--running-timeout",
        metavar="TIME",
        help="The time within which all instances must run and answer, e.g. 2m "
        "(default: [restart] running_timeout).",
    ),
]
Stable = Annotated[
    str | None,
    typer.Option(
        "--stable",
        metavar="TIME",
        help="How long a server must stay up to be done, e.g. 5s (default: [restart] stable).",
    ),
]
WaitLock = Annotated[
    str | None,
    typer.Option(
        "--wait-lock",
        metavar="TIME",
        help="How long to wait for another run to end, e.g. 10m (default: [lock] wait).",
    ),
]
IncludeLeftOut = Annotated[
    bool,
    typer.Option(
        "--include-left-out",
        help="Also restart the targets that an earlier run left out of rotation.",
    ),
]
AcceptSick = Annotated[
    bool,
    typer.Option(
        "--accept-sick",
        help="In an outage: also restart instances that are down or do not answer.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Cron = Annotated[
    bool,
    typer.Option("--cron", help="Print nothing when all is well, and ask nothing."),
]

Ref = Annotated[
    str | None,
    typer.Option(
        "--ref", metavar="REF", help="The branch, tag or commit to deploy (default: [deploy] ref)."
    ),
]
Artifact = Annotated[
    str | None,
    typer.Option(
        "--artifact",
        metavar="FILE",
        help="The packed release (default: [deploy] artifact).",
    ),
]
Sha256 = Annotated[
    str | None,
    typer.Option(
        "--sha256",
        metavar="DIGITS",
        help="Its SHA-256 (default: [deploy] sha256).",
    ),
]
Switch = Annotated[
    str | None,
    typer.Option(
        "--switch",
        metavar="together|each",
        help="Move `current` on all hosts before the first restart, or on each while it is out "
        "(default: [deploy] switch).",
    ),
]
OnFailure = Annotated[
    str | None,
    typer.Option(
        "--on-failure",
        metavar="rollback|stop",
        help="When a host does not come up, take the release back, or leave it out and halt "
        "(default: [deploy] on_failure).",
    ),
]

RESTART_OPTIONS: dict[str, Any] = {
    "max_out": MaxOut,
    "floor": Floor,
    "canary": Canary,
    "soak": Soak,
    "by": Granularity,
    "startup_delay": StartupDelay,
    "drain_timeout": DrainTimeout,
    "maint_timeout": MaintTimeout,
    "on_busy": OnBusy,
    "running_timeout": RunningTimeout,
    "stable": Stable,
    "max_failures": MaxFailures,
    "deadline": Deadline,
    "instances_at_a_time": InstancesAtATime,
    "wait_lock": WaitLock,
}
"""What every command that restarts servers takes."""

SOURCE_OPTIONS: dict[str, Any] = {"ref": Ref, "artifact": Artifact, "sha256": Sha256}
DEPLOY_OPTIONS: dict[str, Any] = {"switch": Switch, "on_failure": OnFailure}
"""What a deploy takes besides."""
