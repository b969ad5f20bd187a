"""Key files that are none, or none of ours; those that open a door are in tests/integration/ssh."""

import base64
from pathlib import Path

import pytest

from rollout.adapters.ssh.key_files import KeyFiles, UnusableKey, public_part, read_certificate


def packed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def security_key() -> bytes:
    """Build what ssh-keygen -t ed25519-sk writes, without the device that it would ask for."""
    kind = b"sk-ssh-ed25519@openssh.com"
    public = packed(kind, bytes(32), b"ssh:")
    private = bytes(8) + packed(kind, bytes(32), b"ssh:") + b"\x01" + packed(b"handle", b"", b"me")
    private += bytes(range(1, 1 + -len(private) % 8))
    whole = b"openssh-key-v1\0" + packed(b"none", b"none", b"") + (1).to_bytes(4, "big")
    body = base64.encodebytes(whole + packed(public, private))
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"-----END OPENSSH PRIVATE KEY-----\n"


def why(file: Path) -> str:
    key = KeyFiles().load(file)
    assert isinstance(key, UnusableKey)
    return key.why


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (security_key(), "a security key (sk-), which rollout cannot use"),
        (b"", "not a key that can be used here"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "not a key that can be used here"),
        (b"\xff\xfe", "not a key that can be used here"),
    ],
)
def test_a_file_that_holds_no_key_of_use_says_why(
    tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    assert told in why(file)


def test_a_key_that_cannot_be_used_is_looked_at_again(tmp_path: Path) -> None:
    files, file = KeyFiles(), tmp_path / "key"
    first = files.load(file)
    file.write_text("")
    file.chmod(0o644)
    second = files.load(file)
    assert isinstance(first, UnusableKey)
    assert isinstance(second, UnusableKey)
    assert first.why == "No such file or directory"
    assert second.fix == f"chmod 600 {file}"


@pytest.mark.parametrize("content", ["", "one", "ssh-ed25519 AAAA", "ssh-rsa %%%"])
def test_what_is_no_public_key_and_no_certificate_is_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    assert public_part(file) is None
    assert read_certificate(file) is None
