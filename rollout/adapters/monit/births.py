"""From a pid to a birth: what ``/proc`` of the host tells about the processes behind the blocks.

A pid alone can be reused; pid, start time and boot id together cannot.  Source: proc(5).
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from rollout.fleet import Birth

GONE = frozenset("ZXx")
# The name in parentheses may itself hold spaces and parentheses, so the last one counts.
STAT = re.compile(r"(?P<pid>\d+) \(.*\) (?P<state>\S)(?P<rest>(?: -?\d+){19,})", re.DOTALL)
START_TIME = 18  # field 22 of the line; ``rest`` begins with field 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """What one look at ``/proc`` showed.

    Attributes:
        boot: The boot id; empty where the host has no ``/proc``.
        booted: Unix time of the boot, by the host's clock; None when not known.
        ticks: Clock ticks per second.
        started: Start ticks by pid, of living processes.
        gone: Pids seen as zombies.
        all_visible: Pid 1 could be read, so whoever is not in ``started`` is not there;
            otherwise ``hidepid`` hides other users' processes.
    """

    boot: str = ""
    booted: float | None = None
    ticks: int = 100
    started: Mapping[int, int] = field(default_factory=dict[int, int])
    gone: frozenset[int] = frozenset()
    all_visible: bool = False

    def birth(self, pid: int | None, shown_before: AbstractSet[int] = frozenset()) -> Birth | None:
        """Return the birth of ``pid``; None when there is no living process.

        ``shown_before`` are pids that earlier looks could read.  Even ``hidepid`` shows a
        login its own processes, so one that was shown and is not any more has gone; with a
        start time of None it would pass for another process than before.
        """
        if pid is None or pid in self.gone:
            return None
        if pid not in self.started and (self.all_visible or pid in shown_before):
            return None
        return Birth(pid=pid, started=self.started.get(pid), boot=self.boot)

    def up_since(self, birth: Birth | None) -> float | None:
        """Return the Unix time at which the process started, where that is known."""
        if birth is None or birth.started is None or self.booted is None:
            return None
        return self.booted + birth.started / self.ticks


def read_processes(lines: list[str]) -> Processes:
    """Read the lines that ``commands.look`` prints before monit's own text.

    Lines of other shapes (a talkative login shell) are skipped.
    """
    said = dict(line.split(" ", 1) for line in lines if line.startswith("@") and " " in line)
    started: dict[int, int] = {}
    gone: set[int] = set()
    for stat in filter(None, map(STAT.match, lines)):
        pid = int(stat["pid"])
        if stat["state"] in GONE:
            gone.add(pid)
        else:
            started[pid] = int(stat["rest"].split()[START_TIME])
    booted, ticks = said.get("@btime", ""), said.get("@ticks", "")
    return Processes(
        boot=said.get("@boot", ""),
        booted=float(booted) if booted.isdecimal() else None,
        ticks=int(ticks) if ticks.isdecimal() and int(ticks) else 100,
        started=started,
        gone=frozenset(gone),
        all_visible=1 in started,
    )
