"""Which algorithms to offer: what ssh is configured for, rollout can do, and OpenSSH calls safe."""

from collections.abc import Sequence
from dataclasses import dataclass

from rollout.adapters.ssh.errors import Unsupported
from rollout.adapters.ssh.host_config import ResolvedHost, config_line

CERTIFIED = "-cert-v01@openssh.com"

CIPHERS = (
    *("aes128-ctr", "aes192-ctr", "aes256-ctr"),
    *("aes128-gcm@openssh.com", "aes256-gcm@openssh.com"),
)
MACS = (
    *("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"),
    *("hmac-sha2-256", "hmac-sha2-512"),
)
KEX = (
    *("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"),
    *("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"),
    *("diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512"),
    "diffie-hellman-group14-sha256",
)
HOST_KEYS = (
    "ssh-ed25519",
    *("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("rsa-sha2-512", "rsa-sha2-256"),
)
"""What paramiko 5.1 can do, without what OpenSSH's client does not offer by itself: CBC, 3DES, MD5,
SHA-1 (of which OpenSSH 9.2 still offers hmac-sha1; rollout does not).  Source: ssh_config(5).  An
``ssh-rsa`` key signs by the two rsa-sha2 names."""

NEWER = frozenset({"mlkem768x25519-sha256"})
"""What an ssh before 9.9 does not know: it refuses a configuration that names it."""

MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Algorithms:
    """What one connection offers, the best first."""

    kex: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    host_keys: tuple[str, ...]


def choose(host: ResolvedHost) -> Algorithms:
    """Intersect what ssh is configured for with what rollout can do, in ssh's order.

    Raises:
        Unsupported: nothing is left of one of the lists.
    """
    return Algorithms(
        kex=_common(host, "KexAlgorithms", host.kex_algorithms, KEX),
        ciphers=_common(host, "Ciphers", host.ciphers, CIPHERS),
        macs=_common(host, "MACs", host.macs, MACS),
        host_keys=_common(host, "HostKeyAlgorithms", host.host_key_algorithms, HOST_KEYS),
    )


def for_signing(kind: str, accepted: Sequence[str]) -> tuple[str, ...]:
    """Return the algorithms by which a key of type ``kind`` may sign; for RSA without the ending.

    Empty when ``accepted``, ssh's PubkeyAcceptedAlgorithms, has none.
    """
    plain = kind.removesuffix(CERTIFIED)
    ending = kind.removeprefix(plain)
    if plain != "ssh-rsa":
        return (kind,) if kind in accepted else ()
    allowed = [name.removesuffix(ending) for name in accepted if name.endswith(ending)]
    return tuple(name for name in allowed if name in {"rsa-sha2-512", "rsa-sha2-256"})


def nothing_in_common(host: ResolvedHost, said: str) -> Unsupported:
    """Explain that the server has nothing of what was offered; ``said`` is paramiko's sentence."""
    offered = choose(host)
    lists = {
        "kex": ("KexAlgorithms", offered.kex),
        "cipher": ("Ciphers", offered.ciphers),
        "mac": ("MACs", offered.macs),
        "host key": ("HostKeyAlgorithms", offered.host_keys),
    }
    for word, (setting, names) in lists.items():
        if word in said:
            return Unsupported(
                host.name,
                f"sshd on {host.hostname} offers none of the {setting} that rollout and the "
                f"configuration of ssh allow: {', '.join(names)}",
                f"on {host.name}: let sshd offer one of those; "
                f"`sudo sshd -T | grep -i ^{setting}` shows what it offers",
            )
    return Unsupported(host.name, f"nothing in common with sshd: {said}", host.by_hand("-v"))


def _common(
    host: ResolvedHost, setting: str, configured: Sequence[str], possible: Sequence[str]
) -> tuple[str, ...]:
    common = tuple(name for name in configured if name in possible)
    if common:
        return common
    named = ", ".join(configured[:MOST_NAMED]) or "nothing"
    more = f" and {len(configured) - MOST_NAMED} more" if len(configured) > MOST_NAMED else ""
    known = [name for name in possible if name not in NEWER]
    raise Unsupported(
        host.name,
        f"ssh is configured with {setting} {named}{more} for {host.name}: rollout can use none "
        "of those",
        config_line(host.options, host.name, f"{setting} {','.join(known)}"),
    )
