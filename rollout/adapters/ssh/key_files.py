"""Private keys and certificates, from the files that the configuration names."""

import base64
import binascii
import io
import os
import shlex
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from paramiko.pkey import PublicBlob

from rollout.adapters.ssh.algorithms import CERTIFIED
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.known_hosts import parse_key

OTHERS = 0o077
"""The mode bits for group and others: ssh refuses a key that has one of them."""


@dataclass(frozen=True, slots=True)
class UnusableKey:
    """Why a private key cannot be used, and what to type."""

    why: str
    fix: str = ""


class KeyFiles:
    """Private keys from files, each loaded once per process: an RSA key costs CPU.

    One that cannot be used is looked at again, should it be mended meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[Path, paramiko.PKey] = {}

    def load(self, file: Path) -> paramiko.PKey | UnusableKey:
        """Load a key without any certificate beside it, or say why it cannot be used."""
        with self._lock:
            key = self._loaded.get(file) or _load(file)
            if not isinstance(key, UnusableKey):
                self._loaded[file] = key
            return key


FILES = KeyFiles()


def public_part(file: Path) -> bytes | None:
    """Read the public key beside a private one, which says whether the agent holds it.

    ``file`` may as well be the public key itself.
    """
    for candidate in (file.with_name(f"{file.name}.pub"), file):
        with suppress(OSError, UnicodeDecodeError):
            words = candidate.read_text().split(None, 2)
            key = parse_key(*words[:2]) if len(words) > 1 else None
            if key is not None:
                return key.blob
    return None


def read_certificate(file: Path) -> PublicBlob | None:
    """Read a user certificate; None if the file is none that can be read."""
    try:
        blob = PublicBlob.from_file(str(file))
    except (OSError, ValueError, IndexError, paramiko.SSHException):
        return None
    return blob if blob.key_type.endswith(CERTIFIED) else None


def signed_key(certificate: PublicBlob) -> bytes | None:
    """Return the public key that a certificate is for.

    Behind its type and a nonce a certificate holds the strings of that key.  Source: OpenSSH's
    PROTOCOL.certkeys, "New public key formats".
    """
    kind = certificate.key_type.removesuffix(CERTIFIED)
    fields = {"ssh-ed25519": 1, "ssh-rsa": 2}.get(kind, 2 if kind.startswith("ecdsa-") else 0)
    packed = paramiko.Message(certificate.key_blob)
    packed.get_string()
    packed.get_string()
    public = paramiko.Message()
    public.add_string(kind)
    for _ in range(fields):
        public.add_string(packed.get_string())
    return public.asbytes() if fields else None


def _load(file: Path) -> paramiko.PKey | UnusableKey:
    add_it = f"ssh-add {shlex.quote(str(file))}"
    try:
        with file.open("rb") as opened:
            state = os.fstat(opened.fileno())
            # As ssh: only of a file of one's own; another's is its owner's to look after.
            if state.st_uid == os.getuid() and state.st_mode & OTHERS:
                why = f"its permissions {state.st_mode & 0o777:04o} are too open"
                return UnusableKey(why, f"chmod 600 {shlex.quote(str(file))}")
            return _private(opened.read())
    except OSError as error:
        return UnusableKey(error.strerror or "unreadable")
    except (paramiko.PasswordRequiredException, TypeError):
        # cryptography's word for "encrypted, and no password was given" is TypeError
        return UnusableKey("needs a passphrase: ssh-add it", add_it)
    except (paramiko.SSHException, ValueError, UnsupportedAlgorithm):
        return UnusableKey("not a key that can be used here")


def _private(content: bytes) -> paramiko.PKey | UnusableKey:
    """Read a private key as ssh-keygen writes it, else as PEM, as ``PKey.from_path`` does.

    Not by that: it takes the certificate beside a key in place of the key.
    """
    try:
        loaded: object = load_ssh_private_key(content, None)
    except UnsupportedAlgorithm:
        if _is_on_security_key(content):
            return UnusableKey("a security key (sk-), which rollout cannot use: give another key")
        raise
    except ValueError:
        loaded = load_pem_private_key(content, None)
    text = io.StringIO(content.decode())
    if isinstance(loaded, rsa.RSAPrivateKey):
        return paramiko.RSAKey(key=loaded)
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return paramiko.Ed25519Key.from_private_key(text)
    if isinstance(loaded, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey.from_private_key(text)
    return UnusableKey("not a key that can be used here")


def _is_on_security_key(content: bytes) -> bool:
    body = b"".join(line for line in content.splitlines() if not line.startswith(b"-"))
    try:
        return b"sk-ssh-" in (whole := base64.b64decode(body)) or b"sk-ecdsa-" in whole
    except binascii.Error:
        return False
