"""``rollout prune``: removes old releases."""

import asyncio
from collections.abc import Sequence

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_error, print_output
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.new_run import current_owner
from rollout.cli.wiring import open_site
from rollout.deploy.prune import Retention, prune_hosts
from rollout.events import Event, Noted
from rollout.lock.session import hold_lock_to_prune
from rollout.model.fleet import Finding
from rollout.model.lock_state import Kind
from rollout.output.releases import (
    pruned_json,
    pruned_sentence,
    pruned_table,
)
from rollout.output.select import Output
from rollout.settings.model import Settings
from rollout.summary.run import Exit


def prune(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    loaded = arguments.settings()
    the_deploy(loaded.settings, loaded.sources[-1].origin(()))
    return run(loaded.settings, arguments.selected_hosts(loaded.settings), output_mode)


def run(settings: Settings, hosts: tuple[str, ...], output_mode: Output) -> int:
    """Remove what may go; 3 when a host could not be seen, 5 when something did not go."""

    async def scenario() -> tuple[Sequence[Event], tuple[Finding, ...]]:
        told: list[Event] = []
        async with (
            open_site(settings) as site,
            hold_lock_to_prune(current_owner(Kind.RUN), site) as locked,
        ):
            retention = Retention(the_deploy(settings).keep)
            findings = await prune_hosts(hosts, retention, locked, told.append)
        return told, findings

    told, findings = asyncio.run(scenario())
    if output_mode is Output.JSON:
        print_output(pruned_json(told, findings))
    else:
        if table := pruned_table(told, findings):
            print_output(table)
        print_error(pruned_sentence(told, findings))
    if findings:
        return Exit.REFUSED
    return Exit.HALTED if any(isinstance(event, Noted) for event in told) else Exit.DONE
