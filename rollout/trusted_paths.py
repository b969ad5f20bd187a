"""Opens files and directories that no other account can have written, or put in their place.

Every directory from the root down is opened without following links, and judged by ``fstat`` on
what was opened; a link is followed by hand, if its owner is trusted.  So nothing can be exchanged
between the look and the use.  A directory with the sticky bit, such as ``/tmp``, is accepted above
a trusted file: in it only the owner of a file can rename it.  OpenSSH and sudo judge alike.
"""

import errno
import grp
import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from rollout.model.errors import RolloutError

SHARED_MODE = 0o2770
"""The mode of a directory that a team shares: an administrator makes it, files get its group."""

_MOST_LINKS = 40
_ABOVE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
) | os.O_CLOEXEC
"""Non-blocking: a FIFO that no process reads is an error, and never waited for."""


class UntrustedPath(RolloutError):
    """Another account may have written what is at ``path``; ``why`` has its owner and mode."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} is not trusted: {why}")
        self.path = path
        self.why = why
        self.quoted = shlex.quote(str(path))
        self.fix = f"ls -ld {self.quoted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The accounts that may own a path, or write to it.

    Attributes:
        uid: This account and root may own it.
        group: The members of this group may own it and write to it as well; None for no group.
    """

    uid: int = field(default_factory=os.geteuid)
    group: int | None = None

    def objection(self, found: os.stat_result, *, sticky: bool = False) -> str:
        """Say why a path with this owner and mode is not trusted; empty if it is.

        With ``sticky`` the sticky bit makes up for a mode that lets others write.
        """
        mode = stat.S_IMODE(found.st_mode)
        of = f"owner {name_of(found.st_uid)}, group {_group(found.st_gid)}, mode {mode:04o}"
        if not self.may_own(found.st_uid):
            return f"it belongs to another account ({of})"
        if sticky and mode & stat.S_ISVTX:
            return ""
        if mode & stat.S_IWOTH:
            return f"every account may write to it ({of})"
        if mode & stat.S_IWGRP and not self._may_write(found.st_gid):
            return f"its group may write to it ({of})"
        return ""

    def may_own(self, uid: int) -> bool:
        """Tell whether ``uid`` is root, the account itself, or a member of the group."""
        if uid in {0, self.uid}:
            return True
        return self.group is not None and _is_member(uid, self.group)

    def _may_write(self, gid: int) -> bool:
        return gid == self.group or _is_private_group(gid, self.uid)


def shared_group(found: os.stat_result) -> int | None:
    """Return the group that shares a directory, if it is shared and we may use it.

    Such a directory belongs to root and has the mode 2770.  Root and the members may use it.
    """
    shared = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == SHARED_MODE
    if not shared or found.st_uid != 0 or found.st_gid == 0:
        return None
    member = found.st_gid in {os.getegid(), *os.getgroups()}
    return found.st_gid if member or os.geteuid() == 0 else None


def open_file(path: Path) -> int:
    """Open a regular file to read it; links are followed if their owners are trusted.

    Raises:
        UntrustedPath: another account may have written it, or it is no regular file.
        OSError: it cannot be opened.
    """
    with _parent(path) as (above, name, real):
        return open_inside(above, name, os.O_RDONLY, Trust(), real)


def open_inside(above: int, name: str, flags: int, trust: Trust, shown: Path) -> int:
    """Open the regular file ``name`` of the open directory ``above``; follows no link.

    ``shown`` is its path in an error.  A FIFO or a device is refused and never waited for.

    Raises:
        UntrustedPath: another account may have written it, or it is no regular file.
        OSError: it cannot be opened.
    """
    _check_file(os.stat(name, dir_fd=above, follow_symlinks=False), trust, shown)
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    opened = os.open(name, flags, dir_fd=above)
    try:  # what was opened is what counts: the look before keeps us from opening a device
        _check_file(os.fstat(opened), trust, shown)
    except BaseException:
        os.close(opened)
        raise
    return opened


def open_directory(path: Path, *, make: bool = False) -> int:
    """Open a directory that only trusted accounts can write to, and that all above keep in place.

    Its group may write to it where a team shares it; see :func:`shared_group`.

    Args:
        path: The directory.
        make: Make it and what is missing above it, with mode 0700.

    Raises:
        UntrustedPath: another account can write to it, or put another one in its place.
        OSError: it cannot be opened or made.
    """
    with _parent(path, make=make) as (above, name, real):
        if make:
            _make(name, above)
        found = os.open(name, _ABOVE, dir_fd=above)
    try:
        owner = os.fstat(found)
        _check(owner, Trust(group=shared_group(owner)), real)
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=found)
    finally:
        os.close(found)


