"""What a renderer is told: an event with its stamp, and at the end how it all ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rollout.events import Event
from rollout.summary.run import Exit, RunSummary


@dataclass(frozen=True, slots=True)
class StampedEvent:
    """One event, stamped once.

    Attributes:
        run: The run's id.
        number: 1 for the first event of the run, and so on.
        at: UTC, ``2026-11-22T19:37:02.123Z``.
        event: What happened.
        summary: The summary after it.
        elapsed: Seconds since the run began.
    """

    run: str
    number: int
    at: str
    event: Event
    summary: RunSummary
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStepCommands:
    """What the reader can type, as it works from where rollout was called.

    Attributes:
        reach: For a load balancer the command that passes its input to the admin socket.
        ssh: ssh, as it is typed before the name of a host; empty if that is not known.
        see_current: Shows where ``current`` leads, with ``{host}`` in it.
        fleet: How many servers the settings name; 0 where that is not known.
        rollout: rollout itself, with the global options that were typed.
        again: The whole command line that was typed, word by word; empty if that is not known.
    """

    reach: Mapping[str, str] = field(default_factory=dict)
    ssh: str = ""
    see_current: str = ""
    fleet: int = 0
    rollout: str = "rollout"
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How the run ended: the one value that the summary, the JSON and the exit code are read off.

    Attributes:
        run: The run's id.
        number: One more than the last event's.
        at: UTC, as in :class:`StampedEvent`.
        summary: The summary after the last event.
        seconds: How long the run took.
        outside: What no event can tell: ``BUG``, ``USAGE``, ``BUSY``; None for a run that told all.
        cause: The sentence for ``outside``, or a cause that no event told.
        trace: Where the traceback of a bug was saved, or empty.
        hints: What the reader can type.
    """

    run: str
    number: int
    at: str
    summary: RunSummary
    seconds: float
    outside: Exit | None = None
    cause: str = ""
    trace: str = ""
    hints: NextStepCommands = field(default_factory=NextStepCommands)

    @property
    def exit_code(self) -> Exit:
        """What the fleet looks like now; with a target out it is that, whatever else went wrong."""
        if self.outside is None or self.summary.out or self.summary.deploy.unrestored:
            return self.summary.exit_code
        if self.outside is Exit.REFUSED and self.summary.touched:
            return Exit.BUG  # an error that a scenario should have told as its end
        return self.outside


class Renderer(Protocol):
    """One reading of the stream.  It may raise; then it is not asked again."""

    def show(self, told: StampedEvent) -> None:
        """Show one event, without waiting for a reader."""

    def end(self, ending: RunResult) -> None:
        """Show the summary; nothing comes after it."""


class Stream(Protocol):
    """Where the words go."""

    def write(self, text: str) -> None:
        """Take ``text`` at once, to be written when the reader allows."""

    def close(self, timeout: float) -> bool:
        """Write what is left for at most ``timeout`` seconds; True when all of it went out."""


class Delivery(Protocol):
    """What is on its way to others than the reader of this run."""

    def finish(self, most: float | None = None) -> None:
        """Wait until all is delivered or given up, for at most ``most`` seconds where given."""

    def give_up(self) -> None:
        """End that wait now; a signal handler may call it."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """What hears of the run beside the screen of its reader: hooks, notices, metrics, the log.

    Attributes:
        listeners: They hear every event and the end, and do not wait.
        deliveries: What they have on its way; the end of the run waits for it, and not long.
    """

    listeners: Sequence[Renderer] = ()
    deliveries: Sequence[Delivery] = ()
