"""Why a socket on a host cannot be reached: sshd gives one answer for four reasons.

OpenSSH 9.2 says "open failed" (2) for a UNIX socket that is missing, closed to us or dead, and
for one that it was configured not to reach.  The host itself knows which, so it is asked.
"""

import shlex
from collections.abc import Callable

from rollout.adapters.ssh.errors import ForwardingRefused, NothingListens, SshError
from rollout.adapters.ssh.run import Result

MISSING, NO_SOCKET, NO_PERMISSION, NOBODY = 81, 82, 83, 84
"""Exit codes of our question; high, so that no shell uses them for something else."""

REASONS = {
    MISSING: "does not exist on the host",
    NO_SOCKET: "is not a socket",
    NO_PERMISSION: "may not be used by this login",
    NOBODY: "is there, but no process listens on it",
}


def explain(
    refused: NothingListens, path: str, ask: Callable[[str], Result]
) -> NothingListens | ForwardingRefused:
    """Find the better error for a socket that could not be opened; at worst the one we had."""
    try:
        status = ask(question(path)).status
    except SshError:
        return refused
    if status == 0:
        return ForwardingRefused(
            refused.host,
            f"{path}: it is there and open to this login, but sshd does not forward to it",
            "AllowStreamLocalForwarding yes in sshd_config",
        )
    if status not in REASONS:
        return refused
    return NothingListens(
        refused.host, f"{path} {REASONS[status]}", f"ssh {refused.host} ls -l {shlex.quote(path)}"
    )


def question(path: str) -> str:
    """Ask for the reason in plain shell.

    HAProxy binds ``PATH.PID.tmp`` and renames it, and the kernel goes on showing the first
    name, so the listener is looked for by the beginning of its path.
    """
    quoted = shlex.quote(path)
    return (
        f"test -e {quoted} || exit {MISSING}; test -S {quoted} || exit {NO_SOCKET}; "
        f"test -w {quoted} || exit {NO_PERMISSION}; "
        f"test ! -r /proc/net/unix || grep -qF -- {quoted} /proc/net/unix || exit {NOBODY}"
    )
