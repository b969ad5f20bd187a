"""The nouns: servers as HAProxy spells them, instances, targets, and what was seen of them.

Everything here is a frozen value.  A value that ends in "State" or "Reading" is what a look saw
at one moment; it is never updated, only replaced by a later look.
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
        started: Pid and start ticks of the instance's process and of its descendants.
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


class ProcessState(StrEnum):
    """What a supervisor takes an instance for, in words that belong to no supervisor.

    It describes the process that the supervisor looked at last, which may be the one that it was
    asked to replace: ``InstanceState.pending`` says what it has still to do.
    """

    RUNNING = "running"
    """It knows a process."""
    STARTING = "starting"
    """It has begun to start or to watch it, and has not looked at it since."""
    STOPPING = "stopping"
    """It has asked the process to end, and the process has not ended."""
    STOPPED = "stopped"
    """It has no process, and none is due."""
    FAILED = "failed"
    """It has no process although one is due."""
    UNMONITORED = "unmonitored"
    """It does not watch the instance."""
    UNKNOWN = "unknown"
    """It cannot say, or says what its adapter does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceState:
    """One instance as its supervisor described it, with its birth as the kernel tells it.

    Attributes:
        name: Its name, as the supervisor has it.
        state: What the supervisor takes it for.
        detail: The supervisor's own words for that, for messages; nothing is decided by them.
        pending: What the supervisor has still to do (``restart``, ``start``, ``stop``), or empty.
        process: The process behind it; None when there is none or it is a zombie.
        reported: What rules of the operator's report about it; empty where they report nothing.
        port_test_failed: The supervisor's own test of the port failed when it looked last.
        up_since: Unix time at which the process started, by the host's clock; None as for birth.
        port: Where it listens; 0 when that is not known.
        survivors: Processes from before its last restart by us that are not of its new process.
        port_lost: The old process had the listening socket of the port.  Another process has it
            now, and the new process has none.
        requests: How many restarts of it this run has asked for.
        outgoing: Its process is one that this run has asked the supervisor to replace.
    """

    name: str
    state: ProcessState
    detail: str
    pending: str
    process: ProcessIdentity | None
    reported: str = ""
    port_test_failed: bool = False
    up_since: float | None = None
    port: int = 0
    survivors: tuple[Survivor, ...] = ()
    port_lost: bool = False
    requests: int = 0
    outgoing: bool = False

    @property
    def monitored(self) -> bool:
        """The supervisor watches it."""
        return self.state is not ProcessState.UNMONITORED

    @property
    def settling(self) -> bool:
        """The supervisor has begun something with it and not come to the end of it."""
        return self.state in {ProcessState.STARTING, ProcessState.STOPPING}

    @property
    def running(self) -> bool:
        """The supervisor knows a process of it, nothing is pending, and that process lives."""
        known = self.state is ProcessState.RUNNING
        return known and not self.pending and self.process is not None

    @property
    def alert(self) -> str:
        """What rules report about a process that runs; empty where they report nothing."""
        return self.reported if self.running else ""


@dataclass(frozen=True, slots=True, order=True)
class Instance:
    """One app process that a supervisor watches; ``port`` is 0 when it is not known."""

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
