"""What was seen of an unknown fleet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rollout.discovery.deploys import NO_DEPLOY, DeployChoice
from rollout.discovery.host_mapping import HostMapping
from rollout.discovery.instances import InstanceChoice, WatchedProcess
from rollout.discovery.probes import ProbeChoice
from rollout.model.fleet import BalancerSnapshot, Finding, ServerState
from rollout.ports.discovery import SupervisedHost

NAME = re.compile(r"[A-Za-z0-9_.:-]+")
"""What HAProxy itself accepts as a name."""

UNTRIED = ProbeChoice("", "no request was tried")


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketPlace:
    """Where an admin socket is: on the host ``ssh``, or on this machine."""

    name: str
    socket: str
    ssh: str = ""

    def __str__(self) -> str:
        return f"{self.ssh}:{self.socket}" if self.ssh else self.socket


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBalancer:
    """One load balancer, or why it could not be read.

    Attributes:
        notes: What keeps a run from working with it.
    """

    place: SocketPlace
    snapshot: BalancerSnapshot | None = None
    notes: tuple[Finding, ...] = ()

    def backends(self) -> dict[str, list[ServerState]]:
        """List the servers by backend; HAProxy tells no server of frontends and statistics."""
        found: dict[str, list[ServerState]] = {}
        for server, row in self.snapshot.servers.items() if self.snapshot else ():
            if NAME.fullmatch(server.backend) and NAME.fullmatch(server.name):
                found.setdefault(server.backend, []).append(row)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenHost:
    """One host, or what kept us from looking.

    Attributes:
        trouble: What failed, with its fix; None where all was seen.
    """

    name: str
    supervised: SupervisedHost | None = None
    processes: tuple[WatchedProcess, ...] = ()
    directories: Mapping[str, str] = field(default_factory=dict[str, str])
    trouble: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFleet:
    """All of it, with what was chosen.

    Attributes:
        app: The name of the application, and why.
        backends: The managed backends by load balancer.
        group: The group of exactly the instances; empty where none was found.
        deploy: The layout of releases, and whether a deploy would find all that it needs.
    """

    app: tuple[str, str]
    balancers: Sequence[SeenBalancer]
    backends: Mapping[str, Sequence[str]]
    mapping: HostMapping
    hosts: Mapping[str, SeenHost]
    instances: InstanceChoice
    group: str
    deploy: DeployChoice = NO_DEPLOY
    probe: ProbeChoice = UNTRIED

    def rows(self) -> list[ServerState]:
        """Return all servers of the managed backends."""
        return [
            row
            for one in self.balancers
            for backend, rows in one.backends().items()
            if backend in self.backends.get(one.place.name, ())
            for row in rows
        ]

    def watched(self) -> dict[str, Sequence[WatchedProcess]]:
        """Return what is watched on the hosts that could be looked at."""
        return {name: host.processes for name, host in self.hosts.items() if host.supervised}
