"""Runs a script of ours on a host; every value in it is a positional parameter, never text.

So nothing that a branch, a path or a setting contains can run as a command: the script is a
constant of this program, and the values are quoted once, here, as single arguments.
"""

import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

from rollout.errors import ReleaseError

T = TypeVar("T")

MARK = "@rollout@"
"""Stands before the output of the script; what a talkative login shell says comes before it."""

PROLOGUE = f"printf '\\n%s\\n' '{MARK}'\n"

LAST_LINES = 20


class Said(Protocol):
    """What came back from a host."""

    @property
    def status(self) -> int | None: ...
    @property
    def out(self) -> str: ...
    @property
    def err(self) -> str: ...


class Run(Protocol):
    """Run a command by the login shell of a host, within so many seconds; blocks."""

    def __call__(
        self, host: str, command: str, *, within: float, stdin: bytes | memoryview = b""
    ) -> Said: ...


class Threads(Protocol):
    """Do blocking work elsewhere and await it, as ``asyncio.to_thread`` does."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class Remote:
    """Hosts on which our scripts run."""

    def __init__(self, run: Run, in_thread: Threads) -> None:
        self._run = run
        self._in_thread = in_thread

    async def ask(
        self,
        host: str,
        script: str,
        *words: str,
        within: float,
        stdin: bytes | memoryview = b"",
        environ: Mapping[str, str] | None = None,
    ) -> Said:
        """Run ``script`` by ``sh`` with ``words`` as ``$1`` and on; return whatever it said.

        ``environ`` is added to the environment of the login.  In the answer ``out`` is what the
        script printed, without what the login shell said before.

        Raises:
            RemoteError: ssh failed; ``asked`` tells whether it may have begun.
        """
        settings = [f"{name}={value}" for name, value in (environ or {}).items()]
        start = ["exec", "env", *settings, "sh", "-c", PROLOGUE + script, "rollout", *words]
        said = await self._in_thread(
            lambda: self._run(host, shlex.join(start), within=within, stdin=stdin)
        )
        return Heard(said.status, said.out.rpartition(f"{MARK}\n")[2], said.err)

    async def do(
        self,
        host: str,
        script: str,
        *words: str,
        within: float,
        stdin: bytes | memoryview = b"",
        environ: Mapping[str, str] | None = None,
    ) -> str:
        """Run ``script`` as :meth:`ask` does and return what it printed.

        Raises:
            ReleaseError: it did not exit with 0.  The last line of its stderr is the sentence, a
                line that begins with ``cure:`` the cure.
            RemoteError: ssh failed.
        """
        said = await self.ask(host, script, *words, within=within, stdin=stdin, environ=environ)
        if said.status == 0:
            return said.out
        raise ReleaseError(host, *sentence(said))


class Heard:
    """An answer without the noise before it."""

    def __init__(self, status: int | None, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


def sentence(said: Said) -> tuple[str, str]:
    """Make a sentence and its cure of what a failed script said."""
    lines = [line.strip() for line in said.err.splitlines() if line.strip()]
    cures = [line.removeprefix("cure:").strip() for line in lines if line.startswith("cure:")]
    words = [line for line in lines if not line.startswith("cure:")]
    ended = "was killed" if said.status is None else f"exit {said.status}"
    return (words[-1] if words else ended), (cures[-1] if cures else "")


def last_lines(text: str, count: int = LAST_LINES) -> tuple[str, ...]:
    """Return the end of what a command printed, without blank lines."""
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-count:]
