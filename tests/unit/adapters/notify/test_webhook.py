"""A webhook is asked once, over a verified connection, and its address stands in no message."""

import socket
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from rollout.adapters.notify.webhook import post
from tests.support.http_server import Talk, free_port, says, self_signed, serving

SECRET = "T000-B000-secret"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answers(*pieces: bytes, every: float = 0.0) -> Talk:
    """Answer once the body has come: to hang up on it would be a reset."""

    def talk(caller: socket.socket) -> None:
        caller.settimeout(0.3)
        with suppress(OSError):
            while caller.recv(4096):
                pass
        says(*pieces, every=every)(caller)

    return talk


FINE = answers(OK)


def at(port: int, scheme: str = "http", host: str = "127.0.0.1") -> str:
    return f"{scheme}://{host}:{port}/services/{SECRET}?token={SECRET}"


def test_a_notice_is_posted_as_json() -> None:
    with serving(FINE) as server:
        assert post(at(server.port), '{"text":"done — ✓"}', 5.0) == ""
    (asked,) = server.asked
    assert asked.startswith(f"POST /services/{SECRET}?token={SECRET} HTTP/1.1\r\n".encode())
    assert b"Content-Type: application/json; charset=utf-8\r\n" in asked


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "answered 500 Internal Server Error"),
        (b"HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n", "answered 404 Not Found"),
        (b"HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:1/x\r\n\r\n", "answered 302 Found"),
        (b"SSH-2.0-OpenSSH\r\n", "did not answer by HTTP"),
        (b"", "Remote"),
    ],
)
def test_what_is_no_good_answer_is_told_without_the_address(answer: bytes, said: str) -> None:
    with serving(answers(answer)) as server:
        wrong = post(at(server.port), "{}", 5.0)
    assert said in wrong
    assert "127.0.0.1" in wrong
    assert SECRET not in wrong


def test_a_webhook_that_is_away_or_silent_is_told() -> None:
    away = post(at(free_port()), "{}", 5.0)
    assert away == "127.0.0.1: Connection refused"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = post(at(silent.getsockname()[1]), "{}", 0.3)
    assert slow == "127.0.0.1: no answer in time"
    with serving(
        answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"x", every=2.0)
    ) as drips:
        assert SECRET not in post(at(drips.port), "{}", 0.3)


def test_a_certificate_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(FINE, tls=self_signed(tmp_path)) as server:
        wrong = post(at(server.port, "https", "localhost"), "{}", 5.0)
    assert "certificate" in wrong.lower()
    assert server.asked == []
    assert SECRET not in wrong
    # an authority of one's own counts, and then the name must be right as well
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with serving(FINE, tls=self_signed(tmp_path)) as server:
        assert "certificate" in post(at(server.port, "https", "localhost"), "{}", 5.0).lower()


def test_a_certificate_of_an_own_authority_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "certificate.pem"
    context = certificate_of_localhost(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(FINE, tls=context) as server:
        assert post(at(server.port, "https", "localhost"), "{}", 5.0) == ""
    assert len(server.asked) == 1


def certificate_of_localhost(directory: Path) -> ssl.SSLContext:
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost"]
    words += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
