"""The lock of an app: its owner, a run or a person, and what the owner has taken out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rollout.model.ownership import OwnedTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of one machine, and what proves that it is gone.

    Attributes:
        machine: ``/etc/machine-id``; empty on a machine that has none.
        boot: The kernel's id of this boot.
        namespace: The pid namespace: two containers of a machine share its boot and not their pids.
        started: When it was started, in ticks since the boot: pids come round again.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    started: int


def united(
    first: Mapping[str, Sequence[str]], then: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Unite by target the names of instances."""
    return {
        target: tuple(dict.fromkeys((*first.get(target, ()), *then.get(target, ()))))
        for target in (*first, *then)
    }


class Kind(StrEnum):
    """Why the lock is held."""

    RUN = "run"
    MANUAL = "hand"
    UNKNOWN = "unknown"  # what stands there cannot be read here


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOwner:
    """The owner of a lock.

    Attributes:
        run: The run's id; every act is done only while it stands in the lock.
        user: Who typed it, or whose cron job it is.
        since: UTC, ``2026-11-22T19:37:02Z``, by the clock of the holder's machine.
        command: What was typed.
        reason: Why, in words; a lock by hand has one, a run may have one.
        sudo_user: The login that became ``user`` by sudo or su, where that is known.
        client: The address that it came from by ssh, where that is known.
    """

    run: str
    kind: Kind
    user: str
    process: Process
    since: str
    command: str = ""
    reason: str = ""
    sudo_user: str = ""
    client: str = ""

    @property
    def who(self) -> str:
        """The login and the machine, and what is known of the person behind them."""
        by = [f"by {self.sudo_user}"] if self.sudo_user else []
        by += [f"from {self.client}"] if self.client else []
        behind = f" ({', '.join(by)})" if by else ""
        return f"{self.user}@{self.process.host}{behind}"

    def __str__(self) -> str:
        if self.kind is Kind.UNKNOWN:
            run = f" (run {self.run})" if self.run else ""
            return f"a run that cannot be read{run}, {self.command}"
        if self.kind is Kind.MANUAL:
            return f"{self.who}, by hand since {self.since}: {self.reason or 'no reason given'}"
        said = f"{self.who} (run {self.run}, pid {self.process.pid}) since {self.since}"
        said = f"{said}: {self.command}" if self.command else said
        return f"{said} ({self.reason})" if self.reason else said


@dataclass(frozen=True, slots=True, kw_only=True)
class LockState:
    """The lock as it was seen in one place.

    Attributes:
        place: Where: the name of a load balancer's host, or ``here``.
        owned_targets: What the holder says that it has taken out.
        heartbeats: How many signs of life it has given; a number, because clocks may be wrong.
        seconds_since_heartbeat: Seconds since it last did, by the clock of the place.
        ended: How its run ended, if it has ended and left something out; else empty.
        paused: By whom its run is paused; empty while it goes on.
        before: The runs that it took over from.
        number: How often it has written down what it holds; of two places the higher one counts.
        unreadable: Why what stands there is not believed; its holder is of kind ``UNKNOWN`` then.
        made_by: The login that made what stands there.
        age: Seconds since it was last changed, by the clock of the place.
        number_there: What tells it from another one that stands there later.
        own: The directory, where it is one of this login's own.
    """

    place: str
    owner: LockOwner
    owned_targets: Sequence[OwnedTarget] = ()
    heartbeats: int = 0
    seconds_since_heartbeat: float = 0.0
    ended: str = ""
    paused: str = ""
    before: tuple[str, ...] = ()
    number: int = 0
    unreadable: str = ""
    made_by: str = ""
    age: float = 0.0
    number_there: str = ""
    own: str = ""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its journal tells it.

    Attributes:
        file: The journal.
        owner: Who it was.
        verb: ``restart``, ``uninterrupted`` or ``rollback``: what it did for the fleet, also when
            it was a ``resume`` of that.
        hosts: The hosts that it was about.
        flags: The options that were typed, by flag.
        settings: All that held, by dotted key, as text.
        chosen: The keys of those that were not at their default; None where that is not known.
        targets: All targets of the plan, in order.
        done: Those that were restarted and given back.
        renewed: Of targets whose restart broke off, the instances that have a new process.
        owned_targets: What it still holds.
        deploy: What it knew of the release; None for a restart.
        exit_code: The exit code of its summary; None if it never came to one.
        taken_back: Releases of other runs that it has taken back, because nothing had proven them.
        settled: The run that recovered what it left; empty as long as there is none.
        inherited: It had written down all that it took over from the run before it.
    """

    file: str
    owner: LockOwner
    verb: str
    hosts: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    chosen: frozenset[str] | None = None
    targets: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    renewed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owned_targets: tuple[OwnedTarget, ...] = ()
    deploy: "PastDeploy | None" = None
    exit_code: int | None = None
    taken_back: tuple[str, ...] = ()
    settled: str = ""
    inherited: bool = False

    @property
    def run(self) -> str:
        return self.owner.run

    @property
    def left(self) -> tuple[str, ...]:
        """Targets that had no turn, or did not come through it."""
        return tuple(name for name in self.targets if name not in self.done)

    @property
    def died(self) -> bool:
        """It never came to its summary."""
        return self.exit_code is None

    @property
    def half_deployed(self) -> bool:
        """`current` may lead to its release, and no instance was restarted onto it yet."""
        deploy = self.deploy
        if deploy is None or deploy.live or deploy.gone_back or self.targets:
            return False
        return self.died and not self.settled and (deploy.in_place or deploy.switching)

    @property
    def half_switched(self) -> bool:
        """It died in its transaction, when ``current`` of some host may have been moved."""
        return self.half_deployed and self.deploy is not None and not self.deploy.in_place

    @property
    def unfinished(self) -> bool:
        """It died after it began to take servers out, or left one out; no run has recovered it."""
        half = bool(self.left) or (self.deploy is not None and not self.deploy.live)
        broken_off = self.died and bool(self.targets) and half
        return not self.settled and (broken_off or bool(self.owned_targets))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDeploy:
    """How far the release of a run got.

    Attributes:
        before: By host the release that was live when it began.
        switching: ``current`` of some host may have been moved.
        in_place: The transaction was through.
        gone_back: It was taken back, or that had begun.
        live: It was seen through to its end.
    """

    release: str
    revision: str
    hosts: tuple[str, ...]
    fresh: bool
    before: Mapping[str, str] = field(default_factory=dict)
    switching: bool = False
    in_place: bool = False
    gone_back: bool = False
    live: bool = False
