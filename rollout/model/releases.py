"""Releases on disk, as nouns: what stands on a host, which one is next, which ones may go.

A release is a directory named by the UTC second in which it was begun, as Capistrano names
them, so that names sort by age and a site that Capistrano deployed can be taken over.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

NAME = re.compile(r"[0-9]{14}")
WRITTEN = "%Y%m%d%H%M%S"

BASTION = "bastion"
"""Stands for a host in what is done on the machine that rollout runs on."""


class ReleaseStatus(StrEnum):
    """What became of a release; Capistrano leaves no mark."""

    GOOD = "good"
    BAD = "bad"
    NONE = ""


class Switch(StrEnum):
    """When ``current`` moves: on all hosts in the transaction, or host by host in maint."""

    TOGETHER = "together"
    EACH = "each"


class OnFailure(StrEnum):
    """What to do when a host does not come back on the new release."""

    ROLLBACK = "rollback"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Release:
    """What is deployed: the directory's name, and the commit or checksum it was made from."""

    name: str
    revision: str


@dataclass(frozen=True, slots=True)
class ReleaseOnHost:
    """One release on one host.

    Attributes:
        revision: What its REVISION says; empty when it has none.
        mark: What became of it.
        unfinished: A deploy of it has begun and neither ended nor taken it back.
        again: That deploy was a rollback, so the release was whole before it.
    """

    name: str
    revision: str = ""
    mark: ReleaseStatus = ReleaseStatus.NONE
    unfinished: bool = False
    again: bool = False

    @property
    def whole(self) -> bool:
        """All of it is there, and it can be made live again."""
        return not self.unfinished or self.again


@dataclass(frozen=True, slots=True)
class HostReleases:
    """The releases of one host, oldest first.

    Attributes:
        link: The text of the symlink ``current``; empty when there is none.
        current: The release that it leads to; empty when it leads to none of ours.
        running: Releases in which a process of the host runs, as far as we may see.
    """

    host: str
    link: str = ""
    current: str = ""
    releases: tuple[ReleaseOnHost, ...] = ()
    running: frozenset[str] = frozenset()

    @property
    def live(self) -> frozenset[str]:
        """The release that is current, and those in which a process runs."""
        return self.running | ({self.current} if self.current else set())

    @property
    def unproven(self) -> frozenset[str]:
        """The releases that a deploy brought and did not come to verify everywhere."""
        return frozenset(
            one.name
            for one in self.releases
            if one.unfinished and not one.again and one.mark is not ReleaseStatus.GOOD
        )

    def find(self, name: str) -> ReleaseOnHost | None:
        return next((release for release in self.releases if release.name == name), None)


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """The room where the releases of one host lie, in bytes.

    Attributes:
        free: What is free, with what a deploy removes first.
        needed: What a release may take; None where the live one could not be measured.
    """

    free: int
    needed: int | None


@dataclass(frozen=True, slots=True)
class ReleaseSizes:
    """What releases of one host take on its disk, in bytes.

    Attributes:
        taken: What each of them takes.
        freed: What is free once all of them are gone: less, where files are shared with others.
    """

    taken: Mapping[str, int]
    freed: int


@dataclass(frozen=True, slots=True)
class BuildStep:
    """A command that is run in the new release, by ``sh``.

    Attributes:
        name: As in the settings: ``stylesheets``.
        command: For ``sh -c``, as the operator wrote it.
        timeout: Seconds after which it is ended, with all that it started.
        environ: What it finds in its environment besides that of the login.
    """

    name: str
    command: str
    timeout: float
    environ: Mapping[str, str] = field(default_factory=dict[str, str])


def next_name(now: datetime, all_releases: Sequence[HostReleases]) -> str:
    """Name a new release: the UTC second, but later than every release on every host.

    A clock that was set back must not make a new release older than the one it replaces.
    """
    newest = max(
        (r.name for host_releases in all_releases for r in host_releases.releases), default=""
    )
    name = now.astimezone(UTC).strftime(WRITTEN)
    if name > newest:
        return name
    try:
        after = datetime.strptime(newest, WRITTEN).replace(tzinfo=UTC) + timedelta(seconds=1)
    except (ValueError, OverflowError):  # fourteen digits that are no time
        return f"{int(newest) + 1:014d}"
    return after.strftime(WRITTEN)


def to_roll_back_to(all_releases: Sequence[HostReleases]) -> str:
    """Choose the release to go back to: the last good one before the one that is live.

    Every host must have it.  Where no release is marked, as after Capistrano, the newest one
    before the live one counts; one marked bad or not finished never does.  Where hosts differ, as
    when a deploy or its way back halted among them, the live one is the newest that is current or
    that a process runs in: the others went back already.

    Returns:
        Its name; empty when there is none.
    """
    live = max((name for host_releases in all_releases for name in host_releases.live), default="")
    marks: dict[str, set[ReleaseStatus]] = {}
    for host_releases in all_releases:
        for release in host_releases.releases:
            if release.whole and (not live or release.name < live):
                marks.setdefault(release.name, set()).add(release.mark)
    everywhere = [
        name
        for name, found in sorted(marks.items())
        if ReleaseStatus.BAD not in found
        and all((r := host_releases.find(name)) and r.whole for host_releases in all_releases)
    ]
    good = [name for name in everywhere if marks[name] == {ReleaseStatus.GOOD}]
    return next(reversed(good or everywhere), "")


def to_prune(
    host_releases: HostReleases, keep: int, needed: Collection[str] = ()
) -> tuple[str, ...]:
    """Choose what may go: all but the releases of :func:`why_kept`."""
    kept = why_kept(host_releases, keep, needed)
    return tuple(r.name for r in host_releases.releases if r.name not in kept)


def why_kept(
    host_releases: HostReleases, keep: int, needed: Collection[str] = ()
) -> Mapping[str, str]:
    """Say by release why it stays: the newest ``keep`` good ones, and whatever is needed.

    Needed are the live release, those in which a process runs, those of a deploy that has not
    ended, ``needed`` itself, and of the bad ones the newest, for a person to look into.  One that
    Capistrano deployed counts as good, having no mark.
    """
    good = [
        r.name
        for r in host_releases.releases
        if r.mark is not ReleaseStatus.BAD and not r.unfinished
    ]
    bad = [r.name for r in host_releases.releases if r.mark is ReleaseStatus.BAD]
    unfinished = [release.name for release in host_releases.releases if release.unfinished]
    newest = "the newest good one" if keep == 1 else f"of the {keep} newest good ones"
    reasons = {
        **dict.fromkeys(good[max(0, len(good) - keep) :], newest),
        **dict.fromkeys(bad[-1:], "the newest bad one"),
        **dict.fromkeys(unfinished, "its deploy has not ended"),
        **dict.fromkeys(needed, "a rollback goes there"),
        **dict.fromkeys(host_releases.running, "a process runs in it"),
        host_releases.current: "live",
    }
    return {r.name: reasons[r.name] for r in host_releases.releases if r.name in reasons}
