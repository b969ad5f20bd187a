"""Options that are settings: written once, taken by many commands."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from rollout.settings.flags import ACCEPT_SICK

Flags = Mapping[str, str | None]
"""By flag (``--max-out``) what was typed; None for one that was not."""

Command = Callable[..., None]


def with_options(options: Mapping[str, Any]) -> Callable[[Command], Command]:
    """Give a command ``options``, which it gets as one mapping: its argument ``flags``.

    typer reads the options of a command off its signature, so the signature is what changes:
    where ``flags`` stood, each of ``options`` stands, by its name and kind.
    """

    def give(command: Command) -> Command:
        own = inspect.signature(command)
        parameters: list[inspect.Parameter] = []
        for parameter in own.parameters.values():
            parameters += _each(options) if parameter.name == "flags" else [parameter]

        @functools.wraps(command)
        def taken(*words: Any, **said: Any) -> None:  # noqa: ANN401 - whatever typer has read
            flags = {f"--{name.replace('_', '-')}": said.pop(name) for name in options}
            command(*words, flags=flags, **said)

        taken.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # PEP 362
        return taken

    return give


def with_sick(flags: Flags, *, accept_sick: bool) -> Flags:
    """Add the one flag that is no setting and that a run keeps when it is resumed."""
    return {**flags, ACCEPT_SICK: "true"} if accept_sick else flags


def _each(options: Mapping[str, Any]) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in options.items()
    ]
