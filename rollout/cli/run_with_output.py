"""Runs something with a site while the chosen renderers show its events."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence

from rollout.cli.from_deploy_settings import see_current
from rollout.cli.from_settings import reach_of, servers_of, ssh_words
from rollout.cli.global_options import GlobalOptions
from rollout.cli.new_run import NewRun
from rollout.cli.signals import run_with_signals
from rollout.events import Noted
from rollout.output.deploy_sentences import hosts_words
from rollout.output.dispatcher import Broadcast
from rollout.output.messages import NextStepCommands
from rollout.output.select import renderers
from rollout.ports.site import Site, Tell
from rollout.ports.verbose import trace
from rollout.settings.model import Settings

StopAsked = Callable[[], bool]


def run_with_output(
    scenario: Callable[[Tell, StopAsked], Awaitable[None]],
    settings: Settings,
    asked: GlobalOptions,
    begun: NewRun,
    *,
    cron: bool,
    meanwhile: str = "",
) -> int:
    """Run ``scenario`` to its end and return the exit code of its account.

    ``meanwhile`` is what it does until it has something to tell.
    """
    try:
        return run_with_signals(
            scenario, _renderers_of(settings, asked, begun, cron=cron, meanwhile=meanwhile)
        )
    finally:
        begun.journal.leave()


def _renderers_of(
    settings: Settings, asked: GlobalOptions, begun: NewRun, *, cron: bool, meanwhile: str
) -> Broadcast:
    return renderers(
        asked.output_mode,
        run=begun.run,
        environ=os.environ,
        cron=cron,
        hints=NextStepCommands(
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


def with_tracing(site: Site, tell: Tell, *, verbose: bool) -> Site:
    """Return the site, with what is asked and answered told as well where that is wanted."""
    return trace(site, lambda where, what: tell(Noted(where=where, what=what))) if verbose else site
