"""What was asked before the command, and the settings that follow from it."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from rollout.render.choose import Output
    from rollout.settings.loading import Loaded


TAKE_A_VALUE = frozenset({"--config", "--env", "--output"})
"""Of the options that stand before the command those whose value may be the next word."""


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
        return shlex.join(["rollout", *self._choosing()])

    def again(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the command line ``words``, as it can be typed again, word by word.

        What decides about the settings and stood in the environment is put into it: that of a
        cron job is not that of whoever reads its mail.
        """
        typed = _before_the_command(words)
        return ("rollout", *self._choosing(but=typed), *words)

    def _choosing(self, but: Sequence[str] = ()) -> tuple[str, ...]:
        chosen = {"--config": self.config, "--env": self.env}
        given = {word.partition("=")[0] for word in but}
        return tuple(
            word
            for flag, value in chosen.items()
            if value and flag not in given
            for word in (flag, value)
        )

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

    def settings(
        self, flags: Mapping[str, str | None] | None = None, *, secrets: bool = False
    ) -> "Loaded":
        """Load the settings, with the command's own ``flags`` on top.

        With ``secrets`` those are read as well that are kept in files and variables: a command that
        brings no code does not need them.

        Raises:
            SettingsError: everything that is wrong with them.
        """
        from rollout.settings.loading import load, with_secrets  # noqa: PLC0415 - not for `--help`

        loaded = load(environ=os.environ, config=self.config, env=self.env, flags=flags)
        return with_secrets(loaded, os.environ) if secrets else loaded


def _before_the_command(words: Sequence[str]) -> Sequence[str]:
    count = 0
    while count < len(words) and words[count].startswith("-"):
        count += 2 if words[count] in TAKE_A_VALUE else 1
    return words[:count]


def asked(context: typer.Context) -> Asked:
    """Return the global options of this command line."""
    return cast("Asked", context.obj)
