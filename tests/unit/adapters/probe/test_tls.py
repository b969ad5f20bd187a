"""One deadline for a conversation over TLS, however slowly its bytes come."""

import ssl
import subprocess
import time
from pathlib import Path

import pytest

from rollout.adapters.probe.tls import TlsStream


class Dripping:
    """A TLS server at the other end of a stream: prompt in its handshake, then a byte at a time."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._left = b""
        self.received = 0

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def close(self) -> None:
        """Nothing is open."""

    def sendall(self, data: bytes) -> None:
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        if not self._left:
            self._tls.write(b"x" * 10_000)
            self._left = self._outgoing.read()

    def recv(self, size: int) -> bytes:
        if not self._left:
            return self._outgoing.read(size)
        time.sleep(0.02)
        self.received += 1
        first, self._left = self._left[:1], self._left[1:]
        return first


def test_a_record_that_drips_ends_at_the_deadline(tmp_path: Path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-subj", "/CN=x", "-keyout", key, "-out", certificate]
    subprocess.run(words, check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    peer = Dripping(context)
    stream = TlsStream(peer, "", timeout=5.0)
    stream.settimeout(0.5)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        stream.recv(100)
    assert time.monotonic() - began < 3.0
    assert peer.received > 1
