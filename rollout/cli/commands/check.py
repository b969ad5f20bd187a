"""``rollout check``: everything that a rollout needs, tried out; nothing is changed."""

import asyncio

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_error, print_output
from rollout.cli.foresight import Foresight, foresight, refusal
from rollout.cli.from_settings import lock_request, scope_of
from rollout.deploy.preflight import preflight_for_either
from rollout.model.findings import PreflightReport
from rollout.output.check import check_json, check_sentence, check_table
from rollout.output.select import Output
from rollout.ports.site import Site
from rollout.settings.model import Settings


def check(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings(secrets=True).settings
    chosen = arguments.selected_hosts(settings)
    return run(settings, chosen, output_mode, arguments.typed.rollout)


def run(settings: Settings, hosts: tuple[str, ...], output_mode: Output, rollout: str) -> int:
    """Look at everything and return the exit code of a restart now: 4 while the lock is held."""
    scope = scope_of(settings, hosts)
    request = lock_request(settings, hosts, rollout, wait=0.0)

    async def preflight(site: Site) -> tuple[PreflightReport, None]:
        source = site.services.source if site.services else None
        return await preflight_for_either(scope, site, source), None

    async def scenario() -> Foresight:
        deploys = settings.deploy is not None
        async with foresight(settings, request, preflight, deploys=deploys) as found:
            return found

    found = asyncio.run(scenario())
    out = found.outlook.run_by_target
    if output_mode is Output.JSON:
        print_output(check_json(found.fit, out))
    else:
        print_output(check_table(found.fit, out))
        print_error(check_sentence(found.fit, deploy=settings.deploy is not None))
    return refusal(found)
