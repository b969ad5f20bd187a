"""The log of a past run: what it told, and between it what was asked and answered."""

from collections.abc import Iterator, Sequence

from rollout.events import TrafficSeen
from rollout.history.record import RunRecord
from rollout.output.messages import StampedEvent
from rollout.output.past_words import NOT_RECORDED
from rollout.output.plain import plain_lines
from rollout.summary.run import RunSummary, enter
from rollout.text.sanitize import sanitize


def log_lines(record: RunRecord, asked: Sequence[str]) -> list[str]:
    """Return all lines in the order of time, each with its moment before it.

    Args:
        record: The run.
        asked: What was asked and answered, as its log file has it; none where that was not kept.
    """
    lines = [*_told(record), *(sanitize(line) for line in asked)]
    lines.sort(key=lambda line: line.partition(" ")[0])  # of one moment what was told is first
    return lines if asked else [*lines, f"what was asked and answered: {NOT_RECORDED}"]


def _told(record: RunRecord) -> Iterator[str]:
    """Yield the lines of the plain output, with milliseconds.

    The summaries are folded once more: those after each event of 500 hosts take 120 MB.
    """
    summary = RunSummary()
    for one in record.events:
        summary = enter(summary, one.event)
        if isinstance(one.event, TrafficSeen):
            continue
        told = StampedEvent(record.run, one.number, one.at, one.event, summary, one.elapsed)
        for line in plain_lines(told).splitlines():
            yield f"{sanitize(one.at)} {line.partition(' ')[2]}"
