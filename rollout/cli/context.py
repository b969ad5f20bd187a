"""What was asked before the command, and the settings that follow from it."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from rollout.render.choose import Output
    from rollout.settings.loading import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The global options, as typed."""

    config: str | None = None
    env: str | None = None
    output: str = "auto"
    verbose: bool = False

    @property
    def rollout(self) -> str:
        """The program's name and what of the global options decides about the settings, to type."""
        chosen = {"--config": self.config, "--env": self.env}
        words = [word for flag, value in chosen.items() if value for word in (flag, value)]
        return shlex.join(["rollout", *words])

    @property
    def voice(self) -> "Output":
        """The output that was asked for.

        Raises:
            SettingsError: there is no such output.
        """
        from rollout.errors import SettingsError  # noqa: PLC0415 - not for `--help`
        from rollout.nearest import did_you_mean  # noqa: PLC0415
        from rollout.render.choose import Output  # noqa: PLC0415

        words = [output.value for output in Output]
        if self.output not in words:
            near = did_you_mean(self.output, words)
            raise SettingsError([f"--output: must be one of {', '.join(words)}{near}"])
        return Output(self.output)

    def settings(self, flags: Mapping[str, str | None] | None = None) -> "Loaded":
        """Load the settings, with the command's own ``flags`` on top.

        Raises:
            SettingsError: everything that is wrong with them.
        """
        from rollout.settings.loading import load  # noqa: PLC0415 - pydantic: not for `--help`

        return load(environ=os.environ, config=self.config, env=self.env, flags=flags)


def asked(context: typer.Context) -> Asked:
    """Return the global options of this command line."""
    return cast("Asked", context.obj)
