"""What will be done, in what order, how patiently: decided before anything is touched."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rollout.model.fleet import Server, Target
from rollout.model.known_fleet import KnownFleet
from rollout.model.releases import Release


@dataclass(frozen=True, slots=True)
class Share:
    """A number of things, or a share of them: ``3`` or ``25%``."""

    amount: float
    percent: bool = False

    def __str__(self) -> str:
        return f"{self.amount:g}%" if self.percent else f"{self.amount:g}"

    def at_most(self, total: int) -> int:
        """Round down, but never to nothing: the way Kubernetes and Kamal read a maximum."""
        return max(1, math.floor(total * self.amount / 100)) if self.percent else int(self.amount)

    def at_least(self, total: int) -> int:
        """Round up: the way a floor is meant."""
        return math.ceil(total * self.amount / 100) if self.percent else int(self.amount)


class OnBusy(StrEnum):
    """What to do with a target whose sessions do not end within ``maint_timeout``."""

    STOP = "stop"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each step may take, in seconds; the names are those of the settings.

    ``poll`` is the pause between two looks at a load balancer, ``poll_host`` at a host.
    """

    drain_timeout: float = 30.0
    maint_timeout: float = 60.0
    startup_delay: float = 0.0
    running_timeout: float = 120.0
    busy_timeout: float = 240.0
    probation_timeout: float = 60.0
    stable: float = 5.0
    soak: float = 0.0
    pause_timeout: float = 3600.0
    room_timeout: float = 300.0
    deadline: float = 0.0
    poll: float = 0.1
    poll_host: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole run.

    Attributes:
        waves: Targets that go together before a gate; within a wave, in order.
        max_out: The most targets out at once.
        floor: The least servers (not backups) that must serve, per backend and load balancer.
        max_failures: How many targets may fail before nothing new is started.
        instances_at_a_time: How many instances of a target boot together; 0 for all.
        probe_times: How many good answers in a row prove an instance.
        on_busy: What to do with sessions that do not end.
        known: What the settings know; a record that names anything else is not acted upon.
        release_by_host: The release that the new processes of a host must be seen to run in; of a
            host that is not there nothing is asked.
        renewed: By target the instances that have a new process already, by an earlier part of this
            run or by their supervisor: they are proven with the others, and not restarted again.
        goes_on: An earlier part of the run has asked for restarts, and each is asked for once: what
            has come up since as a new process that answers is not asked again.
        switch_current_per_host: Move ``current`` of a host to its release while it is in maint,
            before the restart.
        canaries_done: Targets of the first wave that an earlier part of the run has restarted, if
            nothing behind the gate was risked in it.
        pause_after_canary: An operator says whether the targets behind the canary are risked.
        accept_sick: Instances may be down or not answer before they are restarted; what carries no
            visitors costs the floor nothing.
    """

    waves: tuple[tuple[Target, ...], ...]
    max_out: int = 1
    floor: Share = Share(50, percent=True)
    max_failures: int = 0
    instances_at_a_time: int = 0
    probe_times: int = 2
    on_busy: OnBusy = OnBusy.STOP
    known: KnownFleet | None = None
    release_by_host: Mapping[str, Release] = field(default_factory=dict[str, Release])
    renewed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    goes_on: bool = False
    switch_current_per_host: bool = False
    canaries_done: tuple[Target, ...] = ()
    pause_after_canary: bool = False
    accept_sick: bool = False
    timeouts: Timeouts = Timeouts()

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(target for wave in self.waves for target in wave)

    @property
    def servers(self) -> tuple[Server, ...]:
        return tuple(server for target in self.targets for server in target.servers)


def waves_of(
    targets: Sequence[Target], canary: Share, done: Sequence[Target] = ()
) -> tuple[tuple[Target, ...], ...]:
    """Put the first targets, ``canary`` of them, before the gate and the rest behind it.

    ``done`` came back in an earlier part of the run.  If all canaries are among them, the first
    wave is empty: the gate may not have been passed yet.  If it was, there is no gate any more.
    """
    first = canary.at_least(len(targets) + len(done))
    if not first or len(done) > first:
        return (tuple(targets),)
    more = first - len(done)
    waves = (tuple(targets[:more]), tuple(targets[more:]))
    return waves if waves[1] else waves[:1]
