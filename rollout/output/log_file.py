"""The plain lines of a run, appended to a file beside whatever the screen shows."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rollout.output.messages import RunResult, StampedEvent
from rollout.output.plain import Plain
from rollout.output.terminal import WIDE
from rollout.output.writer import Writer

DISK_WITHIN = 2.0
"""Seconds that the end of a run waits for the disk."""


class LogFile:
    """A renderer, and a delivery that is finished when the file has all of it.

    The file is opened with the first event.  What fails is raised once, so that the dispatcher
    drops it with a warning; no disk stops or delays a run.

    Args:
        file: Its name, for a warning.
        warn: Hears ``(where, what)`` of an end that could not be written.
        open_it: Opens it to append, and returns the descriptor: several runs may write to one file.
    """

    def __init__(
        self, file: Path, warn: Callable[[str, str], None], open_it: Callable[[], int]
    ) -> None:
        self._file = file
        self._warn = warn
        self._open = open_it
        self._stream: TextIO | None = None
        self._writer: Writer | None = None
        self._plain: Plain | None = None
        self._failed = False

    def show(self, told: StampedEvent) -> None:
        self._do(lambda plain: plain.show(told))

    def end(self, ending: RunResult) -> None:
        self._do(lambda plain: plain.end(ending))

    def finish(self, most: float | None = None) -> None:
        """Wait until all of it is written, for at most ``most`` seconds where given."""
        if self._writer is None or self._stream is None:
            return
        written = self._writer.close(DISK_WITHIN if most is None else min(most, DISK_WITHIN))
        if self._writer.is_over:
            self._stream.close()
        if not written and not self._failed:
            self._warn("log", f"the end of the run could not be written to {self._file}")

    def give_up(self) -> None:
        """Do nothing: the wait is two seconds at most."""

    def _do(self, act: Callable[[Plain], None]) -> None:
        try:
            act(self._opened())
        except OSError as error:
            self._failed = True
            what = f"the log {self._file} cannot be written: {error.strerror or error}"
            raise OSError(what) from error

    def _opened(self) -> Plain:
        if self._plain is None:
            self._stream = os.fdopen(self._open(), "w", encoding="utf-8")
            self._writer = Writer(self._stream)
            self._plain = Plain(self._writer, lambda: WIDE)
        return self._plain
