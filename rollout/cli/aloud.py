"""A story about a site, told by the voices that were asked for."""

import os
import secrets
from collections.abc import Awaitable, Callable

from rollout.adapters.overhearing import overhear
from rollout.cli.context import Asked
from rollout.cli.deploys import see_current
from rollout.cli.narrate import narrate
from rollout.cli.plans import reach_of
from rollout.events import Noted
from rollout.ports import Site, Tell
from rollout.render.choose import voices
from rollout.render.told import Hints
from rollout.settings.model import Settings

StopAsked = Callable[[], bool]


def tell_aloud(
    story: Callable[[Tell, StopAsked], Awaitable[None]],
    settings: Settings,
    asked: Asked,
    *,
    cron: bool,
) -> int:
    """Run ``story`` to its end and return the exit code of its account."""
    return narrate(
        story,
        voices(
            asked.voice,
            run=secrets.token_hex(3),
            environ=os.environ,
            cron=cron,
            hints=Hints(
                reach=reach_of(settings),
                see_current=see_current(settings),
                rollout=asked.rollout,
            ),
        ),
    )


def overheard(site: Site, tell: Tell, *, verbose: bool) -> Site:
    """Return the site, with what is asked and answered told as well where that is wanted."""
    return (
        overhear(site, lambda where, what: tell(Noted(where=where, what=what))) if verbose else site
    )
