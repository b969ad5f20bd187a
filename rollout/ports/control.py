"""How a run is steered while it goes on: from another shell, or by an answer at its own terminal.

As in :mod:`rollout.ports.site`, every call answers or raises within its own deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rollout.model.control import ControlAnswer, ControlRequest


class Control(Protocol):
    """Requests to a run and its answers, kept in the lock, where all bastions meet.

    Each call names the run.  A request is written into the lock of that run and read from there, so
    that it can never reach the run after it.
    """

    async def requests(self, run: str) -> Sequence[ControlRequest]:
        """Read what was asked of ``run``, the oldest first; never raises.

        A place that does not answer, or where the lock is another run's, has none.
        """

    async def answer(self, run: str, answer: ControlAnswer) -> None:
        """Let the person who asked read ``answer``; never raises."""

    async def show_pause(self, run: str, by: str) -> None:
        """Let the lock name the person ``by`` whom ``run`` is paused; an empty name: it is not.

        Never raises.
        """

    async def ask(self, run: str, request: ControlRequest) -> None:
        """Leave ``request`` for ``run`` in all places that can be reached.

        Raises:
            LockLost: the lock is not that run's any more.
            LockError: it could be written nowhere.
        """

    async def answered(self, run: str, request: str) -> ControlAnswer | None:
        """Read what ``run`` has answered to the request of this id; None: nothing so far.

        An answer outlives the run.

        Raises:
            LockLost: the lock is not that run's any more, and it has not answered.
            LockError: no place answered.
        """


class Person(Protocol):
    """The operator at the terminal of the run."""

    async def agrees(self) -> bool:
        """Wait for a yes or a no, without keeping the run from anything else.

        The wait may be cancelled at any moment.
        """


@dataclass(slots=True)
class Steering:
    """What the operator wants of the run, as far as signals do not say it.

    Attributes:
        takes_out: The run takes targets out; of one that does not, no request changes anything.
        paused_by: The person who has paused it; empty where no person has.
        waits_for: The setting by which it waits for an answer; empty while it waits for none.
        stopped_by: Who asked it to stop.
        under_way: Targets that have begun their turn and are seen through, in order.
    """

    takes_out: bool = True
    paused_by: str = ""
    waits_for: str = ""
    stopped_by: str = ""
    under_way: dict[str, None] = field(default_factory=dict[str, None])

    @property
    def pause(self) -> str:
        """What keeps the run from taking one more target out; empty while it goes on."""
        return self.waits_for or self.paused_by

    @property
    def paused(self) -> bool:
        return bool(self.pause)

    def go_on(self) -> None:
        """End each pause, and the wait for an answer."""
        self.paused_by = self.waits_for = ""

    @property
    def stop_asked(self) -> bool:
        return bool(self.stopped_by)

    @property
    def stop_reason(self) -> str:
        """Say that the run stops on request, and of whom where that was another shell."""
        return f"stopped on request{f' of {self.stopped_by}' if self.stopped_by else ''}"
