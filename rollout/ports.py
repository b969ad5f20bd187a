"""The seams: what the stories may ask of the world, as Protocols, and ``Site``, the world itself.

Every call either answers or raises a :class:`~rollout.errors.RolloutError` within its own
deadline; none hangs.  A call that raises may still have taken effect (the reply was lost), so
the stories read the state back after every change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rollout.events import Event
from rollout.fleet import (
    AdminState,
    Birth,
    Finding,
    Instance,
    InstanceState,
    Reading,
    Seat,
    Target,
)
from rollout.holders import Held, Holder, Past
from rollout.holdings import Holding, Owned
from rollout.release_ports import Releases, Source


class Balancer(Protocol):
    """One HAProxy process group behind one admin socket."""

    @property
    def name(self) -> str: ...

    async def look(self) -> Reading:
        """Read every server line of the backends we work with, in one reply."""

    async def order(self, seats: Sequence[Seat], state: AdminState) -> None:
        """Tell HAProxy the administrative state of ``seats``, all in one line."""

    async def switch_agent(self, seats: Sequence[Seat], *, on: bool) -> None:
        """Enable or disable the agent check of ``seats``."""

    async def set_weight(self, seat: Seat, weight: int) -> None:
        """Set the weight of ``seat`` (0 to 256)."""

    async def cut(self, seats: Sequence[Seat]) -> None:
        """Shut down what is still open on ``seats``.  Visitors notice; only by policy."""

    async def examine(self) -> tuple[Finding, ...]:
        """Say what would keep a rollout from working here (level, backends), with cures."""


class Supervisor(Protocol):
    """Monit on the hosts."""

    async def look(self, host: str) -> tuple[InstanceState, ...]:
        """Read our instances on ``host``, with the births of their processes, in print order."""

    async def restart(self, host: str, instances: Sequence[Instance]) -> None:
        """Ask monit to restart ``instances``, all at once.  Never repeated, whatever happens.

        Raises:
            RestartRefused: certainly nothing was asked.
            RolloutError: something may have been asked.
        """

    async def examine(self, host: str) -> tuple[Finding, ...]:
        """Say what would keep a restart from working on ``host`` (sudo, daemon, version)."""


class Lock(Protocol):
    """The lock of the app, where all bastions meet: in every place, or in none.

    Raises:
        LockError: a place could not be asked, or said no.
    """

    async def look(self) -> tuple[Held, ...]:
        """Read who holds it, in each place where somebody does, in order."""

    async def take(self, holder: Holder) -> None:
        """Take it in all places, or in none.

        Raises:
            LockHeld: somebody has it.
        """

    async def take_over(self, old: str, holder: Holder) -> None:
        """Put ``holder`` in the place of the run ``old``, holdings and all, and where none is.

        Raises:
            LockHeld: it is somebody else's than ``old``.
        """

    async def keep(self, holdings: Sequence[Holding] | None = None, *, everywhere: bool) -> None:
        """See that it is ours, say that we live, and write down what we hold, if given.

        Args:
            holdings: All that we hold.
            everywhere: It must be written in all places; else one that is away is left aside.

        Raises:
            LockLost: it is not ours any more.
        """

    async def beat(self) -> None:
        """Give a sign of life, where the lock is still ours; never raises."""

    async def end(self, how: str) -> None:
        """Leave it behind, with what we hold, for whoever brings that back."""

    async def release(self) -> None:
        """Give it back."""


class History(Protocol):
    """The runs of the app that this machine knows of.

    Raises:
        RecordError: what was written down of them cannot be read.
    """

    def open_runs(self) -> Sequence[Past]:
        """List those that have not come to an end, or left something out, the oldest first."""

    def find(self, run: str) -> Past | None:
        """Find one that has not been closed."""

    def last(self) -> Past | None:
        """Find the newest one that can be gone on with."""

    def settle(self, run: str, by: str) -> None:
        """Write down that the run ``by`` answers for what ``run`` had left."""

    def is_gone(self, holder: Holder) -> bool:
        """Tell whether a holder's process certainly runs no more."""


class Addresses(Protocol):
    """Where a host is, as ssh and the resolver tell."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """List the IP addresses of ``host``, without brackets.

        Raises:
            RemoteError: it has none (a typo, DNS down).
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """What an instance said to one question; ``said`` is fit for a message.

    ``tail`` is the end of what a command printed, where there was more than that.
    """

    fine: bool
    said: str
    tail: tuple[str, ...] = ()


class Prober(Protocol):
    """Asks an instance's own port, on its own host."""

    async def answers(self, host: str, instance: Instance) -> Answer:
        """Ask once."""


class Smoke(Protocol):
    """The operator's own check of a target on probation."""

    async def check(self, target: str, host: str) -> Answer:
        """Run it once."""


class Hooks(Protocol):
    """Commands of the operator's own around a deploy."""

    async def run(self, hook: str, facts: Mapping[str, str]) -> Answer | None:
        """Run ``hook`` (before, switched, after), which finds ``facts`` in its environment.

        Returns:
            What came of it; None where there is none.
        """


@dataclass(frozen=True, slots=True)
class Supply:
    """What only a deploy needs of the world."""

    source: Source
    hooks: Hooks


class Record(Protocol):
    """What we hold, written down before the act that makes it true.

    It is written where every bastion can read it as well, and only while we hold the lock there.

    Raises:
        RecordError: it could not be written; then the act must not be done.
        LockLost: the lock is not ours any more; then nothing more may be done.
    """

    async def own(
        self, target: Target, found: Sequence[Owned], *, release: str = "", relinked: bool = False
    ) -> None:
        """``target`` is about to be taken out; this is how it was found.

        ``release`` is what it must run in once restarted; with ``relinked`` its ``current`` will
        be moved there while it is out.
        """

    async def tells(
        self, target: str, told: Mapping[Seat, tuple[AdminState, ...]], *, returning: bool | None
    ) -> None:
        """Its seats are about to be told their state; ``told`` is what each may be in by then.

        Of one that is ``returning`` a full disk is no reason to keep it out; None leaves that as it
        was.
        """

    async def asked(self, target: str, before: Mapping[str, Birth | None], release: str) -> None:
        """Instances are about to be asked to restart: from here only proof brings it back.

        ``before`` has the process of each, ``release`` is what they must be seen to run in.
        """

    async def released(self, target: str, *, restarted: bool) -> None:
        """``target`` was seen serving as found, or is somebody else's now.

        It is ours no more; that this cannot be written is no reason to stop.
        """

    async def still_ours(self) -> None:
        """See that we may go on: for acts that leave nothing to be written."""

    def holding(self, target: str) -> Holding | None:
        """What is known of ``target``, as long as it is ours."""

    def was_asked(self, target: str) -> bool:
        """Whether ``target`` is ours and was asked to restart."""


@dataclass(frozen=True, slots=True)
class Site:
    """The world as one argument."""

    balancers: Mapping[str, Balancer]
    supervisor: Supervisor
    prober: Prober | None
    smoke: Smoke | None
    record: Record
    addresses: Addresses
    releases: Releases | None = None
    lock: Lock | None = None
    stop_asked: Callable[[], bool] = lambda: False


Tell = Callable[[Event], None]
