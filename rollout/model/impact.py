"""What visitors met during a run: readings of HAProxy's counters, folded.

The numbers are the differences of HAProxy's own counters between the first and the last reading.
Over a reload they are a lower bound: what the process before served after its last reading is in
no counter that can still be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout.model.fleet import HaproxyProcess, Server
from rollout.model.traffic import BackendTraffic, TrafficCounters, TrafficReading

Place = tuple[str, str]
"""The load balancer and the backend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendImpact:
    """One backend of one load balancer, from the first reading to the last.

    Attributes:
        balancer: Its name.
        backend: The backend's.
        counters: By how much each counter rose.
        sessions: Sessions at the last reading.
        queued: Visitors in the queue at the last reading.
        queue_peak: The most that any reading saw in the queue.
        serving: Servers that got visitors at the last reading.
        lowest: The fewest at any reading.
        members: Servers of the backend, backups apart; 0 where they were not counted.
        floor: How many of them must serve; 0 where no floor holds, as in a recovery.
    """

    balancer: str
    backend: str
    counters: TrafficCounters = field(default_factory=TrafficCounters)
    sessions: int = 0
    queued: int = 0
    queue_peak: int = 0
    serving: int = 0
    lowest: int = 0
    members: int = 0
    floor: int = 0

    @property
    def place(self) -> str:
        return f"{self.balancer}/{self.backend}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactGap:
    """A time of one load balancer of which no counter tells.

    Attributes:
        balancer: Its name.
        reason: ``reload`` or ``cleared``: another process counts, or the counters were cleared.
        seconds: How long before the first reading afterwards the last one was.
    """

    balancer: str
    reason: str
    seconds: float


class ImpactMeter:
    """Folds readings into what visitors met since the first of them."""

    def __init__(self) -> None:
        self._backends: dict[Place, BackendImpact] = {}
        self._servers: dict[Server, TrafficCounters] = {}
        self._last: dict[str, _Last] = {}
        self._last_backends: dict[Place, TrafficCounters] = {}
        self._last_servers: dict[Server, TrafficCounters] = {}
        self.gaps: list[ImpactGap] = []

    def add(self, place: Place, *, members: int, floor: int) -> None:
        """Count a backend from the next reading on; one that counts already goes on counting."""
        known = self._backends.get(place, BackendImpact(balancer=place[0], backend=place[1]))
        self._backends[place] = replace(known, members=members, floor=floor)

    @property
    def backends(self) -> tuple[BackendImpact, ...]:
        """The backends that were read at least once, by name."""
        return tuple(self._backends[place] for place in sorted(self._last_backends))

    @property
    def servers(self) -> Mapping[Server, TrafficCounters]:
        """By how much the counters of each server rose."""
        return dict(self._servers)

    def of(self, balancer: str) -> tuple[BackendImpact, ...]:
        """Return the backends of one load balancer."""
        return tuple(one for one in self.backends if one.balancer == balancer)

    def see(self, reading: TrafficReading, at: float) -> None:
        """Count a reading that was made ``at``, in seconds on any clock that only rises."""
        balancer, last = reading.balancer, self._last.get(reading.balancer)
        anew = self._began_anew(last.process, reading) if last is not None else ""
        if last is not None and anew:
            self.gaps.append(ImpactGap(balancer=balancer, reason=anew, seconds=at - last.at))
        for name, seen in reading.backends.items():
            place = balancer, name
            if place in self._backends:
                base = _baseline(self._last_backends.get(place), seen.counters, anew=bool(anew))
                self._see_backend(place, seen, base)
        for server, counters in reading.servers.items():
            if (server.balancer, server.backend) in self._backends:
                base = _baseline(self._last_servers.get(server), counters, anew=bool(anew))
                known = self._servers.get(server, TrafficCounters())
                self._servers[server] = known.plus(counters.since(base))
                self._last_servers[server] = counters
        self._last[balancer] = _Last(reading.process, at)

    def _began_anew(self, before: HaproxyProcess, now: TrafficReading) -> str:
        if before != now.process:
            return "reload"
        cleared = (
            seen.counters.is_before(last)
            for name, seen in now.backends.items()
            if (last := self._last_backends.get((now.balancer, name))) is not None
        )
        return "cleared" if any(cleared) else ""

    def _see_backend(self, place: Place, seen: BackendTraffic, base: TrafficCounters) -> None:
        known, first = self._backends[place], place not in self._last_backends
        self._last_backends[place] = seen.counters
        self._backends[place] = replace(
            known,
            counters=known.counters.plus(seen.counters.since(base)),
            sessions=seen.sessions,
            queued=seen.queued,
            queue_peak=max(known.queue_peak, seen.queued),
            serving=seen.serving,
            lowest=seen.serving if first else min(known.lowest, seen.serving),
        )


@dataclass(frozen=True, slots=True)
class _Last:
    process: HaproxyProcess
    at: float


def _baseline(
    before: TrafficCounters | None, now: TrafficCounters, *, anew: bool
) -> TrafficCounters:
    """Return what the counters are compared with: zero where they began anew since."""
    if before is None:
        return now
    return TrafficCounters() if anew or now.is_before(before) else before


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What visitors met during a run, over all its load balancers.

    Attributes:
        backends: Each backend.
        gaps: Times of which no counter tells.
        unread: Load balancers that did not answer at the end, with why; their numbers are older.
    """

    backends: tuple[BackendImpact, ...] = ()
    gaps: tuple[ImpactGap, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def total(self) -> TrafficCounters:
        """The counters of all backends together."""
        whole = TrafficCounters()
        for one in self.backends:
            whole = whole.plus(one.counters)
        return whole
