"""A real HAProxy on loopback, in a directory of its own, and the apps and agents behind it."""

import os
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

BINARY = os.environ.get("HAPROXY") or shutil.which("haproxy") or "/usr/sbin/haproxy"

HEAD = """\
global
  stats socket {place}/admin.sock mode 600 level admin
  stats socket {place}/operator.sock mode 600 level operator
  stats socket {place}/user.sock mode 600 level user
  maxconn 100
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  default-server inter 100ms rise 2 fall 2
"""


class _Answer(socketserver.BaseRequestHandler):
    server: "Talking"

    def handle(self) -> None:
        self.request.sendall(self.server.words)
        if self.server.holds:
            self.request.recv(1)


class Talking(socketserver.ThreadingTCPServer):
    """Says its words to whoever connects; an agent, or an app for a check that only connects."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, words: bytes = b"", address: str = "127.0.0.1") -> None:
        self.words = words
        self.holds = False
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), _Answer)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A checker that hangs up early is no error."""


@contextmanager
def talking(words: bytes = b"", address: str = "127.0.0.1") -> Iterator[Talking]:
    with Talking(words, address) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)


@dataclass
class HAProxyd:
    """A running HAProxy; ``place`` holds its configuration and its three sockets."""

    place: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def admin(self) -> Path:
        return self.place / "admin.sock"

    @property
    def pid(self) -> int:
        return self.processes[-1].pid

    def start(self, *options: str) -> None:
        with (self.place / "log").open("ab") as log:
            process = subprocess.Popen(
                [BINARY, "-db", "-f", str(self.place / "haproxy.cfg"), *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        deadline = time.monotonic() + 10
        while f"\nPid: {process.pid}\n" not in self.say("show info"):
            assert process.poll() is None, (self.place / "log").read_text()
            assert time.monotonic() < deadline, "HAProxy does not answer"
            time.sleep(0.02)

    def reload(self) -> None:
        """Start a successor that sends the running process away, as a service manager does."""
        self.start("-sf", str(self.pid))

    def suspend(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        self.processes[-1].kill()
        self.processes[-1].wait(10)

    def stop(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def say(self, line: str) -> str:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.admin))
            client.sendall(line.encode() + b"\n")
            return b"".join(iter(lambda: client.recv(65536), b"")).decode(errors="replace")
        return ""


@contextmanager
def haproxyd(config: str) -> Iterator[HAProxyd]:
    """Run HAProxy with ``config`` after a usual head; all of it is gone at the end."""
    place = Path(tempfile.mkdtemp(prefix="haproxy-", dir="/tmp"))
    (place / "haproxy.cfg").write_text(HEAD.format(place=place) + config)
    daemon = HAProxyd(place)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()
        shutil.rmtree(place)
