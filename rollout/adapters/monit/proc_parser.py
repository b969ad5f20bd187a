"""From a pid to a birth: what ``/proc`` of the host tells about the processes behind the blocks.

A pid alone can be reused; pid, start time and boot id together cannot.  Source: proc(5).
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from rollout.model.fleet import ProcessIdentity

GONE = frozenset("ZXx")
# The name in parentheses may itself hold spaces and parentheses, so the last one counts.
STAT = re.compile(
    r"(?P<pid>\d+) \((?P<command>.*)\) (?P<state>\S)(?P<rest>(?: -?\d+){19,})", re.DOTALL
)
PARENT, START_TIME = 0, 18  # fields 4 and 22 of the line; ``rest`` begins with field 4
LISTEN = re.compile(r"@listen (?P<port>\d+) (?P<socket>\d+)")
FDS = re.compile(r"@(?P<what>fds|fd|holds)(?: (?P<number>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """What one look at ``/proc`` showed.

    Attributes:
        boot: The boot id; empty where the host has no ``/proc``.
        booted: Unix time of the boot, by the host's clock; None when not known.
        ticks: Clock ticks per second.
        started: Start ticks by pid, of living processes.
        gone: Pids seen as zombies.
        all_visible: Pid 1 could be read, so a pid that is not in ``started`` is not there;
            otherwise ``hidepid`` hides other users' processes.
        parents: Parent by pid, of living processes.
        commands: Name by pid, of living processes.
        listening: Inodes of the listening sockets by port, of the ports that were asked for.
        holds: Which of those a process has open, by pid; one that is not there could not be read.
    """

    boot: str = ""
    booted: float | None = None
    ticks: int = 100
    started: Mapping[int, int] = field(default_factory=dict[int, int])
    gone: frozenset[int] = frozenset()
    all_visible: bool = False
    parents: Mapping[int, int] = field(default_factory=dict[int, int])
    commands: Mapping[int, str] = field(default_factory=dict[int, str])
    listening: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])
    holds: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])

    def tree(self, pid: int | None) -> frozenset[int]:
        """Return ``pid`` and its descendants, as far as they live."""
        found = {pid} if pid is not None and pid in self.started else set[int]()
        while more := {p for p, parent in self.parents.items() if parent in found} - found:
            found |= more
        return frozenset(found)

    def process(
        self, pid: int | None, shown_before: AbstractSet[int] = frozenset()
    ) -> ProcessIdentity | None:
        """Return the birth of ``pid``; None when there is no living process.

        ``shown_before`` are pids that earlier looks could read.  Even ``hidepid`` shows a
        login its own processes, so one that was shown and is not any more has gone; with a
        start time of None it would pass for another process than before.
        """
        if pid is None or pid in self.gone:
            return None
        if pid not in self.started and (self.all_visible or pid in shown_before):
            return None
        return ProcessIdentity(pid=pid, started=self.started.get(pid), boot=self.boot)

    def up_since(self, process: ProcessIdentity | None) -> float | None:
        """Return the Unix time at which the process started, where that is known."""
        if process is None or process.started is None or self.booted is None:
            return None
        return self.booted + process.started / self.ticks


def read_processes(lines: list[str]) -> Processes:
    """Read the lines that ``commands.look`` prints before monit's own text.

    Lines of other shapes (a talkative login shell) are skipped.
    """
    said = dict(line.split(" ", 1) for line in lines if line.startswith("@") and " " in line)
    started: dict[int, int] = {}
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    gone: set[int] = set()
    for stat in filter(None, map(STAT.match, lines)):
        pid, fields = int(stat["pid"]), stat["rest"].split()
        if stat["state"] in GONE:
            gone.add(pid)
        else:
            started[pid] = int(fields[START_TIME])
            parents[pid], commands[pid] = int(fields[PARENT]), stat["command"]
    booted, ticks = said.get("@btime", ""), said.get("@ticks", "")
    return Processes(
        boot=said.get("@boot", ""),
        booted=float(booted) if booted.isdecimal() else None,
        ticks=int(ticks) if ticks.isdecimal() and int(ticks) else 100,
        started=started,
        gone=frozenset(gone),
        all_visible=1 in started,
        parents=parents,
        commands=commands,
        listening=_listening(lines),
        holds=_holds(lines),
    )


def _listening(lines: list[str]) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for row in filter(None, map(LISTEN.fullmatch, lines)):
        port = int(row["port"])
        found[port] = found.get(port, frozenset()) | {int(row["socket"])}
    return found


def _holds(lines: list[str]) -> dict[int, frozenset[int]]:
    """Read the descriptors.  A process of which not one could be read is not in the result."""
    found: dict[int, frozenset[int]] = {}
    pid = 0
    for row in filter(None, map(FDS.fullmatch, lines)):
        if row["what"] == "fds":
            pid = int(row["number"] or 0)
        elif pid:
            held = {int(row["number"])} if row["what"] == "holds" and row["number"] else set[int]()
            found[pid] = found.get(pid, frozenset()) | held
    return found
