"""A rollout that is killed by SIGKILL at the very moment of an event, before its next act."""

import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.fleet import Fleet
from tests.support.observed_restart import WITHIN, Event
from tests.support.patched_rollout import run_patched

FATED = """\
import os, signal, sys
from rollout.__main__ import main
from rollout.output import jsonl

at, show = sys.argv.pop(1), jsonl.JsonLines.show
counted = set()

def shown(self, told):
    show(self, told)
    if told.event.wire != "traffic.seen":
        counted.add(told.number)
        if at in {told.event.wire, str(len(counted))}:
            os.kill(os.getpid(), signal.SIGKILL)

jsonl.JsonLines.show = shown
main()
"""
"""rollout, with one thing changed: whoever writes its journal kills it.

Readings of the traffic do not count: they come by the clock, so the n-th event would be another one
in each run.
"""


@dataclass(frozen=True, slots=True)
class Died:
    """What a run had told when it was killed."""

    code: int
    events: Sequence[Event]

    @property
    def last(self) -> Event:
        return self.events[-1]


def killed_at(fleet: Fleet, moment: int | str, *words: str) -> Died:
    """Run ``rollout WORDS``, killed at its event of that number, or at the first of that name.

    What it told is in its journal; that event itself may be missing there.
    """
    done = run_patched(fleet, FATED, str(moment), words=words, timeout=WITHIN)
    return Died(done.returncode, told_in(newest_journal(fleet)))


def journals(fleet: Fleet) -> list[Path]:
    return sorted((fleet.directory / "state" / "rollout").glob("shop.*.jsonl"))


def newest_journal(fleet: Fleet) -> Path:
    return journals(fleet)[-1]


def told_in(journal: Path) -> list[Event]:
    """Read the events of a journal, without what the record itself wrote, and without readings."""
    lines = [json.loads(line) for line in journal.read_text().splitlines() if line.strip()]
    return [line for line in lines if not line["event"].startswith(("record.", "traffic."))]


def was_killed(died: Died) -> bool:
    return died.code == -signal.SIGKILL


def left_open(fleet: Fleet) -> list[str]:
    """List what of locks and of open journals is left over."""
    locks = fleet.directory / "lock"
    found = [str(path) for path in locks.glob("*/lock")]
    return [*found, *(path.name for path in locks.parent.glob("state/rollout/*.open"))]
