"""A place where settings were said: the values as a tree, and where exactly each one stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollout.settings.toml_lines import KeyPath

SettingsTree = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSource:
    """One source.

    Attributes:
        tree: What was said, as nested tables.
        where: The origin of each path that has one of its own, such as ``rollout.toml:12``; the
            empty path is the source itself.
        spell: How a key would be written here, for a suggestion; None where it is as in TOML.
    """

    tree: SettingsTree
    where: Mapping[KeyPath, str] = field(default_factory=dict)
    spell: Callable[[KeyPath], str] | None = None

    def says(self, path: KeyPath) -> bool:
        """Tell whether what stands at ``path`` was said here, be it as a part of a list."""
        here: Any = self.tree
        for key in path:
            if not isinstance(here, Mapping):
                return True
            if key not in here:
                return False
            here = here[key]
        return True

    def origin(self, path: KeyPath) -> str:
        """Name the place of ``path``, or of the nearest thing around it that has one.

        A table that was made by its keys alone, as variables do, has the place of its first key.
        """
        for length in range(len(path), -1, -1):
            if path[:length] in self.where:
                return self.where[path[:length]]
        below = (place for said, place in self.where.items() if said[: len(path)] == path)
        return next(below, "")


def source_of(path: KeyPath, sources: Sequence[SettingsSource]) -> SettingsSource | None:
    """Find the source whose word counts for ``path``: the first one, as they are merged."""
    return next((source for source in sources if source.says(path)), None)


def set_path(tree: dict[str, Any], path: Sequence[str], value: Any) -> bool:  # noqa: ANN401 - as TOML
    """Set ``value`` at ``path``, making tables on the way; False if something else is there."""
    here = tree
    for key in path[:-1]:
        here = here.setdefault(key, {})
        if not isinstance(here, dict):
            return False
    here[path[-1]] = value
    return True
