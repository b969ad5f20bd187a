"""Rollout as a program of a test's own, which patches it and calls ``main``."""

import subprocess
import sys

from examples.fleet import Fleet


def run_patched(
    fleet: Fleet, program: str, *options: str, words: tuple[str, ...], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run ``rollout WORDS`` by ``program``, which takes ``options`` from the front of ``sys.argv``.

    Raises:
        subprocess.TimeoutExpired: it did not end in time; it was killed.
    """
    return subprocess.run(
        [sys.executable, "-c", program, *options, *fleet.command(*words)[1:]],
        env=fleet.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
