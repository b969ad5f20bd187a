"""What was seen in one look at everything, and whether it is fit for a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rollout.model.fleet import BalancerSnapshot, Finding, InstanceState, Target
from rollout.model.releases import HostReleases


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSnapshot:
    """What one host showed; ``findings`` say why something is missing here.

    One that is not ``reached`` has no address, or ssh does not get there.
    """

    host: str
    addresses: tuple[str, ...] = ()
    instances: tuple[InstanceState, ...] = ()
    findings: tuple[Finding, ...] = ()
    reached: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancerCheck:
    """What one load balancer showed; ``reading`` is None when it could not be read."""

    balancer: str
    reading: BalancerSnapshot | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSnapshot:
    """Everything that was seen, in the order in which it was asked for."""

    hosts: tuple[HostSnapshot, ...]
    balancers: tuple[BalancerCheck, ...]
    more: tuple[Finding, ...] = ()

    @property
    def readings(self) -> Mapping[str, BalancerSnapshot]:
        return {b.balancer: b.reading for b in self.balancers if b.reading is not None}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps a rollout from working, balancers first; each thing once."""
        first = [f for host_snapshot in self.balancers for f in host_snapshot.findings]
        then = [f for host_snapshot in self.hosts for f in host_snapshot.findings]
        return tuple(dict.fromkeys((*first, *then, *self.more)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendTotals:
    """One backend of one load balancer, counted.

    Attributes:
        servers: How many share its visitors, whatever they are now; no backup is among them.
        serving: How many of them HAProxy sends visitors to.
        floor: How many must serve by ``fleet.floor``.
        sessions: What is open on all of its servers, backups included.
        queued: What waits for one of them.
    """

    balancer: str
    backend: str
    servers: int
    serving: int
    floor: int
    sessions: int
    queued: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A target that was held out from outside.

    Attributes:
        serves: Visitors still meet it somewhere.
    """

    target: str
    reason: str
    serves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightReport:
    """What the preflight found: who can have a turn, who is skipped, and what is wrong.

    Attributes:
        unreached: Hosts to which a second look would say the same in other words.
        readings: Each load balancer that could be read, as it was then.
    """

    targets: tuple[Target, ...]
    skipped: tuple[Skipped, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    unreached: tuple[str, ...] = ()
    readings: Mapping[str, BalancerSnapshot] = field(
        default_factory=dict[str, BalancerSnapshot], compare=False, repr=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskReport:
    """What stands on the disks of the hosts, and what would keep a deploy from working there."""

    all_releases: tuple[HostReleases, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
