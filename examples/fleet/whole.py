"""The whole fleet: made, started, used and cleared away."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.fleet import haproxy, settings
from examples.fleet.addresses import Network, Place
from examples.fleet.balancer import LoadBalancer
from examples.fleet.host import Host
from examples.fleet.household import ROOT, Household, program
from examples.fleet.machine import make_key
from examples.fleet.processes import tell
from examples.fleet.shape import Shape
from examples.fleet.shop import Shop
from examples.fleet.visiting import Visit
from examples.fleet.waiting import GaveUp, until

PROGRAMS = ("haproxy", "monit", "sshd", "ssh-keygen", "ssh")
PATIENCE = 20.0
"""Seconds beyond the boot that a start may take on a busy machine."""


class Fleet:
    """Real daemons on loopback, from ``with`` to the end of its block.

    Attributes:
        directory: Everything it has; removed at the end (kept if KEEP_FLEET is set).
        hosts: ``web1`` and on.
        balancers: ``lb1`` and on.
        settings_file: A complete ``rollout.toml`` for this fleet.
        ssh_config: What ``~/.ssh/config`` would say.
        shop: The repository that its releases come from, if the shape ``deploys``.

    Raises:
        Missing: a program is not installed.
        GaveUp: something did not start in time; the end of its log is a note of the error.
    """

    def __init__(self, shape: Shape | None = None) -> None:
        self.shape = shape or Shape()
        self.hosts: dict[str, Host] = {}
        self.balancers: dict[str, LoadBalancer] = {}
        self._spare: Place | None = None

    def __enter__(self) -> Self:
        for name in PROGRAMS:
            program(name)
        shape = self.shape
        self._network = Network(machines=shape.hosts, ipv6=shape.ipv6)
        self._household = Household()
        self.directory = self._household.directory
        self.settings_file = self.directory / "rollout.toml"
        self.ssh_config = self.directory / "ssh_config"
        try:
            self._build()
            self._start()
        except BaseException as error:
            if isinstance(error, GaveUp):
                error.add_note(self.logs())
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the fleet and remove its directory."""
        self._household.close()
        self._network.close()

    @property
    def keeper(self) -> int:
        """The pid of the process from which all daemons of the fleet descend."""
        return self._household.keeper

    def kill_keeper(self) -> None:
        """Kill the keeper, so that nobody clears up; see ``leftovers``."""
        tell(self.keeper, signal.SIGKILL)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which to run rollout: nothing of the user's own state or keys."""
        own = {
            "XDG_STATE_HOME": str(self.directory / "state"),
            "XDG_CONFIG_HOME": str(self.directory / "settings"),
        }
        ours = {key: value for key, value in os.environ.items() if not key.startswith("ROLLOUT_")}
        ours.pop("SSH_AUTH_SOCK", None)
        return ours | own

    def command(self, *words: str) -> list[str]:
        """Return the command line of ``rollout WORDS`` for this fleet."""
        door = Path(sys.executable).with_name("rollout")
        program_words = [str(door)] if door.exists() else [sys.executable, "-m", "rollout"]
        return [*program_words, "--config", str(self.settings_file), *words]

    def rollout(self, *words: str, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run ``rollout WORDS`` to its end and return exit code, stdout and stderr.

        Raises:
            subprocess.TimeoutExpired: it did not end in time; it was killed.
        """
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def settings(self, wishes: Mapping[str, object] | None = None) -> Path:
        """Rewrite the settings file with ``wishes``, such as ``{"fleet.max_out": 2}``.

        A wish of None takes the key away.  Earlier wishes are forgotten.
        """
        found = settings.changed(settings.tables(self), wishes or {})
        self.settings_file.write_text(settings.as_toml(found))
        return self.settings_file

    def url(self, balancer: str = "lb1") -> str:
        return self.balancers[balancer].url

    def visitor(self, *, pace: float = 0.15) -> Visit:
        """Return a visitor to every balancer, to be used with ``with``.

        ``pace`` is the mean pause in seconds between two requests of one of its clients.
        """
        urls = [balancer.url for balancer in self.balancers.values()]
        return Visit(urls, self.shape.backends[1:], pace=pace)

    def processes(self) -> dict[str, tuple[int, int] | None]:
        """Return pid and start time of every instance, by ``host/instance``."""
        return {
            f"{name}/{instance}": process
            for name, host in self.hosts.items()
            for instance, process in host.processes().items()
        }

    def until_serving(self, timeout: float = PATIENCE) -> None:
        """Wait until every instance answers and every balancer calls every server up.

        Raises:
            GaveUp: not so in time.
        """
        limit = time.monotonic() + timeout
        for host in self.hosts.values():
            host.until_up(limit - time.monotonic())
        for name, balancer in self.balancers.items():
            left = max(0.0, limit - time.monotonic())
            until(balancer.all_up, f"{name} calls all servers up", left)

    def logs(self) -> str:
        """Return the end of every log, for the reader of a failure."""
        parts = []
        for path in sorted(self.directory.glob("*/*.log")):
            lines = path.read_text(errors="replace").splitlines()[-15:]
            parts.append("\n".join([f"== {path.relative_to(self.directory)}", *lines]))
        return "\n".join(parts)

    def _build(self) -> None:
        shape = self.shape
        for number in range(1, shape.hosts + 1):
            name = f"web{number}"
            self.hosts[name] = Host(name, self._network.host(number), self._household, shape)
        self._lay_out()
        for number in range(1, shape.balancers + 1):
            name = f"lb{number}"
            place = self._network.balancer(number)
            self.balancers[name] = LoadBalancer(name, place, self._household, shape)
        if shape.backup:
            self._spare = self._network.balancer(9)
        for balancer in self.balancers.values():
            balancer.config.write_text(
                haproxy.configuration(
                    balancer.directory,
                    balancer.place,
                    shape,
                    list(self.hosts.values()),
                    self._spare,
                )
            )
        self.settings()

    def _lay_out(self) -> None:
        """Put a first release on every host: the shop's, or one with nothing in it."""
        if not self.shape.deploys:
            for host in self.hosts.values():
                host.srv.lay_out()
            return
        self.shop = Shop.opened(self.directory / "shop")
        commit, tree = self.shop.git("rev-parse", "HEAD"), self.directory / "first"
        self.shop.export(commit, tree)
        for host in self.hosts.values():
            host.srv.lay_out(tree, commit)
        shutil.rmtree(tree)

    def _start(self) -> None:
        """Start hosts, then balancers: a HAProxy that has never seen a server down calls it up."""
        for host in self.hosts.values():
            host.start_instances()
            if self.shape.agent:
                host.start_agent()
        if self._spare:
            self._start_spare(self._spare)
        self._start_sshds()
        limit = time.monotonic() + self.shape.boot + PATIENCE
        for host in self.hosts.values():
            host.until_up(limit - time.monotonic())
            host.start_monit()
        for host in self.hosts.values():
            host.until_watched(max(0.0, limit - time.monotonic()))
        for balancer in self.balancers.values():
            balancer.start()
        self.until_serving()

    def _start_sshds(self) -> None:
        client = make_key(self.directory / "client_key")
        machines = [*self.hosts.values()]
        every = [*machines, *(self.balancers.values() if self.shape.remote_balancers else [])]
        for machine in every:
            machine.start_sshd(client)
        self.ssh_config.write_text("\n".join(machine.client_config() for machine in every))
        known = "".join(machine.known_host() for machine in every)
        (self.directory / "known_hosts").write_text(known)

    def _start_spare(self, place: Place) -> None:
        directory = self.directory / "spare"
        directory.mkdir()
        words = ["--directory", str(directory), "--name", "spare", "--release", str(directory)]
        words += ["--address", place.address, "--port", str(place.base), "--boot", "0"]
        script = str(ROOT / "examples" / "app.py")
        self._household.start(
            sys.executable, "-I", "-S", script, *words, log=directory / "spare.log"
        )
