"""Before a run is seen to: what it left, whether it lives, and whether the operator agrees."""

import asyncio
import sys
from collections.abc import Mapping
from enum import Enum, auto

from rollout.cli.console import print_beside, print_error, print_output
from rollout.cli.new_run import history_of
from rollout.cli.wiring import open_site
from rollout.cli.yes_or_no import NOTHING, agrees
from rollout.lock.acquire import lock_of
from rollout.lock.previous_runs import (
    find_unfinished_run,
    refuse_if_alive,
    refuse_if_in_doubt,
)
from rollout.model.errors import RolloutError
from rollout.model.fleet import BalancerSnapshot, Finding
from rollout.model.past_runs import UnfinishedRun
from rollout.output.lock import remains_table
from rollout.ports.site import Site
from rollout.recovery.recover_run import find_unproven_links
from rollout.settings.model import Settings


async def found_in(
    site: Site, settings: Settings
) -> tuple[UnfinishedRun | None, Mapping[str, BalancerSnapshot]]:
    """Find what the last run has left, and how its servers are now.

    Raises:
        LockError, RecordError: it cannot be told.
    """
    left = await find_unfinished_run(lock_of(site), history_of(settings), site)
    readings = {}
    names = {one.server.balancer for h in (left.owned_targets if left else ()) for one in h.found}
    for name in names & set(site.balancers):
        try:
            readings[name] = await site.balancers[name].look()
        except RolloutError as error:
            print_error(str(error))
    return left, readings


class Despite(Enum):
    """What keeps a run from being seen to, unless an option says that it does not."""

    NOTHING = auto()
    LIFE = auto()
    """It may be alive; then it notices that its lock is gone, and touches nothing more."""
    CLAIM = auto()
    """Another run says that it has seen to it."""


def confirmed(
    settings: Settings, what: str, *, yes: bool, despite: Despite = Despite.NOTHING
) -> UnfinishedRun | None:
    """Show what a run has left, and ask whether to see to it; None where nothing is left.

    Args:
        settings: Which app it is about.
        what: What is going to be done, as a question.
        yes: Do not ask.
        despite: What does not keep it from that.

    Raises:
        LockHeld: it lives, or a person holds the lock by hand.
        RolloutError: the operator said no or cannot be asked, or another run says that it has
            seen to what HAProxy shows to be out.
    """

    async def scenario() -> tuple[UnfinishedRun | None, Mapping[str, BalancerSnapshot]]:
        async with open_site(settings) as site:
            left, readings = await found_in(site, settings)
            if left is not None and despite is not Despite.LIFE:
                await refuse_if_alive(left, lock_of(site), print_error)
            return left, readings

    left, readings = asyncio.run(scenario())
    if left is not None:
        print_error(remains_table(left, readings).rstrip())
        if despite is not Despite.CLAIM:
            refuse_if_in_doubt(left)
        confirm(what, yes=yes)
    return left


def show_unproven(settings: Settings) -> bool:
    """Show the hosts whose ``current`` leads to what a deploy that died has put there.

    Returns:
        Whether a recovery puts it back: it does where the release serves on no host.
    """
    if settings.deploy is None:
        return False

    async def look() -> tuple[tuple[Finding, ...], bool]:
        async with open_site(settings) as site:
            return await find_unproven_links(settings.fleet.names, site)

    found, put_back = asyncio.run(look())
    for finding in found:
        print_error(f"{finding.where}: {finding.what}")
    return put_back


def confirm(what: str, *, yes: bool) -> None:
    """Ask ``what`` on the terminal, unless ``yes`` was said.

    Raises:
        RolloutError: the answer is no, or there is no terminal.
        KeyboardInterrupt: Ctrl-C was the answer; that has been said.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise RolloutError(
            "nothing was changed: this needs a confirmation and stdin is no terminal; add --yes"
        )
    try:
        agreed = agrees(f"rollout: {what}")
    except KeyboardInterrupt:
        print_beside("\n")
        print_error(NOTHING)
        raise
    if not agreed:
        raise RolloutError(NOTHING)


def nothing_left() -> int:
    """Say that there is nothing to be seen to."""
    print_output("nothing to recover: no run has left a server out, and the lock is free")
    return 0
