"""For every row, the real ssh and ours are asked about the same file, host and server."""

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollout.adapters.ssh import (
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyUnknown,
    Ssh,
    SshError,
    SshOptions,
)
from rollout.adapters.ssh.known_hosts import HostKey
from tests.support.sshd import Sshd, make_key, public, running_sshd

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with running_sshd() as sshd:
        make_key(sshd.place / "other")
        make_key(sshd.place / "other_rsa", "rsa")
        yield sshd


def name(sshd: Sshd) -> str:
    return f"[{sshd.address}]:{sshd.port}"


def true(sshd: Sshd, kind: str = "ed25519") -> str:
    return public(sshd.host_keys[kind])


def other(sshd: Sshd, kind: str = "other") -> str:
    return public(sshd.place / kind)


def hashed(sshd: Sshd, line: str) -> str:
    file = sshd.place / f"to_hash_{os.getpid()}"
    file.write_text(line + "\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)
    return file.read_text().strip()


def corrupt(key: str) -> str:
    return key[:-12]


def cut_short(key: str) -> str:
    """Valid base64 that ends in the middle of the key."""
    kind, encoded = key.split()
    return f"{kind} {base64.b64encode(base64.b64decode(encoded)[:-6]).decode()}"


ROWS: dict[str, Callable[[Sshd], list[str]]] = {
    "exact": lambda s: [f"{name(s)} {true(s)}"],
    "comma list": lambda s: [f"a.example,{name(s)},b.example {true(s)}"],
    "hashed": lambda s: [hashed(s, f"{name(s)} {true(s)}")],
    "hashed, another host": lambda s: [hashed(s, f"[127.0.0.9]:{s.port} {true(s)}")],
    "wrong key": lambda s: [f"{name(s)} {other(s)}"],
    "no entry": lambda s: [f"elsewhere.example {true(s)}"],
    "empty file": lambda _: [""],
    "wildcard with port": lambda s: [f"[127.0.0.*]:{s.port} {true(s)}"],
    "question mark": lambda s: [f"[127.0.0.?]:{s.port} {true(s)}"],
    "star": lambda s: [f"* {true(s)}"],
    "wildcard for another port": lambda s: [f"[127.0.0.*]:1 {true(s)}"],
    "plain host without port": lambda s: [f"127.0.0.1 {true(s)}"],
    "plain host without port, wrong key": lambda s: [f"127.0.0.1 {other(s)}"],
    "port wrong, plain right": lambda s: [f"{name(s)} {other(s)}", f"127.0.0.1 {true(s)}"],
    "several spaces": lambda s: [f"{name(s)}    {true(s).replace(' ', '   ')}"],
    "tabs": lambda s: [f"{name(s)}\t{true(s).replace(' ', chr(9))}"],
    "leading spaces": lambda s: [f"   {name(s)} {true(s)}"],
    "a comment at the end": lambda s: [f"{name(s)} {true(s)} root@web1 since spring"],
    "upper case pattern": lambda s: [f"{name(s)},WEB1.Example {true(s)}"],
    "negated after": lambda s: [f"{name(s)},!{name(s)} {true(s)}"],
    "negated before": lambda s: [f"!{name(s)},* {true(s)}"],
    "negated other": lambda s: [f"*,!other.example {true(s)}"],
    "only negated": lambda s: [f"!other.example {true(s)}"],
    "negated on one line, good on the next": lambda s: [
        f"*,!{name(s)} {true(s)}",
        f"{name(s)} {true(s)}",
    ],
    "revoked, then good": lambda s: [f"@revoked * {true(s)}", f"{name(s)} {true(s)}"],
    "good, then revoked": lambda s: [f"{name(s)} {true(s)}", f"@revoked {name(s)} {true(s)}"],
    "revoked without port, good with": lambda s: [
        f"@revoked 127.0.0.1 {true(s)}",
        f"{name(s)} {true(s)}",
    ],
    "revoked with port, good without": lambda s: [
        f"@revoked {name(s)} {true(s)}",
        f"127.0.0.1 {true(s)}",
    ],
    "another key revoked": lambda s: [f"@revoked * {other(s)}", f"{name(s)} {true(s)}"],
    "only revoked": lambda s: [f"@revoked * {true(s)}"],
    "certificate authority only": lambda s: [f"@cert-authority * {true(s)}"],
    "another authority, then good": lambda s: [
        f"@cert-authority * {other(s)}",
        f"{name(s)} {true(s)}",
    ],
    "authority with port, good without": lambda s: [
        f"@cert-authority {name(s)} {other(s)}",
        f"127.0.0.1 {true(s)}",
    ],
    "unknown marker": lambda s: [f"@frobnicate * {other(s)}", f"{name(s)} {true(s)}"],
    "unknown marker on the good line": lambda s: [f"@frobnicate {name(s)} {true(s)}"],
    "old and new key of one type": lambda s: [f"{name(s)} {other(s)}", f"{name(s)} {true(s)}"],
    "corrupt key elsewhere": lambda s: [
        f"elsewhere.example {corrupt(other(s))}",
        f"{name(s)} {true(s)}",
    ],
    "corrupt key of the same host": lambda s: [
        f"{name(s)} {corrupt(other(s))}",
        f"{name(s)} {true(s)}",
    ],
    "corrupt good line": lambda s: [f"{name(s)} {corrupt(true(s))}"],
    "cut short, then good": lambda s: [f"{name(s)} {cut_short(other(s))}", f"{name(s)} {true(s)}"],
    "not base64": lambda s: [f"{name(s)} ssh-ed25519 %%%%", f"{name(s)} {true(s)}"],
    "type and bytes disagree": lambda s: [f"{name(s)} ssh-rsa {true(s).split()[1]}"],
    "no key": lambda s: [f"{name(s)} ssh-ed25519", f"{name(s)} {true(s)}"],
    "version 1 key": lambda s: [f"{name(s)} 1024 35 12345678", f"{name(s)} {true(s)}"],
    "comment and blank lines": lambda s: ["# known hosts", "", f"{name(s)} {true(s)}"],
    "commented out": lambda s: [f"#{name(s)} {true(s)}"],
    "rsa right, ed25519 wrong": lambda s: [f"{name(s)} {true(s, 'rsa')}", f"{name(s)} {other(s)}"],
    "rsa only": lambda s: [f"{name(s)} {true(s, 'rsa')}"],
    "rsa wrong, ed25519 right": lambda s: [
        f"{name(s)} {other(s, 'other_rsa')}",
        f"{name(s)} {true(s)}",
    ],
    "rsa wrong, ed25519 unknown": lambda s: [f"{name(s)} {other(s, 'other_rsa')}"],
    "broken hash": lambda s: [f"|1|nonsense|{'x' * 28} {true(s)}"],
    "carriage return": lambda s: [f"{name(s)} {true(s)}\r"],
}


def asked_of_openssh(config: Path) -> bool:
    asked = subprocess.run(
        [
            "ssh",
            "-F",
            str(config),
            "-oBatchMode=yes",
            "-oStrictHostKeyChecking=yes",
            "web1",
            "true",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    refused = "Host key verification failed" in asked.stderr
    assert refused or asked.returncode == 0, asked.stderr
    return not refused


def asked_of_us(config: Path) -> bool:
    with Ssh(SshOptions(config=config)) as ssh:
        try:
            return ssh.run("web1", "true", timeout=10).ok
        except (HostKeyUnknown, HostKeyChanged, HostKeyRevoked):
            return False


@pytest.mark.parametrize("row", ROWS)
def test_our_verdict_is_that_of_openssh(server: Sshd, row: str) -> None:
    server.vouch(*ROWS[row](server))
    assert asked_of_us(server.config) == asked_of_openssh(server.config)


def test_the_rows_hold_both_verdicts(server: Sshd) -> None:
    def condition(row: str) -> bool:
        server.vouch(*ROWS[row](server))
        return asked_of_us(server.config)

    assert [condition(row) for row in ("exact", "wrong key", "negated after")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("alias", ["web-one", "WEB-One"])
def test_an_alias_is_looked_up_without_the_port(server: Sshd, alias: str) -> None:
    server.vouch(f"web-one {true(server)}")
    config = server.place / "aliased"
    config.write_text(f"Host web1\n  HostKeyAlias {alias}\n" + server.config.read_text())
    assert asked_of_us(config)
    assert asked_of_openssh(config)


def refusal(server: Sshd, *lines: str) -> SshError:
    server.vouch(*lines)
    with Ssh(SshOptions(config=server.config)) as ssh, pytest.raises(SshError) as caught:
        ssh.run("web1", "true", timeout=10)
    assert not caught.value.asked
    return caught.value


def fingerprint(key: str) -> str:
    kind, encoded = key.split()
    return HostKey(kind, base64.b64decode(encoded)).fingerprint


def test_an_unknown_host_is_named_with_its_fingerprint_and_the_cure(server: Sshd) -> None:
    error = refusal(server, f"elsewhere.example {true(server)}")
    assert isinstance(error, HostKeyUnknown)
    assert "unknown" in error.what
    assert fingerprint(true(server)) in error.what
    assert str(server.known_hosts) in error.what
    assert "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" in error.fix
    assert "ssh-keyscan" not in error.fix


@pytest.mark.parametrize("torn", [False, True])
def test_the_line_that_the_cure_appends_is_the_key_that_was_shown(
    server: Sshd,
    torn: bool,  # noqa: FBT001 - the case
) -> None:
    error = refusal(server, f"elsewhere.example {true(server)}")
    if torn:
        server.known_hosts.write_text(server.known_hosts.read_text().rstrip("\n"))
        with Ssh(SshOptions(config=server.config)) as ssh, pytest.raises(HostKeyUnknown) as caught:
            ssh.run("web1", "true", timeout=10)
        error = caught.value
    append = error.fix.partition(" fingerprint: ")[2]
    subprocess.run(["sh", "-c", append], check=True)
    assert server.known_hosts.read_text().splitlines()[1] == f"{name(server)} {true(server)}"
    assert asked_of_us(server.config)
    assert asked_of_openssh(server.config)


def test_the_cure_of_a_changed_key_puts_the_new_one_in_the_place_of_the_old(server: Sshd) -> None:
    error = refusal(server, f"{name(server)} {other(server)}")
    forget, append = error.fix.partition(" fingerprint: ")[2].split(", then ")
    for typed in (forget, append):
        subprocess.run(["sh", "-c", typed], check=True, capture_output=True)
    assert server.known_hosts.read_text() == f"{name(server)} {true(server)}\n"
    assert asked_of_us(server.config)


def test_the_cure_names_the_file_that_is_read(server: Sshd) -> None:
    config = server.place / "global_only"
    shared = server.place / "shared known hosts"
    config.write_text(
        f'Host *\n  UserKnownHostsFile none\n  GlobalKnownHostsFile "{shared}"\n'
        + server.config.read_text()
    )
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(HostKeyUnknown) as caught:
        ssh.run("web1", "true", timeout=10)
    assert caught.value.fix.endswith(f">> '{shared}'")
    config.write_text(config.read_text().replace(f'"{shared}"', "none"))
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(HostKeyUnknown) as caught:
        ssh.run("web1", "true", timeout=10)
    assert "no known_hosts file is configured" in caught.value.what
    assert f"write at the top of {config} the lines" in caught.value.fix


def test_a_changed_host_is_named_with_both_fingerprints_and_the_line(server: Sshd) -> None:
    error = refusal(server, "# first line", f"{name(server)} {other(server)}")
    assert isinstance(error, HostKeyChanged)
    assert "CHANGED" in error.what
    assert fingerprint(true(server)) in error.what
    assert fingerprint(other(server)) in error.what
    assert f"{server.known_hosts}:2" in error.what
    assert f"ssh-keygen -R '{name(server)}' -f {server.known_hosts}" in error.fix
    assert "ssh-keyscan" not in error.fix


def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(server: Sshd) -> None:
    printed = subprocess.run(
        ["ssh-keygen", "-lf", f"{server.host_keys['ed25519']}.pub"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert fingerprint(true(server)) == printed.split()[1]


def test_a_revoked_key_is_named_with_the_line_that_revokes_it(server: Sshd) -> None:
    error = refusal(server, f"{name(server)} {true(server)}", f"@revoked * {true(server)}")
    assert isinstance(error, HostKeyRevoked)
    assert f"{server.known_hosts}:2" in error.what


def test_a_host_known_by_its_authority_alone_is_told_so(server: Sshd) -> None:
    error = refusal(server, f"@cert-authority * {other(server)}")
    assert isinstance(error, HostKeyUnknown)
    assert "@cert-authority" in error.what


def strictly(server: Sshd, value: str) -> Path:
    config = server.place / f"strict_{value}"
    config.write_text(f"Host *\n  StrictHostKeyChecking {value}\n" + server.config.read_text())
    return config


@pytest.mark.parametrize("value", ["yes", "ask", "no", "off"])
def test_an_unknown_host_is_refused_also_where_ssh_would_not_care(server: Sshd, value: str) -> None:
    server.vouch("")
    assert not asked_of_us(strictly(server, value))
    assert not server.known_hosts.read_text().strip()


def test_accept_new_writes_a_first_key_down_for_ssh_too(server: Sshd) -> None:
    server.known_hosts.write_text("# no newline at the end")
    assert asked_of_us(strictly(server, "accept-new"))
    assert len(server.known_hosts.read_text().splitlines()) == 2
    assert asked_of_openssh(server.config)


def test_accept_new_writes_hashed_names_where_ssh_would(server: Sshd) -> None:
    server.vouch("")
    config = strictly(server, "accept-new")
    config.write_text("HashKnownHosts yes\n" + config.read_text())
    assert asked_of_us(config)
    assert server.known_hosts.read_text().strip().startswith("|1|")
    assert asked_of_openssh(server.config)


def test_accept_new_does_not_accept_another_key(server: Sshd) -> None:
    server.vouch(f"{name(server)} {other(server)}")
    before = server.known_hosts.read_text()
    assert not asked_of_us(strictly(server, "accept-new"))
    assert server.known_hosts.read_text() == before


def test_a_known_hosts_file_with_a_space_in_its_name_is_read(server: Sshd) -> None:
    file = server.place / "known hosts"
    file.write_text(f"{name(server)} {true(server)}\n")
    config = server.place / "spaced"
    config.write_text(f'Host *\n  UserKnownHostsFile "{file}"\n' + server.config.read_text())
    server.vouch("")
    assert asked_of_us(config)
    assert asked_of_openssh(config)
