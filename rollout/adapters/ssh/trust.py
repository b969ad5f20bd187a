"""Whether to speak to the host that answered: the verdict on its key, as an error with a cure."""

import base64
import hmac
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rollout.adapters.ssh.config import ResolvedHost
from rollout.adapters.ssh.errors import HostKeyChanged, HostKeyRevoked, HostKeyUnknown, SshError
from rollout.adapters.ssh.known_hosts import (
    AUTHORITY,
    Entry,
    HostKey,
    Judgement,
    Trust,
    about,
    judge,
    lookup_name,
    read,
)

ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""What paramiko can verify.  An ``ssh-rsa`` key signs by the two rsa-sha2 names."""


class Trusted:
    """The known_hosts files as they are consulted for one host."""

    def __init__(self, host: ResolvedHost) -> None:
        self._host = host
        self._names = _names(host)
        files = (*host.user_known_hosts, *host.global_known_hosts)
        self._lines = about((entry for file in files for entry in read(file)), self._names)

    def algorithms(self) -> tuple[str, ...]:
        """Host key algorithms to ask for: those of all known keys first, then the others.

        The others follow so that a host with a new type of key is refused by name, not by a
        failed negotiation.
        """
        allowed = [name for name in self._host.host_key_algorithms if name in ALGORITHMS]
        known = {entry.key.kind for entry in self._lines if not entry.marker}
        return tuple(sorted(allowed or ALGORITHMS, key=lambda name: _key_type(name) not in known))

    def admit(self, offered: HostKey) -> None:
        """Return if this key may be believed; with accept-new a first key is written down.

        Raises:
            HostKeyUnknown, HostKeyChanged, HostKeyRevoked: with the file, the line and the
                fingerprints on both sides, and how to cure it.
        """
        judgement = judge(offered, self._lines)
        if judgement.trust is Trust.KNOWN:
            return
        if judgement.trust is Trust.UNKNOWN and self._may_add():
            with suppress(OSError):  # OpenSSH goes on as well where the file cannot be written
                add(self._host.user_known_hosts[0], self._names[0], offered, self._host.hash_names)
            return
        raise self._refusal(offered, judgement)

    def _may_add(self) -> bool:
        return self._host.strict == "accept-new" and bool(self._host.user_known_hosts)

    def _refusal(self, offered: HostKey, judgement: Judgement) -> SshError:
        host, name = self._host.name, self._names[0]
        if judgement.trust is Trust.REVOKED:
            return HostKeyRevoked(
                host,
                f"host key of {name} is revoked: {judgement.because[0]} is what it offers",
                "do not connect; give the host new keys (ssh-keygen -A) and publish those",
            )
        if judgement.trust is Trust.CHANGED:
            lines = _in_words(judgement.because)
            return HostKeyChanged(
                host,
                f"host key of {name} has CHANGED: it offers {offered}, expected {lines}",
                "somebody may be listening in between; only if the host is known to have new "
                f"keys: {_forget(judgement.because, name)}, then {self._scan()}",
            )
        return HostKeyUnknown(host, self._unknown(offered, judgement.because), self._learn())

    def _unknown(self, offered: HostKey, lines: tuple[Entry, ...]) -> str:
        files = ", ".join(str(file) for file in self._host.user_known_hosts)
        where = f"not in {files}" if files else "and no known_hosts file is configured"
        what = f"host key of {self._names[0]} is unknown: it offers {offered}, {where}"
        authority = [entry for entry in lines if entry.marker == AUTHORITY]
        if authority:
            what += f"; {authority[0]} is {AUTHORITY}, and host certificates are not understood"
        return what

    def _learn(self) -> str:
        return f"compare the fingerprint with the host's own, then {self._scan()}"

    def _scan(self) -> str:
        host = self._host
        if host.proxy_jump or host.proxy_command:
            return f"connect once by hand: ssh {host.name} true"
        file = host.user_known_hosts[0] if host.user_known_hosts else "~/.ssh/known_hosts"
        return f"ssh-keyscan -p {host.port} {host.hostname} >> {file}"


def add(file: Path, name: str, key: HostKey, hashed: bool) -> None:  # noqa: FBT001 - as in ssh_config
    """Append one line for a host of which nothing was known, as ssh's ``accept-new`` does."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = _hash(name) if hashed else name
    line = f"{names} {key.kind} {base64.b64encode(key.blob).decode()}\n"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "rb+", buffering=0) as known:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        known.write(("\n" if torn else "").encode() + line.encode())


def _names(host: ResolvedHost) -> list[str]:
    names = [lookup_name(host.hostname, host.port, host.host_key_alias)]
    plain = host.hostname.lower()
    return names if host.host_key_alias or plain == names[0] else [*names, plain]


def _hash(name: str) -> str:
    salt = secrets.token_bytes(20)
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def _key_type(algorithm: str) -> str:
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


def _in_words(lines: Iterable[Entry]) -> str:
    return " or ".join(str(entry) for entry in lines)


def _forget(lines: Iterable[Entry], name: str) -> str:
    files = dict.fromkeys(entry.file for entry in lines)
    return ", ".join(f"ssh-keygen -R '{name}' -f {file}" for file in files)
