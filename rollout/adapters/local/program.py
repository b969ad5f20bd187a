"""Runs a program on this machine to its end, and ends all that it started with it."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

REAP_WITHIN = 2.0
"""Seconds for a killed process to be gone; one that is stuck in the kernel takes longer."""


class TooSlow(Exception):
    """The program did not end in time, and was killed."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended here, in the form of ssh's answers."""

    status: int | None
    out: str
    err: str
    truncated: bool = False


def run_program(words: Sequence[str], *, timeout: float, stdin: bytes = b"") -> Completed:
    """Run ``words``; blocks for at most ``timeout`` seconds.

    It has a session of its own, so Ctrl-C on our terminal is ours to answer.  What it has started
    is killed when it ends and when its time is up: a child that lived on would keep a file that
    it had locked, and the pipe that we read.

    Raises:
        OSError: it cannot be run.
        TooSlow: it took longer than ``timeout``.
    """
    process = subprocess.Popen(  # noqa: S603 - no shell reads these words
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise TooSlow from None
    finally:
        _end(process)
    return Completed(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(REAP_WITHIN)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
