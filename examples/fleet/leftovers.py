"""What a fleet left behind whose keeper was killed: found by its directory, stopped, removed."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from examples.fleet.household import PREFIX
from examples.fleet.processes import started, tell


def orphans() -> Iterator[Path]:
    """Yield the directory of each fleet of ours whose keeper no longer lives."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        record = directory / "keeper"
        if directory.is_dir() and _readable(record) and not list(_living(record)):
            yield directory


def clear(directory: Path) -> list[int]:
    """Kill what still runs for the fleet in ``directory`` and remove it; return the pids killed.

    A process belongs to it if the keeper recorded pid and start time, or if its command line
    names the directory.
    """
    found = sorted({*_living(directory / "pids"), *_naming(directory)})
    for pid in found:
        tell(pid, signal.SIGKILL)
    shutil.rmtree(directory, ignore_errors=True)
    return found


def _readable(record: Path) -> bool:
    try:
        return bool(record.read_text())
    except OSError:
        return False  # somebody else's, or one that is just being made


def _living(record: Path) -> Iterator[int]:
    """Yield the recorded pids behind which the recorded process still lives."""
    if not _readable(record):
        return
    for line in record.read_text().splitlines():
        pid, _, since = line.partition(" ")
        if str(started(int(pid))) == since:
            yield int(pid)


def _naming(directory: Path) -> Iterator[int]:
    sought = f"{directory}/".encode()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and sought in (entry / "cmdline").read_bytes():
                yield int(entry.name)
        except OSError:
            continue  # it ended while we looked
