"""Whether a host key is revoked by the files that ``RevokedHostKeys`` names.

A file of plain keys is read here.  A KRL is binary: ``ssh-keygen -Q`` reads it, by the code that
ssh itself uses.  A file that cannot be read, or not to its end, vouches for nothing: as with ssh,
the host is refused.

Source: ``sshkey_check_revoked()`` in OpenSSH; ssh-keygen(1), "KEY REVOCATION LISTS".
"""

from pathlib import Path

from rollout.adapters.local.program import TooSlow, run_program
from rollout.adapters.ssh.errors import HostKeyRevoked, RevokedKeysUnreadable
from rollout.adapters.ssh.host_config import ResolvedHost
from rollout.adapters.ssh.known_hosts import HostKey, parse_key

KRL = b"SSHKRL\n\0"

ANSWER_WITHIN = 10.0
"""Seconds for ``ssh-keygen -Q``."""

TYPES = frozenset(
    {
        *("ssh-ed25519", "ssh-rsa", "ssh-dss"),
        *("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
        *("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
    }
)


class Unreadable(Exception):
    """A file of revoked keys cannot be read; the words say why."""


def refuse_revoked(host: ResolvedHost, offered: HostKey) -> None:
    """Return if no file of revoked keys names ``offered``.

    Raises:
        HostKeyRevoked: one does.
        RevokedKeysUnreadable: one cannot be read.
    """
    for file in host.revoked_host_keys:
        try:
            where = find_revoked(file, offered)
        except Unreadable as error:
            raise RevokedKeysUnreadable(
                host.name,
                f"the revoked host keys of {host.name} cannot be checked: {error}",
                f"RevokedHostKeys names {file}: put it back, as public keys, one a line, or as a "
                "KRL (ssh-keygen -k); an empty file revokes no key",
            ) from error
        if where:
            raise HostKeyRevoked(
                host.name,
                f"the host key of {host.name} is revoked: {where} is what it offers, {offered}",
                "do not connect; give the host new keys (ssh-keygen -A) and publish those",
            )


def find_revoked(file: Path, offered: HostKey) -> str:
    """Say where ``file`` revokes ``offered``; empty if it does not.

    Raises:
        Unreadable: it cannot be said.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file}: {error.strerror}") from error
    if content.startswith(KRL):
        return f"{file} (a KRL)" if _is_in_krl(file, offered) else ""
    for number, line in enumerate(content.decode(errors="surrogateescape").split("\n"), start=1):
        words = line.strip(" \t\r").split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        key = parse_key(words[0], words[1]) if len(words) > 1 and words[0] in TYPES else None
        if key is None:
            raise Unreadable(f"{file}:{number} is no public key")
        if key == offered:
            return f"{file}:{number}"
    return ""


def _is_in_krl(file: Path, offered: HostKey) -> bool:
    try:
        words = ["ssh-keygen", "-Q", "-f", str(file), "/dev/stdin"]
        asked = run_program(words, timeout=ANSWER_WITHIN, stdin=f"{offered.line}\n".encode())
    except (OSError, TooSlow) as error:
        said = "no answer" if isinstance(error, TooSlow) else str(error)
        raise Unreadable(f"{file} is a KRL, and ssh-keygen -Q fails: {said}") from error
    condition = asked.out.strip().rpartition(": ")[2]
    if asked.status == 0 and condition == "ok":
        return False
    if asked.status == 1 and condition == "REVOKED":
        return True
    said = asked.err.strip() or f"ssh-keygen -Q ended with {asked.status}"
    raise Unreadable(f"{file}: {said}")
