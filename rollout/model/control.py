"""What a person asks of a run from another shell, and what the run answers."""

from dataclasses import dataclass
from enum import StrEnum

from rollout.model.lock_state import LockOwner


class Wanted(StrEnum):
    """What is asked of a run that is under way."""

    PAUSE = "pause"
    CONTINUE = "continue"
    ABORT = "abort"


class Outcome(StrEnum):
    """What a run did when it read a request."""

    PAUSED = "paused"
    PAUSED_ALREADY = "paused already"
    CONTINUED = "continued"
    NOT_PAUSED = "not paused"
    STOPPING = "stopping"
    STOPPING_ALREADY = "stopping already"
    ENDS_BY_ITSELF = "ends by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRequest:
    """One request to the run that holds the lock.

    Attributes:
        wanted: What the run is asked to do.
        by: Who asks, from where and when, as the lock names owners; ``by.run`` is the id of the
            request.
    """

    wanted: Wanted
    by: LockOwner

    @property
    def id(self) -> str:
        return self.by.run


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAnswer:
    """What the run says of one request.

    Attributes:
        request: The id of the request.
        outcome: What it did.
        finishing: Targets that are out, or about to be, and are seen through first.
        by: Who had paused or stopped the run before, where one had.
    """

    request: str
    outcome: Outcome
    finishing: tuple[str, ...] = ()
    by: str = ""
