"""A command on a real sshd that converses with a program here, through a socket."""

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from rollout.adapters.ssh import CommandTimedOut, Result, Ssh
from tests.support.sshd import Sshd, running_sshd

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with running_sshd() as server:
        yield server


def converse(ssh: Ssh, command: str, said: bytes, timeout: float = 20.0) -> tuple[Result, bytes]:
    """Say ``said``, and read all of the answer at the same time, as a program would."""
    ours, theirs = socket.socketpair()
    heard = bytearray()

    def speak() -> None:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)

    def listen() -> None:
        while data := theirs.recv(65536):
            heard.extend(data)

    threads = [threading.Thread(target=act) for act in (speak, listen)]
    with ours, theirs:
        for thread in threads:
            thread.start()
        try:
            result = ssh.carry("web1", command, ours, timeout=timeout)
        finally:
            for thread in threads:
                thread.join(10)
    return result, bytes(heard)


def test_what_goes_in_comes_out_whole_both_ways_at_once(ssh: Ssh) -> None:
    data = os.urandom(9_000_000)
    result, heard = converse(ssh, "echo note >&2; cat", data)
    assert heard == data
    assert (result.status, result.err) == (0, "note\n")


def test_a_command_that_says_no_at_once_is_heard_and_ends_the_socket(ssh: Ssh) -> None:
    result, heard = converse(ssh, "echo partly; echo no >&2; exit 75", b"")
    assert (result.status, result.err, heard) == (75, "no\n", b"partly\n")


def test_a_command_that_never_ends_is_ended_at_its_deadline(ssh: Ssh) -> None:
    began = time.monotonic()
    with pytest.raises(CommandTimedOut):
        converse(ssh, "exec sleep 60", b"", timeout=0.5)
    assert time.monotonic() - began < 5


def test_waiting_for_neither_side_costs_no_processor(ssh: Ssh) -> None:
    ssh.run("web1", "true", timeout=10)
    before = time.process_time()
    converse(ssh, "sleep 1.5", b"")
    assert time.process_time() - before < 0.2


def test_memory_that_is_only_seen_can_be_the_input(ssh: Ssh) -> None:
    seen = memoryview(b"x" * 100_000)
    assert ssh.run("web1", "wc -c", timeout=10, stdin=seen).out.strip() == "100000"
