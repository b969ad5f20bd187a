"""From pydantic's errors to sentences: where it was said, which key, what is wrong, what was meant.

Never a value of a key that may hold a secret, never a link, never a class name.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rollout.settings.environment import NOT_SETTINGS, PREFIX, how_to_unset
from rollout.settings.flags import FLAGS
from rollout.settings.model import Settings
from rollout.settings.source import SettingsSource, source_of
from rollout.settings.toml_lines import KeyPath
from rollout.text.suggest import did_you_mean, nearest

_HINTS: dict[KeyPath, str] = {
    ("app",): 'write for example app = "shop"',
    ("balancers",): "write at least one [balancers.NAME]",
    ("fleet",): 'write [fleet] with hosts = ["web[01-08]"]',
    ("fleet", "hosts"): 'write for example hosts = ["web[01-08]"]',
    ("deploy", "to"): 'write in [deploy] for example to = "/srv/shop"',
}

_CAPISTRANOS = {
    "branch": "ref",
    "config_files": "shared_files",
    "deploy_to": "to",
    "keep_releases": "keep",
    "linked_dirs": "shared",
    "linked_files": "shared_files",
    "repo_url": "repo",
    "repository": "repo",
    "scm": "strategy",
    "shared_children": "shared",
}
"""What Capistrano calls what is said in ``[deploy]``."""

_PLAIN = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "string_too_short": "must not be empty",
    "tuple_type": 'must be a list, like ["web1", "web2"]',
}


def problems_of(
    error: ValidationError, sources: Sequence[SettingsSource], above: KeyPath = ()
) -> list[str]:
    """Write one sentence per error, all of them, in the order of the settings.

    ``above`` is the path of the part that was validated.
    """
    return [
        sentence
        for details in error.errors(include_url=False)
        for sentence in _sentences(details, sources, above)
    ]


def problem(path: KeyPath, what: str, sources: Sequence[SettingsSource]) -> str:
    """Put the origin and the key before ``what``; a flag names its key already.

    A key that is set nowhere is the last source's fault: the file is where it would be written.
    """
    source = source_of(path, sources) or sources[-1]
    origin = source.origin(path)
    return f"{origin}: {what}" if origin in FLAGS else f"{origin}: {spell_path(path)}: {what}"


def spell_path(path: KeyPath) -> str:
    """Write a path as TOML would: ``fleet.hosts[2]``, ``balancers."lb 1".socket``."""
    words = ""
    for key in path:
        if isinstance(key, int):
            words += f"[{key}]"
        else:
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", key)
            words += f"{'.' if words else ''}{key if plain else json.dumps(key)}"
    return words


def tables(
    model: type[BaseModel] = Settings, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """Walk the tables of the settings; ``*`` stands for a name the operator chooses."""
    yield path, model
    for name, entry in model.model_fields.items():
        inner = entry.annotation
        named = ("*",) if get_origin(inner) is dict else ()
        for part in get_args(inner) or (inner,):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from tables(part, (*path, name, *named))


def _sentences(
    details: ErrorDetails, sources: Sequence[SettingsSource], above: KeyPath
) -> list[str]:
    path: KeyPath = (*above, *(key for key in details["loc"] if key != "[key]"))
    source = source_of(path, sources)
    if details["type"] == "extra_forbidden" and source is not None and source.spell:
        return [
            f"{name}: this environment variable is no setting"
            f"{_meant_variable(name, said, source)}{how_to_unset(name)}"
            for said, name in source.where.items()
            if said[: len(path)] == path
        ]
    return [problem(path, _what(details, path, sources), sources)]


def _what(details: ErrorDetails, path: KeyPath, sources: Sequence[SettingsSource]) -> str:
    limits, said = details.get("ctx", {}), details["input"]
    match details["type"]:
        case "missing" | "too_short" as kind:
            hint = f" ({_HINTS[path]})" if path in _HINTS else ""
            return f"is {'missing' if kind == 'missing' else 'empty'}{hint}"
        case "extra_forbidden":
            return f"unknown key{_suggest_key(path, sources)}"
        case "value_error":
            return str(limits["error"])
        case "string_type":
            return f"must be text, in quotes, not {_kind(said)}"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}, not {said}"
        case "less_than_equal":
            return f"must be at most {limits['le']}, not {said}"
        case "literal_error" | "enum":
            return _one_of(str(limits["expected"]), said)
        case "model_type" | "dict_type":
            return f"must be a table, [{spell_path(path)}]"
        case kind:
            return _PLAIN.get(kind, details["msg"])


def _one_of(expected: str, said: object) -> str:
    words = re.findall(r"'([^']*)'", expected)
    near = did_you_mean(said, words) if isinstance(said, str) else ""
    return f"must be {expected}{near}"


def _kind(said: object) -> str:
    match said:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "something else"


def _suggest_key(path: KeyPath, sources: Sequence[SettingsSource]) -> str:
    """Suggest the table in which this very key belongs, or the nearest key of the same table."""
    source = source_of(path, sources)
    *above, key = path
    if above == ["deploy"] and key in _CAPISTRANOS:
        return f" (Capistrano's {key} is {_CAPISTRANOS[str(key)]!r} here)"
    known = {table: tuple(model.model_fields) for table, model in tables()}
    homes = [table for table, names in known.items() if key in names and "*" not in table]
    if len(homes) == 1 and (key,) not in known:
        right: KeyPath = (*homes[0], str(key))
        written = source.spell(right) if source and source.spell else spell_path(right)
        return f" (did you mean {written}?)"
    here = next((names for table, names in known.items() if _fits(table, above)), ())
    for meant in nearest(str(key), here):
        written = source.spell((*above, meant)) if source and source.spell else repr(meant)
        return f" (did you mean {written}?)"
    return ""


def _meant_variable(name: str, said: KeyPath, source: SettingsSource) -> str:
    """Suggest the variable of the one setting that has this very key, or the nearest variable."""
    if source.spell is None:
        return ""
    keys = _known_keys(said)
    home = [key for key in keys if key[-1:] == said]
    if len(home) == 1:
        return f" (did you mean {source.spell(home[0])}?)"
    # without the prefix, which would make all of them alike
    known = [one.removeprefix(PREFIX) for one in (*map(source.spell, keys), *sorted(NOT_SETTINGS))]
    for near in nearest(name.removeprefix(PREFIX).upper(), known):
        return f" (did you mean {PREFIX}{near}?)"
    return ""


def _known_keys(said: KeyPath) -> list[KeyPath]:
    """List the path of every setting; a name that the operator chooses is as in ``said``."""
    keys: list[KeyPath] = []
    for table, model in tables():
        named = tuple(
            (said[at] if at < len(said) else key) if key == "*" else key
            for at, key in enumerate(table)
        )
        keys += [(*named, name) for name in model.model_fields]
    return keys


def _fits(table: Sequence[str], above: Sequence[str | int]) -> bool:
    """Tell whether ``table``, in which ``*`` stands for any name, is the one at ``above``."""
    return len(table) == len(above) and all(
        ours in {"*", said} for ours, said in zip(table, above, strict=True)
    )
