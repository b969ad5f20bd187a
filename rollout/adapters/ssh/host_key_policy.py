"""Whether to speak to the host that answered: the verdict on its key, as an error with a fix."""

import base64
import hmac
import os
import secrets
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from rollout.adapters.ssh.errors import (
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyTooShort,
    HostKeyUnknown,
    SshError,
)
from rollout.adapters.ssh.host_config import ResolvedHost, config_line
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
from rollout.adapters.ssh.revoked_keys import refuse_revoked


class HostKeyPolicy:
    """The known_hosts files as they are consulted for one host."""

    def __init__(self, host: ResolvedHost) -> None:
        self._host = host
        self._names = _names(host)
        files = (*host.user_known_hosts, *host.global_known_hosts)
        self._lines = about((entry for file in files for entry in read(file)), self._names)

    def known_first(self, algorithms: Sequence[str]) -> tuple[str, ...]:
        """Sort host key algorithms: those of all known keys first, then the others.

        The others follow so that a host with a new type of key is refused by name, not by a
        failed negotiation.
        """
        known = {entry.key.kind for entry in self._lines if not entry.marker}
        return tuple(sorted(algorithms, key=lambda name: _key_type(name) not in known))

    def admit(self, offered: HostKey) -> None:
        """Return if this key may be believed; with accept-new a first key is written down.

        Raises:
            HostKeyUnknown, HostKeyChanged, HostKeyRevoked: with the file, the line and the
                fingerprints on both sides, and how to fix it.
            RevokedKeysUnreadable, HostKeyTooShort: the key is not looked at any further.
        """
        refuse_revoked(self._host, offered)
        self._refuse_short(offered)
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

    def _refuse_short(self, offered: HostKey) -> None:
        bits, smallest = offered.rsa_bits, self._host.smallest_rsa
        if bits is not None and bits < smallest:
            raise HostKeyTooShort(
                self._host.name,
                f"the RSA host key of {self._names[0]} has {bits} bits, and ssh is configured "
                f"with RequiredRSASize {smallest}",
                f"on {self._host.name}: make a longer key (ssh-keygen -A makes what is missing)",
            )

    def _refusal(self, offered: HostKey, judgement: Judgement) -> SshError:
        host, name = self._host.name, self._names[0]
        if judgement.trust is Trust.REVOKED:
            return HostKeyRevoked(
                host,
                f"host key of {name} is revoked: {judgement.reason[0]} is what it offers",
                "do not connect; give the host new keys (ssh-keygen -A) and publish those",
            )
        if judgement.trust is Trust.CHANGED:
            lines = _in_words(judgement.reason)
            return HostKeyChanged(
                host,
                f"host key of {name} has CHANGED: it offers {offered}, expected {lines}",
                "another machine may be listening in between; only if "
                f"{self._on_console(offered)} prints that fingerprint: "
                f"{_forget(judgement.reason, name)}, then {self._learn(offered)}",
            )
        return HostKeyUnknown(
            host,
            self._unknown(offered, judgement.reason),
            f"if {self._on_console(offered)} prints that fingerprint: {self._learn(offered)}",
        )

    def _unknown(self, offered: HostKey, lines: tuple[Entry, ...]) -> str:
        files = (*self._host.user_known_hosts, *self._host.global_known_hosts)
        named = ", ".join(str(file) for file in files)
        where = f"not in {named}" if named else "and no known_hosts file is configured"
        what = f"host key of {self._names[0]} is unknown: it offers {offered}, {where}"
        authority = [entry for entry in lines if entry.marker == AUTHORITY]
        if authority:
            what += f"; {authority[0]} is {AUTHORITY}, and host certificates are not understood"
        return what

    def _on_console(self, offered: HostKey) -> str:
        """Spell the command by which the host itself shows its fingerprint."""
        kind = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}.get(offered.kind, "ecdsa")
        shown = f"ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub"
        return f"`{shown}` on the console of {self._host.name}"

    def _learn(self, offered: HostKey) -> str:
        """Spell how to write down the very key that the host has shown, where it is read.

        A second look at the host (ssh-keyscan) might be answered by another machine.
        """
        line = shlex.quote(f"{self._names[0]} {offered.line}")
        files = (*self._host.user_known_hosts, *self._host.global_known_hosts)
        if files:
            file = shlex.quote(str(files[0]))
            return f"{f'echo >> {file}; ' if _is_torn(files[0]) else ''}echo {line} >> {file}"
        file = "~/.ssh/known_hosts"
        set_it = config_line(self._host.options, self._host.name, f"UserKnownHostsFile {file}")
        return f"echo {line} >> {file}, and {set_it}"


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


def _is_torn(file: Path) -> bool:
    """Whether what is appended would go on with the last line."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return bool(content) and not content.endswith(b"\n")


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
    return ", ".join(
        f"ssh-keygen -R {shlex.quote(name)} -f {shlex.quote(str(file))}" for file in files
    )
