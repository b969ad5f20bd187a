"""``rollout prune``: removes old releases."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_beside, print_error, print_output
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.new_run import current_owner, history_of
from rollout.cli.options import CRON, PLAN
from rollout.cli.question import must_ask
from rollout.cli.wiring import open_site
from rollout.cli.yes_or_no import NOTHING, agrees
from rollout.deploy.disk_preflight import read_releases
from rollout.deploy.prune import Retention, kept, measure, prune_hosts, removable
from rollout.events import Event, Noted
from rollout.lock.session import hold_lock_to_prune
from rollout.model.errors import RolloutError
from rollout.model.fleet import Finding
from rollout.model.lock_state import Kind
from rollout.output.releases import (
    PrunePlan,
    prune_plan_json,
    prune_plan_text,
    prune_question,
    pruned_json,
    pruned_sentence,
    pruned_table,
)
from rollout.output.select import Output
from rollout.output.terminal import text_columns
from rollout.settings.model import Settings
from rollout.summary.run import Exit


def prune(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    loaded = arguments.settings()
    the_deploy(loaded.settings, loaded.sources[-1].origin(()))
    settings, hosts = loaded.settings, arguments.selected_hosts(loaded.settings)
    if arguments.is_on(PLAN):
        return show_prune_plan(asyncio.run(plan_prune(settings, hosts)), output_mode)
    shown: Mapping[str, Sequence[str]] | None = None
    if must_ask(arguments, loaded):
        try:
            shown = _agreed(settings, hosts)
        except KeyboardInterrupt:
            print_beside("\n")
            print_error(NOTHING)
            return Exit.INTERRUPTED
    pruned = run(settings, hosts, shown)
    if pruned.exit_code is not Exit.DONE or not arguments.is_on(CRON):
        _show(pruned, output_mode)
    return pruned.exit_code


async def plan_prune(settings: Settings, hosts: tuple[str, ...]) -> PrunePlan:
    """Look at the releases of ``hosts``, and say what would go; nothing is changed."""
    retention = Retention(the_deploy(settings).keep)
    async with open_site(settings) as site:
        releases = site.require_releases()
        seen, findings = await read_releases(hosts, releases)
        going = {} if findings else removable(seen, retention)
        sizes = await measure(going, releases)
    return PrunePlan(going, kept(seen, retention), findings, sizes)


def show_prune_plan(plan: PrunePlan, output_mode: Output) -> int:
    """Print what would be done; 3 where it would be refused."""
    width = text_columns(sys.stdout, os.environ)
    is_json = output_mode is Output.JSON
    print_output(prune_plan_json(plan) if is_json else prune_plan_text(plan, width))
    return Exit.REFUSED if plan.findings else Exit.DONE


def _agreed(settings: Settings, hosts: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Show what would be removed, and ask.

    Returns:
        What was shown; where a host could not be seen nothing, so that the command says why.

    Raises:
        RolloutError: the answer is no.
    """
    plan = asyncio.run(plan_prune(settings, hosts))
    if plan.going:
        print_beside(f"{prune_plan_text(plan, text_columns(sys.stderr, os.environ))}\n")
        if not agrees(prune_question(plan)):
            raise RolloutError(NOTHING)
    return plan.going


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of it: what was told of each host, and why hosts could not be read."""

    told: Sequence[Event]
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> Exit:
        """3 when a host could not be seen, 5 when something did not go."""
        if self.findings:
            return Exit.REFUSED
        failed = any(isinstance(event, Noted) for event in self.told)
        return Exit.HALTED if failed else Exit.DONE


def run(
    settings: Settings, hosts: tuple[str, ...], shown: Mapping[str, Sequence[str]] | None = None
) -> Pruned:
    """Remove what may go, and of it only what was ``shown``, where it was."""

    async def scenario() -> Pruned:
        told: list[Event] = []
        async with (
            open_site(settings) as site,
            hold_lock_to_prune(current_owner(Kind.RUN), history_of(settings), site) as locked,
        ):
            retention = Retention(the_deploy(settings).keep, shown=shown)
            findings = await prune_hosts(hosts, retention, locked, told.append)
        return Pruned(told, findings)

    return asyncio.run(scenario())


def _show(pruned: Pruned, output_mode: Output) -> None:
    if output_mode is Output.JSON:
        print_output(pruned_json(pruned.told, pruned.findings))
        return
    if table := pruned_table(pruned.told, pruned.findings):
        print_output(table)
    print_error(pruned_sentence(pruned.told, pruned.findings))
