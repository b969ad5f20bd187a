"""``rollout prune``: removes old releases."""

from typing import TYPE_CHECKING

from rollout.cli.arguments import Arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollout.events import Event
    from rollout.model.fleet import Finding
    from rollout.output.select import Output
    from rollout.settings.model import Settings


def prune(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    from rollout.cli.from_deploy_settings import the_deploy  # noqa: PLC0415 - not for `--help`

    output_mode = arguments.typed.output_mode
    loaded = arguments.settings()
    the_deploy(loaded.settings, loaded.sources[-1].origin(()))
    return run(loaded.settings, arguments.selected_hosts(loaded.settings), output_mode)


def run(settings: "Settings", hosts: tuple[str, ...], output_mode: "Output") -> int:
    """Remove what may go; 3 when a host could not be seen, 5 when something did not go."""
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`

    from rollout.cli.console import print_error, print_output  # noqa: PLC0415
    from rollout.cli.from_deploy_settings import the_deploy  # noqa: PLC0415
    from rollout.cli.new_run import current_owner  # noqa: PLC0415
    from rollout.cli.wiring import open_site  # noqa: PLC0415
    from rollout.deploy.prune import prune_hosts  # noqa: PLC0415
    from rollout.events import Noted  # noqa: PLC0415
    from rollout.lock.session import hold_lock_to_prune  # noqa: PLC0415
    from rollout.model.lock_state import Kind  # noqa: PLC0415
    from rollout.output.releases import (  # noqa: PLC0415
        pruned_json,
        pruned_sentence,
        pruned_table,
    )
    from rollout.output.select import Output  # noqa: PLC0415
    from rollout.summary.run import Exit  # noqa: PLC0415

    async def scenario() -> "tuple[Sequence[Event], tuple[Finding, ...]]":
        told: list[Event] = []
        async with (
            open_site(settings) as site,
            hold_lock_to_prune(current_owner(Kind.RUN), site) as locked,
        ):
            findings = await prune_hosts(hosts, the_deploy(settings).keep, locked, told.append)
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
