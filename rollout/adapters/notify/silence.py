"""Silences the monitoring of a target by the operator's commands, on this machine."""

import math
from collections.abc import Mapping

from rollout.adapters.local.shell import ask_for_output
from rollout.model.fleet import Target
from rollout.model.ownership import Silence
from rollout.ports.operator_commands import CommandEnd
from rollout.text.redact import redact

LONGEST_NUMBER = 200
"""Characters of what is printed about a silence that are kept: it stands in journal and lock."""


class CommandSilencer:
    """Satisfies :class:`rollout.ports.operator_commands.Silencer` by two shell commands.

    Both find the app, the run, the target and its host in their environment, not in their text,
    where a name could be taken for code.

    Args:
        commands: ``begin`` and ``end``, for ``sh -c``.
        timeout: Seconds after which one is killed, with all that it started.
        facts: ``app``, ``run`` and ``command``.
        environ: The environment they get besides.
    """

    def __init__(
        self,
        commands: Mapping[str, str],
        timeout: float,
        facts: Mapping[str, str],
        environ: Mapping[str, str],
    ) -> None:
        self._commands = dict(commands)
        self._timeout = timeout
        self._facts = dict(facts)
        self._environ = dict(environ)

    @property
    def run(self) -> str:
        return self._facts["run"]

    async def begin(self, target: Target, seconds: float) -> tuple[str, CommandEnd]:
        """Begin a silence; its number is the last line on stdout that is not empty."""
        facts = {"seconds": str(math.ceil(seconds))}
        printed, end = await self._run("begin", target, facts)
        lines = ("".join(filter(str.isprintable, line)).strip() for line in printed.splitlines())
        number = [line for line in lines if line][-1:]
        return "".join(number)[:LONGEST_NUMBER], end

    async def end(self, target: Target, silence: Silence) -> CommandEnd | None:
        """End a silence, also one that an earlier run began: ``$ROLLOUT_RUN`` is that run."""
        if not self._commands["end"]:
            return None
        facts = {"run": silence.run, "silence": silence.number}
        _, end = await self._run("end", target, facts)
        return end

    async def _run(
        self, name: str, target: Target, facts: Mapping[str, str]
    ) -> tuple[str, CommandEnd]:
        named = {"hook": f"silence.{name}", "target": target.name, "host": target.host}
        known = {**self._facts, **named, **facts}
        told = {f"ROLLOUT_{key.upper()}": text for key, text in known.items()}
        asked = ask_for_output(self._commands[name], self._timeout, self._environ | told)
        printed, end = await asked
        return printed, CommandEnd(end.ok, redact(end.message), tuple(map(redact, end.output)))
