"""Reads what stands on a host: the link, the releases, their revisions and marks, who runs."""

import re

from rollout.adapters.releases.layout import MARKS
from rollout.adapters.releases.processes import RUNNING
from rollout.adapters.releases.shell_functions import COMMON
from rollout.model.errors import ReleaseError
from rollout.model.releases import NAME, HostReleases, ReleaseOnHost, ReleaseStatus

LONGEST_REVISION = 100
"""Characters; a commit has 40 or 64."""

# One grep reads all REVISIONs and marks, skipping what would make it wait: with a fork for each,
# twenty releases would cost five times as much.
AGAIN = "+"
"""Before the name of a release whose deploy did not make it."""

LOOK = (
    COMMON
    + RUNNING
    + rf"""
to=$1; shift
if ! cd "$to" 2>/dev/null; then
  if [ -e "$to" ] || [ -L "$to" ]; then no "cannot enter $to"; fi
  printf '\0\0\0\0\0'
  exit
fi
if [ -L current ]; then readlink -n current; fi
printf '\0'
releases=$(physical "$to/releases")
current=$(physical "$to/current")
case $current in "$releases"/$digits) printf '%s' "${{current##*/}}";; esac
printf '\0'
for each in releases/$digits; do if real "$each"; then printf '%s ' "${{each##*/}}"; fi; done
printf '\0'
for each in "$notes"/$digits; do
  if grep -qs '^fresh no$' "$each"; then printf '%s' {AGAIN}; fi
  if [ -e "$each" ]; then printf '%s ' "${{each##*/}}"; fi
done
printf '\0'
if [ -n "$releases" ]; then running "$releases" "" "$@"; fi
printf '\0'
grep -a -s -Z -H -m 1 -D skip -d skip '' releases/$digits/REVISION {MARKS}/$digits |
  cut -b -{len(MARKS) + 20 + 4 * LONGEST_REVISION}
exit 0
"""
)
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
