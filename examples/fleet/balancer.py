"""One load balancer: a real HAProxy in master-worker mode, and the verbs that hurt it."""

import csv
import shutil
import signal
import socket
from pathlib import Path
from typing import NamedTuple

from examples.fleet.addresses import Place
from examples.fleet.household import Household, kill, program
from examples.fleet.machine import Machine
from examples.fleet.processes import descendants, tell
from examples.fleet.shape import Shape
from examples.fleet.waiting import until


class FleetServerState(NamedTuple):
    """One server line: the administrative bits, the status word, and the user's weight."""

    admin: int
    status: str
    weight: int


class LoadBalancer(Machine):
    """``lb1`` and its like.

    Attributes:
        config: HAProxy's configuration file; tests may edit it and reload.
        socket: The admin socket.
        operator_socket: One that may look but not change states.
        master: The pid of the master process.
    """

    def __init__(self, name: str, place: Place, household: Household, shape: Shape) -> None:
        super().__init__(name, place, household)
        self.config = self.directory / "haproxy.cfg"
        self.socket = self.directory / "admin.sock"
        self.operator_socket = self.directory / "operator.sock"
        self.master = 0
        found = shutil.which(shape.haproxy)
        self._program = found or program(shape.haproxy)

    @property
    def url(self) -> str:
        return f"http://{self.place.url(self.place.http)}"

    def start(self) -> None:
        """Start HAProxy and wait until its socket answers.

        Raises:
            GaveUp: it does not.
        """
        words = ("-W", "-f", str(self.config))
        self.master = self.household.start(
            self._program, *words, log=self.directory / "haproxy.log"
        )
        until(self.process, f"{self.name} answers on its socket")

    def reload(self) -> None:
        """Reload as an operator does (USR2 to the master); wait for the new process.

        What HAProxy was told at its socket is lost; the old process ends its open sessions.
        """
        before = self.process()
        tell(self.master, signal.SIGUSR2)
        until(lambda: self.process() not in ("", before), f"{self.name} has reloaded")

    def kill(self) -> None:
        """Kill HAProxy, master and workers."""
        kill([self.master, *descendants(self.master)])

    def suspend(self) -> None:
        """Stop HAProxy: connections are taken and nothing is ever said."""
        for pid in (self.master, *descendants(self.master)):
            tell(pid, signal.SIGSTOP)

    def resume(self) -> None:
        for pid in (self.master, *descendants(self.master)):
            tell(pid, signal.SIGCONT)

    def command(self, line: str, *, to: Path | None = None, timeout: float = 5.0) -> str:
        """Say ``line`` at the admin socket, or at another; return the reply."""
        return talk(to or self.socket, line, timeout)

    def process(self) -> str:
        """Return the pid of the process that answers; empty if none does."""
        try:
            reply = self.command("show info")
        except OSError:
            return ""
        lines = dict(line.partition(": ")[::2] for line in reply.splitlines())
        return lines.get("Pid", "")

    def states(self) -> dict[str, FleetServerState]:
        """Return the state of every server line, by ``backend/server``.

        Those of a proxy that the file disables have none.
        """
        _, head, *rows = self.command("show servers state").splitlines()
        lines = csv.DictReader(rows, head.removeprefix("# ").split(), delimiter=" ")
        admin = {
            f"{line['be_name']}/{line['srv_name']}": (
                int(line["srv_admin_state"]),
                int(line["srv_uweight"]),
            )
            for line in lines
        }
        table = csv.DictReader(self.command("show stat").removeprefix("# ").splitlines())
        status = {f"{row['pxname']}/{row['svname']}": row["status"] for row in table}
        return {
            name: FleetServerState(bits, status[name], weight)
            for name, (bits, weight) in admin.items()
            if name in status
        }

    def all_up(self) -> bool:
        return all(server.status in {"UP", "no check"} for server in self.states().values())


def talk(path: Path, line: str, timeout: float) -> str:
    """Say ``line`` to the socket at ``path``; return all of the reply."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(line.encode() + b"\n")
        chunks = iter(lambda: connection.recv(65536), b"")
        return b"".join(chunks).decode(errors="replace")
