"""What scenarios may ask of the outside world, as Protocols; ``Site`` is all of it together.

Every call either answers or raises a :class:`~rollout.model.errors.RolloutError` within its own
deadline; none hangs.  A call that raises may still have taken effect (the reply was lost), so
the scenarios read the state back after every change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rollout.events import Event
from rollout.model.fleet import (
    AdminState,
    BalancerSnapshot,
    Finding,
    Instance,
    InstanceState,
    ProcessIdentity,
    Server,
)
from rollout.model.supervisor import SupervisorProfile
from rollout.model.traffic import TrafficReading
from rollout.ports.control import Control, Person, Steering
from rollout.ports.operator_commands import RunHooks, Silencer
from rollout.ports.ownership import Lock, OwnershipLog
from rollout.ports.releases import Releases, Source


class Balancer(Protocol):
    """One HAProxy process group behind one admin socket."""

    @property
    def name(self) -> str: ...

    async def look(self) -> BalancerSnapshot:
        """Read every server line of the backends we work with, in one reply."""

    async def read_traffic(self, *, servers: bool) -> TrafficReading:
        """Read what the backends we work with have counted; with ``servers`` each server too."""

    async def set_state(self, servers: Sequence[Server], state: AdminState) -> None:
        """Tell HAProxy the administrative state of ``servers``, all in one line."""

    async def switch_agent(self, servers: Sequence[Server], *, on: bool) -> None:
        """Enable or disable the agent check of ``servers``."""

    async def set_weight(self, server: Server, weight: int) -> None:
        """Set the weight of ``server`` (0 to 256)."""

    async def cut(self, servers: Sequence[Server]) -> None:
        """Shut down what is still open on ``servers``.  Visitors notice; only by policy."""

    async def examine(self) -> tuple[Finding, ...]:
        """Say what would keep a rollout from working here (level, backends), with fixes."""


class Supervisor(Protocol):
    """What keeps the instances of the hosts running, and restarts them.

    It decides nothing: it says what it sees, and passes a request on.
    """

    @property
    def profile(self) -> SupervisorProfile:
        """How it is called, how it works, and what to type against its habits."""

    def look_command(self, host: str) -> str:
        """Return what an operator types here to see the instances of ``host``."""

    async def look(self, host: str) -> tuple[InstanceState, ...]:
        """Read our instances on ``host``, with the births of their processes, in print order."""

    async def restart(self, host: str, instances: Sequence[Instance]) -> None:
        """Ask for the restart of ``instances``, all at once.  Never repeated, whatever happens.

        One that has no process is started, also where the supervisor has given it up.

        Raises:
            RestartRefused: certainly nothing was asked.
            RolloutError: something may have been asked.
        """

    def remember(self, host: str, before: Mapping[str, ProcessIdentity | None]) -> None:
        """Take over what an earlier run saw right before it asked for a restart on ``host``.

        From then on a look names the processes from before that live on.
        """

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say what would keep a restart from working on ``host`` (sudo, daemon, version)."""


class Addresses(Protocol):
    """Where a host is, as ssh and the resolver tell."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """List the IP addresses of ``host``, without brackets.

        Raises:
            RemoteError: it has none (a typo, DNS down).
        """


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What an instance said to one question; ``message`` is fit for a message.

    ``output`` is the end of what a command printed, where there was more than that; ``fix`` is what
    to set where the answer itself shows it.
    """

    ok: bool
    message: str
    output: tuple[str, ...] = ()
    fix: str = ""


class Prober(Protocol):
    """Asks an instance's own port, on its own host."""

    async def answers(self, host: str, instance: Instance) -> CheckResult:
        """Ask once."""


class Smoke(Protocol):
    """The operator's own check of a target on probation."""

    @property
    def timeout(self) -> float:
        """Seconds after which one check has ended."""

    async def check(self, target: str, host: str) -> CheckResult:
        """Run it once."""


class Hooks(Protocol):
    """Commands of the operator's own around a deploy."""

    async def run(self, hook: str, facts: Mapping[str, str]) -> CheckResult | None:
        """Run ``hook`` (before, switched, after), which finds ``facts`` in its environment.

        Returns:
            What came of it; None where there is none.
        """


@dataclass(frozen=True, slots=True)
class DeployServices:
    """What only a deploy needs of the world."""

    source: Source
    hooks: Hooks


@dataclass(frozen=True, slots=True)
class Site:
    """The world as one argument.

    Attributes:
        started: When the command was started, on the loop's clock; None: when it is asked for.
        steering: What is wanted of the run while it goes on.
        control: Where requests from other shells are read; None: there are none.
        person: Who can be asked at the terminal; None: there is no terminal.
    """

    balancers: Mapping[str, Balancer]
    supervisor: Supervisor
    prober: Prober | None
    smoke: Smoke | None
    record: OwnershipLog
    addresses: Addresses
    releases: Releases | None = None
    lock: Lock | None = None
    stop_asked: Callable[[], bool] = lambda: False
    started: float | None = None
    services: DeployServices | None = None
    hooks: RunHooks | None = None
    silencer: Silencer | None = None
    steering: Steering = field(default_factory=Steering)
    control: Control | None = None
    person: Person | None = None

    def require_services(self) -> DeployServices:
        """Return what only a deploy needs, where the site was made for a deploy.

        Raises:
            AssertionError: it was not.
        """
        if self.services is None:
            raise AssertionError("a deploy without a source")
        return self.services

    def require_releases(self) -> Releases:
        """Return the releases on the hosts, where the settings name a place for them.

        Raises:
            AssertionError: they name none; only what is about releases may ask.
        """
        if self.releases is None:
            raise AssertionError("nothing about releases without deploy.to")
        return self.releases


Tell = Callable[[Event], None]
