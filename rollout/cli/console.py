"""Words for people go to stderr, each line with our name before it; data goes to stdout.

A command that they name carries the global options that were typed.
"""

import json
import os
import sys
from contextlib import suppress
from typing import TextIO

from rollout.model.errors import RolloutError
from rollout.output.report.command_line import with_options
from rollout.text.sanitize import sanitize

_typed = ["rollout"]
"""The program and those of the global options that decide about the settings."""


def type_as(rollout: str = "rollout") -> None:
    """Let each command that is named from now on begin with ``rollout``."""
    _typed[0] = rollout


def print_error(*lines: str) -> None:
    """Tell the person, one line each; several lines in one stay together, and none does harm.

    Where that cannot be written, the exit code is all that is left to tell.
    """
    try:
        for several in lines:
            carried = with_options(several, _typed[0])
            text = "\n".join(map(sanitize, carried.split("\n")))
            sys.stderr.write(f"rollout: {text}\n")
        sys.stderr.flush()
    except OSError:
        _write_no_more_to(sys.stderr)


def print_beside(text: str) -> None:
    """Show the person ``text`` on stderr as it is laid out, where stdout is for data."""
    try:
        carried = with_options(text, _typed[0])
        sys.stderr.write("\n".join(map(sanitize, carried.split("\n"))))
        sys.stderr.flush()
    except OSError:
        _write_no_more_to(sys.stderr)


def format_error(error: RolloutError) -> str:
    """Write the error, and below it the fix where one is known."""
    return f"{error}\n  fix: {error.fix}" if error.fix else str(error)


def print_output(data: str) -> None:
    """Write what was asked for to stdout; a reader that has enough of it may hang up.

    Raises:
        RolloutError: it cannot be written (a full disk).
    """
    if "`rollout " in data:
        data = carry_options(data)
    # A terminal or a locale that cannot show a character gets its number, not a traceback.
    encoding = sys.stdout.encoding or "utf-8"
    shown = data if data.endswith("\n") else f"{data}\n"
    _write(shown.encode(encoding, "backslashreplace"))


def print_document(text: str) -> None:
    """Write a file to stdout as it is, in UTF-8, whatever the locale; raises as the other."""
    _write(text.encode("utf-8", "replace"))


def _write(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except OSError as error:
        _write_no_more_to(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            raise RolloutError(f"stdout cannot be written: {error.strerror}") from error


def _write_no_more_to(stream: TextIO) -> None:
    """Give ``stream`` a place that takes everything.

    Python flushes it once more on its way out, and ends with exit code 120 where that fails.
    """
    with suppress(OSError):  # a stream of a test has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def carry_options(data: str) -> str:
    """Give each command of ours that ``data`` names the options that were typed."""
    from rollout.output.columns import ForMachines  # noqa: PLC0415 - most data names no command

    typed = _typed[0]
    return with_options(
        str(data), json.dumps(typed)[1:-1] if isinstance(data, ForMachines) else typed
    )
