"""A tree of files by its contents: what revision it is, and mtimes that mean the contents.

``rsync --link-dest`` takes a file for unchanged when size and mtime are.  ``git archive`` gives
all files the time of the commit, so that after the next commit none would be linked; and a file
that a build writes anew with the same contents would not be either.  So each file gets an mtime
that, for its path, no other contents ever had.
"""

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

REVISION = "REVISION"
REMEMBERED = 4
"""Contents of one path: branches that take turns find their mtimes again."""

FORGOTTEN_AFTER = 30 * 86400
"""Seconds after which a path that is no longer there needs no memory."""

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a tree; ``digest`` is of what a file contains, or of what a link says."""

    path: str
    mode: int
    digest: str


def read_tree(root: Path) -> tuple[Entry, ...]:
    """Read all of ``root``, sorted by path, but for REVISION and ``.git`` at its top.

    Raises:
        OSError: something cannot be read.
    """
    return tuple(sorted(_entries(str(root), ""), key=lambda entry: entry.path))


def _entries(root: str, below: str) -> Iterator[Entry]:
    with os.scandir(f"{root}/{below}") as found:
        for item in found:
            path = below + item.name
            if path in {REVISION, ".git"}:
                continue
            mode = item.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                yield Entry(path, mode, "")
                yield from _entries(root, f"{path}/")
            elif stat.S_ISLNK(mode):
                text = os.fsencode(Path(item.path).readlink())
                yield Entry(path, stat.S_IFLNK, hashlib.sha256(text).hexdigest())
            elif stat.S_ISREG(mode):
                yield Entry(path, mode, _digest(item.path))
            else:
                raise OSError(None, "neither a file nor a directory nor a link", item.path)


def _digest(path: str) -> str:
    summed = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - Path costs as much as the reading
        while data := file.read(CHUNK):
            summed.update(data)
    return summed.hexdigest()


def revision_of(entries: Sequence[Entry]) -> str:
    """Name a tree by its paths, modes and contents: ``tree-`` and 16 digits of their sha256."""
    summed = hashlib.sha256()
    for entry in entries:
        line = f"{entry.path}\0{entry.mode:o}\0{entry.digest}\0"
        summed.update(line.encode(errors="surrogateescape"))
    return f"tree-{summed.hexdigest()[:16]}"


def stamp(root: Path, entries: Sequence[Entry], memory: Path, now: int) -> None:
    """Give every file and link of ``root`` the mtime of its contents, and remember new ones.

    A path's new contents get ``now``, but always more than any mtime that the path ever had; so
    the same size and mtime under the same path mean the same contents.

    Args:
        root: The tree.
        entries: What stands there.
        memory: A file of ours, one for all trees that come from one place.
        now: Seconds since 1970.

    Raises:
        OSError: the memory cannot be written; then no tree may be sent.
    """
    memory.parent.mkdir(parents=True, exist_ok=True)
    with memory.with_suffix(".lock").open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        known = _recall(memory)
        for entry in entries:
            if stat.S_ISDIR(entry.mode):
                continue
            times = known.setdefault(entry.path, {})
            if entry.digest not in times:
                times[entry.digest] = max([now, *(time + 1 for time in times.values())])
            when = times[entry.digest]
            os.utime(root / entry.path, (when, when), follow_symlinks=False)
        _remember(memory, known, {entry.path for entry in entries}, now)


def _recall(memory: Path) -> dict[str, dict[str, int]]:
    try:
        known = json.loads(memory.read_text())
    except (FileNotFoundError, ValueError):  # new mtimes for all, so all is sent once
        return {}
    return known if isinstance(known, dict) else {}


def _remember(memory: Path, known: dict[str, dict[str, int]], present: set[str], now: int) -> None:
    kept = {}
    for path, times in known.items():
        newest = sorted(times.items(), key=lambda pair: pair[1])[-REMEMBERED:]
        if path in present or newest[-1][1] > now - FORGOTTEN_AFTER:
            kept[path] = dict(newest)
    new = memory.with_suffix(".new")
    with new.open("w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(memory)
