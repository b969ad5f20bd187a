"""Reads known_hosts files and judges a host key, with the same verdict as OpenSSH.

Paramiko's own reader stops at a marker or a corrupt line, knows no wildcards and no negation,
and believes only the first key of a type.  Here a line that cannot be read is skipped, and the
rest of the file stands, as in OpenSSH.  Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", and the
real ``ssh``, beside which a test asks the same questions.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

REVOKED, AUTHORITY = "@revoked", "@cert-authority"


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public key as the protocol spells it: its type, and the bytes that begin with it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"

    @property
    def line(self) -> str:
        """The key as known_hosts and ``.pub`` files spell it."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def rsa_bits(self) -> int | None:
        """The length of the modulus (RFC 4253, 6.6: type, exponent, modulus); None if not RSA."""
        if self.kind != "ssh-rsa":
            return None
        at = 0
        for _ in ("type", "exponent"):
            at += 4 + int.from_bytes(self.blob[at : at + 4], "big")
        return int.from_bytes(self.blob[at + 4 :], "big").bit_length()

    def __str__(self) -> str:
        return f"{self.kind} {self.fingerprint}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One readable line: where it stands, whom it names, and the key it holds for them."""

    file: Path
    line: int
    marker: str
    names: str
    key: HostKey

    def is_for(self, name: str) -> bool:
        """Whether this line speaks about ``name`` (``host`` or ``[host]:port``, lower case)."""
        if self.names.startswith("|"):
            return _hashed_as(self.names, name)
        return _listed(self.names, name)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.key})"


class Trust(Enum):
    """What the files say about one key of one host."""

    KNOWN = "a line holds exactly this key"
    UNKNOWN = "no line speaks about this host"
    CHANGED = "the lines about this host hold other keys"
    REVOKED = "a line revokes exactly this key"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict and the lines behind it, in the order of the files."""

    trust: Trust
    reason: tuple[Entry, ...] = ()


def read(file: Path) -> tuple[Entry, ...]:
    """Read one file; a missing or unreadable one is empty, a line that makes no sense skipped.

    Read once for all hosts, until it changes.
    """
    try:
        state = file.stat()
        return _read(file, (state.st_mtime_ns, state.st_size, state.st_ino))
    except OSError:
        return ()


@lru_cache(maxsize=16)
def _read(file: Path, _state: tuple[int, ...]) -> tuple[Entry, ...]:
    lines = file.read_bytes().decode(errors="surrogateescape").split("\n")
    entries = (_parse(file, number, line) for number, line in enumerate(lines, start=1))
    return tuple(entry for entry in entries if entry is not None)


def lookup_name(host: str, port: int, alias: str = "") -> str:
    """Spell the name under which OpenSSH looks ``host`` up; an alias never carries the port."""
    if alias:
        return alias.lower()
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"  # noqa: PLR2004 - ssh's port


def about(entries: Iterable[Entry], names: Sequence[str]) -> tuple[Entry, ...]:
    """Choose the lines about a host: those for its first name that any plain line speaks of.

    A host on another port than 22 is looked up with its port and, only if no line holds a key
    for that, without.
    """
    entries = tuple(entries)
    found: list[Entry] = []
    for name in names:
        found += [entry for entry in entries if entry.is_for(name)]
        if any(not entry.marker for entry in found):
            break
    return tuple(found)


def judge(offered: HostKey, lines: Sequence[Entry]) -> Judgement:
    """Judge the key that a host offered by the lines about that host."""
    same = tuple(entry for entry in lines if entry.key == offered)
    revoked = tuple(entry for entry in same if entry.marker == REVOKED)
    if revoked:
        return Judgement(Trust.REVOKED, revoked)
    held = tuple(entry for entry in same if not entry.marker)
    if held:
        return Judgement(Trust.KNOWN, held)
    others = tuple(entry for entry in lines if not entry.marker)
    if others:
        return Judgement(Trust.CHANGED, others)
    return Judgement(Trust.UNKNOWN, tuple(lines))


def _parse(file: Path, number: int, line: str) -> Entry | None:
    marker = ""
    fields = re.split(r"[ \t]+", line.strip(" \t\r"))
    if fields[0].startswith("@"):
        marker = fields.pop(0)
        if marker not in {REVOKED, AUTHORITY}:
            return None
    if len(fields) < 3 or fields[0].startswith("#"):  # noqa: PLR2004 - names, type, key
        return None
    key = parse_key(fields[1], fields[2])
    return None if key is None else Entry(file, number, marker, fields[0], key)


def parse_key(kind: str, encoded: str) -> HostKey | None:
    """Decode a key; None unless the bytes agree that they are of this type."""
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    prefix = len(kind).to_bytes(4, "big") + kind.encode(errors="surrogateescape")
    whole = blob.startswith(prefix) and _is_whole(blob)
    return HostKey(kind, blob) if whole else None


def _is_whole(blob: bytes) -> bool:
    """Whether the bytes are strings with their lengths to the end; a cut key is corrupt."""
    at = strings = 0
    while at < len(blob):
        at += 4 + int.from_bytes(blob[at : at + 4], "big")
        strings += 1
    return at == len(blob) and strings > 1


def _hashed_as(names: str, name: str) -> bool:
    """Whether ``|1|salt|hash`` is the hash of ``name``."""
    try:
        _, version, salt, digest = names.split("|")
        wanted = base64.b64decode(digest, validate=True)
        made = hmac.digest(base64.b64decode(salt, validate=True), name.encode(), "sha1")
    except (ValueError, binascii.Error):
        return False
    return version == "1" and hmac.compare_digest(wanted, made)


def _listed(names: str, name: str) -> bool:
    """Whether a comma list of patterns names ``name``; a ``!pattern`` that matches ends it."""
    listed = False
    for pattern in names.lower().split(","):
        wanted = not pattern.startswith("!")
        if _matches(pattern.removeprefix("!"), name):
            if not wanted:
                return False
            listed = True
    return listed


def _matches(pattern: str, name: str) -> bool:
    """``*`` and ``?`` are wild; brackets are letters here, unlike in fnmatch."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == name
    wild = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(wild, name, re.DOTALL) is not None
