"""Runs a build step in a release, keeps all that it prints, and ends it when it takes too long."""

import re
import shlex
from pathlib import Path
from urllib.parse import quote

from rollout.adapters.releases.layout import LOGS, STILL_WANTED, release_environ
from rollout.adapters.releases.processes import ENDING
from rollout.adapters.releases.shell_functions import FUNCTIONS
from rollout.adapters.ssh.scripts import last_lines
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import BuildStep, Release
from rollout.text.durations import spell_duration
from rollout.text.redact import redact

GRACE = 5
"""Seconds from TERM to KILL."""

MARGIN = 30.0
"""Seconds that ending a step and all it has left behind may take besides its own."""

TAIL_BYTES = 8192
LONGEST_ADDRESS = 2048
WIDEST = 400
"""Characters of a line in the tail: progress bars are one line of a megabyte."""

REVISION = "ROLLOUT_REVISION"
"""What a step finds in its environment besides its own and the marks of its release."""

NAME_OF_A_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

BUILD = Script(FUNCTIONS, ENDING, STILL_WANTED, Path(__file__).with_name("build.sh"))
"""``$3`` is the log below ``deploy.to``, ``$4`` seconds, ``$5`` the command.

Its environment comes by stdin, as lines for ``eval``: a process list, which everybody may read,
shows arguments for as long as the step takes, and there are keys among these values.
"""

FULL = 64
"""Kilobytes free below which a disk is full."""


def log_of(release: Release, step: str) -> str:
    """Name the log of a step below ``deploy.to``; whatever the step is called, it is one file."""
    return f"{LOGS}/{release.name}.{quote(step, safe=' ')[:100]}.log"


def words_of(release: Release, step: BuildStep, to: str) -> tuple[str, ...]:
    """List the positional parameters of ``BUILD``."""
    timeout = f"{max(0.001, step.timeout):.3f}"
    return (to, release.name, log_of(release, step.name), timeout, step.command)


def settings_of(host: str, release: Release, step: BuildStep, to: str) -> bytes:
    """Write the environment of a step as ``BUILD`` reads it; each value is quoted whole.

    Raises:
        ReleaseError: a name in the step's environment is none; ``env`` would take it for an option.
    """
    for name in step.environ:
        if not NAME_OF_A_VARIABLE.fullmatch(name):
            raise ReleaseError(
                host, f"{step.name}: {name!r} is no name for an environment variable"
            )
    settings = {**step.environ, REVISION: release.revision}
    ours = release_environ(to, release.name)  # which it has already, and is found by
    lines = (
        f"export {name}={shlex.quote(value)}\n"
        for name, value in settings.items()
        if name not in ours
    )
    return "".join(lines).encode()


def judge(host: str, release: Release, step: BuildStep, to: str, text: str) -> None:
    """Read what ``BUILD`` printed.

    Raises:
        BuildFailed: the step did not end with 0.
    """
    if not text:
        return
    ended, _, rest = text.partition("\0")
    free, _, tail = rest.partition("\0")
    what = f"{step.name}: {how_it_ended(ended, step.timeout)}"
    if free.isdigit() and int(free) < FULL:
        what += f" (the disk of {to} is full)"
    if len(tail.encode()) >= TAIL_BYTES:  # an address may have lost its beginning
        tail = re.sub(rf"\A\S{{1,{LONGEST_ADDRESS}}}(?!\S)", "…", tail)
    lines = tuple(shorten_line(line) for line in last_lines(redact(tail)))
    raise BuildFailed(host, what, tail=lines, log=f"{to}/{log_of(release, step.name)}")


def how_it_ended(code: str, timeout: float) -> str:
    """Say it in words; ``code`` is what ``sh`` says, or empty if it was ended by us."""
    if not code.isdigit():
        return f"no end after {spell_duration(timeout)} (timeout of the step)"
    number = int(code)
    return f"killed by signal {number - 128}" if 128 < number < 128 + 65 else f"exit {number}"  # noqa: PLR2004


def shorten_line(line: str) -> str:
    """Keep the end of a line, where the error usually stands."""
    return line if len(line) <= WIDEST else f"…{line[-WIDEST:]}"
