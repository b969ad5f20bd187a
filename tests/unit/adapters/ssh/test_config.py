"""What ``ssh -G`` prints, read; asking the real one is in tests/integration/ssh."""

import getpass
import os
import pwd
from pathlib import Path

import pytest

from rollout.adapters.ssh.config_parser import read_answer
from rollout.adapters.ssh.host_config import ResolvedHost, SshOptions

ANSWER = """\
host web1
user deploy
hostname 10.0.0.1
port 2222
addressfamily any
compression no
connecttimeout none
identitiesonly no
serveraliveinterval 0
stricthostkeychecking ask
hashknownhosts no
hostkeyalgorithms ssh-ed25519,rsa-sha2-512
userknownhostsfile /home/x/.ssh/known_hosts /home/x/my hosts/known
globalknownhostsfile /dev/null
"""


def answered(*lines: str, options: SshOptions | None = None) -> ResolvedHost:
    """Later lines replace those of the same key."""
    said: dict[str, str] = {}
    for line in (*ANSWER.splitlines(), *lines):
        word, _, value = line.partition(" ")
        said[word] = value
    answer = "\n".join(f"{word} {value}" for word, value in said.items())
    return read_answer("web1", answer, options or SshOptions())


def field(name: str, *lines: str, options: SshOptions | None = None) -> object:
    return getattr(answered(*lines, options=options), name)


def test_paths_with_spaces_are_put_together_again() -> None:
    assert field("user_known_hosts") == (
        Path("/home/x/.ssh/known_hosts"),
        Path("/home/x/my hosts/known"),
    )
    assert field("global_known_hosts") == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ask", "yes"),
        ("true", "yes"),
        ("accept-new", "accept-new"),
        ("false", "yes"),
        ("off", "yes"),
    ],
)
def test_strictness_is_never_given_up(said: str, meant: str) -> None:
    assert field("strict", f"stricthostkeychecking {said}") == meant


def test_a_strictness_that_is_not_honoured_is_noted() -> None:
    assert field("notes") == ()
    assert "not honoured" in str(field("notes", "stricthostkeychecking false"))


def test_identity_files_are_filled_in_and_the_missing_ones_left_out(tmp_path: Path) -> None:
    (tmp_path / "key_deploy_10.0.0.1").touch()
    assert field("identities", f"identityfile {tmp_path}/key_%r_%h") == (
        tmp_path / "key_deploy_10.0.0.1",
    )
    assert field("identities", f"identityfile {tmp_path}/none") == ()
    assert field("identities", "identityfile none") == ()


def test_the_agent_is_that_of_the_environment_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    monkeypatch.setenv("OTHER", "/run/other")
    home = pwd.getpwuid(os.getuid()).pw_dir
    assert field("agent") == Path("/run/agent")
    assert field("agent", "identityagent none") is None
    assert field("agent", "identityagent $OTHER") == Path("/run/other")
    assert field("agent", "identityagent ${OTHER}/%u") == Path(f"/run/other/{getpass.getuser()}")
    assert field("agent", "identityagent ~/agent") == Path(home) / "agent"
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert field("agent") is None


def test_proxies_are_read_and_none_is_none() -> None:
    assert field("proxy_jump", "proxyjump u@a:22,b") == ("u@a:22", "b")
    assert field("proxy_jump", "proxyjump none") == ()
    assert field("proxy_command", "proxycommand nc %h %p 100%%") == "nc 10.0.0.1 2222 100%"
    assert field("proxy_command", "proxycommand none") == ""


def test_what_the_configuration_says_outranks_our_defaults() -> None:
    ours = SshOptions(connect_timeout=3.0, keepalive=9)
    assert field("connect_timeout", options=ours) == 3.0
    assert field("connect_timeout", "connecttimeout 7", options=ours) == 7.0
    assert field("keepalive", options=ours) == 9
    assert field("keepalive", "serveraliveinterval 60", options=ours) == 60


DEFAULTS = ("~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519", "~/.ssh/id_xmss")


def test_a_key_that_is_named_and_missing_is_told_but_not_the_defaults(tmp_path: Path) -> None:
    assert field("missing", f"identityfile {tmp_path}/none") == (tmp_path / "none",)
    answer = ANSWER + "".join(f"identityfile {file}\n" for file in DEFAULTS)
    assert read_answer("web1", answer, SshOptions()).missing == ()


def test_several_files_of_revoked_keys_are_read_on_one_line_or_on_many(tmp_path: Path) -> None:
    """One line is how OpenSSH spells lists of files."""
    literal = tmp_path / "of_%h"
    literal.touch()
    answer = f"{ANSWER}revokedhostkeys /a /b\nrevokedhostkeys {literal}\nrevokedhostkeys /c_%h\n"
    assert read_answer("web1", answer, SshOptions()).revoked_host_keys == (
        Path("/a"),
        Path("/b"),
        literal,
        Path("/c_10.0.0.1"),
    )
    assert field("revoked_host_keys", "revokedhostkeys /dev/null") == (Path("/dev/null"),)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("knownhostscommand /bin/keys %H", "KnownHostsCommand /bin/keys %H"),
        ("checkhostip yes", "CheckHostIP yes"),
        ("proxyusefdpass yes", "ProxyUseFdpass yes"),
        ("pubkeyauthentication false", "PubkeyAuthentication false"),
        ("preferredauthentications password,gssapi-with-mic", "PreferredAuthentications password"),
        ("knownhostscommand none", ""),
        ("checkhostip no", ""),
        ("pubkeyauthentication host-bound", ""),
        ("preferredauthentications hostbased,publickey", ""),
    ],
)
def test_a_setting_that_cannot_be_carried_out_is_named(line: str, named: str) -> None:
    unsupported = answered(line).unsupported
    assert (unsupported is None) == (not named)
    assert named in (unsupported or ("", ""))[0]


def test_what_is_to_be_typed_says_what_ssh_was_told() -> None:
    options = SshOptions(user="deploy", config=Path("/etc/my config"), extra=("Port=22",))
    assert answered(options=options).by_hand("-v") == (
        "ssh -v -oPort=22 -F '/etc/my config' -l deploy web1 true"
    )
    assert answered(options=options).config_file == "/etc/my config"
    assert answered().config_file == "~/.ssh/config"
