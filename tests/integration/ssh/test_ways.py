"""The ways to a host: configuration, jump hosts, proxies, agents, sockets and ports behind it."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rollout.adapters.ssh import (
    Closed,
    ConnectionLost,
    ForwardingRefused,
    HostKeyUnknown,
    NotAuthenticated,
    NotConfigured,
    NothingListens,
    Ssh,
    SshOptions,
    Unreachable,
)
from tests.support.sshd import Sshd, make_key, public, running_agent, running_sshd

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


def before(sshd: Sshd, name: str, *lines: str) -> Path:
    """Write a configuration of its own with these lines before the usual ones."""
    config = sshd.place / name
    config.write_text("\n".join([*lines, sshd.config.read_text()]))
    return config


# Configuration


def test_an_included_file_is_honoured(sshd: Sshd) -> None:
    (sshd.place / "more").write_text(
        f"Host included\n  HostName {sshd.address}\n  Port {sshd.port}\n"
        f"  IdentityFile {sshd.user_key}\n  UserKnownHostsFile {sshd.known_hosts}\n"
    )
    config = before(sshd, "including", f"Include {sshd.place}/more")
    with Ssh(SshOptions(config=config)) as ssh:
        assert ssh.resolve("included").port == sshd.port
        assert ssh.run("included", "echo here", timeout=10).out == "here\n"


def test_a_host_that_looks_like_an_option_is_never_handed_to_ssh(ssh: Ssh) -> None:
    for host in ("-oProxyCommand=touch /tmp/owned", "", "a b", "a\nb"):
        with pytest.raises(NotConfigured, match="is not a host name"):
            ssh.run(host, "true", timeout=5)


def test_a_broken_configuration_is_told_in_the_words_of_ssh(sshd: Sshd) -> None:
    config = before(sshd, "broken", "Frobnicate yes")
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(NotConfigured, match="frobnicate"):
        ssh.run("web1", "true", timeout=5)


def test_a_missing_configuration_file_is_told(tmp_path: Path) -> None:
    with (
        Ssh(SshOptions(config=tmp_path / "none")) as ssh,
        pytest.raises(NotConfigured, match="No such file"),
    ):
        ssh.run("web1", "true", timeout=5)


# Keys


def test_a_key_that_the_host_does_not_know_is_named(sshd: Sshd) -> None:
    stranger = make_key(sshd.place / "stranger")
    config = before(sshd, "strange", "Host stranger", f"  HostName {sshd.address}",
        f"  Port {sshd.port}", f"  IdentityFile {stranger}", "  IdentityAgent none",
        f"  UserKnownHostsFile {sshd.known_hosts}")  # fmt: skip
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(NotAuthenticated) as caught:
        ssh.run("stranger", "true", timeout=10)
    assert str(stranger) in caught.value.what
    assert not caught.value.asked


def test_a_key_with_a_passphrase_is_left_aside_without_a_question(sshd: Sshd) -> None:
    locked = make_key(sshd.place / "locked", passphrase="secret words")
    config = before(sshd, "with_locked", "Host web1", f"  IdentityFile {locked}")
    with Ssh(SshOptions(config=config)) as ssh:
        assert ssh.run("web1", "true", timeout=10).ok
    config.write_text(config.read_text().replace(str(sshd.user_key), "none"))
    with (
        Ssh(SshOptions(config=config)) as ssh,
        pytest.raises(NotAuthenticated, match="needs a passphrase: ssh-add it"),
    ):
        ssh.run("web1", "true", timeout=10)


def agent_config(sshd: Sshd, name: str, *lines: str) -> Path:
    text = sshd.config.read_text().replace(f"IdentityFile {sshd.user_key}", "IdentityFile none")
    config = sshd.place / name
    config.write_text("Host *\n" + "".join(f"  {line}\n" for line in lines) + text)
    return config


def test_a_key_in_the_agent_opens_the_door(sshd: Sshd) -> None:
    with running_agent(sshd.place / "a1", sshd.user_key) as agent:
        config = agent_config(sshd, "by_agent", f"IdentityAgent {agent}")
        with Ssh(SshOptions(config=config)) as ssh:
            assert ssh.run("web1", "true", timeout=10).ok


def test_the_agent_of_the_environment_is_used_by_default(
    sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = agent_config(sshd, "by_environment")
    config.write_text(config.read_text().replace("IdentityAgent none", ""))
    with running_agent(sshd.place / "a2", sshd.user_key) as agent:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        with Ssh(SshOptions(config=config)) as ssh:
            assert ssh.run("web1", "true", timeout=10).ok


def test_an_agent_that_is_forbidden_is_not_asked(sshd: Sshd) -> None:
    with running_agent(sshd.place / "a3", sshd.user_key) as agent:
        for name, *lines in (
            ("none", "IdentityAgent none"),
            ("only", f"IdentityAgent {agent}", "IdentitiesOnly yes"),
        ):
            config = agent_config(sshd, f"forbidden_{name}", *lines)
            with Ssh(SshOptions(config=config)) as ssh, pytest.raises(NotAuthenticated):
                ssh.run("web1", "true", timeout=10)


def test_identities_only_takes_from_the_agent_what_the_configuration_names(sshd: Sshd) -> None:
    with running_agent(sshd.place / "a4", sshd.user_key) as agent:
        named = sshd.place / "only_public"  # the private half is in the agent alone
        named.with_name("only_public.pub").write_text(public(sshd.user_key))
        named.write_text("not a private key")
        config = agent_config(
            sshd, "named", f"IdentityAgent {agent}", "IdentitiesOnly yes", f"IdentityFile {named}"
        )
        with Ssh(SshOptions(config=config)) as ssh:
            assert ssh.run("web1", "true", timeout=10).ok


@pytest.mark.parametrize("named", ["half.pub", "half"])
def test_the_public_half_alone_names_a_key_of_the_agent(sshd: Sshd, named: str) -> None:
    place = sshd.place / f"halves_{named}"
    with running_agent(place, sshd.user_key) as agent:
        (place / "half.pub").write_text(public(sshd.user_key))
        config = agent_config(
            sshd, f"h_{named}", f"IdentityAgent {agent}", "IdentitiesOnly yes",
            f"IdentityFile {place}/{named}",
        )  # fmt: skip
        with Ssh(SshOptions(config=config)) as ssh:
            assert ssh.run("web1", "true", timeout=10).ok


def test_an_agent_that_is_gone_is_as_good_as_none(sshd: Sshd) -> None:
    config = before(sshd, "agent_gone", "Host *", f"  IdentityAgent {sshd.place}/no-such-agent")
    with Ssh(SshOptions(config=config)) as ssh:
        assert ssh.run("web1", "true", timeout=10).ok


def test_an_agent_that_says_nothing_does_not_hang(sshd: Sshd) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(sshd.place / "mute"))
        mute.listen()
        config = before(sshd, "agent_mute", "Host *", f"  IdentityAgent {sshd.place}/mute")
        began = time.monotonic()
        with (
            Ssh(SshOptions(config=config, connect_timeout=2)) as ssh,
            suppress(Unreachable, NotAuthenticated),
        ):
            ssh.run("web1", "true", timeout=10)
        assert time.monotonic() - began < 5


# Jump hosts and proxies


@pytest.fixture(scope="module")
def bastion() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


def behind(sshd: Sshd, bastion: Sshd, jump: str) -> Path:
    config = sshd.place / f"behind_{abs(hash(jump))}"
    config.write_text(bastion.block("bastion") + sshd.block("web1", f"ProxyJump {jump}"))
    return config


def accepted(server: Sshd) -> int:
    return server.log.read_text().count("Accepted publickey")


def test_a_host_behind_a_jump_host_is_reached_through_it(sshd: Sshd, bastion: Sshd) -> None:
    before_us = accepted(bastion)
    with Ssh(SshOptions(config=behind(sshd, bastion, "bastion"))) as ssh:
        assert ssh.run("web1", "echo there", timeout=20).out == "there\n"
    assert accepted(bastion) == before_us + 1


def test_two_jump_hosts_in_a_row_are_passed_in_order(sshd: Sshd, bastion: Sshd) -> None:
    with running_sshd() as first:
        config = behind(sshd, bastion, "first,bastion")
        config.write_text(first.block("first") + config.read_text())
        with Ssh(SshOptions(config=config)) as ssh:
            assert ssh.run("web1", "true", timeout=20).ok
        assert accepted(first) == 1
        hops = bastion.log.read_text().splitlines()
        assert any("Accepted" in line for line in hops)


def test_jump_hosts_in_a_circle_are_told(sshd: Sshd, bastion: Sshd) -> None:
    config = behind(sshd, bastion, "bastion")
    config.write_text("Host bastion\n  ProxyJump web1\n" + config.read_text())
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(NotConfigured, match="circle"):
        ssh.run("web1", "true", timeout=20)


def test_a_jump_host_that_may_not_forward_is_told(sshd: Sshd) -> None:
    with running_sshd("AllowTcpForwarding no") as strict:
        config = behind(sshd, strict, "bastion")
        with Ssh(SshOptions(config=config)) as ssh, pytest.raises(Unreachable, match="jump host"):
            ssh.run("web1", "true", timeout=20)


def test_a_jump_host_with_an_unknown_key_is_named(sshd: Sshd, bastion: Sshd) -> None:
    config = behind(sshd, bastion, "bastion")
    config.write_text(config.read_text().replace(str(bastion.known_hosts), "/dev/null"))
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(HostKeyUnknown) as caught:
        ssh.run("web1", "true", timeout=20)
    assert str(caught.value).startswith("web1: jump host bastion: host key")


def test_a_jump_host_lost_in_mid_command_loses_the_command(
    sshd: Sshd, bastion: Sshd, tmp_path: Path
) -> None:
    def cut() -> None:
        while not (tmp_path / "on").exists():
            time.sleep(0.02)
        for pid in bastion.sessions():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    cutter = threading.Thread(target=cut, daemon=True)
    cutter.start()
    began = time.monotonic()
    with (
        Ssh(SshOptions(config=behind(sshd, bastion, "bastion"))) as ssh,
        pytest.raises(ConnectionLost),
    ):
        ssh.run("web1", f"echo on > {tmp_path}/on; sleep 60", timeout=30)
    assert time.monotonic() - began < 10


def proxied(sshd: Sshd, command: str) -> Path:
    return before(sshd, f"proxied_{abs(hash(command))}", "Host web1", f"  ProxyCommand {command}")


def test_a_proxy_command_carries_the_connection(sshd: Sshd) -> None:
    with Ssh(SshOptions(config=proxied(sshd, "nc %h %p"))) as ssh:
        assert ssh.run("web1", "echo through", timeout=10).out == "through\n"


def test_a_proxy_that_dies_in_mid_command_is_noticed_at_once(sshd: Sshd, tmp_path: Path) -> None:
    command = f"sh -c 'echo $$ > {tmp_path}/pid; exec nc %h %p'"

    def cut() -> None:
        while not (tmp_path / "on").exists():
            time.sleep(0.02)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    threading.Thread(target=cut, daemon=True).start()
    began = time.monotonic()
    with Ssh(SshOptions(config=proxied(sshd, command))) as ssh:
        with pytest.raises(ConnectionLost):
            ssh.run("web1", f"echo on > {tmp_path}/on; sleep 60", timeout=30)
        assert time.monotonic() - began < 8
        assert ssh.run("web1", "true", timeout=10).ok


def test_a_proxy_that_fails_is_quoted(sshd: Sshd) -> None:
    config = proxied(sshd, "sh -c 'echo no way through >&2; exit 1'")
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(Unreachable, match="no way through"):
        ssh.run("web1", "true", timeout=10)


def test_a_proxy_is_ended_with_its_connection(sshd: Sshd, tmp_path: Path) -> None:
    command = f"sh -c 'echo $$ > {tmp_path}/pid; exec nc %h %p'"
    with Ssh(SshOptions(config=proxied(sshd, command))) as ssh:
        ssh.run("web1", "true", timeout=10)
        pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


# Sockets and ports on the host


@contextmanager
def echo_server(listener: socket.socket) -> Iterator[None]:
    """Answer each connection with what it said, in capitals, until it says no more."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    while data := connection.recv(65_536):
                        connection.sendall(data.upper())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def remote_socket(tmp_path: Path) -> Iterator[str]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    with echo_server(listener):
        yield str(tmp_path / "s")


