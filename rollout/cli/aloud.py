"""A story about a site, told by the voices that were asked for."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence

from rollout.adapters.overhearing import overhear
from rollout.cli.begun import Begun
from rollout.cli.context import Asked
from rollout.cli.deploys import see_current
from rollout.cli.narrate import narrate
from rollout.cli.plans import reach_of, servers_of, ssh_words
from rollout.events import Noted
from rollout.ports import Site, Tell
from rollout.render.broadcast import Broadcast
from rollout.render.choose import voices
from rollout.render.deploy_words import hosts_words
from rollout.render.told import Hints
from rollout.settings.model import Settings

StopAsked = Callable[[], bool]


def tell_aloud(
    story: Callable[[Tell, StopAsked], Awaitable[None]],
    settings: Settings,
    asked: Asked,
    begun: Begun,
    *,
    cron: bool,
    meanwhile: str = "",
) -> int:
    """Run ``story`` to its end and return the exit code of its account.

    ``meanwhile`` is what it does until it has something to tell.
    """
    try:
        return narrate(story, _voices_of(settings, asked, begun, cron=cron, meanwhile=meanwhile))
    finally:
        begun.journal.leave()


def _voices_of(
    settings: Settings, asked: Asked, begun: Begun, *, cron: bool, meanwhile: str
) -> Broadcast:
    return voices(
        asked.voice,
        run=begun.run,
        environ=os.environ,
        cron=cron,
        hints=Hints(
            reach=reach_of(settings),
            ssh=ssh_words(settings),
            see_current=see_current(settings),
            fleet=servers_of(settings),
            rollout=asked.rollout,
            again=asked.again(sys.argv[1:]),
        ),
        meanwhile=meanwhile,
        journal=begun.journal,
    )


def looking_at(hosts: Sequence[str], hook: str = "") -> str:
    """Say what goes on until the first host is touched."""
    then = ", then hooks.before runs" if hook else ""
    return f"looking at {hosts_words(len(hosts))}{then}"


def overheard(site: Site, tell: Tell, *, verbose: bool) -> Site:
    """Return the site, with what is asked and answered told as well where that is wanted."""
    return (
        overhear(site, lambda where, what: tell(Noted(where=where, what=what))) if verbose else site
    )
