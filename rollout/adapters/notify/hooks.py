"""The operator's own commands around a run, on this machine, with the event on their stdin."""

from collections.abc import Callable, Mapping

from rollout.adapters.local.hooks import CommandHooks
from rollout.events import Event
from rollout.ports.operator_commands import CommandEnd
from rollout.text.redact import redact


class EventHooks:
    """Satisfies :class:`rollout.ports.operator_commands.RunHooks`.

    Args:
        commands: The commands by hook.
        facts: What all of them find in their environment.
        line_of: Spells an event that was told as ``--output json`` does; of None how the run began.
    """

    def __init__(
        self,
        commands: CommandHooks,
        facts: Mapping[str, str],
        line_of: Callable[[Event | None], str],
    ) -> None:
        self._commands = commands
        self._facts = dict(facts)
        self._line_of = line_of

    async def run(
        self, hook: str, facts: Mapping[str, str], event: Event | None = None
    ) -> CommandEnd | None:
        """Run ``hook``; an address in what it prints is told without its secrets."""
        return await self.run_with(hook, facts, self._line_of(event))

    async def run_with(self, hook: str, facts: Mapping[str, str], line: str) -> CommandEnd | None:
        """Run ``hook`` with ``line`` on its stdin."""
        end = await self._commands.run(hook, {**self._facts, **facts}, stdin=line)
        if end is None:
            return None
        return CommandEnd(end.ok, redact(end.message), tuple(map(redact, end.output)))
