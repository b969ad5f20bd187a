"""``rollout show``: one past run, and what later runs made of what it left."""

import os
import sys

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.from_settings import reach_of
from rollout.cli.options import BY_HAND, LOG, RUN
from rollout.cli.past import LAST, PastRuns
from rollout.history.view import RunView
from rollout.output.past_log import log_lines
from rollout.output.select import Output
from rollout.output.show import by_hand_text, show_text
from rollout.output.show_json import show_json
from rollout.output.terminal import text_columns
from rollout.settings.model import Settings


def show(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings
    past = PastRuns(settings)
    view = past.view(arguments.text(RUN) or LAST)
    past.tell_unread()
    if arguments.is_on(BY_HAND):
        print_output(by_hand(view, settings))
    elif arguments.is_on(LOG):
        print_output("\n".join(log_lines(view.record, past.log(view.record.run))))
    elif output_mode is Output.JSON:
        print_output(show_json(view))
    else:
        columns = text_columns(sys.stdout, os.environ)
        print_output(show_text(view, columns, servers=arguments.typed.verbose))
    return 0


def by_hand(view: RunView, settings: Settings) -> str:
    """Give what makes the servers that the run left out ready again, by HAProxy's own commands."""
    return by_hand_text(view, reach_of(settings))
