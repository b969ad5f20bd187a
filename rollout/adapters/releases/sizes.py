"""Measures what releases take on a host's disk, and what their removal frees."""

from collections.abc import Sequence
from pathlib import Path

from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.ssh.shell_files import Script
from rollout.model.releases import ReleaseSizes

SIZES = Script(COMMON, Path(__file__).with_name("sizes.sh"))
"""``$1`` is ``deploy.to``, ``$2`` the seconds that it may take, ``$3`` the names."""

FREED = "freed"


def parse_sizes(names: Sequence[str], text: str) -> ReleaseSizes | None:
    """Read what ``SIZES`` printed; None where a release is missing: it was not done in time."""
    said = [line.split() for line in text.splitlines()]
    found = {words[0]: words[1] for words in said if len(words) == 2}  # noqa: PLR2004 - a pair
    if {*names, FREED} != {*found} or not all(one.isdecimal() for one in found.values()):
        return None
    taken = {name: 1024 * int(found[name]) for name in names}
    return ReleaseSizes(taken, 1024 * int(found[FREED]))
