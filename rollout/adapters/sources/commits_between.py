"""Reads which commits stand between two revisions, as ``commits_between`` of the shell prints."""

from collections.abc import Iterable

from rollout.adapters.sources.resolve_ref import FULL
from rollout.model.planned_run import Commit, Commits

NOT_THERE = "the repository that was read does not have both revisions"
NO_LIVE = "no revision is known of what is live"


def parse_commits(commit: str, lines: Iterable[str]) -> Commits:
    """Read the lines about ``commit``; others are passed over.

    Args:
        commit: The newer revision.
        lines: ``count COMMIT MORE LESS`` and ``log COMMIT ID<tab>AUTHOR<tab>SUBJECT``.
    """
    counted: tuple[int, int] | None = None
    listed: list[Commit] = []
    for line in lines:
        kind, _, rest = line.partition(" ")
        about, _, value = rest.partition(" ")
        if about != commit:
            continue
        if kind == "count":
            more, _, less = value.partition(" ")
            if more.isdecimal() and less.isdecimal():
                counted = int(more), int(less)
        elif kind == "log":
            revision, author, subject = (*value.split("\t", 2), "", "")[:3]
            if FULL.fullmatch(revision):
                listed.append(Commit(revision=revision, author=author, subject=subject))
    if counted is None:
        return Commits(unknown=NOT_THERE)
    return Commits(listed=tuple(listed), count=counted[0], gone=counted[1])


def is_revision(text: str) -> bool:
    """Tell whether ``text`` is a whole commit id; anything else is not handed to git."""
    return bool(FULL.fullmatch(text))
