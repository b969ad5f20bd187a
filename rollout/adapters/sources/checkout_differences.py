"""What of a commit a release would not have as a checkout has it: refused, or told.

A release is made by ``git archive``: it knows no submodules, leaves out what ``export-ignore``
names, fills in what ``export-subst`` names, and has the pointers of Git LFS for the files.
"""

import re
import stat
from collections.abc import Sequence
from pathlib import Path

from rollout.adapters.sources.tree_hash import Entry
from rollout.model.errors import SourceError

SHOWN = 3

OUT_OF_A_CHECKOUT = (
    'deploy.strategy = "push" with deploy.tree = a checkout of this machine that has them '
    "({fetch}), or an artifact"
)

MODULE = re.compile(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)

POINTER = re.compile(rb"version https://git-lfs\S*\noid sha256:[0-9a-f]+\nsize \d+\n")
LARGEST_POINTER = 1024
"""Bytes; Git LFS takes nothing longer for a pointer."""

SUBMODULES = "git submodule update --init --recursive"
POINTERS = "git lfs pull"


def notes_of(commit: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Read what the script CONTENTS printed and return what an operator should know.

    Raises:
        SourceError: a part of the code would be missing.
    """
    found: dict[str, list[str]] = {}
    for line in lines:
        kind, _, path = line.partition(" ")
        found.setdefault(kind, []).append(path)
    short = commit[:10]
    if paths := found.get("submodule"):
        what = f"{short} has submodules ({_few(paths)}), which would be empty in the release"
        raise SourceError(what, OUT_OF_A_CHECKOUT.format(fetch=SUBMODULES))
    if paths := found.get("pointer"):
        what = (
            f"{short} has files in Git LFS ({_few(paths)}); the release would have pointers to them"
        )
        raise SourceError(what, OUT_OF_A_CHECKOUT.format(fetch=POINTERS))
    notes = []
    if paths := found.get("ignored"):
        notes.append(f"export-ignore in .gitattributes leaves out of the release: {_few(paths)}")
    if paths := found.get("filled"):
        notes.append(f"export-subst in .gitattributes: git fills in $Format:…$ in {_few(paths)}")
    return tuple(notes)


def hollow_notes(tree: Path, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Name submodules and files of Git LFS that were never fetched into ``tree``.

    It is sent as it is: a site may do without one of them, so none is refused here.

    Raises:
        OSError: something cannot be read.
    """
    notes = []
    modules = tree / ".gitmodules"
    named = MODULE.findall(modules.read_text(errors="replace")) if modules.is_file() else []
    filled = {entry.path for entry in entries}
    hollow = [
        path
        for path in named
        if not any(one.startswith(f"{path}/") and one != f"{path}/.git" for one in filled)
    ]
    if hollow:
        what = f"{tree} has submodules that were never fetched: {_few(hollow)}"
        notes.append(f"{what} ({SUBMODULES})")
    attributes = tree / ".gitattributes"
    if attributes.is_file() and "filter=lfs" in attributes.read_text(errors="replace"):
        files = [entry.path for entry in entries if stat.S_ISREG(entry.mode)]
        if pointers := [path for path in files if _is_pointer(tree / path)]:
            what = f"{tree} has pointers in place of files of Git LFS: {_few(pointers)}"
            notes.append(f"{what} ({POINTERS})")
    return tuple(notes)


def _is_pointer(file: Path) -> bool:
    if file.lstat().st_size >= LARGEST_POINTER:
        return False
    return POINTER.match(file.read_bytes()) is not None


def _few(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return f"{', '.join(paths[:SHOWN])}{more}"
