"""``resume`` as a whole: which run goes on, that no other command went on with it, and the rest."""

from dataclasses import replace

from rollout.events import DeployStarted, Event
from rollout.model.errors import RolloutError
from rollout.model.findings import PreflightReport
from rollout.model.lock_state import PastRun
from rollout.model.past_runs import UnfinishedRun
from rollout.ports.context import RunContext
from rollout.ports.ownership import RunHistory
from rollout.ports.site import Site
from rollout.recovery.resume import ResumeRequest, preflight_again, resume


def run_to_resume(left: UnfinishedRun | None, history: RunHistory) -> PastRun | None:
    """Find the run to go on with; a recovery is none: it has no turns of its own."""
    past = left.past if left else None
    if left is None or (past is not None and past.verb == "recover"):
        past = history.last()
    return past


async def resume_run(context: RunContext, request: ResumeRequest, history: RunHistory) -> set[str]:
    """Go on with the run; the lock must be held, so that no other command can go on with it now.

    Returns:
        The hosts of its deploy, once that deploy stands in the journal of this run.

    Raises:
        RolloutError: another command has gone on with it, or its release is not in place any more.
    """
    check_not_gone_on(request.past, history)
    hosts: set[str] = set()

    def heard(event: Event) -> None:
        context.tell(event)
        if isinstance(event, DeployStarted):
            hosts.update(event.hosts)

    await resume(replace(context, tell=heard), request)
    return hosts


async def look_before_resuming(
    request: ResumeRequest, history: RunHistory, site: Site
) -> PreflightReport:
    """Look at all that the rest of the run needs, and change nothing.

    Raises:
        RolloutError: another command has gone on with the run.
    """
    check_not_gone_on(request.past, history)
    return await preflight_again(request, site)


def check_not_gone_on(past: PastRun, history: RunHistory) -> None:
    """See that a run is still the last one, and that no more of it is done than was read.

    Raises:
        RolloutError: another command has gone on with it since it was read.
    """
    last = history.last()
    if last is None or (last.run, set(last.done)) != (past.run, set(past.done)):
        raise RolloutError(f"another command has gone on with run {past.run} meanwhile")
