"""The operator's own check of a target on probation: a command, run on this machine."""

from collections.abc import Mapping

from rollout.adapters.local.shell import ask_here
from rollout.ports.site import CheckResult


class CommandSmoke:
    """Satisfies :class:`rollout.ports.site.Smoke` by a shell command's exit code.

    The command finds the target's name in ``$SMOKE_TARGET`` and its host in ``$SMOKE_HOST``; not in
    its text, where a name could be taken for code.

    Args:
        command: For ``sh -c``.
        timeout: Seconds after which it is killed, with all that it started.
        environ: The environment it gets besides.
    """

    def __init__(self, command: str, timeout: float, environ: Mapping[str, str]) -> None:
        self._command = command
        self.timeout = timeout
        self._environ = dict(environ)

    async def check(self, target: str, host: str) -> CheckResult:
        """Run it once; fine is exit 0.  ``said`` is the last line it wrote, or how it ended."""
        environ = self._environ | {"SMOKE_TARGET": target, "SMOKE_HOST": host}
        return await ask_here(self._command, self.timeout, environ)
