"""The options that every command takes, and the settings that follow from them."""

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from rollout.cli.console import print_error
from rollout.model.errors import SettingsError
from rollout.text.suggest import did_you_mean

if TYPE_CHECKING:
    from rollout.output.select import Output
    from rollout.settings.load import Loaded


ACTING = frozenset(
    {
        *("restart", "uninterrupted", "deploy", "rollback", "recover", "resume", "prune"),
        *("lock acquire", "lock release", "lock break"),
    }
)
"""Commands that change something: they say which settings file holds."""

NOTHING_GIVEN = {"config": None, "env": None, "output": "auto", "verbose": False}
"""What a global option is that was not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The global options, as typed.

    Attributes:
        by_variable: Those that a variable gave: ``config``, ``env``, ``output``.
        command: The command that they are for, such as ``lock acquire``.
        cron: It is silent when all is well.
        lines: What was printed about the settings, so that it is printed once.
    """

    config: str | None = None
    env: str | None = None
    output: str = "auto"
    verbose: bool = False
    by_variable: frozenset[str] = frozenset()
    command: str = ""
    cron: bool = False
    lines: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def rollout(self) -> str:
        """The program's name and what of the global options decides about the settings, to type."""
        return shlex.join(["rollout", *self._choosing()])

    def again(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the command line ``words``, as it can be typed again, word by word.

        What decides about the settings and stood in the environment is put into it: a cron job
        and the reader of its mail have different environments.
        """
        return ("rollout", *self._choosing(self.by_variable), *words)

    def _choosing(self, names: Iterable[str] = ("config", "env")) -> tuple[str, ...]:
        chosen = {name: getattr(self, name) for name in ("config", "env") if name in names}
        return tuple(
            word for name, value in chosen.items() if value for word in (f"--{name}", value)
        )

    def with_later(self, later: Mapping[str, str | bool]) -> "GlobalOptions":
        """Return these options with those that were typed after the command.

        What is typed outweighs a variable, as it does before the command.

        Args:
            later: Values by name: ``config``, ``env``, ``output``, ``verbose``.

        Raises:
            SettingsError: an option has another value before the command: to guess which of two
                environments is meant would restart the wrong one.
        """
        for name, value in later.items():
            before = getattr(self, name)
            if name not in self.by_variable and before not in {value, NOTHING_GIVEN[name]}:
                both = f"{before!r} before the command and {value!r} after it"
                raise SettingsError([f"--{name}: {both}: give one of them"])
        changed: dict[str, Any] = {**later, "by_variable": self.by_variable - set(later)}
        return replace(self, **changed)

    @property
    def plan_file(self) -> str:
        """The file that stands in place of a mode (``-o plan.json``); `plan` writes it."""
        return self.output if self.output.endswith(".json") else ""

    @property
    def report_file(self) -> str:
        """The file that stands in place of a mode (``-o run.html``); `report` writes it."""
        return self.output if self.output.endswith(".html") else ""

    @property
    def output_mode(self) -> "Output":
        """The output that was asked for.

        Raises:
            SettingsError: there is no such output.
        """
        from rollout.output.select import Output  # noqa: PLC0415
        from rollout.settings.environment import how_to_unset  # noqa: PLC0415

        words = [output.value for output in Output]
        if self.output not in words:
            near = did_you_mean(self.output, words)
            flag = self._given_by("output")
            must = f"must be one of {', '.join(words)}{near}"
            raise SettingsError([f"{flag}: {must}{how_to_unset(flag)}"])
        return Output(self.output)

    def settings(
        self, flags: Mapping[str, str | None] | None = None, *, secrets: bool = False
    ) -> "Loaded":
        """Load the settings, with the command's own ``flags`` on top.

        A file that is ignored is told to the person; so is the file that holds, where the command
        changes something.  A command from cron tells that with the rest, if something goes wrong.

        With ``secrets`` those are read as well that are kept in files and variables: a command that
        brings no code does not need them.

        Raises:
            SettingsError: everything that is wrong with them.
        """
        from rollout.settings.load import load, with_secrets  # noqa: PLC0415 - not for `--help`

        loaded = load(
            environ=os.environ,
            config=self.config,
            env=self.env,
            flags=flags,
            by={name: self._given_by(name) for name in ("config", "env")},
            warn=self._print_once,
        )
        which = self.which_file(loaded)
        if which and self.command in ACTING and not self.cron:
            self._print_once(f"settings: {which}")
        return with_secrets(loaded, os.environ) if secrets else loaded

    def which_file(self, loaded: "Loaded") -> str:
        """Return the file that holds; empty if the command line names it by an absolute path."""
        if "config" in self.by_variable:
            return f"{loaded.file} (ROLLOUT_CONFIG)"
        if self.config is not None and Path(self.config).is_absolute():
            return ""
        return f"{loaded.file}" if len(loaded.file.parts) > 1 else f"./{loaded.file}"

    def _given_by(self, name: str) -> str:
        return f"ROLLOUT_{name.upper()}" if name in self.by_variable else f"--{name}"

    def _print_once(self, line: str) -> None:
        if line not in self.lines:
            self.lines.add(line)
            print_error(line)


def global_options(context: typer.Context, *, cron: bool = False) -> GlobalOptions:
    """Return the global options of this command line, and what command they are for."""
    command = context.command_path.partition(" ")[2]
    return replace(cast("GlobalOptions", context.obj), command=command, cron=cron)
