"""Commands of the operator's own at fixed points of a run, as Protocols.

A command ends within its own time or is killed; none raises, whatever becomes of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rollout.events import Event
from rollout.model.fleet import Target
from rollout.model.ownership import Silence


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How a command ended.

    Attributes:
        ok: It ended with 0, in time.
        message: The last line that it printed, or how it ended.
        output: The end of all that it printed, where it failed.
    """

    ok: bool
    message: str
    output: tuple[str, ...] = ()


class RunHooks(Protocol):
    """Commands around a run and around each target."""

    async def run(
        self, hook: str, facts: Mapping[str, str], event: Event | None = None
    ) -> CommandEnd | None:
        """Run ``hook`` (before, host_out, host_back), with ``facts`` in its environment.

        ``event`` stands on its stdin as in ``--output json``; by default how the run began.

        Returns:
            How it ended; None where there is no such hook.
        """


class Silencer(Protocol):
    """Keeps the monitoring of a target silent."""

    @property
    def run(self) -> str:
        """The run that begins silences here."""

    async def begin(self, target: Target, seconds: float) -> tuple[str, CommandEnd]:
        """Begin a silence for a target that may be out for ``seconds``.

        Returns:
            What the command printed on stdout, and how it ended.
        """

    async def end(self, target: Target, silence: Silence) -> CommandEnd | None:
        """End ``silence``; None where there is no command that ends one."""
