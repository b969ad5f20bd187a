"""The keys to offer to a host, in OpenSSH's order; no passphrase is ever asked for."""

import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paramiko.agent import AgentSSH
from paramiko.pkey import PublicBlob

from rollout.adapters.ssh.algorithms import CERTIFIED, for_signing
from rollout.adapters.ssh.host_config import ResolvedHost, config_line
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.key_files import (
    FILES,
    UnusableKey,
    public_part,
    read_certificate,
    signed_key,
)
from rollout.adapters.ssh.known_hosts import HostKey
from rollout.adapters.ssh.transport import PublicKeyLogin

Offer = tuple[PublicKeyLogin, tuple[str, ...]]
"""A key, and the algorithms by which it may sign."""


class KeyAgent(AgentSSH):
    """One conversation with ssh-agent; paramiko's own goes only to ``$SSH_AUTH_SOCK``.

    It serves one connection attempt and is closed with it: paramiko's agent has no lock, and
    two signatures asked for at once would take each other's answers.
    """

    def __init__(self, place: Path, timeout: float) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(place))
            self._connect(self._socket)  # type: ignore[attr-defined]  # the stubs leave it out
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()


def open_agent(host: ResolvedHost, timeout: float) -> KeyAgent | None:
    """Reach the agent, if there is one; one that is gone is as good as none, as with ssh."""
    if host.agent is None:
        return None
    try:
        return KeyAgent(host.agent, timeout)
    except (OSError, paramiko.SSHException):
        return None


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A private key that logs in by a certificate; the key itself stays as it is, for others."""

    key: PublicKeyLogin
    public_blob: PublicBlob

    def get_name(self) -> str:
        return self.key.get_name()

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> object:
        return self.key.sign_ssh_data(data, algorithm)


class KeysToTry:
    """The keys to try on one host, and afterwards what became of each, for the error message."""

    def __init__(self, host: ResolvedHost, agent: KeyAgent | None) -> None:
        self._host = host
        self._in_agent = {key.blob: key for key in (agent.get_keys() if agent else ())}
        self._files = {file: public_part(file) for file in host.identities}
        self._fixes: list[str] = []
        self._shown = False
        self.tried: list[str] = []

    def __iter__(self) -> Iterator[Offer]:
        """Yield what may be shown, in OpenSSH's order, less what the configuration forbids.

        Certificates of the configuration; agent keys that it names, other agent keys if allowed;
        then the files, each followed by the certificate beside it.
        """
        for file in self._host.certificates:
            yield from self._by_certificate(file)
        named = [blob for blob in self._files.values() if blob in self._in_agent]
        others = [] if self._host.identities_only else [b for b in self._in_agent if b not in named]
        for held in (*named, *others):
            yield from self._from_agent(held)
        for file, blob in self._files.items():
            if blob not in named:
                yield from self._from_file(file)
            yield from self._beside(file, blob)

    def words(self) -> str:
        """Say what was tried, and what could not be."""
        missing = [f"{file} (does not exist)" for file in self._host.missing]
        return "; ".join((*self.tried, *missing)) or "nothing: there is no key"

    @property
    def fix(self) -> str:
        """What to type when none of the keys was taken."""
        host = self._host
        fixes = list(dict.fromkeys(self._fixes))
        if host.missing:
            fixes.append(f"change IdentityFile for {host.name} in {host.config_file}")
        if host.pkcs11:
            # ssh would ask the token itself; rollout reaches it only through the agent.
            fixes.append(f"ssh-add -s {shlex.quote(host.pkcs11)}")
        if not fixes or self._shown:  # the host has refused a key, so this may be the cause as well
            fixes.append(host.by_hand("-oBatchMode=yes"))
            fixes.append(f"ssh-copy-id, ssh-add, or IdentityFile in {host.config_file}")
        return "; ".join(fixes)

    def _from_agent(self, blob: bytes) -> Iterator[Offer]:
        key = self._in_agent[blob]
        label = f"{key.comment or key.get_name()} (agent)"
        kind = key.get_name()
        if kind.endswith(CERTIFIED):
            key.inner_key = None  # type: ignore[attr-defined]  # so that the agent is asked for this
            yield from self._certified(key, PublicBlob(kind, blob), label)
        else:
            yield from self._allowed(key, kind, label, blob)

    def _from_file(self, file: Path) -> Iterator[Offer]:
        key = FILES.load(file)
        if isinstance(key, UnusableKey):
            self.tried.append(f"{file} ({key.why})")
            self._fixes += [key.fix] if key.fix else []
        else:
            yield from self._allowed(key, key.get_name(), str(file), key.asbytes())

    def _beside(self, file: Path, blob: bytes | None) -> Iterator[Offer]:
        """Yield the certificate ``NAME-cert.pub``; ssh forgets it where CertificateFile is set."""
        certificate = None
        if not self._host.certificates:
            certificate = read_certificate(file.with_name(f"{file.name}-cert.pub"))
        if certificate is not None:
            key = self._in_agent.get(blob or b"") or FILES.load(file)
            if not isinstance(key, UnusableKey):
                label = f"{file}-cert.pub"
                yield from self._certified(key, certificate, label)

    def _by_certificate(self, file: Path) -> Iterator[Offer]:
        certificate = read_certificate(file)
        signed = None if certificate is None else signed_key(certificate)
        if certificate is None or signed is None:
            self.tried.append(f"{file} (no certificate that can be read)")
            return
        key = self._in_agent.get(signed) or self._private(signed)
        if key is None:
            self.tried.append(f"{file} (its private key is in no IdentityFile and in no agent)")
        else:
            yield from self._certified(key, certificate, str(file))

    def _private(self, signed: bytes) -> PublicKeyLogin | None:
        """Find the private key to the public half ``signed``; without a .pub it is loaded."""
        for file, blob in self._files.items():
            if blob is None or blob == signed:
                key = FILES.load(file)
                if not isinstance(key, UnusableKey) and key.asbytes() == signed:
                    return key
        return None

    def _certified(
        self, key: PublicKeyLogin, certificate: PublicBlob, label: str
    ) -> Iterator[Offer]:
        signed, kind = signed_key(certificate), certificate.key_type
        if signed is None:
            self.tried.append(f"{label} (not used: {kind} is not supported)")
        else:
            yield from self._allowed(CertifiedKey(key, certificate), kind, label, signed)

    def _allowed(
        self, key: PublicKeyLogin, kind: str, label: str, public: bytes
    ) -> Iterator[Offer]:
        """Yield a key that the configuration lets us use, else note why not."""
        bits = HostKey(kind.removesuffix(CERTIFIED), public).rsa_bits
        algorithms = for_signing(kind, self._host.pubkey_algorithms)
        if not algorithms:
            self.tried.append(f"{label} (not used: {kind} is not in PubkeyAcceptedAlgorithms)")
            wanted = kind.replace("ssh-rsa", "rsa-sha2-512")
            setting = f"PubkeyAcceptedAlgorithms +{wanted}"
            self._fixes.append(config_line(self._host.options, self._host.name, setting))
        elif bits is not None and bits < self._host.smallest_rsa:
            short = f"{bits} bits, RequiredRSASize is {self._host.smallest_rsa}"
            self.tried.append(f"{label} (not used: {short})")
            self._fixes.append("make another key: ssh-keygen -t ed25519")
        else:
            self.tried.append(label)
            self._shown = True
            yield key, algorithms
