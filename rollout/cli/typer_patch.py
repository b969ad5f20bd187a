"""Commands and groups of typer that take the global options on either side of the command.

What they add to typer 0.29: text options are not converted, each command has the global options
as its own, and its help shows them in one line.
"""

import shlex
from collections.abc import Mapping, Sequence
from copy import copy
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from rollout.cli.completion import LATER
from rollout.cli.console import print_output, type_as
from rollout.cli.global_options import NOTHING_GIVEN

TyperOwn = Any
"""A class that typer keeps to itself."""

ALL = "rollout.all"
"""In the meta of a context: the rare options are shown too."""

HOW_GLOBAL = "--config FILE, --env NAME, --output MODE, --verbose (see rollout --help)"


class RawTextOption(TyperOption):
    """An option whose value is the text that was typed; flags stay flags.

    typer 0.29 (fastapi/typer#1831) has pydantic convert every option, even text to text and a
    `--help` that was not given, and does so before it prints the help of a command or completes a
    word: 400 ms in place of 130 for each press of TAB.  This class can go once
    tests/test_startup.py is green without it.
    """

    def process_value(self, ctx: TyperOwn, value: TyperOwn) -> TyperOwn:
        if self.name == "help" and value and not ctx.resilient_parsing:
            print_output(ctx.get_help())  # of typer's own writing a full disk makes a bug
            ctx.exit()
        if value is not None and not self.multiple and not isinstance(value, str):
            return super().process_value(ctx, value)
        return self.callback(ctx, self, value) if self.callback is not None else value


class FastGroup(TyperGroup):
    """A group whose own options are text and flags, and nothing else."""

    def get_params(self, ctx: TyperOwn) -> TyperOwn:
        options = _as_raw_text(super().get_params(ctx))
        return options if ctx.parent is None else _with_global_options(self, ctx, options)

    def parse_args(self, ctx: TyperOwn, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            self._refuse_options_of_commands(ctx, args)
        rest = super().parse_args(ctx, args)
        if ctx.parent is not None:
            _take_global_options(ctx)
        return rest

    def resolve_command(self, ctx: TyperOwn, args: list[str]) -> TyperOwn:
        if args[0] in {"help", "version"} and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}; use {ctx.command_path} --{args[0]}")
        return super().resolve_command(ctx, args)

    def _refuse_options_of_commands(self, ctx: TyperOwn, args: Sequence[str]) -> None:
        """Fail where the first option that is not ours is one of a command."""
        ours = {flag: option for option in self.get_params(ctx) for flag in option.opts}
        words = iter(args)
        for word in words:
            flag, is_whole, _ = word.partition("=")
            if flag in ours:
                if not is_whole and not ours[flag].is_flag:
                    next(words, None)  # its value
                continue
            below = [option for command in self.commands.values() for option in command.params]
            if found := next((option for option in below if flag in option.opts), None):
                typed = f"{ctx.command_path} COMMAND {flag} {found.metavar or ''}".rstrip()
                ctx.fail(f"{flag} stands after the command: {typed}")
            return

    def format_options(self, ctx: TyperOwn, formatter: TyperOwn) -> None:
        _format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: TyperOwn, formatter: TyperOwn) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: TyperOwn = self.get_command(ctx, name)
            group = command.rich_help_panel
            short = command.get_short_help_str(formatter.width)  # the whole first sentence
            groups.setdefault(group or "Commands", []).append((name, short))
        _write_groups(formatter, groups)


