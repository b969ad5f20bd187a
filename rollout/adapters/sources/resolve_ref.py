"""What may be asked for (a branch, a tag, a commit), and which commit is meant by it."""

import re
import shlex
from collections.abc import Iterable

from rollout.model.errors import SourceError
from rollout.text.git_refs import ref_error
from rollout.text.suggest import did_you_mean

FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SHORT = re.compile(r"[0-9a-f]{7,64}")
NEAR = 3

SHALLOW = (
    "this clone is shallow: fetch all of it there (git fetch --unshallow --tags; fetch-depth: 0 or "
    "GIT_DEPTH: 0), or set deploy.tree to send the files as they are"
)


def check_ref(ref: str) -> str:
    """Return ``ref`` if git itself could have a branch or tag of that name, or a commit.

    Quotes, semicolons, ``$`` and the like are legal in a name and taken as they are.

    Raises:
        SourceError: it is none.  Source: git-check-ref-format(1).
    """
    why = ref_error(ref)
    if why:
        fix = "name a branch, a tag or a commit"
        raise SourceError(f"{ref!r} is no branch, tag or commit: {why}", fix)
    return ref


def as_commit(ref: str) -> str:
    """Return ``ref`` as git writes commits, if it could be one; else nothing."""
    return ref.lower() if SHORT.fullmatch(ref.lower()) else ""


def judge(ref: str, repo: str, lines: Iterable[str]) -> str:
    """Say which commit ``ref`` means, from what the mirror said about it.

    Args:
        ref: As asked for.
        repo: As it may stand in a message.
        lines: ``branch COMMIT``, ``tag COMMIT``, ``ref COMMIT``, ``commit COMMIT`` for what it
            could be, ``remote COMMIT`` for the branch of a clone's origin, ``known REF`` for each
            branch and tag there is, and ``shallow`` where not all of the history is.

    Raises:
        SourceError: none, or more than one.
    """
    said = [line.partition(" ")[::2] for line in lines]
    known = [value for kind, value in said if kind == "known"]
    meant = {kind: value for kind, value in said if FULL.fullmatch(value)}
    if "commit" in meant and FULL.fullmatch(as_commit(ref)):
        return meant["commit"]
    if meant.get("branch", "") != meant.get("tag", "") and {"branch", "tag"} <= meant.keys():
        raise SourceError(
            f"{ref} is a branch and a tag in {repo}, of different commits "
            f"({meant['branch'][:10]} and {meant['tag'][:10]})",
            f"write refs/heads/{ref} or refs/tags/{ref}",
        )
    for kind in ("ref", "branch", "tag", "remote", "commit"):
        if kind in meant:
            return meant[kind]
    if any(kind == "shallow" for kind, _ in said):
        raise SourceError(_unknown(ref, repo, known), SHALLOW)
    if ref in known or {f"refs/heads/{ref}", f"refs/tags/{ref}"} & set(known):
        raise SourceError(f"{ref} of {repo} leads to no commit that the mirror can read")
    raise SourceError(_unknown(ref, repo, known), f"git ls-remote {shlex.quote(repo)}")


def _unknown(ref: str, repo: str, known: list[str]) -> str:
    short = known if ref.startswith("refs/") else [name.split("/", 2)[-1] for name in known]
    near = did_you_mean(ref, dict.fromkeys(short), most=NEAR)
    what = "commit, branch or tag" if as_commit(ref) else "branch or tag"
    return f"{repo} has no {what} {ref}{near}"
