"""What visitors met during a run: readings of HAProxy's counters, folded.

The numbers are the differences of HAProxy's own counters between the first and the last reading.
Where another process counts, or the counters were cleared, they are a lower bound: what was served
after the last reading before that is in no counter that can still be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout.model.fleet import HaproxyProcess, Server
from rollout.model.traffic import BackendTraffic, TrafficCounters, TrafficReading

Place = tuple[str, str]
"""The load balancer and the backend."""

RELOAD, CLEARED, LATE = "reload", "cleared", "late"

MOST_PROCESSES = 8
"""Processes of one load balancer whose last reading is kept, the latest: each has all servers."""

LATE_AFTER = 2.0
"""Seconds from the wish to count a backend to its first reading, from which on it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendImpact:
    """One backend of one load balancer, from the first reading to the last.

    Attributes:
        balancer: Its name.
        backend: The backend's.
        counters: By how much each counter rose.
        sessions: Sessions at the last reading.
        queued: Visitors that waited for any server at the last reading.
        queue_peak: The most that waited, as far as readings and HAProxy's own maximum tell.
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
    """The times of one load balancer of which, for one reason, no counter tells.

    One value for all of them: every reading repeats it, and a load balancer that is reloaded every
    ten seconds must not make the journal of a long run grow with the square of its length.

    Attributes:
        balancer: Its name.
        reason: ``reload``: another process counts.  ``cleared``: the counters were cleared.
            ``late``: it did not answer when the run began.
        seconds: How long before the first reading afterwards the last one was, in all; of one that
            is late, how long before its first reading the run began.
        times: How many times there were.
    """

    balancer: str
    reason: str
    seconds: float
    times: int = 1


@dataclass(slots=True)
class _Counted:
    """What one process had counted at its last reading: what the next one is compared with."""

    backends: dict[str, BackendTraffic] = field(default_factory=dict[str, BackendTraffic])
    servers: dict[Server, TrafficCounters] = field(default_factory=dict[Server, TrafficCounters])


@dataclass(slots=True)
class _BalancerReadings:
    """The readings of one load balancer.

    A process that answers again after another one is compared with its own last reading: two of
    them may share a port for a moment.

    Attributes:
        first: When the first reading was made.
        process: Which process answered last.
        at: When it did.
        by_process: The last reading of each process, the latest last.
        forgotten: The latest start of a process whose reading is not kept any more.
    """

    first: float
    process: HaproxyProcess
    at: float
    by_process: dict[HaproxyProcess, _Counted] = field(
        default_factory=dict[HaproxyProcess, _Counted]
    )
    forgotten: float = float("-inf")

    def keep(self, process: HaproxyProcess, counted: _Counted) -> None:
        """Keep what a process counted, and forget the one that has not answered for longest."""
        self.by_process.pop(process, None)
        self.by_process[process] = counted
        if len(self.by_process) > MOST_PROCESSES:
            oldest = next(iter(self.by_process))
            del self.by_process[oldest]
            self.forgotten = max(self.forgotten, oldest.started)


class ImpactMeter:
    """Folds readings into what visitors met since the first of them."""

    def __init__(self) -> None:
        self._backends: dict[Place, BackendImpact] = {}
        self._read: set[Place] = set()
        self._servers: dict[Server, TrafficCounters] = {}
        self._asked: dict[str, float] = {}
        self._readings: dict[str, _BalancerReadings] = {}
        self._gaps: dict[tuple[str, str], ImpactGap] = {}

    def add(self, place: Place, at: float, *, members: int = 0, floor: int = 0) -> None:
        """Count a backend from the next reading on; one that counts already goes on counting.

        ``at`` is now, on the clock of :meth:`see`.
        """
        known = self._backends.get(place, BackendImpact(balancer=place[0], backend=place[1]))
        self._backends[place] = replace(known, members=members, floor=floor)
        self._asked.setdefault(place[0], at)

    @property
    def backends(self) -> tuple[BackendImpact, ...]:
        """The backends that were read at least once, by name."""
        return tuple(self._backends[place] for place in sorted(self._read))

    @property
    def servers(self) -> Mapping[Server, TrafficCounters]:
        """By how much the counters of each server rose; after a reload, since then."""
        return dict(self._servers)

    def of(self, balancer: str) -> tuple[BackendImpact, ...]:
        """Return the backends of one load balancer."""
        return tuple(one for one in self.backends if one.balancer == balancer)

    @property
    def gaps(self) -> tuple[ImpactGap, ...]:
        """The times of which no counter tells: one value for each load balancer and reason."""
        return tuple(self._gaps.values())

    def gaps_of(self, balancer: str) -> tuple[ImpactGap, ...]:
        """Return the gaps of one load balancer."""
        return tuple(gap for gap in self.gaps if gap.balancer == balancer)

    def see(self, reading: TrafficReading, at: float) -> None:
        """Count a reading that was made ``at``, in seconds on any clock that only rises."""
        before = self._compared_with(reading, at)
        for name, seen in reading.backends.items():
            if (reading.balancer, name) in self._backends:
                self._see_backend((reading.balancer, name), seen, before.backends.get(name))
                before.backends[name] = seen
        for server, counters in reading.servers.items():
            if (server.balancer, server.backend) in self._backends:
                rose = _rise(before.servers.get(server), counters)
                known = self._servers.get(server, TrafficCounters())
                self._servers[server] = known.plus(rose)
                before.servers[server] = counters
        for place in self._read:
            if place[0] == reading.balancer and place[1] not in reading.backends:
                gone = self._backends[place]  # a reload took it out of HAProxy's file
                self._backends[place] = replace(gone, sessions=0, queued=0, serving=0, lowest=0)

    def _compared_with(self, reading: TrafficReading, at: float) -> _Counted:
        """Return what a reading is compared with, and note the gap before it, if there is one."""
        name, process = reading.balancer, reading.process
        known = self._readings.get(name)
        if known is None:
            known = self._readings[name] = _BalancerReadings(at, process, at)
            known.keep(process, _Counted())
            late = at - self._asked.get(name, at)
            if late > LATE_AFTER:
                self._note_gap(name, LATE, late)
        elif process != known.process:
            self._note_gap(name, RELOAD, at - known.at)
            known.keep(process, _counted_by(process, reading, known, at))
        elif _was_cleared(known.by_process[process], reading):
            self._note_gap(name, CLEARED, at - known.at)
            known.keep(process, _zero(known.by_process[process]))
        known.process, known.at = process, at
        return known.by_process[process]

    def _note_gap(self, balancer: str, reason: str, seconds: float) -> None:
        before = self._gaps.get((balancer, reason))
        self._gaps[balancer, reason] = ImpactGap(
            balancer=balancer,
            reason=reason,
            seconds=seconds + (before.seconds if before else 0.0),
            times=1 + (before.times if before else 0),
        )

    def _see_backend(
        self, place: Place, seen: BackendTraffic, before: BackendTraffic | None
    ) -> None:
        known, first = self._backends[place], place not in self._read
        self._read.add(place)
        rose = _rise(before.counters if before else None, seen.counters)
        own_peak = seen.queue_max if before and seen.queue_max != before.queue_max else 0
        self._backends[place] = replace(
            known,
            counters=known.counters.plus(rose),
            sessions=seen.sessions,
            queued=seen.queued,
            queue_peak=max(known.queue_peak, seen.queued, own_peak),
            serving=seen.serving,
            lowest=seen.serving if first else min(known.lowest, seen.serving),
            members=max(known.members, seen.serving) if known.members else 0,
        )


def _counted_by(
    process: HaproxyProcess, reading: TrafficReading, known: _BalancerReadings, at: float
) -> _Counted:
    """Return what a process that did not answer last had counted: at its last reading, or nothing.

    One that may be a process that was forgotten has counted an unknown part already.
    """
    if process in known.by_process:
        return known.by_process[process]
    is_new = process.started > known.forgotten
    if is_new and _counts_from_zero(reading, at - known.first):
        return _zero(known.by_process[known.process])
    return _Counted()


def _counts_from_zero(reading: TrafficReading, measured: float) -> bool:
    """Judge whether a process unknown so far counted everything since the first reading.

    One that started before it has counted before it (another machine at the same address); one
    whose backends have more than it has handled began with the counters of another (``stats-file``,
    3.0).  Neither is counted up to this reading: the sum stays a lower bound.
    """
    most = max((one.counters.requests for one in reading.backends.values()), default=0)
    return reading.age <= measured and most <= reading.handled


def _zero(counted: _Counted) -> _Counted:
    return _Counted(
        backends=dict.fromkeys(counted.backends, BackendTraffic(counters=TrafficCounters())),
        servers=dict.fromkeys(counted.servers, TrafficCounters()),
    )


def _was_cleared(before: _Counted, now: TrafficReading) -> bool:
    return any(
        seen.counters.is_before(before.backends[name].counters)
        for name, seen in now.backends.items()
        if name in before.backends
    )


def _rise(before: TrafficCounters | None, now: TrafficCounters) -> TrafficCounters:
    """Return by how much counters rose: one that was not read before counts from now on."""
    if before is None:
        return TrafficCounters()
    if now.is_before(before):  # a server that was deleted and added again counts from zero
        return now
    return now.since(before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What visitors met during a run, over all its load balancers.

    Attributes:
        backends: Each backend.
        servers: By server, as ``backend/server@balancer``; read at the end only.
        gaps: Times of which no counter tells.
        unread: Load balancers that did not answer at the end, with why; their numbers are older.
        cut: Sessions that the run shut down.
        visited: Visitors that HAProxy sent to a target in maint, after its restart was asked for.
    """

    backends: tuple[BackendImpact, ...] = ()
    servers: Mapping[str, TrafficCounters] = field(default_factory=dict[str, TrafficCounters])
    gaps: tuple[ImpactGap, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict[str, str])
    cut: int = 0
    visited: int = 0

    @property
    def total(self) -> TrafficCounters:
        """The counters of all backends together."""
        whole = TrafficCounters()
        for one in self.backends:
            whole = whole.plus(one.counters)
        return whole

    @property
    def queue_peak(self) -> int:
        """The most that waited for any server of one backend."""
        return max((one.queue_peak for one in self.backends), default=0)

    @property
    def app_5xx(self) -> int | None:
        """Those 5xx that the app answered itself; the others are HAProxy's own.

        None where that is not known: before the end, and where a gap is in the counters.
        """
        if not self.servers or self.gaps or self.unread:
            return None
        return min(
            sum(rose.responses_5xx for rose in self.servers.values()), self.total.responses_5xx
        )
