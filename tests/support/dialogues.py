"""A program on a terminal, and answers to what it asks."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

WITHIN = 60.0


class Dialogue:
    """``words`` on a terminal of their own, from ``with`` to the end of its block."""

    def __init__(self, words: Sequence[str], directory: Path, environ: Mapping[str, str]) -> None:
        self._words = words
        self._directory = directory
        self._environ = {**environ, "TERM": "dumb", "COLUMNS": "100"}
        self.said = ""

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *self._words],  # so that Ctrl-C of this terminal is for it
            cwd=self._directory,
            env=self._environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._ours)

    def expect(self, question: str) -> str:
        """Wait until ``question`` stands there, after what was answered last; return all of it."""
        end = time.monotonic() + WITHIN
        seen = ""
        while question not in seen:
            assert time.monotonic() < end, f"waited for {question!r}, saw {seen!r}"
            data = self._read()
            assert data is not None, f"it ended without {question!r}: {seen!r}"
            seen += data
        return seen

    def answer(self, question: str, text: str) -> str:
        """Wait for ``question`` and type ``text`` and Enter."""
        seen = self.expect(question)
        self.type(text)
        return seen

    def type(self, text: str) -> None:
        """Type ``text`` and Enter."""
        os.write(self._ours, f"{text}\n".encode())

    def press_end(self) -> None:
        """Type Ctrl-D: the end of the input."""
        os.write(self._ours, b"\x04")

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        os.write(self._ours, b"\x03")

    def end(self) -> int:
        """Read to the end; return the exit code."""
        end = time.monotonic() + WITHIN
        while self._read() is not None:
            assert time.monotonic() < end, f"it does not end: {self.said}"
        return self.process.wait(10)

    def _read(self) -> str | None:
        ready, _, _ = select.select([self._ours], [], [], 0.2)
        if not ready:
            return "" if self.process.poll() is None else None
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other side has gone
            return None
        text = data.decode(errors="replace").replace("\r\n", "\n")
        self.said += text
        return text
