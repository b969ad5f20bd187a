"""What can happen to a release, from its first directory to its last: the other half of the events.

Where one of them is about a host, the host is in ``host``; the rules of `run` hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployStarted:
    """The fleet is fit and the revision is known; from now on the hosts' disks are changed.

    ``fresh`` is false when a release that every host has already is made live again.
    """

    wire: ClassVar[str] = "deploy.started"

    release: str
    revision: str
    hosts: tuple[str, ...]
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step of the transaction begins on all hosts at once."""

    wire: ClassVar[str] = "deploy.step"

    step: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """One host has done it."""

    wire: ClassVar[str] = "deploy.step_done"

    host: str
    step: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """One host has not; ``tail`` is the end of what was printed, ``log`` where all of it is."""

    wire: ClassVar[str] = "deploy.step_failed"

    host: str
    step: str
    reason: str
    tail: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSwitching:
    """``current`` is about to be moved; until it is restored it must be counted as moved."""

    wire: ClassVar[str] = "current.switching"

    host: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSwitched:
    """``current`` was read back and leads to the release; what processes run is not looked at."""

    wire: ClassVar[str] = "current.switched"

    host: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRestored:
    """``current`` was read back and is what it was before the deploy."""

    wire: ClassVar[str] = "current.restored"

    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSeen:
    """``current`` of a host leads to one release, and not every instance of it runs that one.

    Attributes:
        running: The release of each instance that has a process, or its directory.
        hidden: Instances that have a process whose directory the login may not see.
        unproven: the deploy of the release to which ``current`` leads did not end.
    """

    wire: ClassVar[str] = "current.seen"

    host: str
    current: str
    running: Mapping[str, str] = field(default_factory=dict[str, str])
    hidden: tuple[str, ...] = ()
    unproven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovenTakenBack:
    """``current`` of ``hosts`` no longer leads to a release that ran on none of them.

    Where it was tried it did not come up, so nothing has proven it.
    """

    wire: ClassVar[str] = "deploy.unproven_taken_back"

    release: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiscarded:
    """The new directory is gone; the logs of its builds are kept."""

    wire: ClassVar[str] = "release.discarded"

    host: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoFailed:
    """One undo did not work on one host; the others go on.

    ``live`` tells whether the release may be live there, by ``current`` or by a process; otherwise
    only a directory is left over, which the next deploy removes.
    """

    wire: ClassVar[str] = "deploy.undo_failed"

    host: str
    reason: str
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployTakenBack:
    """No server was restarted on the release, and what was done of it was undone on every host."""

    wire: ClassVar[str] = "deploy.taken_back"

    release: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInPlace:
    """The transaction is through, and no server was taken out so far.

    Every host holds the same revision, built; with ``switch = "together"`` it is ``current``.
    ``before`` says by host which release was live there until then; it is empty where none was.
    """

    wire: ClassVar[str] = "deploy.in_place"

    release: str
    before: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFinished:
    """The release serves on every planned target, and is marked good."""

    wire: ClassVar[str] = "deploy.finished"

    release: str
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackStarted:
    """A target did not come back on the new release: it gets the one before, then the others do.

    ``targets`` are those that failed and are tried first, as the proof.
    """

    wire: ClassVar[str] = "rollback.started"

    release: str
    targets: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackHalted:
    """The release before does not come up either, or the run was stopped: no more is changed."""

    wire: ClassVar[str] = "rollback.halted"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackFinished:
    """The release before serves again on every target that had left it."""

    wire: ClassVar[str] = "rollback.finished"

    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRan:
    """A command of the operator's was run here: ``before``, ``switched`` or ``after``.

    ``tail`` is the end of what it printed.
    """

    wire: ClassVar[str] = "hook.ran"

    hook: str
    ok: bool
    message: str
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesPruned:
    """Releases that are not needed any more were removed."""

    wire: ClassVar[str] = "releases.pruned"

    host: str
    releases: tuple[str, ...]


DeployEvent = (
    DeployStarted
    | StepStarted
    | StepDone
    | StepFailed
    | CurrentSwitching
    | CurrentSwitched
    | CurrentRestored
    | CurrentSeen
    | UnprovenTakenBack
    | ReleaseDiscarded
    | UndoFailed
    | DeployTakenBack
    | ReleaseInPlace
    | DeployFinished
    | RollbackStarted
    | RollbackHalted
    | RollbackFinished
    | HookRan
    | ReleasesPruned
)
