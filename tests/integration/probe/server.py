"""A server that answers as it is told to, and remembers what it was asked."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Talk = Callable[[socket.socket], None]


class Server:
    """One listening socket on loopback and a thread that answers one caller after another."""

    def __init__(self, talk: Talk) -> None:
        self.asked: list[bytes] = []
        self._talk = talk
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                with caller, suppress(OSError):
                    caller.settimeout(5)
                    self.asked.append(caller.recv(4096))
                    self._talk(caller)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)


@contextmanager
def serving(talk: Talk) -> Iterator[Server]:
    server = Server(talk)
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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as short_lived:
        return int(short_lived.getsockname()[1])
