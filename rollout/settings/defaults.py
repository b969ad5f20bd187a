"""What holds where nothing is set, to tell from it what was set in a past run."""

from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel

from rollout.settings.deploy_model import DeploySettings
from rollout.settings.dump import leaves
from rollout.settings.error_messages import spell_path
from rollout.settings.model import BalancerSettings, FleetSettings, Settings
from rollout.text.toml_values import toml_value

WITHOUT = frozenset({"app", "fleet.hosts", "deploy.to"})
"""Settings that have no default: what they are stands elsewhere in the account of a run."""


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


def _default_of(key: str) -> str | None:
    known = _defaults()
    if key.startswith("balancers."):
        return known.get(f"balancers.*.{key.rpartition('.')[2]}")
    return known.get(key)


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


def _texts_of(name: str, section: BaseModel) -> Iterator[tuple[str, str]]:
    for path, value in leaves(section.model_dump(mode="json", exclude_none=True)):
        yield f"{name}.{spell_path(path)}", toml_value(value)
