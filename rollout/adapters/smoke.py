"""The operator's own check of a target on probation: a command, run on this machine."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Mapping
from typing import IO

from rollout.durations import spell_duration
from rollout.ports import Answer

LAST_WORDS = 4096
REAP_WITHIN = 2.0


class CommandSmoke:
    """Satisfies :class:`rollout.ports.Smoke` by a shell command's exit code.

    The command finds the target's name in ``$SMOKE_TARGET`` and its host in ``$SMOKE_HOST``; not in
    its text, where a name could be taken for code.

    Args:
        command: For ``sh -c``.
        within: Seconds after which it is killed, with all that it started.
        environ: The environment it gets besides.
    """

    def __init__(self, command: str, within: float, environ: Mapping[str, str]) -> None:
        self._command = command
        self._within = within
        self._environ = dict(environ)

    async def check(self, target: str, host: str) -> Answer:
        """Run it once; fine is exit 0.  ``said`` is the last line it wrote, or how it ended."""
        try:
            return await self._run(target, host)
        except OSError as error:  # a full disk, no process to be had
            return Answer(fine=False, said=f"it cannot be run here: {error.strerror}")

    async def _run(self, target: str, host: str) -> Answer:
        # A file and not a pipe: a grandchild that keeps a pipe open would keep us waiting.
        with tempfile.TemporaryFile() as words:
            process = await asyncio.create_subprocess_exec(
                *("sh", "-c", self._command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=words,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environ | {"SMOKE_TARGET": target, "SMOKE_HOST": host},
                start_new_session=True,  # Ctrl-C on our terminal is ours to answer
            )
            try:
                async with asyncio.timeout(self._within):
                    code = await process.wait()
            except TimeoutError:
                return Answer(fine=False, said=f"no end after {spell_duration(self._within)}")
            finally:
                await _end(process)
            return Answer(fine=code == 0, said=_last_line(words) or f"exit {code}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the command and collect it; asyncio warns about whoever is forgotten."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):  # stuck in the kernel: even SIGKILL has to wait
        async with asyncio.timeout(REAP_WITHIN):
            await process.wait()


def _last_line(words: IO[bytes]) -> str:
    end = words.seek(0, os.SEEK_END)
    words.seek(max(0, end - LAST_WORDS))
    lines = words.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip()[:200] if lines else ""
