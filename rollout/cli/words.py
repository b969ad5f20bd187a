"""Words for people go to stderr, each line with our name before it; data goes to stdout."""

import os
import sys
from contextlib import suppress

from rollout.errors import RolloutError


def complain(*lines: str) -> None:
    """Tell the person, one line each; several lines in one stay together, and none does harm.

    Where that cannot be written nobody is left to be told, and the exit code still speaks.
    """
    from rollout.render.harmless import harmless  # noqa: PLC0415 - most commands do not complain

    with suppress(OSError):
        for several in lines:
            text = "\n".join(map(harmless, several.split("\n")))
            sys.stderr.write(f"rollout: {text}\n")


def spoken(error: RolloutError) -> str:
    """Say what stopped us, and below it what mends it, where that is known."""
    cure = getattr(error, "cure", "")
    return f"{error}\n  cure: {cure}" if cure else str(error)


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
