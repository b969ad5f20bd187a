"""Finds out whether a directory ends with the container in which this process runs.

A container has a root filesystem of its own.  No other container and no program of the machine sees
what lies there, and ``--rm`` removes it with the container.  Only what is mounted into it from
outside is kept.
"""

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
PID_NAMESPACE = Path("/proc/self/ns/pid")
MARKERS = (Path("/run/.containerenv"), Path("/.dockerenv"))
"""Podman and docker make one of them in each container.  An image that was turned into a virtual
machine may keep it."""

OF_THE_MACHINE = "pid:[4026531836]"
"""The first pid namespace of each kernel.  Source: ``PROC_PID_INIT_INO`` in ``proc_ns.h``."""

LAYERED = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs"})
"""Filesystems on which engines put the layers of an image.  A live system has them as well."""

UNNAMED_VOLUME = re.compile(r"/volumes/[0-9a-f]{64}/_data$")
"""A volume that was given no name: one for each container, and ``--rm`` removes it."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: where it is, of what kind, and which directory of its filesystem it shows."""

    point: str
    kind: str
    root: str

    @property
    def is_of_the_container(self) -> bool:
        """It is the container's root, a tmpfs of its own, or a volume without a name."""
        fresh = self.kind == "tmpfs" and self.root == "/"
        return self.point == "/" or fresh or bool(UNNAMED_VOLUME.search(self.root))


def is_private(directory: Path, beside: Sequence[Path] = ()) -> bool:
    """Tell whether ``directory`` ends with the container that this process runs in.

    On a machine, and where the kernel does not tell, nothing is private.

    Args:
        directory: Absolute; it need not exist yet.
        beside: Sockets of programs.  A directory on the filesystem of all of them lives as long as
            they do: HAProxy may run in the same container.
    """
    if not in_container():
        return False
    mounts = _mounts()
    mount = _mount_of(directory, mounts)
    if mount is None or not mount.is_of_the_container:
        return False
    together = (path.is_absolute() and _mount_of(path, mounts) == mount for path in beside)
    return not beside or not all(together)


def volume(directory: Path) -> str:
    """Return the words of the container's command line that keep ``directory`` outside of it."""
    below_home = ".local/state/rollout"
    if directory.match(f"*/{below_home}"):
        return f'-v "$HOME/{below_home}":{shlex.quote(str(directory))}'
    return shlex.join(["-v", f"{directory}:{directory}"])


def in_container() -> bool:
    """Tell whether a container engine started this process; a system container is a machine."""
    root = _mount_of(Path("/"), _mounts())
    if root is None:
        return False
    marked = any(marker.exists() for marker in MARKERS)
    if root.kind in LAYERED:
        return marked or _pid_namespace() not in {"", OF_THE_MACHINE}
    return marked and root.root != "/"  # engines without layers share a directory of the machine's


def _mount_of(path: Path, mounts: Sequence[Mount]) -> Mount | None:
    """Return the mount that holds ``path``, links followed; of several at one point the last."""
    real = os.path.realpath(path)
    found: Mount | None = None
    for mount in mounts:
        holds = real == mount.point or real.startswith(f"{mount.point.rstrip('/')}/")
        if holds and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found


def _mounts() -> tuple[Mount, ...]:
    """Read the mounts; fields 4 and 5, and the one after the dash.  Source: proc(5)."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ()
    rows = (line.partition(" - ") for line in lines)
    fields = ((before.split(), after.split()) for before, _, after in rows)
    return tuple(
        Mount(_plain(before[4]), after[0], _plain(before[3]))
        for before, after in fields
        if len(before) > 4 and after  # noqa: PLR2004 - the fields that are read
    )


def _plain(text: str) -> str:
    r"""Undo the escapes of mountinfo: ``\040`` is a blank."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _pid_namespace() -> str:
    try:
        return str(PID_NAMESPACE.readlink())
    except OSError:
        return ""