def read_all(stream: object) -> bytes:
    data = b""
    while part := stream.recv(65_536):  # type: ignore[attr-defined]  # a Stream
        data += part
    return data


def test_a_unix_socket_on_the_host_answers(ssh: Ssh, remote_socket: str) -> None:
    with ssh.open_socket("web1", remote_socket) as stream:
        stream.sendall(b"show stat\n")
        stream.shutdown_write()
        assert read_all(stream) == b"SHOW STAT\n"


def test_a_megabyte_goes_there_and_back(ssh: Ssh, remote_socket: str) -> None:
    data = b"abcdefgh" * 131_072
    with ssh.open_socket("web1", remote_socket) as stream:

        def send() -> None:
            stream.sendall(data)
            stream.shutdown_write()

        sender = threading.Thread(target=send)
        sender.start()
        assert read_all(stream) == data.upper()
        sender.join()


def test_many_streams_share_the_connection_of_the_commands(
    sshd: Sshd, ssh: Ssh, remote_socket: str
) -> None:
    ssh.run("web1", "true", timeout=10)
    before_us = accepted(sshd)
    for _ in range(20):
        with ssh.open_socket("web1", remote_socket) as stream:
            stream.sendall(b"x")
            assert stream.recv(1) == b"X"
    assert accepted(sshd) == before_us


