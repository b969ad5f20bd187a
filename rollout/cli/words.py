"""Words for people go to stderr, each line with our name before it; data goes to stdout."""

import os
import sys
from contextlib import suppress

from rollout.errors import RolloutError


def complain(*lines: str) -> None:
    """Tell the person, one line each; several lines in one stay together.

    Where that cannot be written nobody is left to be told, and the exit code still speaks.
    """
    with suppress(OSError):
        for line in lines:
            sys.stderr.write(f"rollout: {line}\n")


def hand_over(data: str) -> None:
    """Write what was asked for to stdout; whoever has read enough of it may hang up.

    Raises:
        RolloutError: it cannot be written (a full disk).
    """
    # A terminal or a locale that cannot show a character gets its number, not a traceback.
    encoding = sys.stdout.encoding or "utf-8"
    shown = data.encode(encoding, "backslashreplace").decode(encoding)
    try:
        sys.stdout.write(shown if shown.endswith("\n") else f"{shown}\n")
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more on its way out; give it a place where that works.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise RolloutError(f"stdout cannot be written: {error.strerror}") from error
