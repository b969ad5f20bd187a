"""The nouns, as HAProxy and monit spell them: servers, instances, targets, and what was seen.

Everything here is a frozen value.  A value that ends in "State" or "Reading" says what somebody
saw at one moment; it is never updated, only replaced by a later look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum


class AdminState(StrEnum):
    """What we tell HAProxy about a server; the word after ``set server B/S state``."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


class Admin(IntFlag):
    """``srv_admin_state`` of ``show servers state``: why a server is not simply ready.

    Source: HAProxy's management guide; measured on 2.6, 2.8 and 3.4.  ``CONFIG_MAINT`` alone
    means "disabled in the file, enabled since"; together with ``FORCED_MAINT`` it
    is still disabled.
    """

    FORCED_MAINT = 1
    INHERITED_MAINT = 2
    CONFIG_MAINT = 4
    FORCED_DRAIN = 8
    INHERITED_DRAIN = 16
    NO_ADDRESS = 32
    FQDN_BY_CLI = 64


class OperationalState(IntFlag):
    """``srv_op_state`` of ``show servers state``: what HAProxy thinks of a server's health."""

    STOPPED = 0
    STARTING = 1
    RUNNING = 2
    STOPPING = 3


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """One server line of one load balancer."""

    balancer: str
    backend: str
    name: str

    def __str__(self) -> str:
        return f"{self.backend}/{self.name}@{self.balancer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """One server line as HAProxy described it in one reply.

    Attributes:
        server: Which line.
        address: IP address as HAProxy resolved it, without brackets; empty when it has none.
        port: Port; 0 when HAProxy maps ports.
        status: The ``status`` column, exactly (``UP``, ``UP 1/2``, ``DRAIN``, ``no check``, …).
        admin: The administrative bits; the status word alone hides a drain behind ``DOWN``.
        operation: The operational state.
        sessions: ``scur``: requests in flight in HTTP mode, sessions in TCP mode.
        queued: ``qcur``.
        sessions_total: ``stot``; still rising in drain means sticky clients.
        weight: The weight set by the operator or the file (``srv_uweight``); 0 is out of the farm.
        initial_weight: The weight in the file (``srv_iweight``).
        backup: The line says ``backup``: it does not count towards the floor.
        checked: HAProxy checks this server's health.
        agent: HAProxy asks an agent on this server; the agent's words can undo a drain.
        tracks: ``backend/server`` that this line follows, or empty.
        throttle: Percent of the weight given during slow start; None when at full weight.
    """

    server: Server
    address: str
    port: int
    status: str
    admin: Admin
    operation: OperationalState
    sessions: int
    queued: int
    sessions_total: int
    weight: int
    initial_weight: int
    backup: bool
    checked: bool
    agent: bool
    tracks: str
    throttle: int | None


@dataclass(frozen=True, slots=True)
class HaproxyProcess:
    """What tells one HAProxy process from its successor after a reload: pid and start second."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerSnapshot:
    """One reply of one load balancer: its process and its server lines, from the same moment.

    ``notes`` are oddities worth a line to the operator (an agent that speaks no UTF-8), ``age``
    the seconds since the process started: one before it may still serve what it had accepted.
    """

    balancer: str
    version: str
    process: HaproxyProcess
    servers: Mapping[Server, ServerState]
    notes: tuple[str, ...] = ()
    age: float = float("inf")


@dataclass(frozen=True, slots=True)
class ProcessTree:
    """The processes of an instance at one moment, and the sockets on its port.

    Attributes:
        port: Where the instance listens; 0 when it is not known.
        started: Pid and start ticks of the process that monit names and of its descendants.
        sockets: Inodes of all sockets that listen on ``port``.
        held: Those of them that a process of the tree has open, as far as that can be read.
    """

    port: int
    started: tuple[tuple[int, int], ...] = ()
    sockets: tuple[int, ...] = ()
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process that cannot be mistaken for another: pid, start time in ticks since boot, boot id.

    ``started`` is None when ``/proc`` hides other users' processes; then only the pid tells.
    ``tree`` is what else belonged to it when it was seen; None where nothing was read of it.
    """

    pid: int
    started: int | None
    boot: str
    tree: ProcessTree | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that an instance had when it was asked to restart, and that has not ended.

    Attributes:
        pid: Its pid.
        command: Its name, as the kernel has it (15 characters).
        listens: It has a socket open that listens on the instance's port; None: that cannot be
            seen.
    """

    pid: int
    command: str
    listens: bool | None

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.command})"


