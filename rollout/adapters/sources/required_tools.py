"""Which programs a host needs so that the code gets there, and which it has."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rollout.adapters.ssh.shell_files import Script
from rollout.model.fleet import Finding

PACKAGES = {
    "flock": "util-linux",
    "sha256sum": "coreutils",
    "timeout": "coreutils",
    "xz": "xz-utils",
}
"""Debian's names, where they are not the program's."""

LOOK_WITHIN = 15.0

LOOK = Script(Path(__file__).with_name("missing_tools.sh"))
"""Prints ``missing TOOL`` for each of its arguments that is not there, and versions."""

NEEDED: Mapping[str, tuple[int, int]] = {"git": (2, 20), "rsync": (3, 0)}


def lacking(said: str) -> dict[str, str]:
    """Read what LOOK printed: for each tool that will not do, what is wrong with it."""
    wrong = {}
    for line in said.splitlines():
        first, _, rest = line.partition(" ")
        if first == "missing":
            wrong[rest] = f"{rest} is not installed"
        elif first in NEEDED:
            found = re.search(r"(\d+)\.(\d+)", rest)
            major, minor = NEEDED[first]
            if found and (int(found[1]), int(found[2])) < (major, minor):
                wrong[first] = f"{first} {found[0]} is older than {major}.{minor}"
    return wrong


def findings(where: str, wrong: Mapping[str, str], tools: Sequence[str]) -> tuple[Finding, ...]:
    """Make findings of those of ``tools`` that will not do."""
    return tuple(
        Finding(where, wrong[tool], f"apt install {PACKAGES.get(tool, tool)}")
        for tool in tools
        if tool in wrong
    )
