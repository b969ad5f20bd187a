"""Commands of the operator's own around a deploy, run on this machine."""

from collections.abc import Mapping

from rollout.adapters.local.shell import ask_here
from rollout.ports.site import CheckResult


class CommandHooks:
    """Satisfies :class:`rollout.ports.site.Hooks` by shell commands.

    A command finds each fact as ``$ROLLOUT_`` and its name in capitals, and which hook it is in
    ``$ROLLOUT_HOOK``; not in its text, where a branch's name could be taken for code.

    Args:
        commands: By hook, for ``sh -c``; an empty one is none.
        timeout: Seconds after which one is killed, with all that it started.
        environ: The environment they get besides.
    """

    def __init__(
        self, commands: Mapping[str, str], timeout: float, environ: Mapping[str, str]
    ) -> None:
        self._commands = dict(commands)
        self._timeout = timeout
        self._environ = dict(environ)

    async def run(self, hook: str, facts: Mapping[str, str], stdin: str = "") -> CheckResult | None:
        """Run the command of ``hook`` once, with ``stdin`` to be read; fine is exit 0.

        A fact with a NUL, which no environment can hold, is no command's but an answer: not fine.
        """
        command = self._commands.get(hook, "")
        if not command:
            return None
        told = {f"ROLLOUT_{name.upper()}": value for name, value in facts.items()}
        broken = [name for name, value in told.items() if "\0" in value]
        if broken:
            return CheckResult(ok=False, message=f"{broken[0]} has a NUL in it")
        environ = self._environ | told | {"ROLLOUT_HOOK": hook}
        return await ask_here(command, self._timeout, environ, stdin)