WITHOUT_A_PROCESS = (
    *("does not exist", "exists not", "execution failed", "initializing"),
    *("not monitored", "data access error", "waiting"),
)
"""Beginnings of the states in which monit has no process, or does not know it.

Any other word is of a rule that the operator wrote (``Resource limit matched``, ``Uptime failed``,
``PID changed``): it says something about a process that runs.  Monit joins several by `` | ``.
Source: the states of 5.0.3 to 5.33 in tests/captures/monit, and the names of its events.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceState:
    """One process as monit described it, with its birth as the kernel tells it.

    Attributes:
        name: monit's service name.
        status: monit's status without the pending mark (``OK``, ``Running``, ``Initializing``).
        monitored: monit's own word for it is "Monitored" (or, while starting, "Initializing").
        pending: The action monit still has to do (``restart``, ``start``, ``stop``), or empty.
        process: The process behind it; None when there is none or it is a zombie.
        up_since: Unix time at which the process started, by the host's clock; None as for birth.
        port: Where it listens; 0 when that is not known.
        survivors: Processes from before its last restart by us that are not of its new process.
        port_lost: The old process had the listening socket of the port.  Another process has it
            now, and the new process has none.
        requests: How many restarts of it this run has asked for.
        outgoing: Its process is one that this run has asked monit to replace.
    """

    name: str
    status: str
    monitored: bool
    pending: str
    process: ProcessIdentity | None
    up_since: float | None = None
    port: int = 0
    survivors: tuple[Survivor, ...] = ()
    port_lost: bool = False
    requests: int = 0
    outgoing: bool = False

    @property
    def initializing(self) -> bool:
        return self.status.lower().startswith("initializing")

    @property
    def called_running(self) -> bool:
        """Monit knows a process of it, whatever alert rule of its own matched."""
        parts = self.status.lower().split(" | ")
        return bool(self.status) and not any(part.startswith(WITHOUT_A_PROCESS) for part in parts)

    @property
    def running(self) -> bool:
        """Monit calls it running, nothing is pending, and there is a live process."""
        watched = self.called_running and self.monitored
        return watched and not self.pending and self.process is not None

    @property
    def alert(self) -> str:
        """What monit's rules report about a process that runs; empty where they report nothing."""
        plain = self.status.lower() in {"ok", "running"}
        return self.status if self.running and not plain else ""

    @property
    def connection_failed(self) -> bool:
        """Monit's own test of the port failed at its last cycle."""
        return "connection failed" in self.status.lower()


@dataclass(frozen=True, slots=True, order=True)
class Instance:
    """One app process that monit watches; ``port`` is 0 when it is not known."""

    name: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What is taken out together: a host with its servers and instances, or one instance of it."""

    name: str
    host: str
    servers: tuple[Server, ...]
    instances: tuple[Instance, ...]
    instances_by_server: Mapping[Server, tuple[Instance, ...]]
    """For each server the instances that must be proven before HAProxy may check it again."""

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name

    @property
    def balancers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(server.balancer for server in self.servers))


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a wait is over, and if not (or why) in words made for the person watching."""

    met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found wrong before anything was touched: where, what, and what fixes it.

    ``instance`` is the one that it is about; of one that we restart anyway it stops nothing.
    """

    where: str
    what: str
    fix: str
    instance: str = ""


@dataclass(frozen=True, slots=True)
class SickFinding(Finding):
    """What an outage does to an instance, and a restart may fix (``--accept-sick``)."""
