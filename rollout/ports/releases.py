"""The seams of a deploy: the releases on the hosts' disks, and where the code comes from.

As in :mod:`rollout.ports.site`, every call answers or raises within its own deadline, and one that
raises may still have taken effect.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from rollout.model.fleet import Finding
from rollout.model.planned_run import Commits
from rollout.model.releases import (
    BuildStep,
    DiskRoom,
    HostReleases,
    Release,
    ReleaseSizes,
    ReleaseStatus,
)


class Releases(Protocol):
    """The releases on the hosts' disks.

    Before anything of a release is made or moved, a note on the host says what ``current`` was;
    it stays until the deploy has ended or was taken back, so that the next one can take back what
    a dead one left.  All acts may be repeated.

    Raises:
        ReleaseError: the host said no.
        RemoteError: ssh failed; the act may have been done.
    """

    async def look(self, host: str) -> HostReleases:
        """Read what stands there."""

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say what would keep a deploy from working (rights, space, ``current``, shared files)."""

    def room(self, host: str) -> DiskRoom | None:
        """Return what the last :meth:`examine` of ``host`` measured; None where it did not."""

    async def sizes(self, host: str, names: Sequence[str]) -> ReleaseSizes | None:
        """Measure what ``names`` take on the disk; None where that takes too long."""

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        """Name the release in which each process works, or its directory if that is none.

        A process that has gone, or whose directory we may not see, is left out.
        """

    async def tidy(self, host: str) -> tuple[str, ...]:
        """Take back what deploys that died have left, and say in words what was done.

        A release in which a process runs is left as it is.
        """

    async def begin(self, host: str, release: Release, *, fresh: bool) -> None:
        """Write the note, and make the directory if it is ``fresh``.

        Begun once more, what it said stays, and ``current`` may be moved again after a restore.
        """

    async def link_shared(self, host: str, release: Release) -> None:
        """Put links to what the releases share into it."""

    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        """Run ``step`` in the release.

        Raises:
            BuildFailed: it said no, or took too long and was ended.
        """

    async def revision(self, host: str, release: Release) -> str:
        """Read back which revision its REVISION says."""

    async def switch(self, host: str, release: Release) -> None:
        """Let ``current`` lead to it, in one rename, and read it back."""

    async def restore(self, host: str, release: Release) -> None:
        """Make ``current`` what it was when ``release`` was begun, and read it back."""

    async def discard(self, host: str, release: Release) -> None:
        """End what still works on it, remove its directory if it was fresh, and the note.

        Logs are kept.  A release that is ``current`` is not removed but an error.
        """

    async def settle(self, host: str, release: str, mark: ReleaseStatus) -> None:
        """Its deploy has ended: mark it and remove the note."""

    async def prune(self, host: str, names: Sequence[str]) -> tuple[str, ...]:
        """Remove ``names``, but none that is live or run in, and say which have gone."""


class Source(Protocol):
    """Where the code comes from, and how it gets to a host.

    Raises:
        SourceError: it cannot be had.
        ReleaseError, RemoteError: a host could not take it.
    """

    @property
    def prepares(self) -> bool:
        """Whether there is anything to do before the first host has its turn."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know of the code that ``resolve`` found."""

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say what would keep the code from getting there (tools, rights)."""

    async def resolve(self, hosts: Sequence[str]) -> str:
        """Find out the revision, once for all hosts; no release is touched."""

    async def preview(self, hosts: Sequence[str], live: str) -> tuple[str, Commits]:
        """Say what :meth:`resolve` would, and what stands between ``live`` and that revision.

        No host is changed: neither its releases nor what was fetched there.
        """

    async def commits(self, host: str, live: str, revision: str) -> Commits:
        """List what stands between the revisions of two releases, as far as it is known."""

    async def prepare(self, release: Release) -> None:
        """Do once, on this machine, what all hosts need: export, build, pack.

        Raises:
            BuildFailed: a build step on this machine said no; its host is the bastion.
        """

    async def deliver(self, host: str, release: Release, before: str) -> None:
        """Fill the directory that was begun, REVISION last.

        ``before`` is the release that is live there, or empty; what it has need not be sent.
        """
