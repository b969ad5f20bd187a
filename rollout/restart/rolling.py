"""The walk over the fleet, told in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rollout.events import RolloutFinished, RolloutHalted, RolloutStarted
from rollout.model.errors import LockLost, RolloutError, SoakFailed
from rollout.model.fleet import Target
from rollout.ports.context import RunContext
from rollout.restart.final_check import check_at_the_end
from rollout.restart.one_target import restart_one
from rollout.restart.pause import pause_after_canary
from rollout.restart.soak import soak
from rollout.restart.window import Window


@dataclass(frozen=True, slots=True)
class RollingResult:
    """What became of a walk, for a scenario that goes on after it.

    Attributes:
        restarted: Targets that were restarted, in the order of their return.
        failed: Targets that were not, or did not hold, with what stopped them.
        skipped: Targets that were out from outside when their turn came, and were not touched.
        since: When each of them had its turn, on the loop's clock.
        halted: Not every target had its turn.
        down: Targets that were seen at the end not to serve, though they are in rotation.
    """

    restarted: tuple[Target, ...]
    failed: Mapping[Target, Exception]
    skipped: tuple[Target, ...]
    since: Mapping[Target, float]
    halted: bool
    down: tuple[Target, ...] = ()

    @property
    def whole(self) -> bool:
        """All targets had their turn, were restarted or skipped, and serve at the end."""
        return not self.halted and not self.failed and not self.down


async def rolling_restart(context: RunContext, *, done: Sequence[Target] = ()) -> RollingResult:
    """Restart every target in ``plan``, wave by wave, never with fewer serving than the floor.

    What stops it is told, not raised: the summary of the run is the result.  At the end ``done``,
    which an earlier part of the run has restarted, are looked at as well.
    """
    all_of_it = (*done, *context.plan.targets)
    names = tuple(target.name for target in context.plan.targets)
    plan = context.plan
    gated = len(plan.waves) > 1
    context.tell(
        RolloutStarted(
            targets=names,
            max_out=plan.max_out,
            floor=str(plan.floor),
            canaries=len(plan.waves[0]) if gated else 0,
            soak=plan.timeouts.soak if gated else 0.0,
        )
    )
    window = Window(context)
    try:
        async with window:
            for wave in context.plan.waves:
                for target in wave:
                    await window.wait_for_capacity(target)
                    window.start(target, partial(restart_one, context, target))
                await window.empty()
                if wave is not context.plan.waves[-1]:
                    window.see_whole(wave)
                    await soak(context, (*context.plan.canaries_done, *window.restarted))
                    if context.plan.pause_after_canary:
                        await pause_after_canary(context, window.check_may_go_on)
    except RolloutError as halt:
        lost = next((str(e) for e in window.failed.values() if isinstance(e, LockLost)), "")
        down = await check_at_the_end(all_of_it, context.site, context.tell, other_owner=lost)
        context.tell(RolloutHalted(reason=str(halt)))
        weak = {t: halt for t in window.restarted if _is_about(halt, t)}
        return _rolled(window, weak, down, halted=True)
    down = await check_at_the_end(all_of_it, context.site, context.tell)
    context.tell(RolloutFinished())
    return _rolled(window, {}, down, halted=False)


def _is_about(halt: RolloutError, target: Target) -> bool:
    return isinstance(halt, SoakFailed) and halt.target == target.name


def _rolled(
    window: Window, weak: Mapping[Target, Exception], down: tuple[Target, ...], *, halted: bool
) -> RollingResult:
    return RollingResult(
        restarted=tuple(window.restarted),
        failed={**window.failed, **weak},
        skipped=tuple(window.skipped),
        since=window.since,
        halted=halted,
        down=down,
    )
