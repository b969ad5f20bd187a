"""Runs a command on this machine, in a session of its own, and leaves nothing of it behind."""

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from rollout.adapters.local.exit_cleanup import ends_with_us
from rollout.ports.site import CheckResult
from rollout.text.durations import spell_duration

LAST_WORDS = 4096
LAST_LINES = 20
REAP_WITHIN = 2.0

LARGEST = 16 << 20
"""Bytes of what a command prints that may lie on the disk at once."""

LOOK_EVERY = 0.2
"""Seconds between two looks at how much that is."""


async def ask_here(
    command: str, timeout: float, environ: Mapping[str, str], stdin: str = ""
) -> CheckResult:
    """Run ``sh -c command`` once, with ``stdin`` to be read; fine is exit 0.

    ``said`` is the last line it wrote, or how it ended.  After ``timeout`` seconds it is killed,
    with all that it started.
    """
    try:
        # A file and not a pipe: a grandchild that keeps a pipe open would keep us waiting.
        with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as given:
            given.write(stdin.encode(errors="replace"))
            given.seek(0)
            async with _kept_small(words):
                code = await run_here(
                    ["sh", "-c", command], timeout, environ, output=words, stdin=given
                )
            return _result(code, timeout, tail_of(words))
    except OSError as error:  # a full disk, no process to be had
        return CheckResult(ok=False, message=f"it cannot be run here: {error.strerror}")


async def ask_for_output(
    command: str, timeout: float, environ: Mapping[str, str]
) -> tuple[str, CheckResult]:
    """Run ``sh -c command`` as :func:`ask_here`, and return the end of its stdout as well."""
    try:
        with tempfile.TemporaryFile() as words, tempfile.TemporaryFile() as errors:
            async with _kept_small(words), _kept_small(errors):
                code = await run_here(
                    ["sh", "-c", command], timeout, environ, output=words, errors=errors
                )
            tail = tail_of(errors) or tail_of(words)
            return text_of(words, LAST_WORDS), _result(code, timeout, tail)
    except OSError as error:
        return "", CheckResult(ok=False, message=f"it cannot be run here: {error.strerror}")


def _result(code: int | None, timeout: float, tail: tuple[str, ...]) -> CheckResult:
    if code is None:
        said = f"no end after {spell_duration(timeout)}"
        return CheckResult(ok=False, message=said, output=tail)
    ended = f"killed by signal {-code}" if code < 0 else f"exit {code}"
    said = tail[-1].strip()[:200] if tail else ended
    return CheckResult(ok=code == 0, message=said, output=() if code == 0 else tail)


@asynccontextmanager
async def _kept_small(file: IO[bytes]) -> AsyncIterator[None]:
    """Let go of the beginning of what is written, where it would fill the disk."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with contextlib.suppress(OSError):
                _let_go_of_the_beginning(file.fileno())

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()


def _let_go_of_the_beginning(descriptor: int) -> None:
    """Make a hole of all but the last words; the writer goes on behind it."""
    status = os.fstat(descriptor)
    if status.st_blocks * 512 > LARGEST:
        tail = os.pread(descriptor, LAST_WORDS, max(0, status.st_size - LAST_WORDS))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, tail, status.st_size - len(tail))


async def run_here(
    words: Sequence[str],
    timeout: float,
    environ: Mapping[str, str],
    *,
    output: IO[bytes],
    errors: IO[bytes] | None = None,
    directory: Path | None = None,
    stdin: IO[bytes] | None = None,
) -> int | None:
    """Run a program to its end; whatever it started is killed then, and when we are cancelled.

    Args:
        words: The program and its arguments; no shell reads them.
        timeout: Seconds after which it is killed.
        environ: All of its environment.
        output: Takes what it writes.
        errors: Takes its stderr, where that is wanted apart.
        directory: Where it runs; where we do when left out.
        stdin: What it may read; nothing when left out.

    Returns:
        Its exit code, below 0 for a signal; None when its time was up.

    Raises:
        OSError: it cannot be run.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT if errors is None else errors,
        env=dict(environ),
        cwd=directory,
        start_new_session=True,  # Ctrl-C on our terminal is ours to answer
    )
    try:
        with ends_with_us(lambda: os.killpg(process.pid, signal.SIGKILL)):
            async with asyncio.timeout(timeout):
                return await process.wait()
    except TimeoutError:
        return None
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of a session and collect it; asyncio warns about a process that is not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):  # stuck in the kernel: even SIGKILL has to wait
        async with asyncio.timeout(REAP_WITHIN):
            await process.wait()


def text_of(words: IO[bytes], most: int = 1 << 20) -> str:
    """Read the end of what was written, at most ``most`` bytes."""
    size = words.seek(0, os.SEEK_END)
    words.seek(max(0, size - most))
    return words.read().decode(errors="replace")


def tail_of(words: IO[bytes]) -> tuple[str, ...]:
    """Read the last lines that were written; nothing when there is none."""
    lines = text_of(words, LAST_WORDS).splitlines()
    return tuple(line.rstrip() for line in lines if line.strip())[-LAST_LINES:]