def test_a_stream_can_be_read_as_a_file(ssh: Ssh, remote_socket: str) -> None:
    with ssh.open_socket("web1", remote_socket) as stream, stream.makefile("rwb") as file:
        file.write(b"one\ntwo\n")
        file.flush()
        stream.shutdown_write()
        assert list(file) == [b"ONE\n", b"TWO\n"]


def test_a_port_on_the_host_answers(ssh: Ssh) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with (
        echo_server(listener),
        ssh.open_port("web1", "127.0.0.1", listener.getsockname()[1]) as stream,
    ):
        stream.sendall(b"ping")
        assert stream.recv(10) == b"PING"


def test_a_silent_peer_is_a_timeout_not_an_end(ssh: Ssh, remote_socket: str) -> None:
    with ssh.open_socket("web1", remote_socket) as stream:
        stream.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stream.recv(1)


def test_a_socket_that_does_not_exist_is_not_called_forbidden(ssh: Ssh, tmp_path: Path) -> None:
    with pytest.raises(NothingListens, match="does not exist"):
        ssh.open_socket("web1", str(tmp_path / "none"))
    assert ssh.run("web1", "true", timeout=10).ok  # and the connection lives on


def test_a_socket_whose_process_has_died_is_not_called_forbidden(ssh: Ssh, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    with pytest.raises(NothingListens, match="no process listens"):
        ssh.open_socket("web1", str(tmp_path / "dead"))


def test_a_file_that_is_no_socket_is_called_so(ssh: Ssh, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NothingListens, match="is not a socket"):
        ssh.open_socket("web1", str(tmp_path / "file"))


def test_a_closed_port_is_not_called_forbidden(ssh: Ssh) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(NothingListens):
        ssh.open_port("web1", "127.0.0.1", port)


def test_forbidden_forwarding_is_told_with_the_option_that_allows_it(remote_socket: str) -> None:
    with (
        running_sshd("AllowTcpForwarding no", "AllowStreamLocalForwarding no") as strict,
        Ssh(SshOptions(config=strict.config)) as ssh,
    ):
        with pytest.raises(ForwardingRefused) as caught:
            ssh.open_socket("web1", remote_socket)
        assert "AllowStreamLocalForwarding" in caught.value.fix
        with pytest.raises(ForwardingRefused) as caught:
            ssh.open_port("web1", "127.0.0.1", 9)
        assert "AllowTcpForwarding" in caught.value.fix
        assert ssh.run("web1", "true", timeout=10).ok


def test_refusals_asked_for_at_once_are_not_mixed_up(ssh: Ssh, tmp_path: Path) -> None:
    said: list[str] = []

    def ask(number: int) -> None:
        try:
            ssh.open_socket("web1", str(tmp_path / f"none{number}"))
        except NothingListens as error:
            said.append(error.what.split()[0])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == sorted(str(tmp_path / f"none{number}") for number in range(8))


def test_a_stream_whose_connection_is_lost_is_an_error_not_an_end(
    sshd: Sshd, ssh: Ssh, remote_socket: str
) -> None:
    stream = ssh.open_socket("web1", remote_socket)
    stream.sendall(b"x")
    assert stream.recv(1) == b"X"
    for pid in sshd.sessions():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(ConnectionLost):
        stream.recv(1)
    with pytest.raises(ConnectionLost):
        stream.sendall(b"y" * 100_000)


def test_closing_releases_whoever_reads_from_a_stream(ssh: Ssh, remote_socket: str) -> None:
    stream = ssh.open_socket("web1", remote_socket)
    threading.Timer(0.3, ssh.close).start()
    began = time.monotonic()
    with pytest.raises(Closed):
        stream.recv(1)
    assert time.monotonic() - began < 5
