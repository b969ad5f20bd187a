"""The owner's side of the keeper: a directory, and daemons that end with us."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from examples.fleet.processes import started, tell
from examples.fleet.waiting import until

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "rollout-fleet-"
ELSEWHERE = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where daemons live that an ordinary user's PATH does not show."""


class Missing(Exception):
    """A program is not installed here."""


def program(name: str) -> str:
    """Return the full path of ``name``.

    Raises:
        Missing: it is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *ELSEWHERE])
    if found := shutil.which(name, path=path):
        return found
    raise Missing(f"{name} is not installed; `make demo` says what is needed")


class Household:
    """A private directory with a short path, and the daemons that were started for it.

    UNIX sockets lie in the directory, and their paths may have 107 bytes at most, so it stands
    directly in the system's directory for temporary files.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "examples.fleet.keeper", str(self.directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def keeper(self) -> int:
        return self._keeper.pid

    def start(self, *argv: str, log: Path) -> int:
        """Start a daemon that stays in the foreground; return its pid."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(json.dumps({"argv": argv, "log": str(log)}) + "\n")
        self._keeper.stdin.flush()
        return int(self._keeper.stdout.readline())

    def close(self) -> None:
        """End everything and remove the directory."""
        self._keeper.communicate(timeout=20)


def kill(pids: Sequence[int]) -> None:
    """Kill ``pids`` and wait until they are gone."""
    for pid in pids:
        tell(pid, signal.SIGKILL)
    until(lambda: not any(started(pid) for pid in pids), "killed processes are gone")
