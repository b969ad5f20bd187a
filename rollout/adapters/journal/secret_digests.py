"""Digests of secrets: enough to see that a secret was changed, and not to find out what it is.

The key lies beside the journals, and the same users can read it.  Without a key, a user who reads
the digest of a short password could try passwords until one fits.
"""

import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

KEY = "digest.key"
BYTES = 32
SEAL = "hmac:"
PRIVATE, SHARED = 0o600, 0o640


class Digests:
    """Digests made with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._name = hashlib.sha256(b"rollout digest key " + key).hexdigest()[:8]

    def seal(self, key: str, value: str) -> str:
        """Return ``hmac:KEY:DIGEST`` for the ``value`` of the setting ``key``.

        Equal values of two settings have different digests.
        """
        told = f"{key}\0{value}".encode(errors="surrogateescape")
        return f"{SEAL}{self._name}:{hmac.new(self._key, told, hashlib.sha256).hexdigest()[:32]}"


def open_digests(directory: Path) -> Digests:
    """Read the key of a state directory, and make it where there is none.

    Where it cannot be read or made, the digests are those of a new key, and :func:`comparable` with
    no others.
    """
    with suppress(OSError):
        if not (directory / KEY).exists():
            _make(directory)
        key = _read(directory / KEY)
        if len(key) == BYTES:
            return Digests(key)
    return Digests(secrets.token_bytes(BYTES))


def is_sealed(text: str) -> bool:
    """Tell whether ``text`` is a digest."""
    return text.startswith(SEAL)


def comparable(first: str, second: str) -> bool:
    """Tell whether two digests were made with one key."""
    return first.split(":")[:2] == second.split(":")[:2]


def _read(file: Path) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as opened:  # noqa: PTH123 - it is open already
        return opened.read(BYTES + 1)


def _make(directory: Path) -> None:
    """Make the key, whole or not at all; of two runs that make it together the first one counts.

    In a directory whose files belong to a group (setgid) its members can read it, as they can read
    the journals.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    shared = directory.stat().st_mode & stat.S_ISGID
    new = directory / f".{KEY}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(new, flags, PRIVATE)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is open already
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fchmod(descriptor, SHARED if shared else PRIVATE)  # whatever the umask is
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(new, directory / KEY)
    finally:
        new.unlink(missing_ok=True)
