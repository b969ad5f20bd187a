"""The directory in which one run exports the code on this machine, and what becomes of it."""

import mmap
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rollout.adapters.sources.tree_hash import REVISION, Entry
from rollout.model.errors import SourceError
from rollout.model.releases import BASTION, Release

LEFT_OVER_AFTER = 86400
"""Seconds after which the export of a run that has died is removed."""


@contextmanager
def disk_trouble(doing: str) -> Iterator[None]:
    """Make a sentence of what the disk of this machine says.

    Raises:
        SourceError: in place of an OSError.
    """
    try:
        yield
    except shutil.Error as error:  # a list of (from, to, why)
        name, _, why = error.args[0][0]
        raise SourceError(f"{BASTION}: {doing}: {name}: {why}") from error
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise SourceError(f"{BASTION}: {doing}: {name}{error.strerror}") from error


def make_export(cache: Path, release: Release) -> Path:
    """Make an export of our own, with an empty ``code`` in it, and remove what dead runs left.

    The export is for us alone; the code has the mode that it is to have on the hosts.
    """
    exports = cache / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    for old in exports.iterdir():
        if _left_over(old):
            shutil.rmtree(old, ignore_errors=True)
    export = exports / f"{release.name}.{os.getpid()}"
    shutil.rmtree(export, ignore_errors=True)
    export.mkdir(mode=0o700)
    (export / "code").mkdir()
    return export


def _left_over(export: Path) -> bool:
    with suppress(OSError, ValueError):
        if time.time() - export.lstat().st_mtime > LEFT_OVER_AFTER:
            os.kill(int(export.name.rpartition(".")[2]), 0)
            return False  # it lives
    with suppress(FileNotFoundError):
        return time.time() - export.lstat().st_mtime > LEFT_OVER_AFTER
    return False


def copy_tree(tree: Path, code: Path) -> None:
    """Copy all but ``.git`` at the top; links stay links."""

    def at_the_top(directory: str, _names: list[str]) -> list[str]:
        return [".git"] if Path(directory) == tree else []

    shutil.copytree(tree, code, symlinks=True, ignore=at_the_top, dirs_exist_ok=True)


def write_revision(code: Path, revision: str) -> None:
    """Say in REVISION what this is, so that a build can read it; a link there is replaced."""
    file = code / REVISION
    file.unlink(missing_ok=True)
    file.write_text(f"{revision}\n")


def drop_special_bits(code: Path, entries: Sequence[Entry]) -> int:
    """Let nothing in ``code`` run as its owner or its group, and return the bytes of its files.

    On a host that is deployed to by root its owner is root there.
    """
    size = 0
    for entry in entries:
        if stat.S_ISLNK(entry.mode):
            continue
        place = code / entry.path
        if entry.mode & (stat.S_ISUID | stat.S_ISGID):
            place.chmod(entry.mode & (0o777 | stat.S_ISVTX))
        if stat.S_ISREG(entry.mode):
            size += place.lstat().st_size
    return size


def as_memory(file: Path) -> memoryview:
    """Show what is in ``file`` without reading all of it at once."""
    if not file.stat().st_size:
        return memoryview(b"")  # which mmap refuses
    with file.open("rb") as opened:
        return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
