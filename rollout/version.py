"""Says which version of rollout this is, and which commit it was made from."""

import re
from pathlib import Path

from rollout import __version__

PACKAGE = Path(__file__).parent
WRITTEN = PACKAGE / "COMMIT"
"""What an installation was made from.  Whatever builds it writes this file; see ``setup.py``."""

DIGITS = 7


def version() -> str:
    """Return the version, with the commit where it is known: ``0.1.0 (c507e71)``."""
    commit = _read(WRITTEN) or commit_of(PACKAGE.parent)
    return f"{__version__} ({commit})" if commit else __version__


def commit_of(checkout: Path) -> str:
    """Return the first digits of the commit that is checked out; empty where that is not known.

    The files are read, for git refuses to say anything about a checkout of another account, and may
    not be installed.  Source: gitrepository-layout(5).
    """
    git = checkout / ".git"
    if pointer := re.fullmatch(r"gitdir: (.*)", _read(git)):  # a linked work tree
        git = checkout / pointer[1]
    head = _read(git / "HEAD")
    if named := re.fullmatch(r"ref: (refs/\S+)", head):
        head = _ref(git / (_read(git / "commondir") or "."), named[1])
    return head[:DIGITS] if re.fullmatch(r"[0-9a-f]{40,64}", head) else ""


def _ref(git: Path, name: str) -> str:
    packed = rf"^([0-9a-f]+) {re.escape(name)}$"
    found = re.search(packed, _read(git / "packed-refs"), re.MULTILINE)
    return _read(git / name) or (found[1] if found else "")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
