"""``rollout prune``: removes old releases."""

import asyncio
from collections.abc import Mapping, Sequence

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_beside, print_error, print_output
from rollout.cli.from_deploy_settings import the_deploy
from rollout.cli.new_run import current_owner
from rollout.cli.question import NOTHING, agrees, must_ask
from rollout.cli.wiring import open_site
from rollout.deploy.disk_preflight import read_releases
from rollout.deploy.prune import Retention, prune_hosts, removable
from rollout.events import Event, Noted
from rollout.lock.session import hold_lock_to_prune
from rollout.model.errors import RolloutError
from rollout.model.fleet import Finding
from rollout.model.lock_state import Kind
from rollout.output.deploy_sentences import hosts_words
from rollout.output.releases import (
    pruned_json,
    pruned_sentence,
    pruned_table,
    removable_table,
)
from rollout.output.select import Output
from rollout.settings.model import Settings
from rollout.summary.run import Exit

Going = Mapping[str, Sequence[str]]
"""By host the releases that would be removed."""


def prune(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    loaded = arguments.settings()
    the_deploy(loaded.settings, loaded.sources[-1].origin(()))
    settings, hosts = loaded.settings, arguments.selected_hosts(loaded.settings)
    shown: Going | None = None
    if must_ask(arguments, loaded):
        try:
            shown = _agreed(settings, hosts)
        except KeyboardInterrupt:
            print_beside("\n")
            print_error(NOTHING)
            return Exit.INTERRUPTED
    return run(settings, hosts, output_mode, shown)


def _agreed(settings: Settings, hosts: tuple[str, ...]) -> Going:
    """Show what would be removed, and ask.

    Returns:
        What was shown; where a host could not be seen nothing, so that the command says why.

    Raises:
        RolloutError: the answer is no.
    """

    async def look() -> tuple[Going, tuple[Finding, ...]]:
        async with open_site(settings) as site:
            seen, findings = await read_releases(hosts, site.require_releases())
        return removable(seen, Retention(the_deploy(settings).keep)), findings

    going, findings = asyncio.run(look())
    if findings:
        return {}
    if going:
        print_beside(removable_table(going))
        count = sum(map(len, going.values()))
        noun = "release" if count == 1 else "releases"
        if not agrees(f"Remove {count} {noun} from {hosts_words(len(going))}?"):
            raise RolloutError(NOTHING)
    return going


def run(
    settings: Settings, hosts: tuple[str, ...], output_mode: Output, shown: Going | None = None
) -> int:
    """Remove what may go; 3 when a host could not be seen, 5 when something did not go."""

    async def scenario() -> tuple[Sequence[Event], tuple[Finding, ...]]:
        told: list[Event] = []
        async with (
            open_site(settings) as site,
            hold_lock_to_prune(current_owner(Kind.RUN), site) as locked,
        ):
            retention = Retention(the_deploy(settings).keep, shown=shown)
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
