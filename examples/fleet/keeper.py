"""The process that owns all daemons of one fleet, so that none survives it.

Run as ``python -m examples.fleet.keeper DIRECTORY``.  Each line on standard input is a JSON
object with ``argv`` and ``log``; the answer is the pid.  When standard input closes, because the
owner is done or was killed in whatever way, everything that descends from here is killed and
the directory is removed.

The keeper is a "child subreaper" (prctl(2)): daemons that fork away from their parents become
its children, not those of process 1, so it finds them all.  It also reaps at once, which monit
needs: a zombie counts as alive there, and a restart waits for it.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from examples.fleet.processes import descendants, started, tell

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIMIT = 10.0
"""Seconds for everything to be gone after SIGKILL."""


def prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def reap(*_: object) -> None:
    """Collect every child that has ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def start(argv: list[str], log: str) -> int:
    """Start a daemon in a session of its own, its output in ``log``; return its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        silence = os.open(os.devnull, os.O_RDONLY)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for here, there in ((silence, 0), (output, 1), (output, 2)):
            os.dup2(here, there)
        os.execv(argv[0], argv)
    finally:
        os._exit(127)


def end_all() -> None:
    """Kill everything below, again and again until nothing is left."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    limit = time.monotonic() + LIMIT
    while (below := descendants(os.getpid())) and time.monotonic() < limit:
        for pid in below:
            tell(pid, signal.SIGKILL)
        reap()
        time.sleep(0.02)


def keep(directory: Path) -> None:
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner; we see its end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    record = directory / "pids"
    try:
        while line := sys.stdin.readline():
            request = json.loads(line)
            pid = start(request["argv"], request["log"])
            with record.open("a") as pids:
                pids.write(f"{pid} {started(pid)}\n")
            print(pid, flush=True)
    finally:
        end_all()
        if "KEEP_FLEET" not in os.environ:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    (home / "keeper").write_text(f"{os.getpid()} {started(os.getpid())}\n")
    keep(home)
