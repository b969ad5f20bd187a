"""Lines for sudoers that belong to no supervisor, and the commands that put lines into place."""

import re
import shlex
from collections.abc import Sequence

PROC = "/proc/[0-9]+/(cwd|exe|root)"


def readlink_line(user: str, path: str = "/usr/bin/readlink") -> str:
    """Write the line for ``deploy.readlink = "sudo -n readlink"``."""
    return f"{user} ALL=(root) NOPASSWD: {path} ^{PROC}( {PROC})*$"


def commands_for_sudo(app: str, lines: Sequence[str]) -> tuple[str, ...]:
    """Return the commands, for root on a host, that put ``lines`` into a file of sudo's.

    sudo reads no file in that directory whose name contains a dot.
    """
    if not any(lines):
        return ()
    file = f"/etc/sudoers.d/rollout-{re.sub('[^A-Za-z0-9_-]', '_', app)}"
    said = shlex.join(["printf", r"%s\n", *filter(None, lines)])
    return (f"{said} | install -m 0440 /dev/stdin {file}", f"visudo -c -f {file}")
