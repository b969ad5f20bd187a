"""``rollout check``: everything that a rollout needs, tried out; nothing is changed."""

from typing import TYPE_CHECKING

import typer

from rollout.cli import options as said
from rollout.cli.context import asked

if TYPE_CHECKING:
    from rollout.render.choose import Output
    from rollout.settings.model import Settings
    from rollout.sights import Fitness


def check(context: typer.Context, *, hosts: said.Only = None, exclude: said.Without = None) -> None:
    """Try out all that a restart or a deploy needs; no change."""
    from rollout.hostnames import select  # noqa: PLC0415 - nothing that `--help` does not need

    voice = asked(context).voice
    settings = asked(context).settings(secrets=True).settings
    chosen = select(settings.fleet.names, only=hosts or (), without=exclude or ())
    raise typer.Exit(run(settings, chosen, voice))


def run(settings: "Settings", hosts: tuple[str, ...], voice: "Output") -> int:
    """Look at everything and return the exit code: 3 when something was found."""
    import asyncio  # noqa: PLC0415 - for all of these: not for `--help`
    from dataclasses import replace  # noqa: PLC0415

    from rollout.cli.build import open_deploy, open_lock, open_site  # noqa: PLC0415
    from rollout.cli.plans import scope_of  # noqa: PLC0415
    from rollout.cli.words import complain, hand_over  # noqa: PLC0415
    from rollout.ledger import Exit  # noqa: PLC0415
    from rollout.preflight import preflight  # noqa: PLC0415
    from rollout.readiness import fit_for_a_deploy  # noqa: PLC0415
    from rollout.render.choose import Output  # noqa: PLC0415
    from rollout.render.lookout import (  # noqa: PLC0415
        fitness_json,
        fitness_sentence,
        fitness_table,
    )

    scope, floor = scope_of(settings, hosts), settings.fleet.floor

    async def story() -> "Fitness":
        with open_lock(settings) as lock:
            findings, notes = await lock.examine()
        if settings.deploy is None:
            async with open_site(settings) as site:
                fit = await preflight(scope, floor, site)
        else:
            async with open_deploy(settings) as (site, supply):
                fit, _ = await fit_for_a_deploy(scope, floor, site, supply.source)
        known = {finding.where for finding in fit.findings}  # a machine that is away is named once
        more = tuple(finding for finding in findings if finding.where not in known)
        return replace(fit, findings=(*fit.findings, *more), notes=(*fit.notes, *notes))

    fit = asyncio.run(story())
    if voice is Output.JSON:
        hand_over(fitness_json(fit))
    else:
        hand_over(fitness_table(fit))
        complain(fitness_sentence(fit, deploy=settings.deploy is not None))
    return Exit.REFUSED if fit.findings else Exit.DONE
