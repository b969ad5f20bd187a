"""Sends a directory by rsync, over the connection to the host that is there already.

rsync starts a "remote shell" of its own; the one it gets here is five words of ``sh`` that join
it to a socket of ours.  A second ssh per host would cost the bastion 18 ms of processor with
curve25519 and 130 ms with OpenSSH's default key exchange, where all the rest of a delivery costs
about 20 (``benchmarks/push.py``); it would also need the ssh settings once more, in words that
rsync takes apart by rules of its own.
"""

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rollout.adapters.local.shell import end, text_of
from rollout.adapters.releases.layout import release_environ
from rollout.adapters.sources.scripts import RSYNC
from rollout.adapters.sources.tool_messages import telling_line
from rollout.adapters.sources.tree_hash import REVISION
from rollout.adapters.ssh.scripts import command_of
from rollout.model.errors import ReleaseError
from rollout.model.releases import NAME, Release
from rollout.ports.commands import CommandResult, InThread
from rollout.text.durations import spell_duration

JOIN = "printf '%s\\0' \"$@\" >&9; printf '\\0' >&9; exec 8<&0; cat <&8 >&9 & exec cat <&9"
"""What rsync takes for ssh: says with which words it was called, then passes everything on.

It ends when the host does, as ssh would: rsync waits for that before it closes its own end.
"""

SHELL = 'sh -c "{}" sh'.format(JOIN.replace('"', '""'))
"""For ``rsync -e``, which knows quotes but no backslash: inside quotes a doubled one is itself."""

START = 'exec 9<&0 </dev/null; exec rsync "$@"'
"""Keeps the socket where rsync's own pipes do not cover it."""

CALLED_WITHIN = 20.0
"""Seconds in which rsync calls its shell."""

MOST_WORDS = 65_536


class Carry(Protocol):
    """Run a command on a host with a socket as its input and output; blocks."""

    def __call__(
        self, host: str, command: str, local: socket.socket, *, timeout: float
    ) -> CommandResult: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RsyncJob:
    """What is sent, and where: the code in ``code`` to ``releases/NAME`` below ``to``.

    Attributes:
        links: A file that is as in the release before becomes one with it; else a copy of it.
        timeout: Seconds it may take.
        environ: The environment of the rsync here.
    """

    code: Path
    to: str
    links: bool
    timeout: float
    environ: Mapping[str, str]


class Rsync:
    """rsync on both sides, over kept connections."""

    def __init__(self, carry: Carry, in_thread: InThread) -> None:
        self._carry = carry
        self._in_thread = in_thread

    async def send(self, host: str, release: Release, before: str, what: RsyncJob) -> None:
        """Make the release on ``host`` what ``what.code`` is, and write its REVISION last.

        Raises:
            ReleaseError: rsync, or the host, said no, or it took too long.
            RemoteError: ssh failed.
        """
        ours, theirs = socket.socketpair()
        begun = threading.Event()

        def converse() -> CommandResult | None:
            begun.set()
            with ours:
                words = _called_with(ours)
                if not words:
                    return None
                command = _command(what.to, release, words)
                return self._carry(host, command, ours, timeout=what.timeout)

        try:
            with tempfile.TemporaryFile() as errors:
                with theirs:
                    process = await _start(theirs, errors.fileno(), before, what)
                talk = asyncio.ensure_future(self._in_thread(converse))
                try:
                    async with asyncio.timeout(what.timeout):
                        code = await process.wait()
                        await end(process)  # its shell, too: it would keep the socket open
                        said = await talk
                except TimeoutError:
                    late = f"not all was sent after {spell_duration(what.timeout)}"
                    raise ReleaseError(host, late) from None
                finally:
                    talk.cancel()
                    await end(process)
                _judge(host, code, text_of(errors), said)
        except OSError as error:
            raise ReleaseError(host, f"rsync cannot be run here: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)
            if not begun.is_set():
                ours.close()


async def _start(
    theirs: socket.socket, errors: int, before: str, what: RsyncJob
) -> asyncio.subprocess.Process:
    words = ["-a", "--no-o", "--no-g", "--delete", "-s", "-e", SHELL, f"--exclude=/{REVISION}"]
    if NAME.fullmatch(before):
        words.append(f"--{'link' if what.links else 'copy'}-dest=../{before}")
    environ = {k: v for k, v in what.environ.items() if not k.startswith("RSYNC_")}
    return await asyncio.create_subprocess_exec(
        *("sh", "-c", START, "sh", *words, "--", f"{what.code}/", "there:./"),
        stdin=theirs.fileno(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=errors,
        env=environ | {"LC_ALL": "C"},
        start_new_session=True,  # Ctrl-C on our terminal is ours to answer
    )


def _called_with(ours: socket.socket) -> list[str]:
    """Read the words with which rsync called its shell, and not a byte more."""
    ours.settimeout(CALLED_WITHIN)
    words = bytearray()
    try:
        while not words.endswith(b"\0\0") and len(words) < MOST_WORDS and (byte := ours.recv(1)):
            words += byte
    except OSError:
        return []
    return words[:-2].decode().split("\0")[1:] if words.endswith(b"\0\0") else []


def _command(to: str, release: Release, words: list[str]) -> str:
    own = [to, release.name, release.revision, *words]
    return command_of(RSYNC.text, own, release_environ(to, release.name))


def _judge(host: str, code: int, errors: str, said: CommandResult | None) -> None:
    """Raise what either side has to say; the host first, for it knows why rsync was not let in."""
    if said is not None and said.status != 0 and said.err.strip():
        raise ReleaseError(host, telling_line(f"{errors}\n{said.err}", ""))
    if code != 0 or said is None or said.status != 0:
        ended = code if code != 0 or said is None else said.status
        raise ReleaseError(host, telling_line(errors, f"rsync ended with exit {ended}"))
