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
        connect_errors: ``econ``: no connection to a server came about.
        response_errors: ``eresp``: a server broke off its response.
        retries: ``wretr``: a connection was tried again.
        redispatches: ``wredis``: a request went to another server than the one chosen first.
        client_aborts: ``cli_abrt``: the visitor broke off.
        server_aborts: ``srv_abrt``: the server broke off.
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
        """Requests that visitors may have seen fail: 5xx, and broken responses.

        A connection that failed and was retried is none; one that failed for good is a 5xx.
        """
        return self.responses_5xx + self.response_errors


NAMES = tuple(one.name for one in fields(TrafficCounters))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendTraffic:
    """One backend of one load balancer at one moment.

    Attributes:
        counters: What it has counted.
        sessions: ``scur``: sessions now.
        queued: ``qcur``: visitors that wait for a server now.
        serving: ``act``: servers, other than backups, to which HAProxy balances visitors now.
    """

    counters: TrafficCounters
    sessions: int = 0
    queued: int = 0
    serving: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReading:
    """What one load balancer had counted at one moment.

    Attributes:
        balancer: Its name.
        process: The process that counted.
        age: Seconds since that process started.
        backends: By name.
        servers: By server; empty where only the backends were asked for.
    """

    balancer: str
    process: HaproxyProcess
    age: float
    backends: Mapping[str, BackendTraffic]
    servers: Mapping[Server, TrafficCounters] = field(default_factory=dict[Server, TrafficCounters])
