"""Runs a shell command on this machine, as ssh would on another, to its very end."""

import contextlib
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass

from rollout.adapters.remote import Said
from rollout.errors import RemoteError

REAP_WITHIN = 2.0
"""Seconds for a killed process to be gone; one that is stuck in the kernel takes longer."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended here, in the form of ssh's answers."""

    status: int | None
    out: str
    err: str


def run_locally(host: str, command: str, *, within: float, stdin: bytes | memoryview = b"") -> Said:
    """Run ``command`` by ``sh``; blocks for at most ``within`` seconds.

    A command that takes longer is killed with all that it started: a child that lived on would
    keep what it had locked.

    Raises:
        RemoteError: it could not be started, or took too long.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - our own script, its words quoted
            [shutil.which("sh") or "sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C on our terminal is ours to answer
        )
    except OSError as error:
        raise RemoteError(host, f"sh cannot be run: {error.strerror}") from error
    try:
        out, err = process.communicate(bytes(stdin), timeout=within)
    except subprocess.TimeoutExpired as error:
        raise RemoteError(host, f"a script did not end within {within:g}s") from error
    finally:
        _end(process)
    return Completed(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(REAP_WITHIN)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
