"""``rollout why``: why a host is as it is, by the journals and one look at the load balancers."""

import asyncio
import os
import sys

from rollout.cli.arguments import Arguments
from rollout.cli.commands.status import read_status
from rollout.cli.console import print_output
from rollout.cli.options import A_HOST
from rollout.cli.past import PastRuns
from rollout.history.host import runs_of_host
from rollout.model.errors import SettingsError
from rollout.output.select import Output
from rollout.output.status import FleetStatus
from rollout.output.terminal import text_columns
from rollout.output.why import HostStory, why_json, why_text
from rollout.settings.model import Settings
from rollout.text.suggest import did_you_mean


def why(arguments: Arguments) -> int:
    """Run the command and return its exit code: 0 also where a load balancer does not answer."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings
    host = arguments.text(A_HOST) or ""
    past = PastRuns(settings)
    runs = tuple(runs_of_host(past.views_about(host), host))
    past.tell_unread()
    story = HostStory(host=host, runs=runs, status=_status(settings, host, known=bool(runs)))
    if output_mode is Output.JSON:
        print_output(why_json(story))
    else:
        print_output(why_text(story, text_columns(sys.stdout, os.environ)))
    return 0


def _status(settings: Settings, host: str, *, known: bool) -> FleetStatus | None:
    if host in settings.fleet.names:
        return asyncio.run(read_status(settings, (host,)))
    if known:
        return None  # it was a host of the fleet once
    near = did_you_mean(host, settings.fleet.names)
    raise SettingsError([f"no host {host!r} in the fleet{near}, and no run has touched it"])
