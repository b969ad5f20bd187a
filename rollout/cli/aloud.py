"""A story about a site, told by the voices that were asked for."""

import os
import secrets
from collections.abc import Awaitable, Callable

from rollout.adapters.overhearing import overhear
from rollout.cli.deploys import see_current
from rollout.cli.narrate import narrate
from rollout.cli.plans import reach_of
from rollout.events import Noted
from rollout.ports import Site, Tell
from rollout.render.choose import Output, voices
from rollout.settings.model import Settings

StopAsked = Callable[[], bool]


def tell_aloud(
    story: Callable[[Tell, StopAsked], Awaitable[None]],
    settings: Settings,
    voice: Output,
    *,
    cron: bool,
) -> int:
    """Run ``story`` to its end and return the exit code of its account."""
    return narrate(
        story,
        voices(
            voice,
            run=secrets.token_hex(3),
            environ=os.environ,
            cron=cron,
            reach=reach_of(settings),
            see_current=see_current(settings),
        ),
    )


def overheard(site: Site, tell: Tell, *, verbose: bool) -> Site:
    """Return the site, with what is asked and answered told as well where that is wanted."""
    return (
        overhear(site, lambda where, what: tell(Noted(where=where, what=what))) if verbose else site
    )
