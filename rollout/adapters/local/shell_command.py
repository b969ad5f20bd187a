"""Runs a shell command on this machine, as ssh would on another, to its very end."""

import shutil

from rollout.adapters.local.program import TooSlow, run_program
from rollout.model.errors import RemoteError
from rollout.ports.commands import CommandResult


def run_locally(
    host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
) -> CommandResult:
    """Run ``command`` by ``sh``; blocks for at most ``timeout`` seconds.

    Raises:
        RemoteError: it could not be started, or took too long; then nothing of it is left.
    """
    words = [shutil.which("sh") or "sh", "-c", command]
    try:
        return run_program(words, timeout=timeout, stdin=bytes(stdin))
    except TooSlow as error:
        raise RemoteError(host, f"a script did not end within {timeout:g}s") from error
    except OSError as error:
        raise RemoteError(host, f"sh cannot be run: {error.strerror}") from error
