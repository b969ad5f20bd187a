"""``rollout status --watch``: the status again and again, until Ctrl-C."""

import asyncio
import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress

from rollout.cli.arguments import Arguments
from rollout.cli.commands.status import look
from rollout.cli.console import carry_options, print_error, print_output
from rollout.cli.wiring import open_site
from rollout.model.errors import RolloutError
from rollout.output.select import Output
from rollout.output.status import FleetStatus, status_json
from rollout.output.terminal import can_redraw, size_of
from rollout.output.watch import facts, redrawn, watch_text
from rollout.settings.model import Settings
from rollout.text.timestamps import utc_now

EVERY = 2.0
"""Seconds between two looks: each asks every load balancer and every host once."""

Show = Callable[[FleetStatus], None]


def watch(arguments: Arguments) -> int:
    """Show the status every two seconds; off a terminal only where it has changed."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings
    hosts = arguments.selected_hosts(settings)
    drawn = output_mode is not Output.JSON and can_redraw(sys.stdout, os.environ)
    with suppress(KeyboardInterrupt):
        asyncio.run(_follow(settings, hosts, _draw if drawn else _Changes(output_mode).show))
    return 0


async def _follow(settings: Settings, hosts: tuple[str, ...], show: Show) -> None:
    stdout = _stdout_is()
    async with open_site(settings) as site:
        while _has_reader(stdout):
            try:
                status = await look(settings, hosts, site)
            except RolloutError as error:
                print_error(str(error))
            else:
                show(status)
            await asyncio.sleep(EVERY)


def _stdout_is() -> tuple[int, int]:
    found = os.fstat(sys.stdout.fileno())
    return found.st_dev, found.st_ino


def _has_reader(stdout: tuple[int, int]) -> bool:
    """Tell whether the other end of stdout is there: with nothing to print no write would tell.

    A write that found it gone has put something else there (`rollout/cli/console.py`).
    """
    poll = select.poll()
    poll.register(sys.stdout, 0)
    return not poll.poll(0) and _stdout_is() == stdout


def _draw(status: FleetStatus) -> None:
    print_output(redrawn(carry_options(watch_text(status, _now())), size_of(sys.stdout)))


def _now() -> str:
    return f"{utc_now()[:19]}Z"


class _Changes:
    """Prints a status that differs from the one before it."""

    def __init__(self, output_mode: Output) -> None:
        self._is_json = output_mode is Output.JSON
        self._facts: tuple[object, ...] = ()

    def show(self, status: FleetStatus) -> None:
        before, self._facts = self._facts, facts(status)
        if before != self._facts:
            text = f"{watch_text(status, _now())}\n"
            print_output(status_json(status) if self._is_json else text)
