"""What holds where nothing is set, to tell from it what was set in a past run.

A past run may be of another version: of settings that were added since it knows nothing, and it may
know some that are gone.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel

from rollout.settings.deploy_model import BuildSettings, DeploySettings
from rollout.settings.dump import leaves
from rollout.settings.error_messages import spell_path
from rollout.settings.model import BalancerSettings, FleetSettings, Settings
from rollout.text.toml_values import toml_value

WITHOUT = frozenset({"app", "fleet.hosts", "deploy.to"})
"""Settings that have no default: what they are stands elsewhere in the account of a run."""

BUILD_COMMAND = "deploy.build.*.run"

_CHOSEN_NAME = re.compile(r'((balancers|deploy\.build)\.(?:"(?:[^"\\]|\\.)*"|[^.]+)\.)(.+)')
"""A key in a table whose name the operator chooses."""


def other_than_default(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Return those of ``settings`` that differ from what holds where nothing is set.

    Args:
        settings: By dotted key the value as TOML, as a journal keeps them.
    """
    return {
        key: text
        for key, text in settings.items()
        if key not in WITHOUT and _default_of(key) != text
    }


def with_added(before: Mapping[str, str], now: Mapping[str, str]) -> Mapping[str, str]:
    """Return ``before`` with the settings that its version did not have and that nothing sets now.

    A new table of a chosen name, such as a load balancer, is none of them.

    Args:
        before: By dotted key the value as TOML, as a past run or a plan file keeps them.
        now: Likewise, of this version.
    """
    tables = {table for key in before if (table := _table_of(key))}
    added = {
        key: text
        for key, text in now.items()
        if key not in before and _default_of(key) == text and _table_of(key) in {"", *tables}
    }
    return {**before, **added}


def is_added(key: str, before: Mapping[str, str]) -> bool:
    """Tell whether the version that wrote ``before`` did not have the setting ``key``.

    Each version writes every setting of the tables that are set.
    """
    table = _table_of(key) or ("deploy." if key.startswith("deploy.") else "")
    return _default_of(key) is not None and any(other.startswith(table) for other in before)


def is_known(key: str) -> bool:
    """Tell whether this version has the setting ``key``, a name that is chosen within it too."""
    general = _general(key)
    if general in {*WITHOUT, BUILD_COMMAND} or general in _defaults():
        return True
    parts = general.split(".")
    above = (".".join(parts[:count]) for count in range(1, len(parts)))
    return any(_defaults().get(table) == "{}" for table in above if table != "deploy.build")


def _default_of(key: str) -> str | None:
    return _defaults().get(_general(key))


def _general(key: str) -> str:
    found = _CHOSEN_NAME.fullmatch(key)
    return f"{found[2]}.*.{found[3]}" if found else key


def _table_of(key: str) -> str:
    found = _CHOSEN_NAME.fullmatch(key)
    return found[1] if found else ""


@cache
def _defaults() -> Mapping[str, str]:
    return dict(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    sections = {name: field.default for name, field in Settings.model_fields.items()}
    sections["fleet"] = FleetSettings(hosts=("web1",))
    sections["deploy"] = DeploySettings(to="/srv/app")
    for name, default in sections.items():
        if isinstance(default, BaseModel):
            yield from _texts_of(name, default)
        elif isinstance(default, str | bool | int):
            yield name, toml_value(default)
    yield from _texts_of("balancers.*", BalancerSettings())
    for key, text in _texts_of("deploy.build.*", BuildSettings(run="make")):
        if key != BUILD_COMMAND:
            yield key, text


def _texts_of(name: str, section: BaseModel) -> Iterator[tuple[str, str]]:
    for path, value in leaves(section.model_dump(mode="json", exclude_none=True)):
        yield f"{name}.{spell_path(path)}", toml_value(value)
