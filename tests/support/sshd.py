"""A small real sshd on loopback, with its own keys, for one test module."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def make_key(file: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", file.name, "-f", str(file)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return file


def public(file: Path) -> str:
    """The ``type base64`` of a key file."""
    return " ".join(file.with_name(f"{file.name}.pub").read_text().split()[:2])


@dataclass
class Sshd:
    """A running sshd, and the client's side of it: user key, known_hosts, configuration."""

    place: Path
    address: str
    port: int
    host_keys: dict[str, Path]
    user_key: Path
    process: subprocess.Popen[bytes]
    config: Path
    known_hosts: Path
    log: Path
    more: list[str] = field(default_factory=list)

    def vouch(self, *lines: str) -> None:
        """Make these the known_hosts file; without any, the true one."""
        name = f"[{self.address}]:{self.port}"
        lines = lines or tuple(f"{name} {public(key)}" for key in self.host_keys.values())
        self.known_hosts.write_text("".join(f"{line}\n" for line in lines))

    def configure(self, host: str, *lines: str, known_hosts: Path | None = None) -> None:
        """Add ``host`` to the client's configuration, before what was there."""
        before = self.config.read_text() if self.config.exists() else ""
        self.config.write_text(self.block(host, *lines, known_hosts=known_hosts) + before)

    def block(self, host: str, *lines: str, known_hosts: Path | None = None) -> str:
        """The client's configuration for this server under the name ``host``."""
        own = [
            f"Host {host}",
            *lines,
            f"HostName {self.address}",
            f"Port {self.port}",
            f"IdentityFile {self.user_key}",
            f"UserKnownHostsFile {known_hosts or self.known_hosts}",
            "GlobalKnownHostsFile /dev/null",
            "IdentityAgent none",
            "",
        ]
        return "\n  ".join(own).rstrip(" ") + "\n"

    def sessions(self) -> list[int]:
        """Process ids of the connections it serves, the privileged half and the other."""
        return _children(self.process.pid)

    def pause(self) -> list[int]:
        """Freeze every connection that it serves, as a host does that is out of memory."""
        pids = self.sessions()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return pids

    def stop(self) -> None:
        pids = self.sessions()
        self.process.terminate()
        for pid in pids:
            for sign in (signal.SIGCONT, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.kill(pid, sign)
        self.process.wait(10)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        direct = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [found for child in map(int, direct) for found in (child, *_children(child))]
    return []


@contextmanager
def running_sshd(
    *options: str, address: str = "127.0.0.1", run_by: Sequence[str] = ()
) -> Iterator[Sshd]:
    """Start an sshd in a directory of its own; stop it and all it started at the end.

    ``run_by`` is a command that executes the words after it.
    """
    place = Path(tempfile.mkdtemp(prefix="sshd-"))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd started by root asks for it
    host_keys = {kind: make_key(place / f"host_{kind}", kind) for kind in ("ed25519", "rsa")}
    user_key = make_key(place / "user_key")
    (place / "authorized").write_text(public(user_key) + "\n")
    port = free_port(address)
    (place / "sshd_config").write_text(
        "\n".join(
            [
                *options,
                f"ListenAddress {address}",
                f"Port {port}",
                *(f"HostKey {key}" for key in host_keys.values()),
                f"AuthorizedKeysFile {place}/authorized",
                f"PidFile {place}/sshd.pid",
                "StrictModes no",
                "UsePAM no",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "MaxStartups 100",
                # The login shell would read the real ~/.bashrc each time.
                *([] if run_by else [f"SetEnv HOME={place}"]),
                "",
            ]
        )
    )
    log = place / "sshd.log"
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    process = subprocess.Popen(
        [*run_by, sshd, "-D", "-f", str(place / "sshd_config"), "-E", str(log)]
    )
    server = Sshd(
        place, address, port, host_keys, user_key, process, place / "config", place / "known", log
    )
    server.vouch()
    server.configure("web1")
    try:
        wait_until_answering(address, port, process, log)
        yield server
    finally:
        server.stop()
        shutil.rmtree(place)


def wait_until_answering(
    address: str, port: int, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + 10
    while True:
        with suppress(OSError), socket.create_connection((address, port), 1) as probe:
            probe.recv(4)
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "sshd does not answer"
        time.sleep(0.02)


def _agent_answers(environment: dict[str, str]) -> bool:
    """Whether it can be reached: its socket stands there a moment before it listens."""
    asked = subprocess.run(["ssh-add", "-l"], env=environment, check=False, capture_output=True)
    return asked.returncode != 2


@contextmanager
def running_agent(place: Path, *keys: Path) -> Iterator[Path]:
    """Start an ssh-agent in ``place`` with ``keys``; yield its socket."""
    place.mkdir()
    path = place / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        while not _agent_answers(environment):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for key in keys:
            subprocess.run(
                ["ssh-add", "-q", str(key)], env=environment, check=True, stdin=subprocess.DEVNULL
            )
        yield path
    finally:
        process.terminate()
        process.wait(10)


def python(code: str) -> str:
    """A shell command that runs some Python on the "remote" side."""
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
