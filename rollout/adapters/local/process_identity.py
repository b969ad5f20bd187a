"""Which process we are, and whether another one is gone for certain."""

import getpass
import os
import socket
from pathlib import Path

from rollout.model.lock_state import Process

MACHINE_ID = Path("/etc/machine-id")
PROC = Path("/proc")


def this_process() -> Process:
    """Describe the process that we are."""
    return Process(
        host=socket.gethostname(),
        machine=_machine_id(),
        boot=_read(PROC / "sys/kernel/random/boot_id"),
        namespace=_namespace(),
        pid=os.getpid(),
        started=_started(os.getpid()) or 0,
    )


def user() -> str:
    """Name the user that runs us; under cron there may be no environment that says so."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def is_gone(process: Process) -> bool:
    """Tell whether ``process`` certainly runs no more.

    Only a process of this boot and of this pid namespace can be known to be gone: no process has
    its pid, or one that was started at another time.  The kernel draws a boot id at random at
    each boot, so it names the machine as well.  Containers share the boot id with their machine;
    the pid namespace tells them apart.  Two machine ids that differ prove two machines, for
    example copies of a virtual machine that was running.  A machine id that is missing on one
    side, or on both, proves nothing.
    """
    here = this_process()
    if not here.boot or not here.namespace or not _same_names(process, here):
        return False
    if (process.boot, process.namespace) != (here.boot, here.namespace):
        return False
    started = _started(process.pid)
    return _is_nobodys(process.pid) if started is None else started != process.started


def _same_names(process: Process, here: Process) -> bool:
    """Tell whether host and machine id may be those of one machine."""
    ids = {process.machine, here.machine} - {""}
    return process.host == here.host and len(ids) < 2  # noqa: PLR2004


def is_of_an_earlier_boot(process: Process) -> bool:
    """Tell whether it was one of this machine, as its names go, before the last boot.

    Copies of a machine have the same names, so this is no proof that it is gone.
    """
    here = this_process()
    same = (process.host, process.machine) == (here.host, here.machine)
    return same and bool(here.machine) and process.boot != here.boot


def _is_nobodys(pid: int) -> bool:
    """Tell whether there is no such process; one that ``/proc`` hides from us (hidepid) is there.

    A zombie runs nothing any more, and can be seen to be one.
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
    The kernel adds the offset of the reader's time namespace (time_namespaces(7)); it is taken off.
    """
    fields = _read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    if len(fields) < 20 or fields[0] in "ZX":  # noqa: PLR2004
        return None
    return int(fields[19]) - _boot_time_offset() * os.sysconf("SC_CLK_TCK")


def _boot_time_offset() -> int:
    """Read the seconds that this time namespace adds to the time since the boot."""
    for line in _read(PROC / "self/timens_offsets").splitlines():
        clock, seconds, _ = line.split()
        if clock == "boottime":
            return int(seconds)
    return 0


def _namespace() -> str:
    """Name this pid namespace; empty where ``/proc`` is missing or shows the pids of another one.

    ``unshare --pid`` without ``--mount-proc`` leaves such a ``/proc``: our pid is another process's
    there.
    """
    try:
        if str((PROC / "self").readlink()) != str(os.getpid()):
            return ""
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _machine_id() -> str:
    """Read the id of this machine; empty where it has none.

    Minimal systems and containers lack the file, images have it empty, and systemd writes
    ``uninitialized`` there until the first boot is through (machine-id(5)).
    """
    found = _read(MACHINE_ID)
    return "" if found == "uninitialized" else found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
