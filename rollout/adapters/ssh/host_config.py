"""What is known about the way to a host: our own options, and what ``ssh -G`` made of them."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SshOptions:
    """What ``rollout`` itself may say about ssh; everything else is ssh's configuration.

    Attributes:
        user: Login name, over the configuration (``ssh -l``).  Not for jump hosts, as in ssh.
        config: A file in place of ``~/.ssh/config`` and the system's (``ssh -F``).
        connect_timeout: Seconds to connect and log in, where the configuration names none.
        keepalive: Seconds between signs of life on an idle connection, likewise.
        extra: Further options, as after ``ssh -o`` (``"Port=2222"``).
    """

    user: str | None = None
    config: Path | None = None
    connect_timeout: float = 10.0
    keepalive: int = 15
    extra: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What to type between ``ssh`` and the host so that ssh is told the same."""
        words = [f"-o{option}" for option in self.extra]
        words += [] if self.config is None else ["-F", str(self.config)]
        words += [] if self.user is None else ["-l", self.user]
        return tuple(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedHost:
    """One host as OpenSSH would reach it; paths are absolute, tokens are filled in.

    Attributes:
        name: What the operator calls it.
        options: What of ours led there.
        identities: Private keys in the order to try; those that do not exist are left out.
        missing: Private keys that the configuration names and that do not exist.
        certificates: Certificates that the configuration names; with any, none beside a key counts.
        agent: Socket of the key agent; None when there is none or it is forbidden.
        pkcs11: Library of a token that ssh would ask for keys; empty for none.
        proxy_jump: Hosts to go through, nearest first.
        proxy_command: What to run in place of a TCP connection; empty for none.
        revoked_host_keys: Files that name the host keys to refuse.
        smallest_rsa: Bits that an RSA key must have, the host's and ours.
        strict: ``yes`` or ``accept-new``; ``no`` and ``off`` are never honoured and mean ``yes``.
        family: ``any``, ``inet`` or ``inet6``.
        rekey_bytes: After so many bytes new keys are agreed upon; 0 for the library's own limit.
        unsupported: What the configuration asks for and rollout cannot do, and the fix.
    """

    name: str
    options: SshOptions
    hostname: str
    port: int
    user: str
    identities: tuple[Path, ...]
    missing: tuple[Path, ...]
    certificates: tuple[Path, ...]
    identities_only: bool
    agent: Path | None
    pkcs11: str
    proxy_jump: tuple[str, ...]
    proxy_command: str
    host_key_alias: str
    host_key_algorithms: tuple[str, ...]
    pubkey_algorithms: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    kex_algorithms: tuple[str, ...]
    revoked_host_keys: tuple[Path, ...]
    smallest_rsa: int
    user_known_hosts: tuple[Path, ...]
    global_known_hosts: tuple[Path, ...]
    hash_names: bool
    strict: str
    connect_timeout: float
    keepalive: int
    compression: bool
    family: str
    rekey_bytes: int
    unsupported: tuple[str, str] | None
    notes: tuple[str, ...] = field(default=())

    @property
    def config_file(self) -> str:
        """The file in which a setting for this host outranks all others."""
        return config_file(self.options)

    def by_hand(self, *more: str) -> str:
        """Spell the command that tries this host with ssh itself, on the same settings."""
        return shlex.join(["ssh", *more, *self.options.words, self.name, "true"])


def config_file(options: SshOptions) -> str:
    """Name the configuration that is read first."""
    return "~/.ssh/config" if options.config is None else str(options.config)


def config_line(options: SshOptions, host: str, *settings: str) -> str:
    """Spell how to give ``host`` settings that outrank every other.

    ssh takes the first value that it finds; ``Host *`` keeps what follows as general as it was.
    """
    lines = ", ".join(f'"{line}"' for line in (f"Host {host}", *settings, "Host *"))
    return f"write at the top of {config_file(options)} the lines {lines}"
