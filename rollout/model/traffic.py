"""What visitors met, by HAProxy's own counters: a reading, and the differences of readings.

HAProxy counts from the start of its process.  A reload starts another process, which counts from
zero; what the one before served after its last reading is not known, and is said to be unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from rollout.model.fleet import HaproxyProcess, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficCounters:
    """Counters of one backend or one server, as they stand or as they rose.

    Source: the columns of HAProxy's ``show stat``, read on 2.6 and 3.x.

    Attributes:
        requests: ``req_tot``; for a proxy in TCP mode the sessions, ``stot``.
        responses_5xx: ``hrsp_5xx``: of the app, and of HAProxy itself.
        connect_errors: ``econ``: requests for which no connection to a server came about.
        response_errors: ``eresp``: tries of a request that a server did not answer whole; one
            request may have several.
        retries: ``wretr``: a connection was tried again.
        redispatches: ``wredis``: a request went to another server than the one chosen first.
        client_aborts: ``cli_abrt``: the visitor broke off.
        server_aborts: ``srv_abrt``: the server broke off after the head of its response.
    """

    requests: int = 0
    responses_5xx: int = 0
    connect_errors: int = 0
    response_errors: int = 0
    retries: int = 0
    redispatches: int = 0
    client_aborts: int = 0
    server_aborts: int = 0

    def plus(self, other: "TrafficCounters") -> "TrafficCounters":
        """Add each counter."""
        return TrafficCounters(
            **{name: getattr(self, name) + getattr(other, name) for name in NAMES}
        )

    def since(self, earlier: "TrafficCounters") -> "TrafficCounters":
        """Return by how much each counter rose since ``earlier``."""
        return TrafficCounters(
            **{name: getattr(self, name) - getattr(earlier, name) for name in NAMES}
        )

    def is_before(self, other: "TrafficCounters") -> bool:
        """Tell whether a counter is lower than in ``other``: they were cleared in between."""
        return any(getattr(self, name) < getattr(other, name) for name in NAMES)

    @property
    def failed(self) -> int:
        """Requests that visitors may have seen fail: 5xx, and responses that broke off.

        A 5xx of the app itself is one of them.  A connection that was refused for good, an answer
        that never came and one that was no HTTP are a 503, 504 or 502 each (measured on 2.6 and
        3.0), so their own counters are not added.
        """
        return self.responses_5xx + self.server_aborts

    @property
    def failed_at_server(self) -> int:
        """Of the counters of a server: what it was asked and did not answer well.

        HAProxy counts the 502, 503 or 504 that it answers itself in the backend alone (measured on
        2.6 and 3.0), so the errors of the server are added; 3.0 may count one twice.
        """
        return self.responses_5xx + self.response_errors + self.connect_errors


NAMES = tuple(one.name for one in fields(TrafficCounters))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendTraffic:
    """One backend of one load balancer at one moment.

    Attributes:
        counters: What it has counted.
        sessions: ``scur``: sessions now.
        queued: ``qcur``: visitors that wait for any server now.
        queue_max: ``qmax``: the most since the process started, or since that was cleared.
        serving: ``act``: servers, other than backups, to which HAProxy balances visitors now.
    """

    counters: TrafficCounters
    sessions: int = 0
    queued: int = 0
    queue_max: int = 0
    serving: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficNow:
    """What one backend has to do now, from two readings.

    Attributes:
        requests_per_second: Between the two; None where its counters began anew.
        sessions: Open at the second one.
        queued: Visitors that wait for a server, at the second one.
    """

    requests_per_second: float | None
    sessions: int
    queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReading:
    """What one load balancer had counted at one moment.

    Attributes:
        balancer: Its name.
        process: The process that counted.
        age: Seconds since that process started.
        handled: Requests and connections that the process itself has seen: no backend of it can
            have counted more by itself.  Infinite where HAProxy does not say.
        backends: By name.
        servers: By server; empty where only the backends were asked for.
    """

    balancer: str
    process: HaproxyProcess
    age: float
    handled: float = float("inf")
    backends: Mapping[str, BackendTraffic]
    servers: Mapping[Server, TrafficCounters] = field(default_factory=dict[Server, TrafficCounters])
