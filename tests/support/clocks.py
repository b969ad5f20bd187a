"""A wall clock that can be stepped for one program, while its monotonic clock goes on."""

from pathlib import Path

import pytest

SHIM = """\
import os
import time

_time, _gmtime, _localtime = time.time, time.gmtime, time.localtime


def _step():
    try:
        with open(os.environ["STEPPED_CLOCK"]) as file:
            return float(file.read() or 0)
    except OSError:
        return 0.0


time.time = lambda: _time() + _step()
time.time_ns = lambda: int(time.time() * 1e9)
time.gmtime = lambda seconds=None: _gmtime(time.time() if seconds is None else seconds)
time.localtime = lambda seconds=None: _localtime(time.time() if seconds is None else seconds)
"""


class WallClock:
    """The clock of every Python program that is started from now on by this test.

    Args:
        directory: Where its parts may lie; it is made.
        monkeypatch: Puts the shim on their path.
    """

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        directory.mkdir()
        (directory / "sitecustomize.py").write_text(SHIM)
        self._step = directory / "step"
        monkeypatch.setenv("PYTHONPATH", str(directory))
        monkeypatch.setenv("STEPPED_CLOCK", str(self._step))

    def step(self, seconds: float) -> None:
        """Let it jump; it goes on from there."""
        fresh = self._step.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._step)
