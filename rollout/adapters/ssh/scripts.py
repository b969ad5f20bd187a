"""Runs a script of ours on a host; every value in it is a positional parameter, never text.

So nothing that a branch, a path or a setting contains can run as a command: the script is a
constant of this program, and the values are quoted once, here, as single arguments.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import TypeVar

from rollout.model.errors import ReleaseError
from rollout.ports.commands import CommandResult, InThread, RunCommandWithInput

T = TypeVar("T")

LAST_LINES = 20


class Remote:
    """Hosts on which our scripts run."""

    def __init__(self, run: RunCommandWithInput, in_thread: InThread) -> None:
        self._run = run
        self._in_thread = in_thread

    async def ask(
        self,
        host: str,
        script: str,
        *words: str,
        timeout: float,
        stdin: bytes | memoryview = b"",
        environ: Mapping[str, str] | None = None,
    ) -> CommandResult:
        """Run ``script`` by ``sh`` with ``words`` as ``$1`` and on; return whatever it said.

        ``environ`` is added to the environment of the login.

        Raises:
            RemoteError: ssh failed; ``asked`` tells whether it may have begun.
        """
        command = command_of(script, words, environ or {})
        return await self._in_thread(lambda: self._run(host, command, timeout=timeout, stdin=stdin))

    async def do(
        self,
        host: str,
        script: str,
        *words: str,
        timeout: float,
        stdin: bytes | memoryview = b"",
        environ: Mapping[str, str] | None = None,
        fixes: Mapping[int, str] | None = None,
    ) -> str:
        """Run ``script`` as :meth:`ask` does and return what it printed.

        Raises:
            ReleaseError: it did not exit with 0.  The last line of its stderr is the sentence, and
                the fix is the one that ``fixes`` has for its exit code.
            RemoteError: ssh failed.
        """
        said = await self.ask(host, script, *words, timeout=timeout, stdin=stdin, environ=environ)
        if said.status == 0:
            return said.out
        raise ReleaseError(host, *sentence(said, fixes))


def command_of(script: str, words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Write the command that runs ``script`` with ``words`` as ``$1`` and on.

    A shell of its own only where there is an environment: it has to be in ``/proc/PID/environ``.
    """
    if not environ:
        return f"set -- {shlex.join(words)}\n{script}"
    settings = [f"{name}={value}" for name, value in environ.items()]
    return shlex.join(["exec", "env", *settings, "/bin/sh", "-c", script, "rollout", *words])


def sentence(said: CommandResult, fixes: Mapping[int, str] | None = None) -> tuple[str, str]:
    """Make a sentence and its fix of what a failed script said.

    The sentence is the host's.  The fix never is: an operator types it, so a host that another
    person controls must not word it.  It is the one that ``fixes`` has for the exit code.
    """
    lines = [line.strip() for line in said.err.splitlines() if line.strip()]
    ended = "was killed" if said.status is None else f"exit {said.status}"
    return (lines[-1] if lines else ended), (fixes or {}).get(said.status or 0, "")


def last_lines(text: str, count: int = LAST_LINES) -> tuple[str, ...]:
    """Return the end of what a command printed, without blank lines."""
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-count:]
