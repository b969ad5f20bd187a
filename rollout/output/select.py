"""Chooses the renderers: text for people to stderr, data to stdout."""

import sys
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import TextIO

from rollout.model.usual_times import UsualTimes
from rollout.output.cron import Cron
from rollout.output.dispatcher import Broadcast
from rollout.output.jsonl import JsonLines, json_loss
from rollout.output.messages import NextStepCommands, Recipients, Renderer, Stream
from rollout.output.plain import Plain
from rollout.output.terminal import can_redraw, draws_in_unicode, size_of, text_columns
from rollout.output.writer import Writer
from rollout.text.timestamps import utc_now


class Output(StrEnum):
    """What ``--output`` may say."""

    AUTO = "auto"
    PLAIN = "plain"
    LIVE = "live"
    JSON = "json"


def renderers(
    output: Output = Output.AUTO,
    *,
    run: str,
    environ: Mapping[str, str],
    cron: bool = False,
    hints: NextStepCommands | None = None,
    meanwhile: str = "",
    usual: Callable[[], UsualTimes] = UsualTimes,
    journal: Stream | None = None,
    recipients: Recipients | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    utc_now: Callable[[], str] = utc_now,
    monotonic: Callable[[], float] = time.monotonic,
) -> Broadcast:
    """Open the outputs that were asked for.

    ``auto`` is the table on a terminal and lines elsewhere; so is ``live``.  With ``json`` people
    get the summary on stderr, but only when something is wrong, as with ``cron``, which outranks.

    Args:
        output: What ``--output`` says.
        run: The run's id.
        environ: Where ``NO_COLOR``, ``TERM`` and the locale are looked up.
        cron: Silence when all is well.
        hints: What the reader can type; default: rollout without options.
        meanwhile: What the table shows until the first server or release has a line.
        usual: Tells what earlier runs took; asked only where it is shown.
        journal: Where every event is written down as well; none for a run that has no journal.
        recipients: What hears of the run besides.
        stdout: Where data goes; default ``sys.stdout``.
        stderr: Where words for people go; default ``sys.stderr``.
        utc_now: The wall clock, for stamps.
        monotonic: The clock for durations.
    """
    data, people = stdout or sys.stdout, stderr or sys.stderr
    columns = partial(text_columns, people, environ)
    renderers: list[Renderer] = []
    if output in {Output.AUTO, Output.LIVE} and not cron and can_redraw(people, environ):
        words, shown = _live(people, environ, monotonic, (meanwhile, usual))
        renderers.append(shown)
    else:
        words = Writer(people)
        quiet = cron or output is Output.JSON
        renderers.append(
            Cron(words, columns, scenario=output is not Output.JSON)
            if quiet
            else Plain(words, columns)
        )
    streams: list[Stream] = [words]
    if output is Output.JSON:
        streams.insert(0, Writer(data, note=json_loss))
        renderers.insert(0, JsonLines(streams[0]))
    if journal is not None:
        streams.insert(0, journal)
        renderers.insert(0, JsonLines(journal))
    return Broadcast(
        renderers,
        run=run,
        utc_now=utc_now,
        monotonic=monotonic,
        complain=words.write,
        streams=streams,
        recipients=recipients,
        hints=hints,
    )


def _live(
    people: TextIO,
    environ: Mapping[str, str],
    monotonic: Callable[[], float],
    known: tuple[str, Callable[[], UsualTimes]],
) -> tuple[Writer, Renderer]:
    """Make the live screen; ``known`` is what goes on until there is a target, and usual times."""
    from rollout.output.live import EVERY, Live, Screen, TableState  # noqa: PLC0415 - it loads rich

    meanwhile, usual = known
    shown = Screen(
        size=partial(size_of, people),
        monotonic=monotonic,
        colour=not environ.get("NO_COLOR"),
        ascii_only=not draws_in_unicode(people, environ),
        meanwhile=meanwhile,
        usual=usual(),
    )
    picture = TableState(shown)
    words = Writer(people, paint=picture.paint, every=EVERY)
    return words, Live(words, picture, partial(text_columns, people, environ))
