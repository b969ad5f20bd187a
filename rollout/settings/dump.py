"""The settings that hold, written back: as TOML with the origin of each, or as JSON."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rollout.settings.error_messages import spell_path
from rollout.settings.load import Loaded
from rollout.settings.model import Settings
from rollout.settings.secret import put, secrets_in
from rollout.settings.toml_lines import KeyPath
from rollout.text.redact import MASK, redact
from rollout.text.toml_values import toml_key, toml_value

_COLUMN = 44
_COMMANDS = (
    re.compile(r"restart\.smoke"),
    re.compile(r"deploy\.hooks\.(?:before|switched|after)"),
    re.compile(r"deploy\.build\..*\.run"),
    re.compile(r"hooks\.(?:before|host_out|host_back|failed|after)"),
    re.compile(r"notify\.command"),
    re.compile(r"silence\.(?:begin|end)"),
)
"""Texts of the operator's own, in which a password may stand."""

WEBHOOK: KeyPath = ("notify", "webhook")

Seal = Callable[[str, str], str]
"""Makes of a dotted key and a secret value what may be written down in place of the value."""


def as_json(loaded: Loaded, *, secrets: bool = False) -> str:
    """One object: the settings as a tree, and the origin of each by its dotted path.

    Without ``secrets`` the values of environments, and logins and queries of addresses, are masked.
    """
    tree = _shown(loaded, secrets=secrets)
    origins = {spell_path(path): loaded.origin(path) for path, _ in leaves(tree)}
    masked = [spell_path(path) for path in _changed(loaded, tree)]
    whole = {"v": 1, "settings": tree, "origins": origins, "masked": masked}
    return json.dumps(whole, indent=2)


def as_toml(loaded: Loaded, *, secrets: bool = False) -> str:
    """Text that can be read back as settings; each origin is a comment.

    Without ``secrets`` it is masked as in :func:`as_json`.
    """
    tree = _shown(loaded, secrets=secrets)
    masked = _changed(loaded, tree)
    table: KeyPath = ()
    lines: list[str] = []
    for path, value in leaves(tree):
        if path[:-1] != table:
            table = path[:-1]
            lines += ["", f"[{spell_path(table)}]"]
        said = f"{toml_key(str(path[-1]))} = {toml_value(value)}"
        lines.append(
            f"{said:<{_COLUMN}} # {loaded.origin(path)}{', masked' if path in masked else ''}"
        )
    return "\n".join(lines)


def as_text(loaded: Loaded, seal: Seal) -> Mapping[str, str]:
    """Each setting by its dotted key, as text: what one run can be compared by with another.

    What holds a secret, or may hold one, is sealed.  A flag is written down without its secrets in
    any case, and so is the setting that it stands for.
    """
    masked = _masked_paths(loaded.settings)
    said: dict[str, str] = {}
    for path, value in leaves(_tree(loaded.settings)):
        key, text = spell_path(path), toml_value(value)
        safe = toml_value(_redacted(value))
        if loaded.origin(path).startswith("--"):
            said[key] = safe
        elif path in masked or safe != text or any(p.fullmatch(key) for p in _COMMANDS):
            said[key] = seal(key, text) if value else text
        else:
            said[key] = text
    return said


def _tree(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json", exclude_none=True)


def _shown(loaded: Loaded, *, secrets: bool) -> dict[str, Any]:
    tree = _tree(loaded.settings)
    if secrets:
        return tree
    tree = {key: _redacted(value) for key, value in tree.items()}
    for path in _masked_paths(loaded.settings):
        put(tree, path, MASK)
    return tree


def _changed(loaded: Loaded, shown: Mapping[str, Any]) -> tuple[KeyPath, ...]:
    """List the settings of which ``shown`` does not show the value."""
    values = dict(leaves(_tree(loaded.settings)))
    return tuple(path for path, value in leaves(shown) if value != values[path])


def _masked_paths(settings: Settings) -> frozenset[KeyPath]:
    """List what is secret as a whole, stands in the settings themselves, and is not empty.

    That are the values of environments, and the webhook: the secret is its path.
    """
    return frozenset(
        path
        for path, secret in secrets_in(settings)
        if ("env" in path[:-1] or path == WEBHOOK) and secret.text and not secret.reference
    )


def _redacted(value: Any) -> Any:  # noqa: ANN401 - what TOML can hold
    match value:
        case str():
            return redact(value)
        case dict():
            return {key: _redacted(item) for key, item in value.items()}
        case list():
            return [_redacted(item) for item in value]
        case _:
            return value


def leaves(tree: Mapping[str, Any], above: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Walk the values of a table before the tables in it, as TOML must be written."""
    for key, value in tree.items():
        if not value or not isinstance(value, dict):
            yield (*above, key), value
    for key, value in tree.items():
        if value and isinstance(value, dict):
            yield from leaves(value, (*above, key))
