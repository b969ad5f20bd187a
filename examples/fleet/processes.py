"""What the kernel says about processes: who lives, since when, and who descends from whom."""

import os
import signal
from pathlib import Path


def _stat(pid: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` from the third on; nothing for a dead one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the second field may hold spaces and brackets


def started(pid: int) -> int | None:
    """Return when ``pid`` started, in ticks since boot; None for a zombie or no process."""
    fields = _stat(pid)
    return None if not fields or fields[0] in "ZX" else int(fields[19])


def descendants(ancestor: int) -> list[int]:
    """Return every process below ``ancestor``, zombies included, nearest first."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents[int(entry.name)] = int(fields[1])
    found = [ancestor]
    for pid in found:  # grows while it is walked: breadth first
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def tell(pid: int, sign: signal.Signals) -> None:
    """Send ``sign`` to ``pid``; a process that is gone needs no telling."""
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return
