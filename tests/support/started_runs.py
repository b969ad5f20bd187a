"""Rollout as an operator runs it: a process of its own, heard while it works."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from examples.fleet import Fleet, until


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: exit code, what was said to people, the data, seconds."""

    code: int
    said: str
    data: str
    seconds: float


class Running:
    """A run that may still be under way; its words go to files, so that nobody has to read."""

    def __init__(
        self,
        fleet: Fleet,
        words: Sequence[str],
        *,
        stdin: int | IO[bytes] | None = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> None:
        number = len(list(fleet.directory.glob("run-*.err")))
        self._said = fleet.directory / f"run-{number}.err"
        self._data = fleet.directory / f"run-{number}.out"
        self._began = time.monotonic()
        with self._said.open("wb") as said, self._data.open("wb") as data:
            self.process = subprocess.Popen(
                fleet.command(*words),
                env=fleet.environment,
                stdin=stdin,
                stdout=data if stdout is None else stdout,
                stderr=said if stderr is None else stderr,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._said.read_text(errors="replace")

    @property
    def data(self) -> str:
        return self._data.read_text(errors="replace")

    def until_says(self, words: str, timeout: float = 20.0) -> None:
        """Wait until ``words`` were said; a run that ended without them will not say them."""

        def heard() -> bool:
            ended = self.process.poll() is not None
            if words in self.said:
                return True
            assert not ended, f"it ended without saying {words!r}:\n{self.said}"
            return False

        until(heard, f"rollout says {words!r}", timeout)

    def send(self, sign: signal.Signals) -> None:
        self.process.send_signal(sign)

    def end(self, timeout: float = 60.0) -> Ended:
        """Wait for the end.

        Raises:
            subprocess.TimeoutExpired: it is still there.
        """
        code = self.process.wait(timeout)
        seconds = time.monotonic() - self._began
        return Ended(code, self.said, self._data.read_text(errors="replace"), seconds)

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
