"""``rollout check``: everything that a rollout needs, tried out; nothing is changed."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_error, print_output
from rollout.cli.from_settings import lock_request, scope_of
from rollout.cli.new_run import history_of, try_journal
from rollout.cli.others import examine_outside
from rollout.cli.wiring import NOT_TAKEN, open_deploy, open_lock, open_site
from rollout.deploy.preflight import preflight_for_either
from rollout.events import Event, Noted, TargetLeftOut
from rollout.lock.acquire import LockContext, Outlook, foresee
from rollout.lock.ownership_log import UnlockedOwnershipLog
from rollout.model.errors import LockError, LockHeld
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding
from rollout.output.check import check_json, check_sentence, check_table
from rollout.output.select import Output
from rollout.restart.fleet_snapshot import finding
from rollout.restart.preflight import with_others
from rollout.settings.model import Settings
from rollout.summary.run import Exit


def check(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings(secrets=True).settings
    chosen = arguments.selected_hosts(settings)
    return run(settings, chosen, output_mode, arguments.typed.rollout)


def run(settings: Settings, hosts: tuple[str, ...], output_mode: Output, rollout: str) -> int:
    """Look at everything and return the exit code of a restart now: 4 while the lock is held."""
    scope = scope_of(settings, hosts)
    request = lock_request(settings, hosts, rollout)

    async def scenario() -> tuple[PreflightReport, Outlook]:
        with open_lock(settings) as lock:
            of_the_lock, notes = await lock.examine()
        async with AsyncExitStack() as stack:
            if settings.deploy is None:
                site = await stack.enter_async_context(open_site(settings))
            else:
                site = await stack.enter_async_context(open_deploy(settings))
            told: list[Event] = []
            outlook = await foresee(LockContext(request, history_of(settings), site, told.append))
            out = UnlockedOwnershipLog(NOT_TAKEN, owned_targets=outlook.owned_targets)
            site = replace(site, record=out)
            source = site.services.source if site.services else None
            fit = await preflight_for_either(scope, site, source)
        others, refused = of_the_lock, outlook.refused
        if refused is not None and not (of_the_lock and isinstance(refused, LockError)):
            where = "lock" if isinstance(refused, LockHeld) else "run"
            others = (*others, finding(where, refused))
        more = tuple(note for event in told if (note := _note_of(event, outlook)))
        refusing, warnings = examine_outside(settings)
        others = (*others, *try_journal(settings), *refusing)
        return with_others(fit, others, (*notes, *more, *warnings)), outlook

    fit, outlook = asyncio.run(scenario())
    if output_mode is Output.JSON:
        print_output(check_json(fit, outlook.run_by_target))
    else:
        print_output(check_table(fit, outlook.run_by_target))
        print_error(check_sentence(fit, deploy=settings.deploy is not None))
    if isinstance(outlook.refused, LockHeld):
        return Exit.BUSY
    return Exit.REFUSED if fit.findings else Exit.DONE


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
