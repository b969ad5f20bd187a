"""Protocols for what a run owns: its log, the lock of the app, and the runs before this one.

As in :mod:`rollout.ports.site`, every call answers or raises within its own deadline.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from rollout.model.errors import RolloutError
from rollout.model.fleet import AdminState, ProcessIdentity, Server, Target
from rollout.model.lock_state import LockOwner, LockState, PastRun
from rollout.model.ownership import OwnedTarget, ServerSnapshot, Silence


class OwnershipLog(Protocol):
    """What we hold, written down before the act that makes it true.

    It is written where every bastion can read it as well, and only while we hold the lock there.

    Raises:
        RecordError: it could not be written; then the act must not be done.
        LockLost: the lock is not ours any more; then nothing more may be done.
    """

    async def own(
        self,
        target: Target,
        found: Sequence[ServerSnapshot],
        *,
        release: str = "",
        relinked: bool = False,
    ) -> None:
        """``target`` is about to be taken out; this is how it was found.

        ``release`` is what it must run in once restarted; with ``relinked`` its ``current`` will
        be moved there while it is out.
        """

    async def records_intent(
        self, target: str, told: Mapping[Server, tuple[AdminState, ...]], *, returning: bool | None
    ) -> None:
        """Its servers are about to be told their state; ``told`` is what each may be in by then.

        Of one that is ``returning`` a full disk is no reason to keep it out; None leaves that as it
        was.
        """

    async def has_lines(self, target: Target, found: Sequence[ServerSnapshot]) -> None:
        """``target`` has other servers than before: a line appeared in HAProxy, or vanished.

        Those that are new to it are about to be told their state.
        """

    async def asked(
        self, target: str, before: Mapping[str, ProcessIdentity | None], release: str
    ) -> None:
        """Instances are about to be asked to restart: from here only proof brings it back.

        ``before`` has the process of each, ``release`` is what they must be seen to run in.
        """

    async def silenced(self, target: str, silence: Silence | None) -> None:
        """The monitoring of ``target`` is silent, or is about to be; None: its silence has ended.

        That the end of one cannot be written is no reason to stop: it is only ended once more.
        """

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        """``target`` was seen serving as found, or is another run's or a person's now.

        ``renewed`` are its instances that a restart had reached which did not reach all of them.

        It is ours no more; that this cannot be written is no reason to stop.
        """

    async def still_ours(self, *, anew: bool = False) -> None:
        """See that we may go on: for acts that leave nothing to be written.

        With ``anew`` every place is asked, however lately one was: a place that does not answer is
        a LockError then.
        """

    async def catch_up(self, *, everywhere: bool = False) -> None:
        """Write into the lock what is out, if the last news has not come there; never raises.

        A lock that lists more than what is out is not given back.
        """

    @property
    def owned_targets(self) -> Sequence[OwnedTarget]:
        """All that is ours now."""

    def owned_target(self, target: str) -> OwnedTarget | None:
        """What is known of ``target``, as long as it is ours."""

    def was_asked(self, target: str) -> bool:
        """Whether ``target`` is ours and was asked to restart."""


class RunJournal(Protocol):
    """The journal of one run, where what it owns survives the run.

    Raises:
        RecordError: it could not be written; then the act must not be done.
    """

    def has_room(self) -> None:
        """See that one more target may be taken out; a full disk is a RecordError."""

    async def held(self, owned_target: OwnedTarget) -> None:
        """Write down what the run owns of one target, before the act that makes it true."""

    async def released(self, target: str, *, restarted: bool, renewed: Sequence[str] = ()) -> None:
        """Write down that the run does not own ``target`` any more."""

    async def inherited_all(self) -> None:
        """Write down that all which the run took over from earlier ones is in this journal."""


class Lock(Protocol):
    """The lock of the app, where all bastions meet: in every place, or in none.

    Raises:
        LockError: a place could not be asked, or said no.
    """

    async def look(self) -> tuple[LockState, ...]:
        """Read which owner it has in each place, in order, without those where it is free."""

    async def take(self, owner: LockOwner) -> None:
        """Take it in all places, or in none.

        Raises:
            LockHeld: another run or a person has it.
        """

    async def take_over(
        self, old: str, owner: LockOwner, *, seize: Sequence[LockState] = ()
    ) -> None:
        """Put ``owner`` in the place of a run, holdings and all, and take it where none is.

        Args:
            old: The run; several, with blanks between them, where it is not the same everywhere.
            owner: Whose it is from now on.
            seize: What cannot be read, as it was seen: it is put aside, whatever it is.

        Raises:
            LockHeld: it is another run's or a person's than ``old``.
        """

    async def keep(
        self, owned_targets: Sequence[OwnedTarget] | None = None, *, everywhere: bool
    ) -> None:
        """See that it is ours, say that we live, and write down what we hold, if given.

        Args:
            owned_targets: All that we hold.
            everywhere: It must be written in all places; else one that is away is left aside.

        Raises:
            LockLost: it is not ours any more.
        """

    async def beat(self) -> None:
        """Give a sign of life, where the lock is still ours; never raises."""

    async def settled(self) -> Mapping[str, str]:
        """Read which runs have been seen to by which, as far as that is remembered."""

    async def leave_behind(self, how: str) -> Sequence[RolloutError]:
        """Leave it behind, with what we hold, for the run that brings that back.

        Returns:
            Why that could not be said in some places.
        """

    async def release(self) -> Sequence[RolloutError]:
        """Give it back, and say where that could not be done.

        A lock that still lists servers is left as it is: it is the record of what is out.
        """


class RunHistory(Protocol):
    """The runs of the app that this machine knows of.

    Raises:
        RecordError: what was written down of them cannot be read.
    """

    def open_runs(self) -> Sequence[PastRun]:
        """List those that have not come to an end, or left something out, the oldest first."""

    def find(self, run: str) -> PastRun | None:
        """Find one that has not been closed."""

    def last(self) -> PastRun | None:
        """Find the newest one that can be gone on with."""

    def settle(self, run: str, by: str) -> None:
        """Write down that the run ``by`` answers for what ``run`` had left."""

    def is_gone(self, owner: LockOwner) -> bool:
        """Tell whether a holder's process certainly runs no more."""

    def is_of_an_earlier_boot(self, owner: LockOwner) -> bool:
        """Tell whether it was a process of this machine before its last boot, by all names.

        A copy of the machine has the same names, so it must be listened for signs of life.
        """


class NewRun(Protocol):
    """A run whose journal has begun, before anything was contacted."""

    @property
    def owner(self) -> LockOwner:
        """What the lock will say of it."""

    @property
    def journal(self) -> RunJournal:
        """Where what it owns is written down."""

    @property
    def history(self) -> RunHistory:
        """The runs before this one."""
