"""One command on a real sshd, in every way in which it could hang."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rollout.adapters.ssh import (
    Closed,
    CommandTimedOut,
    ConnectionLost,
    Ssh,
    SshError,
    SshOptions,
    Unreachable,
)
from rollout.adapters.ssh.command import GRACE, HAMMER
from rollout.adapters.ssh.login_shell import SHORT, bound
from tests.support.sshd import Sshd, python, running_sshd

pytestmark = pytest.mark.integration

LATE = HAMMER + 2.0
"""Seconds after its deadline at which no call may still be waiting."""


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(file: Path) -> str:
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < deadline, f"{file} did not appear"
        time.sleep(0.02)
    return file.read_text().strip()


def wait_until_gone(pid: int, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while alive(pid):
        assert time.monotonic() < deadline, f"{pid} is still there"
        time.sleep(0.05)


def test_output_errors_and_status_arrive_apart(ssh: Ssh) -> None:
    result = ssh.run("web1", "echo out; echo err >&2; exit 3", timeout=10)
    assert (result.out, result.err, result.status, result.ok) == ("out\n", "err\n", 3, False)
    assert not result.truncated
    assert (result.host, result.signal) == ("web1", "")


def test_five_megabytes_on_each_stream_do_not_wait_for_each_other(ssh: Ssh) -> None:
    command = "head -c 5000000 /dev/zero >&2; head -c 5000000 /dev/zero; echo end"
    result = ssh.run("web1", command, timeout=20, limit=6_000_000)
    assert (len(result.out), len(result.err)) == (5_000_004, 5_000_000)
    assert result.out.endswith("end\n")
    assert result.ok


def test_long_output_keeps_its_beginning_and_its_end(ssh: Ssh) -> None:
    result = ssh.run("web1", "echo begin; seq 100000; echo end", timeout=20, limit=1000)
    assert result.truncated
    assert result.out.startswith("begin\n")
    assert result.out.endswith("end\n")
    assert "bytes left out" in result.out
    assert len(result.out) < 1100


def test_five_megabytes_of_input_pass_a_command_that_answers_as_it_reads(ssh: Ssh) -> None:
    data = os.urandom(5_000_000).hex().encode()[:5_000_000]
    result = ssh.run("web1", "cat", timeout=20, stdin=data, limit=20_000_000)
    assert result.out.encode() == data


def test_input_that_nobody_reads_does_not_hang(ssh: Ssh) -> None:
    assert ssh.run("web1", "true", timeout=10, stdin=b"x" * 5_000_000).ok


def test_a_child_left_behind_with_the_pipe_does_not_hold_us_up(ssh: Ssh) -> None:
    result = ssh.run("web1", "sleep 8 & echo hi", timeout=7)
    assert (result.out, result.status) == ("hi\n", 0)
    assert result.seconds < 4


def test_output_written_just_before_the_exit_is_not_lost(ssh: Ssh) -> None:
    for number in range(30):
        assert ssh.run("web1", f"echo {number}", timeout=10).out == f"{number}\n"


def test_bytes_that_are_no_text_are_replaced(ssh: Ssh) -> None:
    assert ssh.run("web1", r"printf '\377ok'", timeout=10).out == "\N{REPLACEMENT CHARACTER}ok"


@pytest.mark.parametrize("timeout", [5.0, SHORT + 1])
def test_a_command_killed_by_a_signal_has_no_status(ssh: Ssh, timeout: float) -> None:
    result = ssh.run("web1", "kill -9 $$", timeout=timeout)
    assert (result.status, result.signal, result.ok) == (None, "KILL", False)


def test_a_status_of_255_is_a_status(ssh: Ssh) -> None:
    assert ssh.run("web1", "exit 255", timeout=10).status == 255


def test_a_command_that_does_not_exist_says_so(ssh: Ssh) -> None:
    result = ssh.run("web1", "no-such-command-here", timeout=10)
    assert result.status == 127
    assert "not found" in result.err


@pytest.mark.parametrize("how", ["sleep 60", "trap '' TERM; while :; do sleep 1; done"])
def test_at_the_deadline_the_command_is_gone_and_the_connection_stays(
    sshd: Sshd, ssh: Ssh, tmp_path: Path, how: str
) -> None:
    ssh.run("web1", "true", timeout=10)
    before = sshd.sessions()
    began = time.monotonic()
    with pytest.raises(CommandTimedOut) as caught:
        ssh.run("web1", f"echo $$ > {tmp_path}/pid; {how}", timeout=1)
    assert time.monotonic() - began < 1 + LATE
    assert caught.value.asked
    # sent a signal by sshd at once; as root, by timeout(1) on the host, which also waits its 5 s
    wait_until_gone(int(wait_for(tmp_path / "pid")), timeout=HAMMER + 8)
    assert ssh.run("web1", "true", timeout=10).ok
    assert set(before) & set(sshd.sessions())


def test_the_last_words_of_a_late_command_are_in_the_error(ssh: Ssh) -> None:
    with pytest.raises(CommandTimedOut, match=r"had not ended after .*: asking for a password"):
        ssh.run("web1", "echo asking for a password >&2; sleep 60", timeout=1)


def test_a_late_command_that_printed_more_than_is_read_says_so(ssh: Ssh) -> None:
    flood = "head -c 50000000 /dev/zero | tr '\\0' x >&2; sleep 60"
    with pytest.raises(CommandTimedOut, match=r"ended after [^:]*; it printed more than is read$"):
        ssh.run("web1", flood, timeout=5)


def test_a_long_command_ends_on_the_host_even_if_we_are_gone() -> None:
    assert bound(2.5, 5.5, "deploy") == ""
    assert bound(2.5, 5.5, "root") == "timeout -k 5 6 "
    assert bound(100.0, 103.0, "deploy") == "timeout -k 5 103 "


def test_a_frozen_host_is_given_up_at_the_deadline_and_reached_again_when_it_thaws(
    sshd: Sshd, ssh: Ssh
) -> None:
    ssh.run("web1", "true", timeout=10)
    frozen = sshd.pause()
    began = time.monotonic()
    with pytest.raises(SshError):
        ssh.run("web1", "true", timeout=1)
    assert time.monotonic() - began < 1 + LATE
    assert ssh.run("web1", "true", timeout=10).ok  # on a new connection: sshd itself is not frozen
    for pid in frozen:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_a_host_that_freezes_during_a_command_is_lost_at_the_deadline(
    sshd: Sshd, ssh: Ssh, tmp_path: Path
) -> None:
    began = time.monotonic()
    freeze = threading.Thread(target=lambda: (wait_for(tmp_path / "on"), sshd.pause()))
    freeze.start()
    with pytest.raises(CommandTimedOut, match="no sign of life") as caught:
        ssh.run("web1", f"echo on > {tmp_path}/on; sleep 60", timeout=2)
    freeze.join()
    assert caught.value.asked
    assert time.monotonic() - began < 2 + LATE


def test_a_frozen_host_that_owes_us_reading_cannot_hold_the_writer(sshd: Sshd, ssh: Ssh) -> None:
    ssh.run("web1", "true", timeout=10)
    began = time.monotonic()
    freeze = threading.Timer(0.5, sshd.pause)
    freeze.start()
    with pytest.raises(SshError) as caught:
        ssh.run("web1", "cat > /dev/null", timeout=2, stdin=bytes(300_000_000))
    freeze.join()
    assert caught.value.asked
    assert time.monotonic() - began < 2 + LATE


def test_a_frozen_host_does_not_make_another_wait(sshd: Sshd, ssh: Ssh) -> None:
    with running_sshd() as second:
        sshd.config.write_text(second.block("web2") + sshd.block("web1"))
        ssh.run("web1", "true", timeout=10)
        ssh.run("web2", "true", timeout=10)
        sshd.pause()
        stuck = threading.Thread(target=lambda: _swallow(ssh, "web1", 3))
        stuck.start()
        try:
            for _ in range(5):
                result = ssh.run("web2", "true", timeout=10)
                assert result.ok
                assert stuck.is_alive()
        finally:
            stuck.join()


def _swallow(ssh: Ssh, host: str, timeout: float) -> None:
    with suppress(SshError):
        ssh.run(host, "true", timeout=timeout)


def cut_once_there(file: Path, sshd: Sshd) -> threading.Thread:
    """Kill every connection that sshd serves as soon as ``file`` exists."""

    def cut() -> None:
        wait_for(file)
        for pid in sshd.sessions():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    cutter = threading.Thread(target=cut)
    cutter.start()
    return cutter


def test_a_connection_lost_in_mid_command_is_told_at_once(
    sshd: Sshd, ssh: Ssh, tmp_path: Path
) -> None:
    cutter = cut_once_there(tmp_path / "on", sshd)
    began = time.monotonic()
    with pytest.raises(ConnectionLost, match="how far it got is not known") as caught:
        ssh.run("web1", f"echo on > {tmp_path}/on; sleep 60", timeout=30)
    cutter.join()
    assert time.monotonic() - began < 10
    assert caught.value.asked


def test_a_lost_connection_is_made_again_for_the_next_command(sshd: Sshd, ssh: Ssh) -> None:
    ssh.run("web1", "true", timeout=10)
    for pid in sshd.sessions():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert ssh.run("web1", "true", timeout=10).ok


def test_a_command_is_never_run_twice(sshd: Sshd, ssh: Ssh, tmp_path: Path) -> None:
    cutter = cut_once_there(tmp_path / "ran", sshd)
    with pytest.raises(ConnectionLost):
        ssh.run("web1", f"echo once >> {tmp_path}/ran; sleep 5", timeout=10)
    cutter.join()
    assert ssh.run("web1", "true", timeout=10).ok
    assert (tmp_path / "ran").read_text() == "once\n"
    assert sshd.process.poll() is None


@pytest.mark.parametrize("how", ["close", "abort"])
def test_hanging_up_releases_whoever_waits(ssh: Ssh, tmp_path: Path, how: str) -> None:
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            ssh.run("web1", f"echo on > {tmp_path}/on; sleep 60", timeout=60)
        except SshError as error:
            raised.append(error)

    waiter = threading.Thread(target=wait)
    waiter.start()
    wait_for(tmp_path / "on")
    began = time.monotonic()
    getattr(ssh, how)()
    waiter.join(10)
    assert time.monotonic() - began < 1
    assert [type(error) for error in raised] == [Closed]
    with pytest.raises(Closed):
        ssh.run("web1", "true", timeout=1)


def test_hanging_up_releases_whoever_is_still_connecting(tmp_path: Path) -> None:
    with silent_server() as port:
        ssh = Ssh(SshOptions(config=plain_config(tmp_path, port), connect_timeout=60))
        raised: list[BaseException] = []

        def wait() -> None:
            try:
                ssh.run("web1", "true", timeout=60)
            except SshError as error:
                raised.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.5)
        began = time.monotonic()
        ssh.abort()
        waiter.join(10)
        assert time.monotonic() - began < 1
        assert [type(error) for error in raised] == [Closed]


def test_many_threads_share_one_connection_made_once(sshd: Sshd, ssh: Ssh) -> None:
    before = sshd.log.read_text().count("Accepted publickey")
    results: list[str] = []
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(ssh.run("web1", f"echo {n}", timeout=20).out)
        )
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [f"{n}\n" for n in range(8)]
    assert sshd.log.read_text().count("Accepted publickey") == before + 1


def test_more_sessions_than_the_host_allows_are_refused_in_words(tmp_path: Path) -> None:
    with running_sshd("MaxSessions 1") as narrow, Ssh(SshOptions(config=narrow.config)) as ssh:
        command = f"echo on > {tmp_path}/on; sleep 3"
        held = threading.Thread(target=lambda: ssh.run("web1", command, timeout=20))
        held.start()
        wait_for(tmp_path / "on")
        with pytest.raises(SshError, match="no further session") as caught:
            ssh.run("web1", "true", timeout=5)
        assert "on web1: set MaxSessions 10 in /etc/ssh/sshd_config" in caught.value.fix
        held.join()
        assert not caught.value.asked


class silent_server:  # noqa: N801 - reads as what it is in a with statement
    """Accepts by the kernel's backlog and never says a word."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def plain_config(place: Path, port: int) -> Path:
    config = place / "config"
    config.write_text(
        f"Host web1\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile none\n"
        f"  IdentityAgent none\n  UserKnownHostsFile {place}/known\n"
    )
    return config


