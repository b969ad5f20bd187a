"""Journals of past runs, as a run writes them: its own lines, and the stream of its events."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rollout.adapters.journal.files import FORMAT
from rollout.events import Event
from rollout.output.dispatcher import Broadcast
from rollout.output.jsonl import JsonLines
from rollout.output.messages import RunResult

OWNER = {
    "run": "",
    "kind": "run",
    "user": "root",
    "process": {
        "host": "bastion1",
        "machine": "9f0c1d",
        "boot": "an earlier one",
        "namespace": "pid:[1]",
        "pid": 4242,
        "started": 1,
    },
    "since": "2026-11-22T19:37:00Z",
    "command": "rollout restart",
    "reason": "",
    "sudo_user": "alice",
    "client": "192.0.2.7",
}


class Lines:
    """A stream that keeps what it takes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def close(self, timeout: float) -> bool:
        return timeout >= 0


class Clock:
    """Each look is one second later than the one before; no two runs begin at one moment."""

    def __init__(self, minutes: int = 0) -> None:
        self.seconds = 60 * minutes

    def monotonic(self) -> float:
        return float(self.seconds)

    def utc_now(self) -> str:
        self.seconds += 1
        minutes, seconds = divmod(self.seconds, 60)
        return f"2026-11-22T{19 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.250Z"


def own_line(run: str, event: str, **said: object) -> str:
    """Spell a line of the journal's own."""
    fields = {"v": FORMAT, "run": run, "event": f"record.{event}", **said}
    return json.dumps(fields, separators=(",", ":")) + "\n"


def began_line(run: str, **said: object) -> str:
    """Spell the first line of a journal."""
    fields: Mapping[str, Any] = {
        "at": OWNER["since"],
        "app": "shop",
        "verb": "restart",
        "owner": {**OWNER, "run": run},
        "hosts": ["web1", "web2", "web3"],
        "flags": {},
        "settings": {"fleet.max_out": "2", "restart.stable": '"5s"'},
        **said,
    }
    return own_line(run, "began", **fields)


def play(
    stream: Sequence[Event], run: str = "5f0c21", *, minutes: int = 0
) -> tuple[str, RunResult]:
    """Return the lines of a run's events and its summary, and how it ended."""
    clock, lines = Clock(minutes), Lines()
    broadcast = Broadcast(
        [JsonLines(lines)],
        run=run,
        utc_now=clock.utc_now,
        monotonic=clock.monotonic,
        complain=lines.write,
    )
    for event in stream:
        broadcast.tell(event)
    ending = broadcast.end()
    return lines.text, ending


def write_journal(state: Path, number: int, run: str, text: str, *, marked: bool = False) -> Path:
    """Write the journal of a run of ``shop``, and the mark of one that is open."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = state / f"shop.{number:06d}.{run}.jsonl"
    file.write_text(text)
    file.chmod(0o600)
    if marked:
        file.with_suffix(".open").touch(0o600)
    return file