class Command(TyperCommand):
    """A command that takes the global options as well.

    Attributes:
        rare: The headings that only ``--help-all`` shows.
        examples: What can be typed, and what that does.
    """

    rare: tuple[str, ...] = ()
    examples: Mapping[str, str] = MappingProxyType({})

    def get_params(self, ctx: TyperOwn) -> TyperOwn:
        return _with_global_options(self, ctx, _as_raw_text(super().get_params(ctx)))

    def parse_args(self, ctx: TyperOwn, args: list[str]) -> list[str]:
        ctx.allow_extra_args = True  # else typer refuses them without a word about --hosts
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            ctx.fail(_against_words(rest, takes_hosts="hosts" in ctx.params))
        _take_global_options(ctx)
        return rest

    def format_options(self, ctx: TyperOwn, formatter: TyperOwn) -> None:
        _format_options(self, ctx, formatter, hidden=() if ALL in ctx.meta else self.rare)
        if self.examples:
            width = max(map(len, self.examples))
            with formatter.section("Examples"):
                for typed, what in self.examples.items():
                    formatter.write(f"  {typed.ljust(width)}  # {what}\n")


def show_all_help(ctx: typer.Context, asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    """Show the help with the options that are rarely given, and leave."""
    if asked and not ctx.resilient_parsing:
        ctx.meta[ALL] = True
        print_output(ctx.get_help())
        raise typer.Exit


def _against_words(words: list[str], *, takes_hosts: bool) -> str:
    shown = " ".join(map(repr, words))
    hint = f"; to choose hosts use --hosts {shlex.quote(','.join(words))}" if takes_hosts else ""
    return f"Unexpected {shown}{hint}"


def _as_raw_text(options: TyperOwn) -> TyperOwn:
    """Return the options as raw text, but for one that is required: typer must miss it."""
    for option in options:
        if type(option) is TyperOption and not option.required:
            option.__class__ = RawTextOption  # typer makes them itself and offers no other way
    return options


def _with_global_options(command: TyperOwn, ctx: TyperOwn, own: TyperOwn) -> TyperOwn:
    """Return the options of a command, then copies of the global ones.

    The copies are made once for a command, because typer looks them up by identity, and read no
    variable, because the global option has done so.
    """
    if "global_options" not in vars(command):
        command.global_options = []
        for option in ctx.find_root().command.params:
            if option.name in {*NOTHING_GIVEN, "version", "json"}:
                later = copy(option)
                later.envvar = None
                command.global_options.append(later)
    return [*own, *command.global_options]


def _take_global_options(ctx: TyperOwn) -> None:
    """Move the global options that stand after the command to those that stand before it."""
    later = {}
    for option in ctx.command.global_options:
        value = ctx.params.pop(option.name, None)
        source = ctx.get_parameter_source(option.name)
        if option.name in NOTHING_GIVEN and source and source.name == "COMMANDLINE":
            later[option.name] = value
    if ctx.obj is None:  # while a word is completed
        ctx.meta[LATER] = later
    elif later:
        ctx.obj = ctx.obj.with_later(later)
        type_as(ctx.obj.rollout)


def _format_options(
    command: TyperOwn, ctx: TyperOwn, formatter: TyperOwn, hidden: Sequence[str] = ()
) -> None:
    of_all = getattr(command, "global_options", [])
    groups: dict[str, list[tuple[str, str]]] = {}
    for option in command.get_params(ctx):
        if option in of_all or not (record := option.get_help_record(ctx)):
            continue
        if option.param_type_name == "argument":
            record = (option.metavar, option.help)  # typer's has the Python type in it
        groups.setdefault(option.rich_help_panel or "Options", []).append(record)
    _write_groups(formatter, {name: rows for name, rows in groups.items() if name not in hidden})
    if of_all:
        with formatter.section("Global options, before or after the command"):
            formatter.write_text(HOW_GLOBAL)


def _write_groups(formatter: TyperOwn, groups: Mapping[str, list[tuple[str, str]]]) -> None:
    """Write each group below its heading, all with one width for the first column."""
    width = max(len(first) for rows in groups.values() for first, _ in rows)
    for heading, rows in groups.items():
        with formatter.section(heading):
            formatter.write_dl(
                [(first.ljust(width), text.removesuffix(".")) for first, text in rows]
            )
