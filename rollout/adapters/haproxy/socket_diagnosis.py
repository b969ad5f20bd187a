"""Why an admin socket on this machine cannot be entered, and what fixes it.

haproxyadmin has one sentence for all of these ("UNIX socket file was not set"), so we look for
ourselves: at the file, its rights, and whether a process listens.
"""

import difflib
import errno
import getpass
import grp
import os
import socket
import stat
from pathlib import Path

from rollout.model.fleet import Finding
from rollout.text.admin_sockets import right_to_connect, right_to_enter, stats_socket


def trouble_at(where: str, path: Path) -> Finding | None:
    """Say why ``path`` cannot be entered; None when a process listens there.

    Connects once and hangs up, which HAProxy does not mind.  Never waits.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return _missing(where, path)
    except PermissionError:
        return _shut_directory(where, path)
    except OSError as error:
        return Finding(where, f"{path}: {error.strerror}", "check the setting `socket`")
    if not stat.S_ISSOCK(mode):
        fix = "set `socket` to the path after `stats socket` in HAProxy's configuration"
        return Finding(where, f"{path} is not a socket", fix)
    return _refusal(where, path, _knock(path))


def _knock(path: Path) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)  # noqa: FBT003 - the standard library's signature
        try:
            return client.connect_ex(str(path))
        except OSError:  # "AF_UNIX path too long" carries no number
            return errno.ENAMETOOLONG


def _refusal(where: str, path: Path, number: int) -> Finding | None:
    match number:
        case 0 | errno.EAGAIN:  # EAGAIN: a process listens, the queue is full
            return None
        case errno.EACCES | errno.EPERM:
            return _forbidden(where, path)
        case errno.ECONNREFUSED:
            what = f"{path} is there, but no process listens on it (a dead HAProxy left it behind)"
            return Finding(where, what, "is HAProxy running? `systemctl status haproxy`")
        case errno.ENAMETOOLONG:
            what = f"{path} is longer than the 107 bytes that a socket's path may have"
            return Finding(where, what, "move the socket, or set `socket` to a shorter link")
        case _:
            return Finding(where, f"{path}: {os.strerror(number)}", "check the setting `socket`")


def _missing(where: str, path: Path) -> Finding:
    near = _sockets_near(path)
    if near:
        fix = f"set `socket` to one that exists there: {', '.join(near)}"
    elif path.parent.is_dir():
        line = stats_socket(str(path))
        fix = f"is HAProxy running? it creates {path.name} when its configuration has `{line}`"
    else:
        fix = f"{path.parent} does not exist either; is HAProxy installed and running here?"
    return Finding(where, f"{path} does not exist", fix)


def _sockets_near(path: Path) -> list[str]:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_socket()]
    except OSError:
        return []
    nearest = difflib.get_close_matches(path.name, names, n=3, cutoff=0)
    return [str(path.parent / name) for name in nearest]


def _shut_directory(where: str, path: Path) -> Finding:
    shut = next(
        (p for p in reversed(path.parents) if p.is_dir() and not os.access(p, os.X_OK)),
        path.parent,
    )
    fix = right_to_enter(str(shut), _group(shut), _me(), group_may=_may(shut, stat.S_IXGRP))
    return Finding(where, f"{_me()} may not enter {shut}", fix)


def _forbidden(where: str, path: Path) -> Finding:
    fix = right_to_connect(str(path), _group(path), _me(), group_may=_may(path, stat.S_IWGRP))
    return Finding(where, f"{_me()} may not connect to {path}", fix)


def _may(path: Path, right: int) -> bool:
    return bool(path.stat().st_mode & right)


def _group(path: Path) -> str:
    gid = path.stat().st_gid
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name; OSError from Python 3.13 on
        return str(os.geteuid())
