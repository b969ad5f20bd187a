"""The hosts that a journal names, against those of the settings: only known ones are contacted.

Another person may have written the journal of an earlier run, in a state directory that a team
shares, and it decides which machines a recovery contacts.
"""

from collections.abc import Sequence
from dataclasses import replace

from rollout.model.errors import RolloutError
from rollout.model.lock_state import PastRun
from rollout.model.past_runs import UnfinishedRun


def check_before_recovery(left: UnfinishedRun | None, fleet: Sequence[str]) -> None:
    """See that a half deployed run names only hosts of ``fleet``.

    Raises:
        RolloutError: it names another one; none was contacted.
    """
    past = left.past if left is not None else None
    if past is not None and past.half_deployed and (unknown := _unknown(past, fleet)):
        raise RolloutError(
            f"nothing was changed: the journal of run {past.run} names {unknown}, which the "
            "settings do not know; `rollout recover --abandon` leaves everything as it is"
        )


def limit_to_fleet(past: PastRun, fleet: Sequence[str], *, replan: bool) -> PastRun:
    """Return ``past`` without the hosts that ``fleet`` does not have, where ``replan`` allows it.

    Raises:
        RolloutError: it names such hosts, and may not go on without; none was contacted.
    """
    unknown = _unknown(past, fleet)
    deploy = past.deploy and replace(past.deploy, hosts=_known(past.deploy.hosts, fleet))
    known = replace(past, hosts=_known(past.hosts, fleet), deploy=deploy)
    if unknown and not (replan and known.hosts):
        fix = "; --replan goes on without" if known.hosts else ""
        raise RolloutError(
            f"nothing was changed: the journal of run {past.run} names {unknown}, which the "
            f"settings do not know{fix}"
        )
    return known


def _known(hosts: Sequence[str], fleet: Sequence[str]) -> tuple[str, ...]:
    return tuple(host for host in hosts if host in fleet)


def _unknown(past: PastRun, fleet: Sequence[str]) -> str:
    named = (*past.hosts, *(past.deploy.hosts if past.deploy else ()))
    return ", ".join(dict.fromkeys(host for host in named if host not in fleet))
