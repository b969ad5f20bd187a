"""Whether the fleet can be deployed to as it stands, so that the settings for it can be written."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rollout.model.errors import RolloutError, said_of
from rollout.model.fleet import Finding
from rollout.ports.discovery import DeployTrial, ReleaseLayout
from rollout.text.host_ranges import compact

TRIED_WITHIN = 60.0
"""Seconds for all that is asked of one host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployChoice:
    """The layout that a deploy would use, or why none is proposed.

    Attributes:
        layout: With what the releases of all hosts share; None where nothing was seen.
        reason: Why its settings stay a comment; empty where a deploy would find all it needs.
    """

    layout: ReleaseLayout | None = None
    reason: str = "no host was looked at"

    @property
    def works(self) -> bool:
        return self.layout is not None and not self.reason


NO_DEPLOY = DeployChoice()


async def choose_deploy(
    hosts: Sequence[str], layouts: Mapping[str, ReleaseLayout], trial: DeployTrial
) -> DeployChoice:
    """Choose the layout that all ``hosts`` have, once nothing there is in the way of a deploy.

    Args:
        hosts: The hosts behind HAProxy's servers.
        layouts: What the instances were seen to run in, by host.
        trial: Looks for what would be in the way.
    """
    if not layouts:
        return DeployChoice(reason="no instance was seen to run in a layout like Capistrano's")
    if len({one.to for one in layouts.values()}) > 1:
        host, layout = next(iter(layouts.items()))
        return DeployChoice(reason=f"the hosts have several; {host} has {layout.to}")
    common = _common(layouts)
    if lacking := [host for host in hosts if host not in layouts]:
        where = ", ".join(compact(lacking))
        return DeployChoice(layout=common, reason=f"{where} was not seen to have that layout")
    if not common.repo:
        why = f"the repository is not known: {common.to}/repo of the hosts names no single one"
        return DeployChoice(layout=common, reason=why)
    tried = await asyncio.gather(*(_try(host, common, trial) for host in hosts))
    first = next((one for found in tried for one in found), None)
    return DeployChoice(layout=common, reason=_words(first) if first else "")


def _words(finding: Finding) -> str:
    fix = f"; to do: {finding.fix}" if finding.fix else ""
    return f"{finding.where}: {finding.what}{fix}"


def _common(layouts: Mapping[str, ReleaseLayout]) -> ReleaseLayout:
    """Put together what the releases of all hosts share; a repository only where it is the same."""
    every = [*layouts.values()]
    repos = {one.repo for one in every}
    return replace(
        every[0],
        repo=repos.pop() if len(repos) == 1 else "",
        by_sudo=any(one.by_sudo for one in every),
        shared=tuple(sorted({path for one in every for path in one.shared})),
        shared_files=tuple(sorted({path for one in every for path in one.shared_files})),
    )


async def _try(host: str, layout: ReleaseLayout, trial: DeployTrial) -> tuple[Finding, ...]:
    try:
        async with asyncio.timeout(TRIED_WITHIN):
            return await trial.examine(host, layout)
    except TimeoutError:
        return (Finding(host, f"no whole answer within {TRIED_WITHIN:g}s", ""),)
    except RolloutError as error:
        return (Finding(host, said_of(host, error), error.fix),)
