"""Settings from the environment: ``ROLLOUT_FLEET__MAX_OUT=2`` is ``max_out`` in ``[fleet]``.

Every variable with our prefix is read, so that one with a typo in it is an error and not a silence;
pydantic-settings' own reader ignores those at the top level.
"""

from collections.abc import Mapping
from typing import Any

from rollout.model.errors import SettingsError
from rollout.settings.source import SettingsSource, set_path
from rollout.settings.toml_lines import KeyPath

PREFIX = "ROLLOUT_"
NOT_SETTINGS = frozenset({"ROLLOUT_CONFIG", "ROLLOUT_ENV", "ROLLOUT_OUTPUT"})
"""These stand for the global options ``--config``, ``--env`` and ``--output``."""

IN_A_HOOK = "ROLLOUT_HOOK"
FACTS = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *("HOOK", "RELEASE", "REVISION", "HOSTS", "OUTCOME", "TO"),
        *(
            "APP",
            "RUN",
            "COMMAND",
            "REASON",
            "TARGET",
            "HOST",
            "SECONDS",
            "SILENCE",
            "MOMENT",
            "EXIT_CODE",
        ),
    )
)
"""What a hook is told by us; one that calls `rollout status` must not be told of unknown keys."""


def read_environment(environ: Mapping[str, str]) -> SettingsSource:
    """Collect our variables into a tree; names are not case sensitive after the prefix.

    All but the names of variables of a build's own, as in ``ROLLOUT_DEPLOY__ENV__RAILS_ENV``.

    Raises:
        SettingsError: one variable sets a table and another a key in it.
    """
    tree: dict[str, Any] = {}
    where: dict[KeyPath, str] = {}
    problems: list[str] = []
    others = NOT_SETTINGS | FACTS if IN_A_HOOK in environ else NOT_SETTINGS
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in others:
            continue
        path = _path(name.removeprefix(PREFIX))
        where[path] = name
        if not set_path(tree, path, environ[name]):
            problems.append(
                f"{name}: another variable already sets {'.'.join(path[:-1])} as a whole"
            )
    if problems:
        raise SettingsError(problems)
    return SettingsSource(tree=tree, where=where, spell=_variable)


def how_to_unset(name: str) -> str:
    """Say how a command is run without the variable ``name``; empty if it names no variable."""
    return f"; `env -u {name}` before the command leaves it out" if name.startswith(PREFIX) else ""


def _path(name: str) -> tuple[str, ...]:
    keys = name.lower().split("__")
    if keys[0] != "deploy" or "env" not in keys:
        return tuple(keys)
    until = keys.index("env") + 1
    variable = "__".join(name.split("__")[until:])
    return (*keys[:until], variable) if variable else tuple(keys)


def _variable(path: KeyPath) -> str:
    return PREFIX + "__".join(str(key) for key in path).upper()
