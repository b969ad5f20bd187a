"""The judge by itself; its agreement with the real ssh is proven in tests/integration/ssh."""

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout.adapters.ssh.known_hosts import (
    HostKey,
    Trust,
    about,
    judge,
    lookup_name,
    parse_key,
    read,
)


def key(letter: str, kind: str = "ssh-ed25519") -> HostKey:
    parts = (kind.encode(), letter.encode() * 32)
    return HostKey(kind, b"".join(len(part).to_bytes(4, "big") + part for part in parts))


def line(names: str, of: HostKey) -> str:
    return f"{names} {of.kind} {base64.b64encode(of.blob).decode()}"


def condition(
    place: Path, offered: HostKey, *lines: str, names: tuple[str, ...] = ("web1",)
) -> Trust:
    file = place / "known_hosts"
    file.write_text("\n".join(lines))
    return judge(offered, about(read(file), names)).trust


@pytest.mark.parametrize(
    ("lines", "trust"),
    [
        ((), Trust.UNKNOWN),
        ((line("web1", key("a")),), Trust.KNOWN),
        ((line("web1", key("b")),), Trust.CHANGED),
        ((line("web1", key("b")), line("web1", key("a"))), Trust.KNOWN),
        ((line("web1", key("a", "ssh-rsa")),), Trust.CHANGED),
        ((line("web*,!web1", key("a")),), Trust.UNKNOWN),
        ((line("WEB?", key("a")),), Trust.KNOWN),
        (("@revoked " + line("*", key("a")), line("web1", key("a"))), Trust.REVOKED),
        (("@cert-authority " + line("*", key("a")),), Trust.UNKNOWN),
        (("web1 ssh-ed25519 AAAA", line("web1", key("a"))), Trust.KNOWN),
    ],
)
def test_a_key_is_judged_by_all_the_lines_about_its_host(
    tmp_path: Path, lines: tuple[str, ...], trust: Trust
) -> None:
    assert condition(tmp_path, key("a"), *lines) is trust


def test_the_line_number_counts_what_was_skipped(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text("\n".join(["# hosts", "", "rubbish", line("web1", key("a"))]))
    assert [entry.line for entry in read(file)] == [4]


def test_a_file_that_is_missing_or_not_readable_as_text_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == ()
    assert read(tmp_path) == ()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 4)
    assert read(tmp_path / "binary") == ()


def test_names_are_looked_up_as_ssh_spells_them() -> None:
    assert lookup_name("Web1", 22) == "web1"
    assert lookup_name("Web1", 2222) == "[web1]:2222"
    assert lookup_name("::1", 2222) == "[::1]:2222"
    assert lookup_name("Web1", 2222, "Alias") == "alias"


def test_a_plain_name_counts_only_where_the_port_has_no_line(tmp_path: Path) -> None:
    names = ("[web1]:2222", "web1")
    plain, ported = line("web1", key("a")), line("[web1]:2222", key("b"))
    assert condition(tmp_path, key("a"), plain, names=names) is Trust.KNOWN
    assert condition(tmp_path, key("a"), plain, ported, names=names) is Trust.CHANGED


@settings(database=None)  # it would be written beside the tests, which may not be ours
@given(st.binary(max_size=400))
def test_no_file_whatsoever_makes_the_reader_fail(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(data + b"\n" + line("web1", key("a")).encode())
    lines = about(read(file), ["web1"])
    assert judge(key("a"), lines).trust in {Trust.KNOWN, Trust.REVOKED}


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    assert condition(tmp_path, key("a"), line("web1", key("b"))) is Trust.CHANGED
    assert (
        condition(tmp_path, key("a"), line("web1", key("b")), line("web1", key("a"))) is Trust.KNOWN
    )


def test_a_key_that_is_cut_short_is_none() -> None:
    kind, encoded = key("a").line.split()
    assert parse_key(kind, encoded) == key("a")
    assert [parse_key(kind, encoded[:-cut]) for cut in (4, 8, 40)] == [None] * 3


def test_the_length_of_an_rsa_key_is_that_of_its_modulus() -> None:
    numbers = (b"ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 256)
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in numbers)
    assert HostKey("ssh-rsa", blob).rsa_bits == 2048
    assert key("a").rsa_bits is None
