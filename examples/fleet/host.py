"""One app host: sshd, monit, and the instances that monit watches."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from functools import partial

from examples.fleet.addresses import Place
from examples.fleet.household import ROOT, Household, kill, program
from examples.fleet.machine import Machine
from examples.fleet.processes import started, tell
from examples.fleet.programs import CHECK, MONITRC, write_programs, write_session
from examples.fleet.shape import Shape
from examples.fleet.srv import Srv
from examples.fleet.waiting import until


class Host(Machine):
    """``web1`` and its like.

    Attributes:
        instances: The names of its instances in monit, in order.
        ports: The port of each instance.
        monit: The pid of the monit daemon.
        srv: Its releases.
    """

    def __init__(self, name: str, place: Place, household: Household, shape: Shape) -> None:
        super().__init__(name, place, household)
        self.shape = shape
        self.ports = {
            f"mongrel_{port}": port for port in range(place.base, place.base + shape.instances)
        }
        self.instances = tuple(self.ports)
        self.monit = 0
        self.srv = Srv(self.directory / "srv")
        self._lacking: set[str] = set()
        for instance in self.instances:
            (self.directory / instance).mkdir()
        self.monitrc = self.directory / "monitrc"
        self._write_programs()
        self.write_monitrc()
        if shape.deploys:
            self.login = write_session(self.directory)

    def write_monitrc(self, *, extra: str = "") -> None:
        """Write monit's control file, with ``extra`` at its end."""
        wishes = {
            "directory": self.directory,
            "cycle": self.shape.monit_cycle,
            "group": self.shape.group,
            "start_timeout": self.shape.start_timeout,
            "stop_timeout": self.shape.stop_timeout,
        }
        checks = "".join(CHECK.format(name=name, **wishes) for name in self.instances)
        self.monitrc.touch(mode=0o600)
        self.monitrc.write_text(MONITRC.format(**wishes) + checks + extra)

    def start_instances(self) -> None:
        """Start every instance as monit would, in its environment, and do not wait for it.

        A monit that finds them running calls them OK in its first cycle.
        """
        for instance in self.instances:
            self.household.start(
                *("/usr/bin/env", "-i", "PATH=/bin:/usr/bin:/sbin:/usr/sbin"),
                *(str(self.directory / "bin" / "start"), instance),
                log=self.directory / "monit.out",
            )

    def start_monit(self) -> None:
        """Start monit, which starts every instance that is not running."""
        words = ("-I", "-c", str(self.monitrc))
        self.monit = self.household.start(
            program("monit"), *words, log=self.directory / "monit.out"
        )

    def kill_monit(self) -> None:
        kill([self.monit])

    def suspend_monit(self) -> None:
        tell(self.monit, signal.SIGSTOP)

    def resume_monit(self) -> None:
        tell(self.monit, signal.SIGCONT)

    def ask_monit(self, *words: str) -> str:
        """Run monit's command line on the host; return what it printed, errors included."""
        command = [str(self.directory / "bin" / "monit"), *words]
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
        )
        return done.stdout

    def misbehave(self, words: str, *instances: str) -> None:
        """From their next start on, let ``instances`` (default: all) behave as ``words`` say.

        The words are those of ``examples/app.py``, such as ``die-after=2 ignore-term``.
        """
        for instance in instances or self.instances:
            (self.directory / instance / "misbehave").write_text(words)

    def break_boot(self, *instances: str) -> None:
        """From their next start on, ``instances`` (default: all) exit instead of listening."""
        self.misbehave("fail-boot", *instances)

    def heal(self) -> None:
        """From their next start on, all instances behave."""
        for instance in self.instances:
            (self.directory / instance / "misbehave").unlink(missing_ok=True)

    def lacks(self, *programs: str) -> None:
        """From the next login on, ``programs`` are not installed; needs ``Shape.deploys``."""
        self._lacking.update(programs)
        write_session(self.directory, lacking=self._lacking)

    def kill_instance(self, instance: str) -> None:
        """Kill one instance in the middle of whatever it does; monit will notice."""
        if process := self.processes()[instance]:
            kill([process[0]])

    def processes(self) -> dict[str, tuple[int, int] | None]:
        """Return pid and start time (ticks since boot) of each instance; None where none lives."""
        return {instance: self._birth(instance) for instance in self.instances}

    def running(self) -> dict[str, str]:
        """Return the release that each instance runs in; none for those that do not live."""
        found: dict[str, str] = {}
        for name, process in self.processes().items():
            with suppress(OSError):  # it ended while we looked
                found |= {name: self.srv.release_of(process[0])} if process else {}
        return found

    def answers(self, instance: str, timeout: float = 2.0) -> dict[str, object] | None:
        """Return what the instance says of itself at ``/up`` or None."""
        url = f"http://{self.place.url(self.ports[instance])}/up"
        try:
            with urllib.request.urlopen(url, timeout=timeout) as reply:
                said: dict[str, object] = json.load(reply)
        except (OSError, urllib.error.URLError, ValueError):
            return None
        return said

    def until_up(self, timeout: float) -> None:
        """Wait until every instance answers.

        Raises:
            GaveUp: one did not.
        """
        limit = time.monotonic() + timeout
        for name in self.instances:
            left = max(0.0, limit - time.monotonic())
            until(partial(self.answers, name), f"{self.name}/{name} answers", left)

    def until_watched(self, timeout: float) -> None:
        """Wait until monit calls every instance OK; just after its start it calls them missing.

        Raises:
            GaveUp: it did not.
        """

        def watched() -> bool:
            said = self.ask_monit("-B", "status")
            words = (rf"^Process '{name}'\s+status +OK$" for name in self.instances)
            return all(re.search(word, said, re.MULTILINE) for word in words)

        until(watched, f"monit of {self.name} calls every instance OK", timeout)

    def agent_says(self, words: str) -> None:
        """Let the host's agent (see ``Shape.agent``) say ``words`` from now on."""
        (self.directory / "agent").write_text(words + "\n")

    def start_agent(self) -> None:
        self.agent_says("up 100%")
        where = (self.place.address, str(self.place.agent), str(self.directory / "agent"))
        script = str(ROOT / "examples" / "agent.py")
        self.household.start(
            sys.executable, "-I", "-S", script, *where, log=self.directory / "agent.log"
        )

    def _birth(self, instance: str) -> tuple[int, int] | None:
        try:
            pid = int((self.directory / instance / "pid").read_text())
        except (OSError, ValueError):
            return None
        since = started(pid)
        return None if since is None else (pid, since)

    def _write_programs(self) -> None:
        shared = f"--shared-port {self.place.http}" if self.shape.lines == "host" else ""
        words = {
            "python": shlex.quote(os.path.realpath(sys.executable)),
            "app": shlex.quote(str(ROOT / "examples" / "app.py")),
            "host": self.name,
            "address": self.place.address,
            "shared": shared,
            "boot": self.shape.boot,
            "monit": program("monit"),
        }
        write_programs(self.directory, words)
