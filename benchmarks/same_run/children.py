"""One child process, measured whole: wall time, processor time, memory, and when it said what."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ran:
    """What a child took.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of processor, user and system, of the child and of the children it waited for.
        rss: The most memory that one of these processes had, in MB.
        lines: What it printed, each line with the seconds since its start.
        code: Its exit code.
    """

    wall: float
    cpu: float
    rss: float
    lines: tuple[tuple[float, str], ...]
    code: int


def run(
    argv: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    quietly: bool = False,
) -> Ran:
    """Run ``argv`` to its end, with its errors on our own stderr unless ``quietly``."""
    began = time.perf_counter()
    child = subprocess.Popen(
        argv,
        env=installed(os.environ if environment is None else environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quietly else None,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        lines = tuple((time.perf_counter() - began, line.rstrip("\n")) for line in child.stdout)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)  # it is waited for: no second time
    return Ran(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, lines, child.returncode)


def installed(environment: Mapping[str, str]) -> dict[str, str]:
    """Let Python keep its bytecode, as an installed program has it."""
    return {k: v for k, v in environment.items() if k != "PYTHONDONTWRITEBYTECODE"}


def load() -> str:
    """How busy the machine was in the last minute."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
