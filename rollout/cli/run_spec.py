"""What a run of a command that changes servers is about, before it begins."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rollout.cli.global_options import GlobalOptions
from rollout.model.findings import PreflightReport
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.site import Site
from rollout.settings.flags import Flags
from rollout.settings.load import Loaded

Look = Callable[[Site], Awaitable[PreflightReport]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """What a run is about.

    Attributes:
        loaded: The settings.
        typed: The global options.
        verb: What it does for the fleet: ``restart``, ``uninterrupted``, ``rollback``, ``recover``.
        hosts: The hosts that it is about.
        flags: Its own options that are settings.
        takes_out: It takes targets out of rotation, so that another shell can pause or abort it.
        deploys: It needs what only a deploy needs of the world.
        include_left_out: What an earlier run left out there is restarted with the others.
        reason: Why, as typed.
        log: The file for its lines, where that is not the one of the settings.
        left: The run that it comes after, of which it takes the lock and the owned targets.
        done: Targets that an earlier part of the same run has restarted.
        renewed: Of others the instances that it has restarted.
        cron: Say nothing when all is well.
        meanwhile: What it does until it has something to tell.
        over_half_a_deploy: It sees itself to what a deploy that died has left on the hosts.
        look: Its preflight, for a run that could not ask for the lock: so that the operator reads
            all that is wrong at once.
    """

    loaded: Loaded
    typed: GlobalOptions
    verb: str
    hosts: Sequence[str]
    flags: Flags | None = None
    takes_out: bool = True
    deploys: bool = False
    include_left_out: bool = False
    reason: str = ""
    log: str = ""
    left: UnfinishedRun | None = None
    done: Sequence[str] = ()
    renewed: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    cron: bool = False
    meanwhile: str = ""
    over_half_a_deploy: bool = False
    look: Look | None = None