def test_a_server_that_accepts_and_says_nothing_is_named_in_time(tmp_path: Path) -> None:
    with silent_server() as port:
        ssh = Ssh(SshOptions(config=plain_config(tmp_path, port), connect_timeout=1))
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no ssh session within 1s") as caught:
            ssh.run("web1", "true", timeout=30)
        assert time.monotonic() - began < 3
        assert not caught.value.asked
        left = [
            t.name for t in threading.enumerate() if t.name.startswith("Thread") and not t.daemon
        ]
        assert not left, "a thread that holds up our exit"
        ssh.close()


def test_a_port_that_swallows_packets_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        fillers = []
        for _ in range(4):  # the backlog takes one or two; the SYNs of the rest are dropped
            filler = socket.socket()
            filler.settimeout(0)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        ssh = Ssh(SshOptions(config=plain_config(tmp_path, port), connect_timeout=1))
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no answer"):
            ssh.run("web1", "true", timeout=30)
        assert 0.9 < time.monotonic() - began < 3
        ssh.close()
        for filler in fillers:
            filler.close()


def test_a_closed_port_is_refused_at_once_with_the_address(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with (
        Ssh(SshOptions(config=plain_config(tmp_path, port))) as ssh,
        pytest.raises(Unreachable, match=f"127.0.0.1 port {port}: connection refused") as caught,
    ):
        ssh.run("web1", "true", timeout=10)
    assert f"ssh -F {tmp_path}/config web1 true" in caught.value.fix


def test_a_server_that_is_no_ssh_is_told_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as web:

        def answer() -> None:
            connection, _ = web.accept()
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        config = plain_config(tmp_path, web.getsockname()[1])
        with Ssh(SshOptions(config=config)) as ssh, pytest.raises(Unreachable, match="no ssh"):
            ssh.run("web1", "true", timeout=5)


def test_a_name_without_an_address_is_told_so(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host web1\n  HostName no-such-host.invalid\n")
    with Ssh(SshOptions(config=config)) as ssh, pytest.raises(Unreachable, match="has no address"):
        ssh.run("web1", "true", timeout=20)


def test_the_remote_side_may_be_any_program(ssh: Ssh) -> None:
    assert (
        ssh.run("web1", python("print('quoted \"twice\"')"), timeout=20).out == 'quoted "twice"\n'
    )


def test_the_deadline_grace_stays_within_the_promise() -> None:
    assert GRACE < HAMMER < 5


def test_a_deadline_too_short_for_a_session_does_not_cost_the_connection(
    sshd: Sshd, ssh: Ssh
) -> None:
    ssh.run("web1", "true", timeout=10)
    before = set(sshd.sessions())
    late = 0
    for _ in range(40):  # the command ends while it is being signalled: a race, so often
        try:
            ssh.run("web1", "true", timeout=0.0001)
        except SshError:
            late += 1
    assert late > 0
    assert ssh.run("web1", "true", timeout=10).ok
    assert before & set(sshd.sessions())


def test_a_command_that_is_under_way_when_we_leave_does_not_outlive_us(
    sshd: Sshd, ssh: Ssh, tmp_path: Path
) -> None:
    del sshd

    def run() -> None:
        with suppress(SshError):
            ssh.run("web1", f"echo $$ > {tmp_path}/pid; sleep 60", timeout=4)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    pid = int(wait_for(tmp_path / "pid"))
    ssh.end_commands()
    # at once; root's, which sshd does not signal, at its deadline
    wait_until_gone(pid, timeout=4 + HAMMER + 8 if os.geteuid() == 0 else 2)
    thread.join(10)
