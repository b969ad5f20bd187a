"""The state directory: used only if no outsider can write to it, and always by its descriptor.

A private one is for one account (0700, files 0600).  One that a team shares was made by an
administrator (see :func:`rollout.trusted_paths.shared_group`): what is written there the whole
group may read and write, whatever the umask is.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rollout.model.errors import RecordError
from rollout.trusted_paths import Trust, UntrustedPath, open_directory, open_inside, shared_group

PRIVATE, SHARED = 0o600, 0o660
"""Modes of the files."""

_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class StateDirectory:
    """An open directory; its methods raise OSError as the system does.

    Attributes:
        path: Where it is, for errors.
        descriptor: The directory itself.
        group: The group that shares it; None where it is private.
    """

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """Open the directory.

        Args:
            path: Where it is.
            make: Make it and what is missing above it.

        Raises:
            UntrustedPath: another account could have written in it.
            OSError: it cannot be opened or made.
        """
        self.path = path
        self.descriptor = open_directory(path, make=make)
        self.group = shared_group(os.fstat(self.descriptor))

    def close(self) -> None:
        os.close(self.descriptor)

    def names(self) -> frozenset[str]:
        """List what is in it."""
        return frozenset(os.listdir(self.descriptor))  # noqa: PTH208 - pathlib reads no descriptor

    def create(self, name: str) -> int:
        """Create a file for appending, for the account or the group that the directory is of."""
        created = os.open(name, _NEW, PRIVATE, dir_fd=self.descriptor)
        try:
            if self.group is not None and os.fstat(created).st_gid != self.group:
                os.chown(created, -1, self.group)
            os.fchmod(created, PRIVATE if self.group is None else SHARED)
        except BaseException:
            os.close(created)
            self.remove(name)
            raise
        return created

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a file that is there; raises UntrustedPath for one that an outsider could write."""
        path, trust = self.path / name, Trust(group=self.group)
        try:
            return open_inside(self.descriptor, name, flags, trust, path)
        except UntrustedPath as error:
            owner = os.stat(name, dir_fd=self.descriptor, follow_symlinks=False).st_uid
            if self.group is not None and not trust.may_own(owner):
                error.fix += f"; if it is of a former operator: sudo chown root {error.quoted}"
            raise

    def empty(self, name: str) -> None:
        """Cut a file to no bytes, if it is there and can be trusted."""
        with suppress(FileNotFoundError, UntrustedPath):
            opened = self.open(name, os.O_WRONLY)
            try:
                os.ftruncate(opened, 0)
            finally:
                os.close(opened)

    def remove(self, name: str) -> None:
        """Remove a name; a link is removed, never followed."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor)

    def sync(self) -> None:
        """See on the disk which names there are."""
        os.fsync(self.descriptor)


@contextmanager
def opened(path: Path) -> Iterator[StateDirectory]:
    """Open a state directory for the length of a block.

    Raises:
        RecordError: it, or a file that was opened in the block, is not trusted.
        OSError: it cannot be opened.
    """
    try:
        place = StateDirectory(path)
        try:
            yield place
        finally:
            place.close()
    except UntrustedPath as error:
        raise refusal(error) from error


def refusal(error: UntrustedPath) -> RecordError:
    """Say that a journal is neither read nor written, and what shows the owner."""
    return RecordError(f"nothing is read or written: {error}", error.fix)


def cannot_read(path: Path, error: OSError) -> RecordError:
    """Say that a journal cannot be read, and in a shared directory how the group comes to it."""
    fix = ""
    with suppress(OSError):
        found = path.parent.stat()
        if isinstance(error, PermissionError) and shared_group(found) is not None:
            file = shlex.quote(str(path))
            fix = f"sudo chgrp {found.st_gid} {file} && sudo chmod {SHARED:o} {file}"
    return RecordError(f"{path} cannot be read: {error.strerror}", fix)
