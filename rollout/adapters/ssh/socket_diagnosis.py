"""Why a socket on a host cannot be reached: sshd gives one answer for four reasons.

OpenSSH 9.2 says "open failed" (2) for a UNIX socket that is missing, closed to us or dead, and
for one that it was configured not to reach.  The host itself knows which, so it is asked.
"""

import re
import shlex
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from rollout.adapters.ssh.command import Result
from rollout.adapters.ssh.errors import ForwardingRefused, NothingListens, SshError
from rollout.adapters.ssh.scripts import command_of
from rollout.adapters.ssh.shell_files import Script
from rollout.text.admin_sockets import right_to_connect, right_to_enter

MISSING, NO_SOCKET, NO_PERMISSION, NO_PROCESS, CLOSED = 81, 82, 83, 84, 85
"""Exit codes of our question; high, so that no shell uses them for something else."""

QUESTION = Script(Path(__file__).with_name("socket_question.sh"))
"""The path of the socket, then all directories above it, the topmost first."""

REASONS = {
    MISSING: "does not exist on the host",
    NO_SOCKET: "is not a socket",
    NO_PERMISSION: "may not be used by this login",
    NO_PROCESS: "is there, but no process listens on it",
    CLOSED: "is in a directory that this login may not enter",
}

RIGHTS = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,31}) ([0-7]{3,4})(?: (/.*))?")
"""What the host says of the group that has the rights, and of which directory above the socket:
nothing else of it becomes a fix."""


def explain(
    refused: NothingListens, path: str, ask: Callable[[str], Result], ssh: str = "ssh"
) -> NothingListens | ForwardingRefused:
    """Find the better error for a socket that could not be opened; at worst the one we had."""
    try:
        answer = ask(question(path))
    except SshError:
        return refused
    status = answer.status
    if status == 0:
        return ForwardingRefused(
            refused.host,
            f"{path}: it is there and open to this login, but sshd does not forward to it",
            "AllowStreamLocalForwarding yes in sshd_config",
        )
    if status not in REASONS:
        return refused
    fix = f"{ssh} {refused.host} ls -l {shlex.quote(path)}"
    found = RIGHTS.fullmatch(answer.out.strip())
    if found and status in {NO_PERMISSION, CLOSED}:
        fix = f"on {refused.host}: {_right(found, path, status)}"
    return NothingListens(refused.host, f"{path} {REASONS[status]}", fix)


def _right(found: re.Match[str], path: str, status: int) -> str:
    """Spell how the login gets the right that a group has, or how HAProxy gives it to one."""
    group, mode, login = found[1], int(found[2], 8), '"$(id -un)"'
    if status == CLOSED:
        shut = next((one for one in directories(path) if one == found[3]), "")
        return right_to_enter(shut, group, login, group_may=bool(mode & 0o010))
    return right_to_connect(path, group, login, group_may=bool(mode & 0o020))


def question(path: str) -> str:
    """Ask for the reason in plain shell."""
    return command_of(QUESTION.text, (path, *directories(path)), {})


def directories(path: str) -> list[str]:
    """List the directories above ``path``, the topmost first."""
    return [str(place) for place in reversed(PurePosixPath(path).parents)]
