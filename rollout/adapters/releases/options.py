"""What the operator says about the place of the releases, held to be safe before it is used."""

import shlex
from dataclasses import dataclass

from rollout.model.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOptions:
    """Where the releases are, and what they share.

    Attributes:
        to: Absolute; Capistrano's ``deploy_to``.  Without a slash at its end.
        shared: Directories below ``shared/``, relative; made where they are missing.
        shared_files: Files there, relative; they must exist.
        readlink: How the directory of a process is read where it is another user's
            (``sudo -n readlink``); split as a shell would, nothing expanded.
        timeout: Seconds for a small act.
        remove_timeout: Seconds for one that may have to remove whole releases.
        size_timeout: Seconds for measuring the live release; beyond, its size is not judged.

    Raises:
        SettingsError: one of them cannot be meant so; all problems are named at once.
    """

    to: str
    shared: tuple[str, ...] = ()
    shared_files: tuple[str, ...] = ()
    readlink: str = "readlink"
    timeout: float = 60.0
    remove_timeout: float = 600.0
    size_timeout: float = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "to", self.to.rstrip("/"))
        object.__setattr__(self, "shared", tuple(p.rstrip("/") for p in self.shared))
        problems = [] if self.to.startswith("/") else [f"deploy.to: {self.to!r} is not absolute"]
        problems += _wrong_in("deploy.to", self.to.removeprefix("/"))
        for key, paths in (("shared", self.shared), ("shared_files", self.shared_files)):
            for path in paths:
                problems += _wrong_in(f"deploy.{key}", path)
        problems += _nested((*self.shared, *self.shared_files))
        try:
            if not shlex.split(self.readlink):
                problems.append("deploy.readlink: is empty")
        except ValueError as error:
            problems.append(f"deploy.readlink: {error}")
        if problems:
            raise SettingsError(problems)

    @property
    def readlink_words(self) -> tuple[str, ...]:
        return tuple(shlex.split(self.readlink))


def _wrong_in(key: str, path: str) -> list[str]:
    """Say what keeps ``path`` from naming one place below another."""
    if any(not (" " <= char != "\x7f") or "\ud800" <= char <= "\udfff" for char in path):
        return [f"{key}: {path!r} has a control character in it"]
    if any(part in {"", ".", ".."} for part in path.split("/")):
        return [f"{key}: {path!r} has an empty part, a `.` or a `..` in it"]
    return []


def _nested(paths: tuple[str, ...]) -> list[str]:
    """Say which of ``paths`` would be linked twice, or through the link of another."""
    return [
        f"deploy.shared: {inner!r} is in {outer!r}, which is linked as a whole"
        for number, inner in enumerate(paths)
        for other, outer in enumerate(paths)
        if number != other and f"{inner}/".startswith(f"{outer}/")
    ]
