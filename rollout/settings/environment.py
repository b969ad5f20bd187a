"""Settings from the environment: ``ROLLOUT_FLEET__MAX_OUT=2`` is ``max_out`` in ``[fleet]``.

Every variable with our prefix is read, so that one with a typo in it is an error and not a silence;
pydantic-settings' own reader ignores those at the top level.
"""

from collections.abc import Mapping
from typing import Any

from rollout.errors import SettingsError
from rollout.settings.lines import Path
from rollout.settings.sources import Source, plant

PREFIX = "ROLLOUT_"
NOT_SETTINGS = frozenset({"ROLLOUT_CONFIG", "ROLLOUT_ENV", "ROLLOUT_OUTPUT"})
"""These stand for the global options ``--config``, ``--env`` and ``--output``."""


def read_environment(environ: Mapping[str, str]) -> Source:
    """Collect our variables into a tree; names are not case sensitive after the prefix.

    Raises:
        SettingsError: one variable sets a table and another a key in it.
    """
    tree: dict[str, Any] = {}
    where: dict[Path, str] = {}
    problems: list[str] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        where[path] = name
        if not plant(tree, path, environ[name]):
            problems.append(
                f"{name}: another variable already sets {'.'.join(path[:-1])} as a whole"
            )
    if problems:
        raise SettingsError(problems)
    return Source(tree=tree, where=where, spell=_variable)


def _variable(path: Path) -> str:
    return PREFIX + "__".join(str(key) for key in path).upper()
