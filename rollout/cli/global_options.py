"""What was asked before the command, and the settings that follow from it."""

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from rollout.cli.console import print_error

if TYPE_CHECKING:
    from rollout.output.select import Output
    from rollout.settings.load import Loaded


TAKE_A_VALUE = frozenset({"--config", "--env", "--output"})
"""Of the options that stand before the command those whose value may be the next word."""


ACTING = frozenset(
    {
        *("restart", "uninterrupted", "deploy", "rollback", "recover", "resume", "prune"),
        *("lock acquire", "lock release", "lock break"),
    }
)
"""Commands that change something: they say which settings file holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The global options, as typed.

    Attributes:
        by_variable: Those that a variable gave: ``config``, ``env``, ``output``.
        command: The command after them, such as ``lock acquire``.
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
    def output_mode(self) -> "Output":
        """The output that was asked for.

        Raises:
            SettingsError: there is no such output.
        """
        from rollout.model.errors import SettingsError  # noqa: PLC0415 - not for `--help`
        from rollout.output.select import Output  # noqa: PLC0415
        from rollout.settings.environment import how_to_unset  # noqa: PLC0415
        from rollout.text.suggest import did_you_mean  # noqa: PLC0415

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


def _before_the_command(words: Sequence[str]) -> Sequence[str]:
    count = 0
    while count < len(words) and words[count].startswith("-"):
        count += 2 if words[count] in TAKE_A_VALUE else 1
    return words[:count]


def options_first(words: Sequence[str]) -> tuple[str, ...]:
    """Return the command line with its global options before the command, wherever they were typed.

    No option of a command has the name of a global one.

    Raises:
        SettingsError: a value is missing, or is given on both sides of the command.
    """
    from rollout.model.errors import SettingsError  # noqa: PLC0415 - not for `--help`

    before = _before_the_command(words)
    moved: list[str] = []
    kept: list[str] = []
    rest = list(words[len(before) :])
    while rest:
        word = rest.pop(0)
        flag, is_whole, _ = word.partition("=")
        if word == "--":
            kept += [word, *rest]
            break
        if flag not in TAKE_A_VALUE:
            (moved if word == "--verbose" else kept).append(word)
            continue
        if flag in {one.partition("=")[0] for one in before}:
            raise SettingsError([f"{flag}: stands before the command and after it: type it once"])
        if not is_whole and not rest:
            raise SettingsError([f"{flag}: its value is missing"])
        moved += [word] if is_whole else [word, rest.pop(0)]
    return (*before, *moved, *kept)


def global_options(context: typer.Context) -> GlobalOptions:
    """Return the global options of this command line, and what command they stand before."""
    command = context.command_path.partition(" ")[2]
    cron = bool(context.params.get("cron"))
    return replace(cast("GlobalOptions", context.obj), command=command, cron=cron)
