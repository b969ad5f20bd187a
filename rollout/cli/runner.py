"""Runs a command that changes servers: journal, adapters, lock and renderers around it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from rollout.cli.from_settings import lock_request
from rollout.cli.global_options import GlobalOptions
from rollout.cli.locked_run import LockedRun, hold_lock, take_over_lock
from rollout.cli.new_run import begin
from rollout.cli.run_with_output import run_with_output, with_tracing
from rollout.cli.wiring import open_deploy, open_site
from rollout.events import Noted
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.site import DeployServices, Tell
from rollout.settings.flags import Flags
from rollout.settings.load import Loaded

CommandBody = Callable[[LockedRun, Tell], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """What a command is about.

    Attributes:
        loaded: The settings.
        typed: The global options.
        verb: What it does for the fleet; see :func:`rollout.cli.new_run.begin`.
        hosts: The hosts that it is about.
        flags: Its own options that are settings.
        deploys: It needs what only a deploy needs of the world.
        take_up: What an earlier run left out there is restarted with the others.
        left: The run that it comes after, whose lock and holdings it takes.
        done: Targets that an earlier part of the same run has restarted.
        renewed: Of others the instances that it has restarted.
        cron: Say nothing when all is well.
        meanwhile: What it does until it has something to tell.
        over_half_a_deploy: It sees itself to what a deploy that died has left on the hosts.
    """

    loaded: Loaded
    typed: GlobalOptions
    verb: str
    hosts: Sequence[str]
    flags: Flags | None = None
    deploys: bool = False
    include_left_out: bool = False
    left: UnfinishedRun | None = None
    done: Sequence[str] = ()
    renewed: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    cron: bool = False
    meanwhile: str = ""
    over_half_a_deploy: bool = False


def run(spec: CommandSpec, scenario: CommandBody) -> int:
    """Tell ``scenario``, in charge of the fleet, and return the exit code of its account."""
    settings = spec.loaded.settings
    begun = begin(
        spec.loaded,
        spec.verb,
        spec.hosts,
        flags=spec.flags,
        done=spec.done,
        renewed=spec.renewed,
    )

    async def whole(tell: Tell, stop_asked: Callable[[], bool]) -> None:
        async with AsyncExitStack() as stack:
            supply: DeployServices | None = None
            if spec.deploys:
                deploy = open_deploy(settings, stop_asked=stop_asked)
                world, supply = await stack.enter_async_context(deploy)
            else:
                world = await stack.enter_async_context(open_site(settings, stop_asked=stop_asked))
            world = with_tracing(world, tell, verbose=spec.typed.verbose)
            if spec.cron and (which := spec.typed.which_file(spec.loaded)):
                tell(Noted(where="settings", what=which))
            if spec.left is None:
                rollout, take_up = spec.typed.rollout, spec.include_left_out
                deploys = spec.deploys or spec.over_half_a_deploy
                request = lock_request(
                    settings, spec.hosts, rollout, deploys=deploys, include_left_out=take_up
                )
                locked_run = await stack.enter_async_context(hold_lock(world, begun, request, tell))
            else:
                after = take_over_lock(spec.left, world, begun, tell)
                locked_run = await stack.enter_async_context(after)
            await scenario(locked_run.with_(supply), tell)

    return run_with_output(
        whole, settings, spec.typed, begun, cron=spec.cron, meanwhile=spec.meanwhile
    )
