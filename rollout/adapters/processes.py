"""Which process we are, and whether another one is gone for certain."""

import getpass
import os
import socket
from pathlib import Path

from rollout.holders import Process

PROC = Path("/proc")


def this_process() -> Process:
    """Describe the process that we are."""
    return Process(
        host=socket.gethostname(),
        machine=_read(Path("/etc/machine-id")),
        boot=_read(PROC / "sys/kernel/random/boot_id"),
        namespace=_namespace(),
        pid=os.getpid(),
        started=_started(os.getpid()) or 0,
    )


def user() -> str:
    """Name whoever runs us; under cron there may be no environment that says so."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def is_gone(process: Process) -> bool:
    """Tell whether ``process`` certainly runs no more.

    Only of a process of this machine and this boot can that be told: its pid is nobody's now, or
    another one's.  A container shares the boot with its machine, not the pids.
    """
    here = this_process()
    if (process.host, process.machine) != (here.host, here.machine):
        return False
    if not here.machine or process.boot != here.boot or process.namespace != here.namespace:
        return False
    started = _started(process.pid)
    return _is_nobodys(process.pid) if started is None else started != process.started


def is_of_an_earlier_boot(process: Process) -> bool:
    """Tell whether it was one of this machine, as its names go, before the last boot.

    Copies of a machine have the same names, so this is no proof that it is gone.
    """
    here = this_process()
    same = (process.host, process.machine) == (here.host, here.machine)
    return same and bool(here.machine) and process.boot != here.boot


def _is_nobodys(pid: int) -> bool:
    """Tell whether there is no such process; one that ``/proc`` hides from us (hidepid) is there.

    A zombie is nobody any more, and can be seen to be one.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return bool(_read(PROC / str(pid) / "stat"))


def _started(pid: int) -> int | None:
    """Read the start of ``pid``, in ticks since the boot; None when it is gone, or only a zombie.

    Source: proc(5), fields 3 and 22 of ``stat``; the name before them may hold blanks and brackets.
    """
    fields = _read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[0] not in "ZX" else None  # noqa: PLR2004


def _namespace() -> str:
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
