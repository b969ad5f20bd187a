"""What rollout tells to type, taken from its words and typed as it stands, on a terminal."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from examples.fleet import Fleet

WITHIN = 90.0
LABELLED = re.compile(r"^  (?:\d  |   )?(?P<label>[a-z][a-z ]*?)  +(?P<text>\S.*)$")
ROLLOUT = re.compile(r"`((?:[A-Za-z_]+=\S+ )*\S*rollout(?: [^`]*)?)`")
LABELS = frozenset(
    {
        *("first", "look", "old code", "bring back", "or by hand", "go on", "or back", "again"),
        *("go back", "once fixed", "wait", "log", "more"),
    }
)


@dataclass(frozen=True)
class Typed:
    """What came of a line that was typed: its exit code, and all that stood on the terminal."""

    line: str
    code: int
    said: str

    @property
    def summary(self) -> str:
        """The last words: from the line that begins with the name of the program."""
        return self.said[self.said.rfind("\nrollout: ") + 1 :]


def steps_in(said: str) -> list[tuple[str, str]]:
    """List what a summary tells to type, as (label, line), without what is only a remark."""
    found: list[tuple[str, str]] = []
    label = ""
    for line in said.splitlines():
        if (row := LABELLED.match(line)) and row["label"].strip() in LABELS:
            label = row["label"].strip()
            found.append((label, row["text"].strip()))
        elif label and line.startswith("      ") and line.strip():
            found.append((label, line.strip()))
        else:
            label = ""
    return [(label, text) for label, text in found if not text.startswith("#")]


def commands_in(said: str) -> list[str]:
    """List the commands of rollout that stand in backticks, in order."""
    return list(dict.fromkeys(ROLLOUT.findall(said)))


def type_line(fleet: Fleet, line: str, *, timeout: float = WITHIN, answer: str = "y\n") -> Typed:
    """Type ``line`` in a shell on a terminal, and ``answer`` when it asks."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{fleet.environment['PATH']}"
    env = {**fleet.environment, "PATH": path, "TERM": "dumb"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["sh", "-c", line],
        env=env,
        cwd=fleet.directory,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said, end, asked = b"", time.monotonic() + timeout, False
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([ours], [], [], 0.2)
            try:
                data = os.read(ours, 65536) if ready else b""
            except OSError:  # the other side has gone
                break
            said += data
            if not asked and b"[y/N]" in said:
                os.write(ours, answer.encode())
                asked = True
            if ready and not data:
                break
        code = process.wait(max(0.1, end - time.monotonic()))
    finally:
        process.kill()
        os.close(ours)
    return Typed(line, code, "\n" + said.decode(errors="replace").replace("\r\n", "\n"))
