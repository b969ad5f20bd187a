"""Looks at all that a run meets before it begins, without its lock and its journal."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from rollout.cli.new_run import history_of, try_journal
from rollout.cli.notify_wiring import examine_notifications
from rollout.cli.wiring import NOT_TAKEN, open_deploy, open_lock, open_site
from rollout.events import Event, Noted, TargetLeftOut
from rollout.lock.acquire import LockContext, LockRequest, Outlook, foresee
from rollout.lock.ownership_log import UnlockedOwnershipLog
from rollout.model.deploy import Deploy
from rollout.model.errors import LockError, LockHeld
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding
from rollout.ports.site import Site
from rollout.restart.fleet_snapshot import finding
from rollout.restart.preflight import with_others
from rollout.settings.model import Settings
from rollout.summary.run import Exit

Preflight = Callable[[Site], Awaitable[tuple[PreflightReport, Deploy | None]]]
"""The preflight of a command, and the deploy that it leads to; a restart leads to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What a run would meet.

    Attributes:
        fit: What its preflight finds, with what keeps it from the lock and the journal.
        deploy: The deploy that it leads to.
        outlook: What the lock and the journals of earlier runs come to.
        lock_unknown: A place of the lock cannot be used.
        site: The world, to be looked at further.
    """

    fit: PreflightReport
    deploy: Deploy | None
    outlook: Outlook
    lock_unknown: bool
    site: Site


@asynccontextmanager
async def foresight(
    settings: Settings, request: LockRequest, preflight: Preflight, *, deploys: bool
) -> AsyncIterator[Foresight]:
    """Look at the lock, at what earlier runs left, and at the fleet; touch nothing.

    ``deploys``: with what only a deploy needs of the world.
    """
    with open_lock(settings) as lock:
        of_the_lock, notes = await lock.examine()
    make = open_deploy if deploys else open_site
    async with make(settings) as world:
        told: list[Event] = []
        outlook = await foresee(LockContext(request, history_of(settings), world, told.append))
        record = UnlockedOwnershipLog(NOT_TAKEN, owned_targets=outlook.owned_targets)
        site = replace(world, record=record)
        fit, deploy = await preflight(site)
        others, refused = of_the_lock, outlook.refused
        waits = isinstance(refused, LockHeld) and request.wait > 0
        said_already = waits or (of_the_lock and isinstance(refused, LockError))
        if refused is not None and not said_already:
            where = "lock" if isinstance(refused, LockHeld) else "run"
            others = (*others, finding(where, refused))
        more = tuple(note for event in told if (note := _note_of(event, outlook)))
        refusing, warnings = examine_notifications(settings)
        others = (*others, *try_journal(settings), *refusing)
        yield Foresight(
            fit=with_others(fit, others, (*notes, *more, *warnings)),
            deploy=deploy,
            outlook=outlook,
            lock_unknown=bool(of_the_lock),
            site=site,
        )


def refusal(foresight: Foresight, wait: float = 0.0) -> Exit:
    """Return the exit code of a run now: 4 while the lock is held and it does not wait for it."""
    if isinstance(foresight.outlook.refused, LockHeld) and not wait:
        return Exit.BUSY
    return Exit.REFUSED if foresight.fit.findings else Exit.DONE


def _note_of(event: Event, outlook: Outlook) -> Finding | None:
    """Say as a note what a run would tell before it begins; None for what it would not."""
    if isinstance(event, Noted):
        return Finding(event.where, event.what, "")
    if not isinstance(event, TargetLeftOut):
        return None
    run = outlook.run_by_target[event.target].owner.run
    what = (
        f"out of rotation, left by run {run}; as long as it is out, each run ends with exit "
        f"{Exit.REDUCED}: `rollout recover` brings it back"
    )
    return Finding(event.target, what, "")
