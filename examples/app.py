"""A small app server with the manners of the field: it boots slowly and dies in mid-sentence.

Monit starts it.  It leaves for a session of its own, writes its pid file long before it can
serve, and takes a while to boot.  SIGTERM keeps its default effect: the process ends at once and
whatever is in flight is cut, so a restart that was not preceded by a drain is seen by visitors.

A file ``misbehave`` in its directory, or in that of its release, is read at the next start; its
words may be ``fail-boot`` (exit instead of listening), ``hang-boot`` (never listen),
``die-after=N`` (die N seconds after birth), ``ignore-term`` and ``answer-503`` (to ``/up`` and to
everybody else).  A word that ends in ``@web2`` is for that host alone.

Some pages fail each time: ``oops`` answers 500, ``cut`` closes the connection before its answer,
``half`` in the middle of it.  SIGUSR1 makes an instance answer 500 for a second, but for ``/up``.

Every answer names the release in ``X-Release``: the number in its file ``VERSION``, or else its
directory.  A release with stylesheets that were never compiled does not boot.
"""

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, NamedTuple

BACKLOG = 512
LONGEST_SLOW = 2.0
BREAKING = {"cut", "half"}


class Request(NamedTuple):
    """One request: ``path`` and ``query`` apart, ``stay`` if the connection may be kept."""

    method: str
    path: str
    query: str
    body: bytes
    stay: bool

    @property
    def page(self) -> str:
        """The path without the prefix under which a second backend sends its visitors here."""
        return self.path.rsplit("/", 1)[-1]


class App:
    """What every request can know: who answers, and how badly it should."""

    def __init__(self, name: str, release: Path, words: frozenset[str]) -> None:
        self.name = name
        self.release = release.name
        self.version = version_of(release)
        self.sick = "answer-503" in words
        self.unwell_until = 0.0

    def be_unwell(self) -> None:
        """Answer 500 for a second."""
        self.unwell_until = time.monotonic() + 1

    def listen(self, address: str, port: int, *, shared: bool) -> None:
        """Listen on ``address``; a shared port is spread by the kernel over all who listen."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
        threading.Thread(target=self._welcome, args=(listener,), daemon=True).start()

    def _welcome(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            try:
                while request := read_request(stream):
                    connection.sendall(self._answer(request))
                    if request.page in BREAKING:
                        time.sleep(0.1)  # so that HAProxy has passed on what came
                        break
                    if not request.stay:
                        break
            except OSError:
                return  # the other side hung up; there is nobody to tell

    def _answer(self, request: Request) -> bytes:
        if self.sick:
            return self._reply("503 Service Unavailable", b"unwell\n", stay=request.stay)
        what = request.page
        if what == "oops" or (what != "up" and time.monotonic() < self.unwell_until):
            return self._reply("500 Internal Server Error", b"oops\n", stay=request.stay)
        if what in BREAKING:
            whole = self._reply("200 OK", b"as much as this\n", stay=request.stay)
            return whole[:-9] if what == "half" else b""
        if what == "slow":
            time.sleep(min(LONGEST_SLOW, float(request.query.removeprefix("ms=") or 0) / 1000))
        elif what == "echo":
            return self._reply("200 OK", request.body, stay=request.stay)
        elif what not in {"up", "quick"}:
            return self._reply("404 Not Found", b"no such page\n", stay=request.stay)
        who = {"pid": os.getpid(), "instance": self.name, "release": self.release}
        who["version"] = self.version
        return self._reply("200 OK", json.dumps(who).encode() + b"\n", stay=request.stay)

    def _reply(self, status: str, body: bytes, *, stay: bool) -> bytes:
        head = (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nX-Instance: {self.name}\r\n"
            f"X-Release: {self.version or self.release}\r\n"
            f"Connection: {'keep-alive' if stay else 'close'}\r\n\r\n"
        )
        return head.encode() + body


def read_request(stream: BinaryIO) -> Request | None:
    """Read one request; None when the client has closed or speaks no HTTP."""
    first = stream.readline(8192).decode("latin-1").split()
    if len(first) != 3:  # noqa: PLR2004 - method, target, version
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline(8192).decode("latin-1").strip()) and ":" in line:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    method, target, version = first
    path, _, query = target.partition("?")
    body = stream.read(int(headers.get("content-length", 0)))
    stay = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
    return Request(method, path, query, body, stay)


def leave_for_own_session(log: Path) -> None:
    """Become a daemon: two forks and a session of one's own, as monit expects."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    with log.open("ab", buffering=0) as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    with Path(os.devnull).open("rb") as silence:
        os.dup2(silence.fileno(), 0)


def write_pid_file(path: Path) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{os.getpid()}\n")
    fresh.replace(path)  # nobody ever reads half a pid


def read_words(path: Path, host: str) -> frozenset[str]:
    """Read how an instance on ``host`` should misbehave."""
    said = path.read_text().split() if path.exists() else []
    parts = (word.partition("@") for word in said)
    return frozenset(word for word, _, where in parts if where in {"", host})


def version_of(release: Path) -> str:
    file = release / "VERSION"
    return file.read_text().strip() if file.exists() else ""


def boot(seconds: float, words: frozenset[str], release: Path) -> None:
    """Take ``seconds`` to boot, or misbehave as told."""
    ours = signal.SIG_IGN if "ignore-term" in words else signal.SIG_DFL
    signal.signal(signal.SIGTERM, ours)
    for word in words:
        if word.startswith("die-after="):
            timer = threading.Timer(float(word.removeprefix("die-after=")), os._exit, args=(1,))
            timer.daemon = True
            timer.start()
    time.sleep(seconds)
    if "fail-boot" in words:
        sys.exit("booting failed, as told")
    if (release / "stylesheets").is_dir() and not (release / "public" / "app.css").is_file():
        sys.exit("booting failed: the stylesheets were not compiled")
    while "hang-boot" in words:
        signal.pause()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="pid file, log, misbehave")
    parser.add_argument("--name", required=True)
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--shared-port", type=int, default=0)
    parser.add_argument("--boot", type=float, default=3.0)
    parser.add_argument("--release", type=Path, required=True, help="the directory to run in")
    said = parser.parse_args()
    leave_for_own_session(said.directory / "log")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    write_pid_file(said.directory / "pid")
    release = said.release.resolve()
    os.chdir(release)
    host = said.name.partition("/")[0]
    words = read_words(said.directory / "misbehave", host) | read_words(release / "misbehave", host)
    boot(said.boot, words, release)
    app = App(said.name, release, words)
    signal.signal(signal.SIGUSR1, lambda *_: app.be_unwell())
    app.listen(said.address, said.port, shared=False)
    if said.shared_port:
        app.listen(said.address, said.shared_port, shared=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
