"""The log of one run, beside its journal: what was asked of HAProxy and the supervisor, answered.

It is for people, and given up first: nothing waits for it, and a disk that has no room for it keeps
no run from its work.
"""

import os
from contextlib import suppress

from rollout.adapters.journal.state_directory import StateDirectory
from rollout.text.sanitize import sanitize
from rollout.text.timestamps import utc_now

LOG_CAP = 4 << 20
"""Bytes of a log at most: a run of 500 hosts has 1 MB."""


class RunLog:
    """Appends lines to a file that is made with the first of them; used by one thread.

    Args:
        place: The state directory.
        name: The file's name in it.
        cap: Bytes that it may have.
    """

    def __init__(self, place: StateDirectory, name: str, cap: int = LOG_CAP) -> None:
        self._place = place
        self._name = name
        self._left = cap
        self._descriptor: int | None = None

    def write(self, where: str, what: str) -> None:
        """Append a line, if there is room for it; the first one for which there is none says so."""
        if self._left <= 0:
            return
        line = f"{utc_now()} {sanitize(where)} {sanitize(what)}\n".encode("utf-8", "replace")
        self._left -= len(line)
        if self._left <= 0:
            line = f"{utc_now()} rollout the log has reached its size: it ends here\n".encode()
        try:
            os.write(self._open(), line)
        except OSError:
            self._left = 0

    def close(self) -> None:
        """Close the file, if it was opened."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = self._place.create(self._name)
        return self._descriptor
