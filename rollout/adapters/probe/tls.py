"""TLS over a stream that is already open, for one question.

The certificate is not verified: the question is asked on the host itself, through an ssh connection
that verified the host key, and a loopback address is no name that a certificate could be for.
"""

import ssl
import time
from collections.abc import Callable
from typing import TypeVar

from rollout.adapters.local.deadline import seconds_left
from rollout.adapters.probe.http import Stream

T = TypeVar("T")

CHUNK = 16_384


class TlsStream:
    """Encrypts what goes through ``stream``, which stays open.

    Args:
        stream: Where the peer is.
        name: Sent as the server's name (SNI); empty for none.
        timeout: Seconds for the handshake.

    Raises:
        OSError: no handshake in time, or the peer speaks no TLS (:class:`ssl.SSLError`).
    """

    def __init__(self, stream: Stream, name: str, timeout: float) -> None:
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._deadline = time.monotonic() + timeout
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name or None)
        self._when_possible(self._tls.do_handshake)

    def settimeout(self, seconds: float) -> None:
        """Let what follows end in so many seconds, however slowly the bytes of it come."""
        self._deadline = time.monotonic() + seconds

    def sendall(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def recv(self, size: int) -> bytes:
        """Receive up to ``size`` bytes; empty at the end."""
        try:
            return self._when_possible(lambda: self._tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            return b""  # hung up without a word of TLS; HTTP knows what is missing

    def close(self) -> None:
        self._stream.close()

    def _when_possible(self, step: Callable[[], T]) -> T:
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                self._flush()
                self._fetch()
            else:
                self._flush()
                return done

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._stream.settimeout(seconds_left(self._deadline))
            self._stream.sendall(data)

    def _fetch(self) -> None:
        self._stream.settimeout(seconds_left(self._deadline))
        data = self._stream.recv(CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
