"""Declares commands for typer: a name, the rows of the options, and what runs."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import typer

from rollout.cli.arguments import Arguments
from rollout.cli.examples import EXAMPLES
from rollout.cli.global_options import global_options
from rollout.cli.options import CRON, HELP_ALL, typer_type
from rollout.cli.typer_patch import Command, show_all_help
from rollout.settings.options import Option

CommandFunction = Callable[[Arguments], int]
"""A command: it gets what was typed and returns the exit code."""


ABOUT_SETTINGS = "In brackets: the setting outranked, and its default; see `rollout config`."


class Commands:
    """The commands of a typer app, with the options of each.

    Attributes:
        options: The rows by command, in the order of the help; what documents are made from.
    """

    def __init__(self, app: typer.Typer, prefix: str = "") -> None:
        self.app = app
        self.prefix = prefix
        self.options: dict[str, Sequence[Option]] = {}

    def add(
        self, name: str, *options: Option, group: str | None = None, help_text: str | None = None
    ) -> Callable[[CommandFunction], CommandFunction]:
        """Return a decorator that makes a function the command ``name``.

        Args:
            name: What is typed.
            options: The rows of its own options.
            group: The heading that it stands under in the list of commands.
            help_text: Its help, where that is not the docstring.
        """

        def declare(function: CommandFunction) -> CommandFunction:
            def call(context: typer.Context, **values: Any) -> None:  # noqa: ANN401 - as typer read it
                given = {option: values[option.name] for option in options}
                typed = global_options(context, cron=bool(given.get(CRON)))
                raise typer.Exit(function(Arguments(typed=typed, values=given)))

            whole = f"{self.prefix} {name}".strip()
            parameters = [parameter(option) for option in options]
            rare = tuple(dict.fromkeys(option.group for option in options if option.is_rare))
            if rare:
                parameters.append(parameter(HELP_ALL, show_all_help))
            examples = EXAMPLES.get("uninterrupted" if whole == "deploy" else whole, {})
            call.__doc__ = function.__doc__
            set_signature(call, parameters)
            self.app.command(
                name,
                cls=type("Command", (Command,), {"rare": rare, "examples": examples}),
                help=help_text,
                epilog=ABOUT_SETTINGS if any(option.setting for option in options) else None,
                rich_help_panel=group,
            )(call)
            self.options[whole] = options
            return function

        return declare


def set_signature(function: Callable[..., None], parameters: Sequence[inspect.Parameter]) -> None:
    """Let typer read ``parameters`` off ``function``, behind the context (PEP 362)."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    context = inspect.Parameter("context", kind, annotation=typer.Context)
    function.__signature__ = inspect.Signature([context, *parameters])  # type: ignore[attr-defined]
    function.__annotations__ = {}  # typer resolves these as well, and they are not those above


def parameter(option: Option, callback: Callable[..., object] | None = None) -> inspect.Parameter:
    """Return the parameter from which typer makes ``option``; see :func:`typer_type`."""
    default = inspect.Parameter.empty if option.required else None if option.metavar else False
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=typer_type(option, callback),
    )
