"""Visitors that HAProxy sends to a server in maint: ``force-persist`` and ``option persist`` do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rollout.model.conditions import has_admin_state
from rollout.model.fleet import AdminState, BalancerSnapshot, HaproxyProcess, Server, ServerState


@dataclass(frozen=True, slots=True)
class Counted:
    """A server in maint: from which look on its sessions are counted, and the latest look.

    ``settled`` is false of the first look, at which HAProxy may still have been told.
    """

    process: HaproxyProcess
    since: ServerState
    latest: ServerState
    before: int
    settled: bool = False

    @property
    def came(self) -> int:
        """How many sessions what was open and queued at first does not explain."""
        explained = self.since.sessions_total + self.since.sessions + self.since.queued
        return self.before + max(0, self.latest.sessions_total - explained)


class MaintVisitors:
    """Counts them by HAProxy's own counter of sessions, look by look."""

    def __init__(self) -> None:
        self._counted: dict[Server, Counted] = {}

    @property
    def count(self) -> dict[Server, int]:
        """How many came, by server, since the last :meth:`forget`."""
        return {server: one.came for server, one in self._counted.items() if one.came}

    @property
    def total(self) -> int:
        return sum(self.count.values())

    def see(self, readings: Mapping[str, BalancerSnapshot], servers: Iterable[Server]) -> None:
        """Look at ``servers``, which are to be in maint."""
        for server in servers:
            reading = readings.get(server.balancer)
            row = reading.servers.get(server) if reading else None
            if reading is not None and row is not None and has_admin_state(row, AdminState.MAINT):
                self._counted[server] = self._after(self._counted.get(server), reading.process, row)

    def _after(self, known: Counted | None, process: HaproxyProcess, row: ServerState) -> Counted:
        if known is None or known.process != process:  # another process counts from nothing
            return Counted(process, row, row, known.came if known else 0)
        if known.settled:
            return replace(known, latest=row)
        return Counted(process, row, row, known.came, settled=True)

    def forget(self) -> None:
        """Begin to count anew: from now on they meet a server that restarts."""
        for server, one in self._counted.items():
            self._counted[server] = replace(one, since=one.latest, before=0)
