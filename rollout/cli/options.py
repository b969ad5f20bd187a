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
        help="At most so many out of rotation at once (default: [fleet] max_out).",
    ),
]
Floor = Annotated[
    str | None,
    typer.Option(
        "--floor",
        metavar="N|N%",
        help="At least so many servers keep serving in each backend (default: [fleet] floor).",
    ),
]
Canary = Annotated[
    str | None,
    typer.Option(
        "--canary",
        metavar="N|N%",
        help="So many go first, alone; the rest only if all of them come back "
        "(default: [fleet] canary).",
    ),
]
Soak = Annotated[
    str | None,
    typer.Option(
        "--soak",
        metavar="TIME",
        help="The first ones carry traffic so long before the rest, e.g. 5m "
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
        help="Start nothing new after so long, e.g. 1h30m; 0s is no limit "
        "(default: [fleet] deadline).",
    ),
]
InstancesAtATime = Annotated[
    str | None,
    typer.Option(
        "--instances-at-a-time",
        metavar="N",
        help="So many instances of a host boot together; 0 is all "
        "(default: [monit] instances_at_a_time).",
    ),
]
DrainTimeout = Annotated[
    str | None,
    typer.Option(
        "--drain-timeout",
        metavar="TIME",
        help="Visitors may finish by themselves for so long, e.g. 30s "
        "(default: [restart] drain_timeout).",
    ),
]
MaintTimeout = Annotated[
    str | None,
    typer.Option(
        "--maint-timeout",
        metavar="TIME",
        help="What is in flight after that may take so long, e.g. 60s "
        "(default: [restart] maint_timeout).",
    ),
]
OnBusy = Annotated[
    str | None,
    typer.Option(
        "--on-busy",
        metavar="stop|cut",
        help="If it takes longer, stop and give the host back, or cut it off "
        "(default: [restart] on_busy).",
    ),
]
StartupDelay = Annotated[
    str | None,
    typer.Option(
        "--startup-delay",
        metavar="TIME",
        help="Wait so long after a restart before the first look, e.g. 70s "
        "(default: [restart] startup_delay).",
    ),
]
RunningTimeout = Annotated[
    str | None,
    typer.Option(
        "--running-timeout",
        metavar="TIME",
        help="All instances must run and answer within so long, e.g. 2m "
        "(default: [restart] running_timeout).",
    ),
]
Stable = Annotated[
    str | None,
    typer.Option(
        "--stable",
        metavar="TIME",
        help="A server must stay up so long to count as done, e.g. 5s (default: [restart] stable).",
    ),
]
WaitLock = Annotated[
    str | None,
    typer.Option(
        "--wait-lock",
        metavar="TIME",
        help="Wait so long for a rollout that is under way, e.g. 10m (default: [lock] wait).",
    ),
]
IncludeLeftOut = Annotated[
    bool,
    typer.Option(
        "--include-left-out",
        help="Restart with the others what an earlier run has left out of rotation.",
    ),
]
AcceptSick = Annotated[
    bool,
    typer.Option(
        "--accept-sick",
        help="In an outage: restart instances all the same that are down or do not answer now.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Cron = Annotated[
    bool,
    typer.Option("--cron", help="Say nothing when all is well, and ask nothing."),
]

Ref = Annotated[
    str | None,
    typer.Option(
        "--ref", metavar="REF", help="This branch, tag or commit (default: [deploy] ref)."
    ),
]
Artifact = Annotated[
    str | None,
    typer.Option(
        "--artifact", metavar="FILE", help="This packed release (default: [deploy] artifact)."
    ),
]
Sha256 = Annotated[
    str | None,
    typer.Option("--sha256", metavar="DIGITS", help="And its checksum (default: [deploy] sha256)."),
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
