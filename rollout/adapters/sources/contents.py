"""What of a commit a release would not have as a checkout has it: refused, or told.

A release is made by ``git archive``: it knows no submodules, leaves out what ``export-ignore``
names, fills in what ``export-subst`` names, and has the pointers of Git LFS for the files.
"""

from collections.abc import Sequence

from rollout.errors import SourceError

SHOWN = 3

OUT_OF_A_CHECKOUT = (
    'deploy.strategy = "push" with deploy.tree = a checkout of this machine that has them '
    "({fetch}), or an artifact"
)

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


def _few(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return f"{', '.join(paths[:SHOWN])}{more}"
