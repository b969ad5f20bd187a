"""Which processes an instance had before its restart, and which of them answer in its place.

Monit knows one pid.  The port may be answered by a child of a wrapper that the stop program did
not end, or by a process that got the socket from a parent.  A socket keeps its inode for life, so a
listening socket whose inode was there before the restart is not the new process's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout.adapters.monit.proc_parser import Processes
from rollout.model.fleet import ProcessIdentity, ProcessTree, Survivor

KEPT = 100
"""Processes of one instance that are written down for a run that comes after a crash."""


@dataclass(frozen=True, slots=True)
class InstanceProcesses:
    """The processes of one instance at one moment, and the sockets on its port.

    Attributes:
        port: Where the instance listens; 0 when it is not known.
        boot: The boot id; after another boot none of this is true any more.
        started: Start ticks by pid, of the process that monit names and its descendants.
        sockets: Inodes of all sockets that listen on ``port``.
        held: Those that a process of the tree has open, as far as that can be read.
    """

    port: int
    boot: str
    started: Mapping[int, int] = field(default_factory=dict[int, int])
    sockets: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()

    @classmethod
    def of(cls, pid: int | None, port: int, seen: Processes) -> "InstanceProcesses":
        """Read the tree below ``pid`` from one look."""
        pids = seen.tree(pid)
        sockets = seen.listening.get(port, frozenset[int]())
        holds = (seen.holds.get(one, frozenset[int]()) for one in pids)
        started = {one: seen.started[one] for one in pids}
        held = sockets & frozenset[int]().union(*holds)
        return cls(port, seen.boot, started, sockets, held)

    @classmethod
    def read(cls, process: ProcessIdentity) -> "InstanceProcesses | None":
        """Read what :meth:`written` made of one."""
        kept = process.tree
        if kept is None:
            return None
        sockets, held = frozenset(kept.sockets), frozenset(kept.held)
        return cls(kept.port, process.boot, dict(kept.started), sockets, held)

    def written(self) -> ProcessTree:
        """Return it in the form in which a process carries it into the record."""
        started = tuple(sorted(self.started.items())[:KEPT])
        return ProcessTree(
            self.port, started, tuple(sorted(self.sockets)), tuple(sorted(self.held))
        )

    def after(self, earlier: "InstanceProcesses | None") -> "InstanceProcesses":
        """Add what lives on from a restart before this one."""
        if earlier is None or earlier.boot != self.boot:
            return self
        return InstanceProcesses(
            self.port,
            self.boot,
            {**earlier.started, **self.started},
            earlier.sockets | self.sockets,
            earlier.held | self.held,
        )

    def survivors(self, now: "InstanceProcesses", seen: Processes) -> tuple[Survivor, ...]:
        """List the processes of this tree that live on beside the tree of ``now``."""
        if self.boot != now.boot:
            return ()
        alive = (
            pid
            for pid, started in sorted(self.started.items())
            if seen.started.get(pid) == started and pid not in now.started
        )
        return tuple(Survivor(pid, seen.commands[pid], self._listens(pid, seen)) for pid in alive)

    def lost_its_port(self, now: "InstanceProcesses", seen: Processes) -> bool:
        """Tell whether another process has the socket that this tree had, and ``now`` has none.

        Only where the descriptors of the new processes can be read.  A socket that this tree never
        had (a proxy's, for example) proves nothing.
        """
        same_boot = self.boot == now.boot
        readable = same_boot and any(pid in seen.holds for pid in now.started)
        return readable and bool(self.held & now.sockets) and not now.held

    def _listens(self, pid: int, seen: Processes) -> bool | None:
        """Tell whether ``pid`` can still answer on the port; None when that cannot be seen."""
        sockets = seen.listening.get(self.port, frozenset[int]())
        if not sockets:
            return None
        old = sockets & self.sockets
        if not old:
            return False
        return bool(old & seen.holds[pid]) if pid in seen.holds else None
