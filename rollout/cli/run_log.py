"""Opens the log file of a run, unless the run is shown at the same place already."""

import os
import stat
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

from rollout.cli.run_spec import RunSpec
from rollout.output.log_file import LogFile
from rollout.output.select import Output
from rollout.trusted_paths import UntrustedPath, open_to_append

SCREEN = "the run is shown on this terminal already"
JSON_LINES = "its lines would stand between the lines of JSON"
CONTROLLING_TERMINAL = os.makedev(5, 0)
"""The device of ``/dev/tty``, which is another name for the terminal of this process."""


def log_of(spec: RunSpec, output: Output, warn: Callable[[str, str], None]) -> LogFile | None:
    """Return the log file of the run; None where it has none.

    Args:
        spec: What the run is about.
        output: What ``--output`` says.
        warn: As in :class:`LogFile`.
    """
    said = spec.log or spec.loaded.settings.log.file
    if not said:
        return None
    file = Path(said).expanduser()
    taken: dict[str, TextIO] = {}
    if not spec.cron and sys.stderr.isatty():
        taken[SCREEN] = sys.stderr
    if output is Output.JSON:
        taken[JSON_LINES] = sys.stdout
    return LogFile(file, warn, partial(open_log, file, taken))


def open_log(file: Path, taken: Mapping[str, TextIO]) -> int:
    """Open ``file`` to append to it.

    Args:
        file: Which one.
        taken: The streams that it must not be, each with the reason.

    Raises:
        OSError: it cannot be opened, another account has a link there, or it is such a stream.
    """
    try:
        opened = open_to_append(file)
    except UntrustedPath as error:
        raise OSError(str(error)) from error
    for why, stream in taken.items():
        if _is_same(opened, stream):
            os.close(opened)
            raise OSError(why)
    return opened


def _is_same(opened: int, stream: TextIO) -> bool:
    try:
        found, other = os.fstat(opened), os.fstat(stream.fileno())
    except (OSError, ValueError):  # closed, or only in memory
        return False
    if os.path.samestat(found, other):
        return True
    is_device = stat.S_ISCHR(found.st_mode) and found.st_rdev == CONTROLLING_TERMINAL
    return is_device and os.isatty(stream.fileno())
