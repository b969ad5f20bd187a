"""Reads what stands on a host: the link, the releases, their revisions and marks, who runs."""

import re
from pathlib import Path

from rollout.adapters.releases.layout import MARKS
from rollout.adapters.releases.processes import RUNNING
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import ReleaseError
from rollout.model.releases import NAME, HostReleases, ReleaseOnHost, ReleaseStatus

LONGEST_REVISION = 100
"""Characters; a commit has 40 or 64."""

AGAIN = "+"
"""Before the name of a release whose deploy did not make it."""

LOOK = Script(COMMON, RUNNING, Path(__file__).with_name("look.sh"))
"""``$1`` is ``deploy.to``, the rest how a link in ``/proc`` is read."""

FIELDS = 5


def parse_look(host: str, text: str) -> HostReleases:
    """Read what ``LOOK`` printed.

    Raises:
        ReleaseError: it was cut off.
    """
    fields = text.split("\0", FIELDS)
    if len(fields) <= FIELDS:
        raise ReleaseError(host, "the answer about the releases was cut off")
    link, current, releases, notes, running, contents = fields
    said = dict(line.split("\0", 1) for line in contents.split("\n") if "\0" in line)
    again = _names(" ".join(w.removeprefix(AGAIN) for w in notes.split() if w.startswith(AGAIN)))
    unfinished = again | _names(notes)
    return HostReleases(
        host=host,
        link=link,
        current=current,
        releases=tuple(
            ReleaseOnHost(
                name=name,
                revision=first_line(said.get(f"releases/{name}/REVISION", ""))[:LONGEST_REVISION],
                mark=_mark(said.get(f"{MARKS}/{name}", "")),
                unfinished=name in unfinished,
                again=name in again,
            )
            for name in sorted(_names(releases))
        ),
        running=frozenset(_names(running)),
    )


def first_line(text: str) -> str:
    """Trim a REVISION."""
    return re.split(r"[\n\0]", text.strip(), maxsplit=1)[0].strip()


def _names(text: str) -> set[str]:
    return {word for word in text.split() if NAME.fullmatch(word)}


def _mark(text: str) -> ReleaseStatus:
    """Read a mark; of one that a later rollout may have invented we know nothing."""
    word = text.strip()
    return ReleaseStatus(word) if word in set(ReleaseStatus) else ReleaseStatus.NONE