def open_to_append(path: Path) -> int:
    """Open a file to write at its end; one that is missing is made with mode 0600, less the umask.

    Links are followed if their owners are trusted, so no other account chooses where the text goes.
    Modes are not judged: a team may share a log, and nothing here reads it again.  ``/dev/stdout``
    and every ``/dev/fd/N`` that this process was started with are shared with it, not opened again:
    a socket, as systemd gives one, can only be used so.

    Raises:
        UntrustedPath: a link on the way belongs to another account.
        OSError: it cannot be opened.
    """
    with _parent(path, judged=False) as (above, name, real):
        number = _own_descriptor(real)
        if number is None:
            return os.open(name, _APPEND, 0o600, dir_fd=above)
        if not os.get_inheritable(number):  # one of our own: the journal, a connection
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), str(path))
        return os.dup(number)


def name_of(uid: int) -> str:
    """Name an account; one without a name is ``uid 4001``."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


@contextmanager
def _parent(
    path: Path, *, make: bool = False, judged: bool = True
) -> Iterator[tuple[int, str, Path]]:
    """Open the directory in which ``path`` lies when all links are followed.

    Yields it, the name in it, and the path without links.  Unless ``judged``, only the owners of
    links are judged, and not the directories.
    """
    above = Trust()
    here, real = os.open("/", _ABOVE), Path("/")
    pending = [*reversed((Path.cwd() / path).parts[1:])] or ["."]
    links = 0
    try:
        if judged:
            _check(os.fstat(here), above, real, sticky=True)
        while True:
            name = pending.pop()
            target = _link(name, here, above, real / name)
            if target is None:
                if not pending:
                    yield here, name, real / name
                    return
                if make:
                    _make(name, here)
                here = _step(name, here)
                real = real.parent if name == ".." else real / name
                if judged:
                    _check(os.fstat(here), above, real, sticky=True)
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(real / name))
            if target.startswith("/"):
                here, real = _step("/", here), Path("/")
            pending += [part for part in reversed(PurePath(target).parts) if part != "/"] or ["."]
    finally:
        os.close(here)


def _link(name: str, above: int, trust: Trust, shown: Path) -> str | None:
    """Return where the link ``name`` leads to; None where it is no link, or missing.

    A descriptor of this process is no link: what it shows, ``pipe:[4711]``, is no path.
    """
    if _own_descriptor(shown) is not None:
        return None
    try:
        found = os.stat(name, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(found.st_mode):
        return None
    if not trust.may_own(found.st_uid):
        raise UntrustedPath(shown, f"it is a link of another account ({name_of(found.st_uid)})")
    return os.readlink(name, dir_fd=above)


def _own_descriptor(path: Path) -> int | None:
    """Return the number of a descriptor of this process, where ``path`` is its place in /proc."""
    if path.parent != Path("/proc", str(os.getpid()), "fd") or not path.name.isdecimal():
        return None
    return int(path.name)


def _step(name: str, here: int) -> int:
    below = os.open(name, _ABOVE, dir_fd=here)
    os.close(here)
    return below


def _make(name: str, above: int) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=above)
    except FileExistsError:
        return


def _check(found: os.stat_result, trust: Trust, shown: Path, *, sticky: bool = False) -> None:
    if why := trust.objection(found, sticky=sticky):
        raise UntrustedPath(shown, why)


def _check_file(found: os.stat_result, trust: Trust, shown: Path) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(shown))
    if not stat.S_ISREG(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "no regular file"
        raise UntrustedPath(shown, f"it is {kind} (owner {name_of(found.st_uid)})")
    _check(found, trust, shown)


def _is_member(uid: int, gid: int) -> bool:
    try:
        account = pwd.getpwuid(uid)
    except KeyError:
        return False
    return gid in os.getgrouplist(account.pw_name, account.pw_gid)


def _is_private_group(gid: int, uid: int) -> bool:
    """Tell whether a group is the one that Debian makes for each account, without other members.

    Never for root: containers give the group root to accounts that have no other.
    """
    if uid == 0:
        return False
    try:
        account, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    if account.pw_gid != gid or group.gr_name != account.pw_name:
        return False
    others = {one.pw_name for one in pwd.getpwall() if one.pw_gid == gid and one.pw_uid != uid}
    return not others and set(group.gr_mem) <= {account.pw_name}


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"
