"""Looks at what is to be sent from this machine, before a deploy: a packed release, or a tree."""

import os
import stat
from pathlib import Path

from rollout.adapters.sources.limits import RAISE_MAX_SIZE, too_large
from rollout.adapters.sources.tree_hash import REVISION
from rollout.model.errors import SourceError


def check_artifact(file: Path, name: str, max_size: int) -> None:
    """See that a packed release can be read, and is not larger than ``max_size`` bytes.

    Raises:
        SourceError: it cannot be sent; the sentence calls it ``name``.
    """
    try:
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            empty = not opened.read(1)
    except OSError as error:
        what = f"the artifact cannot be read: {name}: {error.strerror}"
        raise SourceError(what, "correct deploy.artifact") from error
    if empty:
        raise SourceError(f"the artifact {name} is empty", "correct deploy.artifact")
    if size > max_size:
        raise SourceError(too_large(name, max_size), RAISE_MAX_SIZE)


def check_tree(tree: Path) -> None:
    """See that all files of ``tree`` can be read, and that there is at least one.

    Raises:
        SourceError: it cannot be sent.
    """
    try:
        found = _count_files(str(tree), {REVISION, ".git"})
    except OSError as error:
        what = f"deploy.tree cannot be read: {error.filename or tree}: {error.strerror}"
        raise SourceError(what, f"correct deploy.tree, or let the login read {tree}") from error
    if not found:
        raise SourceError(f"deploy.tree is empty: {tree}", "correct deploy.tree, or build it first")


def _count_files(directory: str, without: frozenset[str] | set[str] = frozenset()) -> int:
    count = 0
    with os.scandir(directory) as found:
        for item in found:
            if item.name in without:
                continue
            mode = item.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                count += _count_files(item.path)
                continue
            if stat.S_ISREG(mode):
                os.close(os.open(item.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC))
            elif not stat.S_ISLNK(mode):
                raise OSError(None, "neither a file nor a directory nor a link", item.path)
            count += 1
    return count
