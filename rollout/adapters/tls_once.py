"""TLS over a stream that is already open, for one question.

The certificate is not verified: the question is asked on the host itself, through an ssh connection
that verified the host key, and a loopback address is no name that a certificate could be for.
"""

import ssl
import time

from rollout.adapters.http_once import Stream

CHUNK = 16_384


class TlsStream:
    """Encrypts what goes through ``stream``, which stays open.

    Args:
        stream: Where the peer is.
        name: Sent as the server's name (SNI); empty for none.
        within: Seconds for the handshake.

    Raises:
        OSError: no handshake in time, or the peer speaks no TLS (:class:`ssl.SSLError`).
    """

    def __init__(self, stream: Stream, name: str, within: float) -> None:
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name or None)
        self._shake_hands(time.monotonic() + within)

    def settimeout(self, seconds: float) -> None:
        self._stream.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def recv(self, size: int) -> bytes:
        """Receive up to ``size`` bytes; empty at the end."""
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._flush()
                self._fetch()
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                if error.reason == "UNEXPECTED_EOF_WHILE_READING":
                    return b""  # hung up without a word of TLS; HTTP knows what is missing
                raise

    def close(self) -> None:
        self._stream.close()

    def _shake_hands(self, deadline: float) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError from None
                self._stream.settimeout(left)
                self._fetch()
            else:
                self._flush()
                return

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._stream.sendall(data)

    def _fetch(self) -> None:
        data = self._stream.recv(CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
