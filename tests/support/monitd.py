"""A real monit in a directory of its own, with sleepers for services, and ways to hurt it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a local command gave back, in the shape ssh gives it."""

    status: int | None
    out: str
    err: str
    truncated: bool = False
    seconds: float = 0.0


def run_here(host: str, command: str, *, timeout: float) -> Said:
    """Run ``command`` as ssh would on ``host``, which is this machine."""
    began = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    assert host
    return Said(done.returncode, done.stdout, done.stderr, seconds=time.monotonic() - began)


def until(question: Callable[[], object], what: str) -> None:
    """Poll a real daemon, with an end."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, f"waited {PATIENCE:g}s for: {what}"
        time.sleep(0.05)


@dataclass
class Daemon:
    """One monit and what it watches; everything lives in ``home``."""

    home: Path
    services: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> str:
        return f"monit -c {self.home}/monitrc"

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def sleeper(
        self,
        name: str,
        *lines: str,
        stop: str = "kill -TERM $(cat {pid})",
        body: str = "",
        stop_timeout: int = 15,
    ) -> None:
        """Watch a process that sleeps; ``stop`` may be anything, and ``lines`` go to monit.

        The stop timeout is generous because monit counts a zombie as alive, and where pid 1 is
        slow to reap, one lives for seconds.
        """
        number = len(self.services)
        pid, start, stopper = (self.home / f"{kind}{number}" for kind in ("pid", "start", "stop"))
        body = body or "exec sleep 600"
        start.write_text(f"#!/bin/sh\nsetsid sh -c 'echo $$ > {pid}; {body}' >/dev/null 2>&1 &\n")
        stopper.write_text(f"#!/bin/sh\n{stop.format(pid=pid)}\n")
        start.chmod(0o700)
        stopper.chmod(0o700)
        more = "".join(f"  {line}\n" for line in lines)
        self.services.append(
            f'check process "{name}" with pidfile {pid}\n'
            f'  start program = "{start}"\n'
            f'  stop program = "{stopper}" with timeout {stop_timeout} seconds\n{more}'
        )

    def write(self, httpd: str = "set httpd unixsocket {home}/socket\n  allow localhost") -> None:
        """Write the control file as it shall be from now on."""
        text = (
            f"set daemon 30\nset pidfile {self.home}/pid\nset idfile {self.home}/id\n"
            f"set statefile {self.home}/state\nset log {self.home}/log\n"
            f"{httpd.format(home=self.home)}\n" + "".join(self.services)
        )
        rc = self.home / "monitrc"
        rc.write_text(text)
        rc.chmod(0o600)

    def start(self, *, warm: bool = True) -> None:
        """Start the daemon; ``warm``: its processes already run, so its first look finds them."""
        for number in range(len(self.services) if warm else 0):
            subprocess.run([self.home / f"start{number}"], check=True, timeout=PATIENCE)
            pid = self.home / f"pid{number}"
            until(lambda pid=pid: pid.exists() and pid.read_text().strip(), f"{pid} to be written")  # type: ignore[misc] # a default binds the loop's value
        self.process = subprocess.Popen(
            ["monit", "-I", "-c", str(self.home / "monitrc")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def says(self, verb: str) -> str:
        return run_here("here", f"{self.command} -B {verb} 2>&1", timeout=10).out

    def settle(self) -> None:
        """Wait until nothing is pending and nobody is new or missing."""
        restless = ("pending", "Initializing", "Does not exist", "not running", "error")
        until(
            lambda: (said := self.says("status")) and not any(word in said for word in restless),
            "monit to settle",
        )

    def hurt(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)
        if number in {signal.SIGKILL, signal.SIGTERM}:
            self.process.wait(PATIENCE)

    def end(self) -> None:
        """Stop the daemon first, so that it brings nobody back, then whoever it started."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        for pidfile in self.home.glob("pid[0-9]*"):
            text = pidfile.read_text().strip()
            if text.isdecimal() and self._is_ours(int(text)):
                os.killpg(int(text), signal.SIGKILL)

    def _is_ours(self, pid: int) -> bool:
        """Whether the process is a session of its own, as every sleeper is."""
        try:
            return os.getsid(pid) == pid and pid != os.getsid(0)
        except ProcessLookupError:
            return False


@contextmanager
def monit_in(home: Path) -> Iterator[Daemon]:
    daemon = Daemon(home)
    try:
        yield daemon
    finally:
        daemon.end()
