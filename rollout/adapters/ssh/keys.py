"""The keys we may show to a host, in OpenSSH's order; nobody is ever asked for anything."""

import base64
import binascii
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.agent import AgentSSH
from paramiko.pkey import UnknownKeyType

from rollout.adapters.ssh.config import ResolvedHost
from rollout.adapters.ssh.lean import paramiko


class KeyFiles:
    """Private keys from files, each loaded once per process: an RSA key costs 260 ms of CPU."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[Path, paramiko.PKey | str] = {}

    def load(self, file: Path) -> paramiko.PKey | str:
        """Load a key, or say in words why it cannot be used."""
        with self._lock:
            if file not in self._loaded:
                self._loaded[file] = _load(file)
            return self._loaded[file]


FILES = KeyFiles()


class KeyAgent(AgentSSH):
    """One conversation with ssh-agent; paramiko's own goes only to ``$SSH_AUTH_SOCK``.

    It serves one connection attempt and is closed with it: paramiko's agent has no lock, and
    two signatures asked for at once would take each other's answers.
    """

    def __init__(self, place: Path, within: float) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(within)
        try:
            self._socket.connect(str(place))
            self._connect(self._socket)  # type: ignore[attr-defined]  # the stubs leave it out
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()


def open_agent(host: ResolvedHost, within: float) -> KeyAgent | None:
    """Reach the agent, if there is one; one that is gone is as good as none, as with ssh."""
    if host.agent is None:
        return None
    try:
        return KeyAgent(host.agent, within)
    except (OSError, paramiko.SSHException):
        return None


class Offers:
    """The keys to try on one host, and afterwards what became of each, for the error message."""

    def __init__(self, host: ResolvedHost, agent: KeyAgent | None) -> None:
        self._host = host
        self._in_agent = {key.asbytes(): key for key in (agent.get_keys() if agent else ())}
        self.tried: list[str] = []

    def __iter__(self) -> Iterator[paramiko.PKey]:
        """Agent keys named in the configuration, other agent keys if allowed, then the files."""
        files = {file: _public_part(file) for file in self._host.identities}
        named = [blob for blob in files.values() if blob in self._in_agent]
        others = [] if self._host.identities_only else [b for b in self._in_agent if b not in named]
        for blob in (*named, *others):
            key = self._in_agent[blob]
            self.tried.append(f"{key.comment or key.get_name()} (agent)")
            yield key
        for file in (file for file, blob in files.items() if blob not in named):
            yield from self._from_file(file)

    def _from_file(self, file: Path) -> Iterator[paramiko.PKey]:
        key = FILES.load(file)
        if isinstance(key, str):
            self.tried.append(f"{file} ({key})")
        else:
            self.tried.append(str(file))
            yield key


def _load(file: Path) -> paramiko.PKey | str:
    try:
        return paramiko.PKey.from_path(file)
    except (paramiko.PasswordRequiredException, TypeError):
        # cryptography's word for "encrypted, and no password was given" is TypeError
        return "needs a passphrase: ssh-add it"
    except OSError as error:
        return error.strerror or "unreadable"
    except (paramiko.SSHException, ValueError, UnsupportedAlgorithm, UnknownKeyType):
        return "not a key that can be used here"


def _public_part(file: Path) -> bytes | None:
    """Read the public key beside a private one, which says whether the agent holds it."""
    with suppress(OSError, IndexError, binascii.Error, UnicodeDecodeError):
        return base64.b64decode(file.with_name(f"{file.name}.pub").read_text().split()[1])
    return None
