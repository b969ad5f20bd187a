"""Replaces the file that Prometheus reads, whole or not at all."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp

from rollout.adapters.local.whole_file import replace_file

LONGEST = 1 << 20
"""Bytes of the file before that are read; a longer one is not ours."""

MODE = 0o644

READING = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class TextFile:
    """The file for the textfile collector of node_exporter.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def update(self, render: Callable[[str], str]) -> None:
        """Write what ``render`` makes of the text before.

        It is written beside and renamed over, under a name that node_exporter does not read.

        Raises:
            OSError: it cannot be written; then it is as it was.
        """
        replace_file(self._path, render(self._before()), MODE)

    def try_out(self) -> None:
        """See that it could be written, by writing beside it.

        Raises:
            OSError: it could not.
        """
        if self._path.is_dir() and not self._path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self._path))
        handle, name = mkstemp(prefix=f".{self._path.name}.", suffix=".tmp", dir=self._path.parent)
        os.close(handle)
        Path(name).unlink()

    def _before(self) -> str:
        """Read what stands there; a FIFO is not waited for, and has nothing that is ours."""
        try:
            with os.fdopen(os.open(self._path, READING), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return ""
                return file.read(LONGEST).decode(errors="replace")
        except OSError:
            return ""
