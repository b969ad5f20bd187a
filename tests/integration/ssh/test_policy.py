"""For every setting of ssh that says no, the real ssh and ours are asked beside each other.

Each row adds lines to the client's configuration.  SAME: both must give the verdict of the row.
STRICTER: ssh connects and rollout refuses; `docs/reference/ssh.md` names each of those.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollout.adapters.ssh import Ssh, SshError, SshOptions
from tests.support.sshd import Sshd, make_key, public, running_agent, running_sshd

pytestmark = pytest.mark.integration

IN, OUT, STRICTER = "both connect", "both refuse", "ssh connects, rollout refuses"


@dataclass
class Lab:
    """A server that takes much, and a client to be configured."""

    server: Sshd
    keys: Path
    number: int = 0

    def config(self, *lines: str) -> Path:
        """Write a configuration: these lines first, then those of the server; all keys known."""
        self.number += 1
        file = self.server.place / f"config_{self.number}"
        own = "".join(f"{line}\n" for line in lines)
        file.write_text(f"Host web1\n{own}" + self.server.config.read_text())
        return file

    def key(
        self, name: str, *, mode: int = 0o600, kind: str = "ed25519", known: bool = True
    ) -> str:
        """Make a user key; the server takes it if ``known``. The line for the configuration."""
        file = self.keys / name
        if not file.exists():
            make_key(file, kind)
            with (self.server.place / "authorized").open("a") as authorized:
                authorized.write(f"{public(file)}\n" if known else "")
        file.chmod(mode)
        return f"IdentityFile {file}"

    def signed(self, name: str, kind: str = "ed25519") -> str:
        """Make a user key that the server takes only with its certificate, which lies beside it."""
        line = self.key(name, kind=kind, known=False)
        file = self.keys / name
        certificate(self, "authority", file)
        return line

    def text(self, name: str, *lines: str) -> Path:
        file = self.server.place / name
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

    def krl(self, name: str, *keys: Path) -> Path:
        file = self.server.place / name
        subprocess.run(
            ["ssh-keygen", "-q", "-k", "-f", str(file), *(f"{key}.pub" for key in keys)], check=True
        )
        return file


def me() -> str:
    return subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    keys = tmp_path_factory.mktemp("keys")
    make_key(keys / "authority")
    make_key(keys / "other")
    options = (
        f"TrustedUserCAKeys {keys}/authority.pub",
        "Ciphers +aes128-cbc",
        "MACs +hmac-sha1,hmac-md5",
        "KexAlgorithms +diffie-hellman-group14-sha1",
        "HostKeyAlgorithms +ssh-rsa",
        "PubkeyAcceptedAlgorithms +ssh-rsa",
    )
    with running_sshd(*options) as server:
        yield Lab(server, keys)


Row = tuple[str, Callable[[Lab], tuple[str, ...]]]


def only(lab: Lab, line: str) -> tuple[str, ...]:
    """Use this key and not the usual one; later lines only add keys, so these come last."""
    file = lab.server.user_key
    return (line, "IdentitiesOnly yes", f"#without {file}")


def ed25519_revoked(lab: Lab) -> str:
    return public(lab.server.host_keys["ed25519"])


def other(lab: Lab) -> str:
    return public(lab.keys / "other")


def mode(lab: Lab, bits: int) -> tuple[str, ...]:
    return only(lab, lab.key(f"mode_{bits:o}", mode=bits))


def rsa(lab: Lab) -> tuple[str, ...]:
    return only(lab, lab.key("rsa", kind="rsa"))


def moved_certificate(lab: Lab) -> tuple[str, ...]:
    line = lab.signed("moved")
    (lab.keys / "moved-cert.pub").rename(lab.keys / "elsewhere.pub")
    return only(lab, line)


def owned_by_another(lab: Lab) -> tuple[str, ...]:
    line = lab.key("owned", mode=0o644)
    if os.getuid() == 0:
        os.chown(lab.keys / "owned", 4003, 4003)
    else:
        (lab.keys / "owned").chmod(0o600)
    return only(lab, line)


ROWS: dict[str, Row] = {
    "nothing said": (IN, lambda _: ()),
    # Revoked host keys
    "RevokedHostKeys holds the key": (
        OUT, lambda t: (f"RevokedHostKeys {t.text('r1', other(t), ed25519_revoked(t))}",)),
    "RevokedHostKeys holds another": (
        IN, lambda t: (f"RevokedHostKeys {t.text('r2', '# since May', '', other(t))}",)),
    "RevokedHostKeys, a comment behind the key": (
        OUT, lambda t: (f"RevokedHostKeys {t.text('r3', f'  {ed25519_revoked(t)} root@web1')}",)),
    "RevokedHostKeys empty": (IN, lambda t: (f"RevokedHostKeys {t.text('r4')}",)),
    "RevokedHostKeys missing": (OUT, lambda t: (f"RevokedHostKeys {t.keys}/no-such-file",)),
    "RevokedHostKeys a directory": (OUT, lambda t: (f"RevokedHostKeys {t.keys}",)),
    "RevokedHostKeys with a line that is no key": (
        OUT, lambda t: (f"RevokedHostKeys {t.text('r5', other(t), 'ssh-ed25519 %%%')}",)),
    "RevokedHostKeys with an unknown type": (
        OUT, lambda t: (f"RevokedHostKeys {t.text('r6', 'ssh-foo AAAAB3NzaC1yc2E=')}",)),
    "RevokedHostKeys like known_hosts": (
        OUT, lambda t: (f"RevokedHostKeys {t.text('r7', f'@revoked * {other(t)}')}",)),
    "RevokedHostKeys none": (IN, lambda _: ("RevokedHostKeys none",)),
    "RevokedHostKeys, a KRL with the key": (
        OUT, lambda t: (f"RevokedHostKeys {t.krl('k1', t.server.host_keys['ed25519'])}",)),
    "RevokedHostKeys, a KRL with another": (
        IN, lambda t: (f"RevokedHostKeys {t.krl('k2', t.keys / 'other')}",)),
    "RevokedHostKeys, a KRL cut short": (
        OUT, lambda t: (f"RevokedHostKeys {cut(t.krl('k3', t.keys / 'other'))}",)),
    "RevokedHostKeys with a percent sign": (
        OUT, lambda t: (f"RevokedHostKeys {t.text('r_%n', ed25519_revoked(t))}",)),
    # Host keys
    "HostKeyAlgorithms only certificates": (
        OUT, lambda _: ("HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com",)),
    "HostKeyAlgorithms ed25519": (IN, lambda _: ("HostKeyAlgorithms ssh-ed25519",)),
    "HostKeyAlgorithms rsa-sha2-256": (IN, lambda _: ("HostKeyAlgorithms rsa-sha2-256",)),
    "HostKeyAlgorithms that the host lacks": (
        OUT, lambda _: ("HostKeyAlgorithms ecdsa-sha2-nistp384",)),
    "HostKeyAlgorithms ssh-rsa": (STRICTER, lambda _: ("HostKeyAlgorithms ssh-rsa",)),
    "RequiredRSASize above the host's key": (
        OUT, lambda _: ("HostKeyAlgorithms rsa-sha2-512", "RequiredRSASize 4096")),
    "StrictHostKeyChecking no": (
        STRICTER, lambda t: ("StrictHostKeyChecking no", f"UserKnownHostsFile {t.text('none1')}")),
    "NoHostAuthenticationForLocalhost": (
        STRICTER,
        lambda t: (
            "NoHostAuthenticationForLocalhost yes", f"UserKnownHostsFile {t.text('none2')}")),
    "KnownHostsCommand": (
        STRICTER,
        lambda t: (
            f"KnownHostsCommand /bin/cat {t.server.known_hosts}", "UserKnownHostsFile none")),
    "CheckHostIP": (STRICTER, lambda _: ("CheckHostIP yes",)),
    # User keys
    "PubkeyAuthentication no": (OUT, lambda _: ("PubkeyAuthentication no",)),
    "PubkeyAuthentication unbound": (IN, lambda _: ("PubkeyAuthentication unbound",)),
    "PreferredAuthentications password": (OUT, lambda _: ("PreferredAuthentications password",)),
    "PreferredAuthentications with publickey": (
        IN, lambda _: ("PreferredAuthentications gssapi-with-mic,publickey",)),
    "PubkeyAcceptedAlgorithms without ours": (
        OUT, lambda _: ("PubkeyAcceptedAlgorithms rsa-sha2-512",)),
    "PubkeyAcceptedAlgorithms ed25519": (IN, lambda _: ("PubkeyAcceptedAlgorithms ssh-ed25519",)),
    "PubkeyAcceptedAlgorithms by a pattern": (IN, lambda _: ("PubkeyAcceptedAlgorithms ssh-ed*",)),
    "PubkeyAcceptedAlgorithms less a pattern": (
        OUT, lambda _: ("PubkeyAcceptedAlgorithms -ssh-ed*",)),
    "PubkeyAcceptedAlgorithms rsa-sha2-256, an RSA key": (
        IN, lambda t: ("PubkeyAcceptedAlgorithms rsa-sha2-256", *rsa(t))),
    "PubkeyAcceptedAlgorithms ssh-rsa, an RSA key": (
        STRICTER, lambda t: ("PubkeyAcceptedAlgorithms ssh-rsa", *rsa(t))),
    "RequiredRSASize above the user's key": (
        OUT, lambda t: ("RequiredRSASize 4096", *rsa(t))),
    "RequiredRSASize above the user's certified key": (
        OUT, lambda t: ("RequiredRSASize 4096", *only(t, t.signed("rsa_signed", kind="rsa")))),
    "an RSA certificate beside the key": (
        IN, lambda t: only(t, t.signed("rsa_signed", kind="rsa"))),
    "a key of mode 0600": (IN, lambda t: mode(t, 0o600)),
    "a key of mode 0400": (IN, lambda t: mode(t, 0o400)),
    "a key of mode 0644": (OUT, lambda t: mode(t, 0o644)),
    "a key of mode 0640": (OUT, lambda t: mode(t, 0o640)),
    "a key of mode 0601": (OUT, lambda t: mode(t, 0o601)),
    "a key that another user owns": (IN, owned_by_another),
    "a key of type ecdsa": (IN, lambda t: only(t, t.key("ecdsa", kind="ecdsa"))),
    "a certificate beside the key": (IN, lambda t: only(t, t.signed("beside"))),
    "a certificate that is not named": (OUT, moved_certificate),
    "CertificateFile": (
        IN, lambda t: (*moved_certificate(t), f"CertificateFile {t.keys}/elsewhere.pub")),
    "CertificateFile of another key": (
        OUT, lambda t: (*moved_certificate(t), f"CertificateFile {other_certificate(t)}")),
    "CertificateFile, and the one beside the key": (
        OUT, lambda t: (*only(t, t.signed("both")), f"CertificateFile {other_certificate(t)}")),
    "certificates are not accepted": (
        OUT, lambda t: (*only(t, t.signed("plain")), "PubkeyAcceptedAlgorithms ssh-ed25519")),
    "a key that is known, with a certificate of another authority": (
        IN, lambda t: only(t, foreign_certificate(t))),
    "a key that is known, with something else beside it": (
        IN, lambda t: only(t, nonsense_certificate(t))),
    # Ciphers, MACs, key exchange
    "Ciphers aes256-gcm": (IN, lambda _: ("Ciphers aes256-gcm@openssh.com",)),
    "Ciphers chacha20": (STRICTER, lambda _: ("Ciphers chacha20-poly1305@openssh.com",)),
    "Ciphers aes128-cbc": (STRICTER, lambda _: ("Ciphers aes128-cbc",)),
    "Ciphers 3des-cbc, which the host lacks": (OUT, lambda _: ("Ciphers 3des-cbc",)),
    "MACs hmac-sha2-512-etm": (
        IN, lambda _: ("Ciphers aes128-ctr", "MACs hmac-sha2-512-etm@openssh.com")),
    "MACs hmac-sha1": (STRICTER, lambda _: ("Ciphers aes128-ctr", "MACs hmac-sha1")),
    "MACs hmac-md5": (STRICTER, lambda _: ("Ciphers aes128-ctr", "MACs hmac-md5")),
    "MACs umac-128-etm": (STRICTER, lambda _: ("MACs umac-128-etm@openssh.com",)),
    "KexAlgorithms curve25519-sha256": (IN, lambda _: ("KexAlgorithms curve25519-sha256",)),
    "KexAlgorithms group16": (IN, lambda _: ("KexAlgorithms diffie-hellman-group16-sha512",)),
    "KexAlgorithms group14-sha1": (
        STRICTER, lambda _: ("KexAlgorithms diffie-hellman-group14-sha1",)),
    "KexAlgorithms sntrup761": (
        STRICTER, lambda _: ("KexAlgorithms sntrup761x25519-sha512@openssh.com",)),
    "RekeyLimit": (IN, lambda _: ("RekeyLimit 1M 1h",)),
}  # fmt: skip
"""By name: the verdict, and the lines of the configuration."""


def cut(file: Path) -> Path:
    file.write_bytes(file.read_bytes()[:-9])
    return file


def certificate(lab: Lab, authority: str, key: Path) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-s", str(lab.keys / authority), "-I", "x", "-n", me(), f"{key}.pub"],
        check=True,
        capture_output=True,
    )
    return key.with_name(f"{key.name}-cert.pub")


def other_certificate(lab: Lab) -> Path:
    return certificate(lab, "authority", lab.keys / "other")


def foreign_certificate(lab: Lab) -> str:
    line = lab.key("foreign")
    certificate(lab, "other", lab.keys / "foreign")
    return line


def nonsense_certificate(lab: Lab) -> str:
    line = lab.key("nonsense")
    (lab.keys / "nonsense-cert.pub").write_text("nonsense\n")
    return line


def configured(lab: Lab, row: str) -> Path:
    lines = ROWS[row][1](lab)
    config = lab.config(*lines)
    for line in lines:  # a row with a key of its own must not get in by the usual one
        if line.startswith("#without "):
            usual = line.removeprefix("#without ")
            config.write_text(config.read_text().replace(f"IdentityFile {usual}", ""))
    return config


def asked_of_openssh(config: Path) -> tuple[bool, str]:
    asked = subprocess.run(
        ["ssh", "-F", str(config), "-oBatchMode=yes", "web1", "true"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return asked.returncode == 0, asked.stderr


def asked_of_us(config: Path) -> tuple[bool, str]:
    with Ssh(SshOptions(config=config)) as ssh:
        try:
            return ssh.run("web1", "true", timeout=10).ok, ""
        except SshError as error:
            return False, f"{error} | {error.fix}"


@pytest.mark.parametrize("row", ROWS)
def test_what_ssh_refuses_is_refused(lab: Lab, row: str) -> None:
    config = configured(lab, row)
    ours, we_said = asked_of_us(config)
    theirs, they_said = asked_of_openssh(config)  # second: it may write the key down
    condition = {(True, True): IN, (False, False): OUT, (True, False): STRICTER}
    assert condition.get((theirs, ours), "rollout connects, ssh refuses") == ROWS[row][0], (
        they_said,
        we_said,
    )


def applied(config: Path, fix: str) -> None:
    """Do what a fix tells an operator to do with the configuration."""
    assert f"write at the top of {config} the lines" in fix, fix
    lines = re.findall(r'"([^"]+)"', fix)
    config.write_text("\n".join([*lines, config.read_text()]))


CURED_BY_A_SETTING = (
    "HostKeyAlgorithms only certificates",
    "HostKeyAlgorithms ssh-rsa",
    "CheckHostIP",
    "PubkeyAuthentication no",
    "PreferredAuthentications password",
    "PubkeyAcceptedAlgorithms without ours",
    "PubkeyAcceptedAlgorithms ssh-rsa, an RSA key",
    "Ciphers chacha20",
    "Ciphers aes128-cbc",
    "MACs hmac-md5",
    "KexAlgorithms sntrup761",
)


@pytest.mark.parametrize("row", CURED_BY_A_SETTING)
def test_the_cure_for_a_setting_cures(lab: Lab, row: str) -> None:
    config = configured(lab, row)
    _, said = asked_of_us(config)
    applied(config, said)
    assert asked_of_us(config) == (True, "")
    assert asked_of_openssh(config)[0]


def test_a_command_for_known_hosts_is_named_and_then_the_file_that_is_read(lab: Lab) -> None:
    config = lab.config(
        f"KnownHostsCommand /bin/cat {lab.server.known_hosts}",
        f"UserKnownHostsFile {lab.text('none3')}",
    )
    _, said = asked_of_us(config)
    assert "rollout does not run that command" in said
    applied(config, said)
    _, said = asked_of_us(config)
    subprocess.run(["sh", "-c", said.partition(" fingerprint: ")[2]], check=True)
    assert asked_of_us(config) == (True, "")


def test_a_proxy_that_passes_its_socket_is_named(lab: Lab) -> None:
    config = lab.config("ProxyCommand exit 1", "ProxyUseFdpass yes")
    _, said = asked_of_us(config)
    assert "ProxyUseFdpass yes" in said
    assert '"ProxyUseFdpass no"' in said


def test_a_key_that_is_too_open_is_cured_by_what_is_told(lab: Lab) -> None:
    config = configured(lab, "a key of mode 0644")
    _, said = asked_of_us(config)
    assert "mode_644 (its permissions 0644 are too open)" in said
    subprocess.run(["sh", "-c", said.partition(" | ")[2]], check=True)
    assert asked_of_us(config) == (True, "")


def test_a_key_file_that_does_not_exist_is_named(lab: Lab) -> None:
    config = lab.config(*only(lab, f"IdentityFile {lab.keys}/nowhere"))
    config.write_text(config.read_text().replace(f"IdentityFile {lab.server.user_key}", ""))
    _, said = asked_of_us(config)
    assert f"{lab.keys}/nowhere (does not exist)" in said
    assert f"change IdentityFile for web1 in {config}" in said


def test_a_token_is_reached_through_the_agent(lab: Lab) -> None:
    config = lab.config("PKCS11Provider /usr/lib/token.so", *only(lab, "IdentityFile none"))
    config.write_text(config.read_text().replace(f"IdentityFile {lab.server.user_key}", ""))
    _, said = asked_of_us(config)
    assert "ssh-add -s /usr/lib/token.so" in said


def test_a_revoked_key_file_that_is_put_back_empty_lets_us_in(lab: Lab) -> None:
    missing = lab.keys / "revoked_later"
    config = lab.config(f"RevokedHostKeys {missing}")
    assert "an empty file revokes no key" in asked_of_us(config)[1]
    missing.touch()
    assert asked_of_us(config) == (True, "")


def test_a_key_is_not_written_down_before_it_is_known_not_to_be_revoked(lab: Lab) -> None:
    known = lab.text("none4")
    config = lab.config(
        "StrictHostKeyChecking accept-new",
        f"UserKnownHostsFile {known}",
        f"RevokedHostKeys {lab.text('r8', ed25519_revoked(lab))}",
    )
    ours, said = asked_of_us(config)
    assert (ours, known.read_text()) == (False, "")
    assert "r8:1 is what it offers" in said


@pytest.mark.parametrize("place", ["beside", "CertificateFile"])
@pytest.mark.parametrize("add", ["key", "certificate", "both"])
def test_an_agent_signs_for_a_certificate(lab: Lab, place: str, add: str) -> None:
    """The private file is gone: only the agent can sign."""
    name = f"agent_{place}_{add}"
    line = lab.signed(name)
    with running_agent(lab.server.place / name) as agent:
        add_to(agent, lab.keys / name, add)
        (lab.keys / name).unlink()
        more = [f"CertificateFile {lab.keys}/{name}-cert.pub"] if place != "beside" else []
        # With a certificate alone, ssh 9.2 prefers a private file that is named, and is not there.
        named = "IdentityFile none" if add == "certificate" else line
        config = lab.config(named, *more, f"IdentityAgent {agent}")
        config.write_text(config.read_text().replace(f"IdentityFile {lab.server.user_key}", ""))
        assert asked_of_us(config)[0] == asked_of_openssh(config)[0] is True


def add_to(agent: Path, key: Path, what: str) -> None:
    """Add a key, its certificate, or as ssh-add does by itself, both."""
    certificate = key.with_name(f"{key.name}-cert.pub")
    content = certificate.read_text()
    if what == "key":
        certificate.unlink()
    commands = [["ssh-add", "-q", str(key)]]
    if what == "certificate":
        commands.append(["ssh-add", "-q", "-d", "-k", str(key)])  # the key alone is taken out again
    for command in commands:
        subprocess.run(
            command,
            env=os.environ | {"SSH_AUTH_SOCK": str(agent)},
            check=True,
            stdin=subprocess.DEVNULL,
        )
    certificate.write_text(content)


def test_new_keys_are_agreed_upon_in_mid_transfer() -> None:
    with running_sshd("RekeyLimit 1M") as server:
        config = server.place / "rekeying"
        config.write_text(f"Host web1\n  RekeyLimit 1M\n{server.config.read_text()}")
        with Ssh(SshOptions(config=config)) as ssh:
            sent = ssh.run("web1", "wc -c", timeout=30, stdin=bytes(5_000_000))
            got = ssh.run("web1", "head -c 5000000 /dev/zero", timeout=30, limit=6_000_000)
        assert sent.out.strip() == "5000000"
        assert len(got.out) == 5_000_000


@pytest.mark.parametrize(
    ("option", "setting"),
    [
        ("Ciphers chacha20-poly1305@openssh.com", "Ciphers"),
        ("MACs umac-128-etm@openssh.com", "MACs"),
        ("KexAlgorithms sntrup761x25519-sha512@openssh.com", "KexAlgorithms"),
        ("HostKeyAlgorithms ssh-rsa", "HostKeyAlgorithms"),
    ],
)
def test_a_server_that_has_nothing_in_common_with_us_is_told(option: str, setting: str) -> None:
    with running_sshd(option) as server:
        ours, said = asked_of_us(server.config)
    assert not ours
    assert f"offers none of the {setting} that rollout and the configuration of ssh allow" in said
    assert f"sudo sshd -T | grep -i ^{setting}" in said


@pytest.mark.parametrize("first", ["aes256-gcm@openssh.com", "aes192-ctr"])
def test_the_order_of_the_configuration_is_kept(lab: Lab, first: str) -> None:
    config = lab.config(f"Ciphers chacha20-poly1305@openssh.com,{first},aes128-ctr")
    with Ssh(SshOptions(config=config)) as ssh:
        transport = ssh._kept.get("web1", 10).transport
        assert vars(transport)["remote_cipher"] == first
