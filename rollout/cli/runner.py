"""A command that acts: journal, world, lock and voices around the one thing that it does."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from rollout.cli.from_settings import lock_request
from rollout.cli.global_options import GlobalOptions
from rollout.cli.locked_run import LockedRun, hold_lock, take_over_lock
from rollout.cli.new_run import begin
from rollout.cli.run_with_output import run_with_output, with_tracing
from rollout.cli.wiring import open_deploy, open_site
from rollout.cli.with_options import Flags
from rollout.events import Noted
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.site import DeployServices, Tell
from rollout.settings.load import Loaded

CommandBody = Callable[[LockedRun, Tell], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """What a command is about.

    Attributes:
        loaded: The settings.
        typed: What stood before the command.
        verb: What it does for the fleet; see :func:`rollout.cli.new_run.begin`.
        hosts: The hosts that it is about.
        flags: What was typed after it.
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


def run(errand: CommandSpec, story: CommandBody) -> int:
    """Tell ``story``, in charge of the fleet, and return the exit code of its account."""
    settings = errand.loaded.settings
    begun = begin(
        errand.loaded,
        errand.verb,
        errand.hosts,
        flags=errand.flags,
        done=errand.done,
        renewed=errand.renewed,
    )

    async def whole(tell: Tell, stop_asked: Callable[[], bool]) -> None:
        async with AsyncExitStack() as stack:
            supply: DeployServices | None = None
            if errand.deploys:
                deploy = open_deploy(settings, stop_asked=stop_asked)
                world, supply = await stack.enter_async_context(deploy)
            else:
                world = await stack.enter_async_context(open_site(settings, stop_asked=stop_asked))
            world = with_tracing(world, tell, verbose=errand.typed.verbose)
            if errand.cron and (which := errand.typed.which_file(errand.loaded)):
                tell(Noted(where="settings", what=which))
            if errand.left is None:
                rollout, take_up = errand.typed.rollout, errand.include_left_out
                deploys = errand.deploys or errand.over_half_a_deploy
                wish = lock_request(
                    settings, errand.hosts, rollout, deploys=deploys, include_left_out=take_up
                )
                charge = await stack.enter_async_context(hold_lock(world, begun, wish, tell))
            else:
                after = take_over_lock(errand.left, world, begun, tell)
                charge = await stack.enter_async_context(after)
            await story(charge.with_(supply), tell)

    return run_with_output(
        whole, settings, errand.typed, begun, cron=errand.cron, meanwhile=errand.meanwhile
    )
