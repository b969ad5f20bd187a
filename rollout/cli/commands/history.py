"""``rollout history``: the past runs of the app, one line each."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.options import EXCLUDE, HOSTS, NUMBER, SINCE
from rollout.cli.past import PastRuns
from rollout.history.record import RunOverview
from rollout.model.errors import SettingsError
from rollout.output.history import history_json, history_table
from rollout.output.select import Output
from rollout.text.durations import parse_duration
from rollout.text.timestamps import seconds_between

USUAL_NUMBER = 20


def history(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    output_mode = arguments.typed.output_mode
    settings = arguments.settings().settings
    chosen = arguments.values[HOSTS] or arguments.values[EXCLUDE]
    hosts = frozenset(arguments.selected_hosts(settings)) if chosen else None
    number, since = _number(arguments.text(NUMBER)), _since(arguments.text(SINCE))
    past = PastRuns(settings)
    runs: list[RunOverview] = []
    for run in _after(past.overviews(), since):
        if len(runs) == number:
            break
        if hosts is None or hosts & {*run.began.hosts}:
            runs.append(run)
    past.tell_unread()
    print_output((history_json if output_mode is Output.JSON else history_table)(runs))
    return 0


def _after(runs: Iterator[RunOverview], since: str) -> Iterator[RunOverview]:
    """Yield the runs that began at ``since`` or later; all where that is empty."""
    for run in runs:
        if not since or seconds_between(run.began.since, since) == 0.0:
            yield run


def _number(said: str | None) -> int:
    if said is None:
        return USUAL_NUMBER
    if not said.isascii() or not said.isdigit() or not 0 < int(said) < 1 << 31:
        raise SettingsError([f"{NUMBER.flag}: {said!r} is no number of runs, like 20"])
    return int(said)


def _since(said: str | None) -> str:
    """Return the moment that lies ``said`` before now, in UTC; empty for none."""
    if said is None:
        return ""
    try:
        ago = timedelta(seconds=parse_duration(said))
        return (datetime.fromtimestamp(time.time(), UTC) - ago).isoformat()
    except (ValueError, OverflowError) as error:
        raise SettingsError([f"{SINCE.flag}: {error}"]) from None
