"""Asks a host all at once what would keep a deploy from working; changes nothing there."""

import re
from pathlib import Path

from rollout.adapters.releases.layout import INCOMING, LOGS, MARKS, NOTES, TRASH
from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.releases.preflight_findings import finding_of, room_of
from rollout.adapters.releases.shared_paths import unshared
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script
from rollout.model.fleet import Finding
from rollout.model.releases import DiskRoom

OURS = (".rollout", NOTES, MARKS, LOGS, INCOMING, TRASH)
"""Directories of rollout's own, below ``deploy.to``."""

TOOLS = "awk chmod cp cut date df find grep head ln mkdir mv readlink rm sort sync tail tar timeout"

EXAMINE = Script(
    COMMON,
    *map(
        Path(__file__).with_name,
        ("examine_rights.sh", "examine_room.sh", "examine_sharing.sh", "examine.sh"),
    ),
)
"""``$1`` is ``deploy.to``, ``$2`` seconds for measuring, then the shared directories and files,

each after how many they are, and at last how a link in ``/proc`` is read.
"""


PLACES = ("", "/releases", "/shared", *(f"/{name}" for name in OURS))
"""Below ``deploy.to``; of these, and of the directories above it, a host may say something."""

RELEASE = re.compile(r"[0-9]{14}|")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]+")


def parse_examine(host: str, text: str, options: ReleaseOptions) -> tuple[Finding, ...]:
    """Judge what ``EXAMINE`` printed, in the order in which it was found.

    A name that stands in a command to type is one that the script can have printed.  The login of
    a host may be another person's by now, and root types some of these commands.
    """
    words = text.split("\0")
    facts = list(zip(words[::3], words[1::3], words[2::3], strict=False))
    user = next((one for code, one, _ in facts if code == "user"), "")
    user = user if USER.fullmatch(user) else "the login"
    said = [
        finding_of(code, one, two, options.to, user)
        if _possible(code, one, two, options.to)
        else (f"it says {code} of {one!r}, which is none of ours", f"look at {host} yourself")
        for code, one, two in facts
    ]
    said += unshared(facts, options)
    return tuple(Finding(host, what, fix) for what, fix in said if what)


def parse_room(text: str) -> DiskRoom | None:
    """Read the room from what ``EXAMINE`` printed; None where it was not measured."""
    words = text.split("\0")
    facts = zip(words[::3], words[1::3], words[2::3], strict=False)
    said = next(((free, sizes) for code, free, sizes in facts if code == "room"), None)
    return room_of(*said) if said is not None else None


def _possible(code: str, one: str, two: str, to: str) -> bool:
    match code:
        case "tool":
            return one in {*TOOLS.split(), "mv -T"}
        case "notdir" | "unwritable":
            above = {to[:at] or "/" for at, char in enumerate(to) if char == "/"}
            return one in {*(f"{to}{place}" for place in PLACES), *above}
        case "current-directory":
            return bool(RELEASE.fullmatch(one))
        case "current-dangling":
            return bool(RELEASE.fullmatch(two))
        case _:
            return True
