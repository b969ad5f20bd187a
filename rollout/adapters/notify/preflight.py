"""Tries out what tells others of a run: each command can be found, the file of the metrics written.

No command is run, and nothing is posted.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from rollout.adapters.notify.textfile import TextFile
from rollout.model.fleet import Finding

ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
EXPANDED = re.compile(r"[$`(){}<>*?~&|;!\[]")
"""What makes a word of a shell something else than a program's name."""

WITHIN = 5.0
"""Seconds for a shell that only looks."""


def try_commands(commands: Mapping[str, str]) -> Iterator[Finding]:
    """Say which commands no shell could run: by setting, each for ``sh -c``."""
    for setting, command in commands.items():
        if command and (why := _cannot_run(command)):
            yield Finding(setting, why, "correct it in the settings, or install it here")


def try_textfile(path: str) -> Iterator[Finding]:
    """Say why the file of the metrics could not be replaced."""
    try:
        TextFile(Path(path)).try_out()
    except OSError as error:
        if isinstance(error, IsADirectoryError):
            yield Finding("metrics.textfile", f"{path} is a directory", "name a file")
            return
        what = f"{Path(path).parent} cannot be written: {error.strerror}"
        yield Finding("metrics.textfile", what, "let this login write in that directory")


def _cannot_run(command: str) -> str:
    read = _shell("-n", "-c", command)
    if read is not None and read.returncode:
        return "a shell cannot read it"
    name = _first_word(command)
    if not name:
        return ""
    if "/" in name:
        fine = os.access(name, os.X_OK) and Path(name).is_file()
        return "" if fine else f"{name} is no program that this login can execute"
    found = _shell("-c", 'command -v -- "$1" >/dev/null', "sh", name)  # a builtin as well
    return f"there is no program {name}" if found is not None and found.returncode else ""


def _first_word(command: str) -> str:
    """Return the program's name; empty where only a shell that runs the command would know it."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return ""
    name = next((word for word in words if not ASSIGNMENT.fullmatch(word)), "")
    return "" if EXPANDED.search(name) else name


def _shell(*words: str) -> "subprocess.CompletedProcess[bytes] | None":
    try:
        return subprocess.run(  # noqa: S603 - the words are arguments; -n reads and runs nothing
            ["/bin/sh", *words],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=WITHIN,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
