"""The walk over the fleet, told in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rollout.errors import Halted, RolloutError, SoakFailed
from rollout.events import (
    Noted,
    RolloutFinished,
    RolloutHalted,
    RolloutStarted,
    SoakStarted,
    TargetLeftOut,
)
from rollout.fleet import Birth, SeatState, Target, Verdict
from rollout.ladder import restart_one
from rollout.plan import Plan
from rollout.ports import Site, Tell
from rollout.verdicts import all_serving, carries, held_out
from rollout.waiting import now, until
from rollout.window import Window

SOAK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Rolled:
    """What became of a walk, for a story that goes on after it.

    Attributes:
        restarted: Who went down the ladder and up again, in the order of their return.
        failed: Who did not, or did not hold, with what stopped it.
        skipped: Who was somebody else's when its turn came, and was not touched.
        since: When each of them had its turn, on the loop's clock.
        halted: Not every target had its turn.
    """

    restarted: tuple[Target, ...]
    failed: Mapping[Target, Exception]
    skipped: tuple[Target, ...]
    since: Mapping[Target, float]
    halted: bool

    @property
    def whole(self) -> bool:
        """Every target had its turn, and was restarted or is somebody else's."""
        return not self.halted and not self.failed


async def rolling_restart(plan: Plan, site: Site, tell: Tell) -> Rolled:
    """Restart every target in ``plan``, wave by wave, never with fewer serving than the floor.

    What stops it is told, not raised: the account of the run is the result.
    """
    names = tuple(target.name for target in plan.targets)
    tell(RolloutStarted(targets=names, max_out=plan.max_out, floor=str(plan.floor)))
    window = Window(plan, site, tell)
    try:
        async with window:
            for wave in plan.waves:
                for target in wave:
                    await window.room_for(target)
                    window.start(target, partial(restart_one, target, plan, site, tell))
                await window.empty()
                if wave is not plan.waves[-1]:
                    await soak(window.restarted, plan, site, tell)
    except RolloutError as halt:
        tell(RolloutHalted(because=str(halt)))
        weak = {t: halt for t in window.restarted if _is_about(halt, t)}
        return _rolled(window, weak, halted=True)
    tell(RolloutFinished())
    return _rolled(window, {}, halted=False)


def _is_about(halt: RolloutError, target: Target) -> bool:
    return isinstance(halt, SoakFailed) and halt.target == target.name


def _rolled(window: Window, weak: Mapping[Target, Exception], *, halted: bool) -> Rolled:
    return Rolled(
        restarted=tuple(window.restarted),
        failed={**window.failed, **weak},
        skipped=tuple(window.skipped),
        since=window.since,
        halted=halted,
    )


async def soak(returned: Sequence[Target], plan: Plan, site: Site, tell: Tell) -> None:
    """Let what was restarted carry traffic for a while before the next wave is risked.

    Raises:
        Halted: one of its seats does not serve any more, or the operator wants us to stop.
    """
    seconds = plan.patience.soak
    if not seconds or not returned:
        return
    names = tuple(target.name for target in returned)
    tell(SoakStarted(targets=names, seconds=seconds))
    end = now() + seconds
    theirs: set[Target] = set()
    births: dict[Target, Mapping[str, Birth | None]] = {}

    async def question() -> Verdict:
        if site.stop_asked():
            raise Halted("stopped on request during the soak")
        for target in returned:
            if target in theirs:
                continue
            rows, verdict = await carried(target, site)
            if held := [f"{row.seat} is {how}" for row in rows if (how := held_out(row))]:
                theirs.add(target)  # it was back, so it says nothing against its restart
                tell(Noted(where=target.name, what=f"{'; '.join(held)}: left to them"))
                continue
            verdict = await _same(target, births, site) if verdict.settled else verdict
            if not verdict.settled:
                look = plan.look.format(host=target.host)
                because = f"it did not hold during the soak: {verdict.because}"
                tell(
                    TargetLeftOut(
                        target=target.name, state="ready", because=because, asked=True, look=look
                    )
                )
                raise SoakFailed(target.name, because)
        return Verdict(settled=now() >= end, because="")

    await until(
        "soaked",
        question,
        target=names[-1],  # a target of the account; a name for all would become a line of its own
        within=seconds + plan.patience.probation_timeout,
        tell=tell,
        every=SOAK_EVERY,
    )


async def carried(target: Target, site: Site) -> tuple[Sequence[SeatState], Verdict]:
    """Ask every load balancer of ``target`` whether it sends visitors to all its seats.

    It does to one that missed a check, and to all after a reload, until their first check.

    Returns:
        How its seats are, and the verdict on them.
    """
    states: list[SeatState] = []
    for name in target.balancers:
        rows = (await site.balancers[name].look()).seats
        states += [rows[seat] for seat in target.seats if seat in rows and seat.balancer == name]
    idle = [state for state in states if not carries(state)]
    return states, all_serving(idle) if idle else Verdict(settled=True, because="serves")


async def _same(
    target: Target, births: dict[Target, Mapping[str, Birth | None]], site: Site
) -> Verdict:
    """See that every instance of ``target`` is the process that it was at the first look.

    HAProxy may miss a crash: a process that is back within its checks is ``UP 1/2`` for a moment.
    """
    ours = {instance.name for instance in target.instances}
    states = await site.supervisor.look(target.host)
    found = {state.name: state.birth for state in states if state.name in ours}
    before = births.setdefault(target, found)
    changed = [name for name in sorted(ours) if found.get(name) != before.get(name)]
    because = f"{', '.join(changed)} is another process: it died under the visitors"
    return Verdict(settled=not changed, because=because)
