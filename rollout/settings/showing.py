"""The settings that hold, written back: as TOML with the origin of each, or as JSON."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rollout.settings.blame import spell_path
from rollout.settings.lines import Path
from rollout.settings.loading import Loaded
from rollout.settings.model import Settings

_COLUMN = 44


def as_json(loaded: Loaded) -> str:
    """One object: the settings as a tree, and the origin of each by its dotted path."""
    tree = loaded.settings.model_dump(mode="json", exclude_none=True)
    origins = {spell_path(path): loaded.origin(path) for path, _ in _leaves(tree)}
    return json.dumps({"v": 1, "settings": tree, "origins": origins}, indent=2)


def as_toml(loaded: Loaded) -> str:
    """Text that can be read back as settings; each origin is a comment."""
    tree = loaded.settings.model_dump(mode="json", exclude_none=True)
    table: Path = ()
    lines: list[str] = []
    for path, value in _leaves(tree):
        if path[:-1] != table:
            table = path[:-1]
            lines += ["", f"[{spell_path(table)}]"]
        said = f"{_key(str(path[-1]))} = {_value(value)}"
        lines.append(f"{said:<{_COLUMN}} # {loaded.origin(path)}")
    return "\n".join(lines)


def as_text(settings: Settings) -> Mapping[str, str]:
    """Each setting by its dotted key, as text: what one run can be compared by with another."""
    tree = settings.model_dump(mode="json", exclude_none=True)
    return {spell_path(path): _value(value) for path, value in _leaves(tree)}


def _leaves(tree: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Walk the values of a table before the tables in it, as TOML must be written."""
    for key, value in tree.items():
        if not value or not isinstance(value, dict):
            yield (*above, key), value
    for key, value in tree.items():
        if value and isinstance(value, dict):
            yield from _leaves(value, (*above, key))


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _value(value: Any) -> str:  # noqa: ANN401 - what TOML can hold; JSON writes these alike
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
