import socket
import time

import pytest

from rollout.adapters.ssh.tcp_socket import UNANSWERED, TcpStream, make_prompt


def test_a_connection_is_prompt_and_does_not_wait_for_the_dead_for_ever() -> None:
    with socket.socket() as tcp:
        make_prompt(tcp)
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert tcp.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNANSWERED


def test_acknowledgements_are_made_quick_again_after_each_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with theirs:
            wire = TcpStream(ours)
            ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
            theirs.sendall(b"x")
            assert wire.recv(1) == b"x"
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)
            wire.close()


def test_the_wire_remembers_when_it_last_heard_something() -> None:
    ours, theirs = socket.socketpair()
    wire = TcpStream(ours)
    before = time.monotonic()
    theirs.sendall(b"x")
    wire.recv(1)
    assert before <= wire.heard <= time.monotonic()
    heard = wire.heard
    wire.settimeout(0.01)
    with pytest.raises(TimeoutError):
        wire.recv(1)
    assert wire.heard == heard
    wire.close()
    theirs.close()
