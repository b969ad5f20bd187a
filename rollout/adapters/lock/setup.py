"""What an administrator types once on a machine, so that a team can share the lock there."""

import posixpath
import shlex

from rollout.adapters.lock.place import STATE, LockDirectory


def commands_for_lock(directory: LockDirectory, login: str) -> tuple[str, ...]:
    """Return the commands, for root, that make the lock's directory for ``login`` and its team."""
    path = posixpath.normpath(directory.path)
    if not directory.group:
        return (shlex.join(["install", "-d", "-o", login, "-m", "0700", path]),)
    paths = (STATE, path) if directory.is_in_state else (path,)
    return _for_a_group(directory.group, login, *paths)


def commands_for_state(group: str, login: str) -> tuple[str, ...]:
    """Return the commands, for root, that make the directory of the team's journals."""
    return _for_a_group(group, login, STATE) if group else ()


def _for_a_group(group: str, login: str, *paths: str) -> tuple[str, ...]:
    named = shlex.quote(group)
    made = (
        f"getent group {named} >/dev/null || groupadd --system {named}",
        shlex.join(["install", "-d", "-o", "root", "-g", group, "-m", "2770", *paths]),
    )
    if login == "root":
        return made
    return (*made, shlex.join(["usermod", "-a", "-G", group, login]))
