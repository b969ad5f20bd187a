"""Tells in which release a process works, by its current directory."""

from collections.abc import Mapping
from pathlib import Path

from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script
from rollout.model.releases import NAME

WHEREABOUTS = Script(COMMON, Path(__file__).with_name("whereabouts.sh"))
"""``$1`` is ``deploy.to``, ``$2`` the pids, the rest how a link in ``/proc`` is read."""


def parse_whereabouts(text: str) -> Mapping[int, str]:
    """Read what ``WHEREABOUTS`` printed: the release by pid, or the directory if it is none.

    The kernel adds " (deleted)" to a directory that was removed, and so it is told.
    """
    releases, *found = text.split("\0")
    releases = releases.removesuffix("\n")
    places = {
        int(pid): place.removesuffix("\n")
        for pid, place in zip(found[::2], found[1::2], strict=False)
    }
    return {pid: release_of(place, releases) for pid, place in places.items() if place}


def release_of(place: str, releases: str) -> str:
    """Name the release that ``place`` lies in; ``place`` itself if that is none."""
    name = place.removeprefix(f"{releases}/").partition("/")[0]
    inside = bool(releases) and place.startswith(f"{releases}/") and NAME.fullmatch(name)
    return name if inside and not place.endswith(" (deleted)") else place
