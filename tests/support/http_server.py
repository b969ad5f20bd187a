"""A server that answers as it is told to, and remembers what it was asked."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Talk = Callable[[socket.socket], None]


class Server:
    """One listening socket on loopback and a thread that answers one caller after another."""

    def __init__(
        self, talk: Talk, *, socket_file: Path | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[bytes] = []
        self.names: list[str | None] = []
        self._talk = talk
        self._tls = tls
        self.port = 0
        if socket_file is not None:
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(socket_file))
            self._listening.listen()
        else:
            self._listening = socket.create_server(("127.0.0.1", 0))
            self.port = self._listening.getsockname()[1]
        if tls is not None:
            tls.sni_callback = lambda _tls, name, _context: self.names.append(name)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                with caller, suppress(OSError):
                    caller.settimeout(5)
                    if self._tls is not None:
                        caller = self._tls.wrap_socket(caller, server_side=True)
                    self.asked.append(caller.recv(4096))
                    self._talk(caller)
                    caller.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)


@contextmanager
def serving(
    talk: Talk, *, socket_file: Path | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    server = Server(talk, socket_file=socket_file, tls=tls)
    try:
        yield server
    finally:
        server.close()


def says(*pieces: bytes, every: float = 0.0) -> Talk:
    """Send the pieces, one ``every`` so many seconds, and hang up."""

    def talk(caller: socket.socket) -> None:
        for piece in pieces:
            caller.sendall(piece)
            time.sleep(every)

    return talk


def self_signed(directory: Path) -> ssl.SSLContext:
    """Make a certificate of another name than the one that is asked for."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=other.example.net"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as short_lived:
        return int(short_lived.getsockname()[1])
