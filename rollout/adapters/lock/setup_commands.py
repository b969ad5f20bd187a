"""What an administrator types once on a machine, so that a team can share the lock there."""

import posixpath
import shlex

from rollout.adapters.lock.lock_directory import STATE, LockLocation


def commands_for_lock(directory: LockLocation, login: str) -> tuple[str, ...]:
    """Return the commands, for root, that make the lock's directory for ``login`` and its team."""
    path = posixpath.normpath(directory.path)
    if not directory.group:
        if directory.is_in_state:
            return (_make_in_state(path, f"chown {shlex.quote(login)} . && chmod 0700 ."),)
        return (shlex.join(["install", "-d", "-o", login, "-m", "0700", path]),)
    if not directory.is_in_state:
        return _for_a_group(directory.group, login, _make(path, directory.group))
    team = f"chown root:{shlex.quote(directory.group)} . && chmod 2770 ."
    state = _make(STATE, directory.group)
    return _for_a_group(directory.group, login, state, _make_in_state(path, team))


def commands_for_state(group: str, login: str) -> tuple[str, ...]:
    """Return the commands, for root, that make the directory of the team's journals."""
    return _for_a_group(group, login, _make(STATE, group)) if group else ()


def _make(path: str, group: str) -> str:
    return shlex.join(["install", "-d", "-o", "root", "-g", group, "-m", "2770", path])


def _make_in_state(path: str, give: str) -> str:
    """Return the command that makes ``path`` where the members of the team may write.

    ``install -d`` would follow a link that a member put there, and hand the team what it leads to:
    ``/etc/sudoers.d``, for example.  So what is handed over is the directory that was entered, and
    only if it lies in the state directory.
    """
    name, _, below = posixpath.relpath(path, STATE).partition("/")
    name = shlex.quote(f"./{name}")
    line = (
        f"umask 022 && mkdir -p {STATE} && cd {STATE} && mkdir -p {name} && cd -P {name} && "
        f"[ .. -ef {STATE} ] && {give}"
    )
    if below:
        line += f" && umask 007 && mkdir -p {shlex.quote(f'./{below}')}"
    return shlex.join(["sh", "-c", f"{line} || {{ ls -ld {shlex.quote(path)}; exit 1; }}"])


def _for_a_group(group: str, login: str, *made: str) -> tuple[str, ...]:
    named = shlex.quote(group)
    found = (f"getent group {named} >/dev/null || groupadd --system {named}", *made)
    if login == "root":
        return found
    return (*found, shlex.join(["usermod", "-a", "-G", group, login]))
