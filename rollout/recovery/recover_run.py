"""``recover`` as a whole: what an unfinished run left out, then what ``current`` leads to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rollout.deploy.current_links import TAKES_IT_BACK, against_a_restart
from rollout.model.fleet import Finding
from rollout.model.lock_state import PastRun
from rollout.model.past_runs import UNKNOWN_RUN, UnfinishedRun
from rollout.ports.context import RunContext
from rollout.ports.ownership import RunHistory
from rollout.ports.site import Site
from rollout.recovery.recover import RecoveryRequest, abandon, recover, take_back_what_never_ran
from rollout.restart.impact import measure_impact


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverRequest:
    """What is recovered.

    Attributes:
        left: The unfinished run; None where only the hosts still tell of a deploy that died.
        history: The runs that this machine knows of.
        fleet: The hosts of the settings: a journal names no other host to be contacted.
        abandoned: Nothing is brought back; what is out is no longer rollout's.
    """

    left: UnfinishedRun | None
    history: RunHistory
    fleet: Sequence[str]
    abandoned: bool = False

    @property
    def run(self) -> str:
        return self.left.owner.run if self.left else UNKNOWN_RUN


async def recover_run(context: RunContext, request: RecoverRequest) -> Sequence[str]:
    """Bring back what the run left out, then put back each ``current`` that nothing has proven.

    Returns:
        The hosts on which nothing of a deploy that died is left.
    """
    left_behind = RecoveryRequest(request.run, context.site.record.owned_targets)
    if request.abandoned:
        await abandon(context, left_behind)
        return ()
    past = began_with(request.left, request.history)
    rest = past.left if past else ()
    gone_back = bool(past and past.deploy and past.deploy.gone_back)
    async with measure_impact(context.site, context.tell) as impact:
        out = left_behind.owned_targets
        await impact.include(server for one in out for server in one.target.servers)
        back = await recover(context, replace(left_behind, rest=rest, gone_back=gone_back))
    if request.left is None or request.left.past is None:
        past = None  # another machine has gone on since, and what it asked for is not known
    elif past is not None:
        past = replace(past, done=(*past.done, *back.done))
    return await take_back_what_never_ran(context, request.fleet, past)


def began_with(left: UnfinishedRun | None, history: RunHistory) -> PastRun | None:
    """Find the journal of the run that all this began with: not that of a recovery that failed."""
    past = left.past if left else None
    if past is None or past.verb == "recover":
        past = history.last() if left else None
    return past


async def find_unproven_links(fleet: Sequence[str], site: Site) -> tuple[tuple[Finding, ...], bool]:
    """Find the hosts whose ``current`` leads to what a deploy that died has put there.

    Returns:
        What was found, and whether a recovery puts ``current`` back: it does where the release
        serves on no host.
    """
    findings, notes = await against_a_restart(fleet, site)
    found = (*findings, *notes)
    return found, any(TAKES_IT_BACK in finding.fix for finding in found)
