"""The annotated settings file with values filled in, and proof that it means those values."""

import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from pydantic import ValidationError

from rollout.model.errors import SettingsError
from rollout.settings.consistency import contradictions
from rollout.settings.error_messages import spell_path
from rollout.settings.model import MonitSettings, Settings
from rollout.text.annotate import Suggestion, TemplateLayout, annotate

SUPERVISOR = MonitSettings.section
"""The section that says how instances are restarted."""

LAYOUT = TemplateLayout("balancers", free=(("fleet", "addresses"), (SUPERVISOR, "ports")))


def template() -> str:
    """Return the file with every setting and its default."""
    return resources.files("rollout").joinpath("example.toml").read_text(encoding="utf-8")


def annotated_file(suggestions: Sequence[Suggestion], head: Sequence[str]) -> str:
    """Return the template with ``suggestions`` filled in and ``head`` at its top.

    Raises:
        SettingsError: what comes out would not be accepted as settings, or sets another value.
    """
    text = annotate(template(), suggestions, head, LAYOUT)
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"what was found cannot be written: {error}"]) from error
    judged(written)
    problems = []
    for one in suggestions:
        if one.value is not None and not one.commented_out:
            value = list(one.value) if isinstance(one.value, tuple) else one.value
            if _at(written, one.path) != value:
                problems.append(f"{spell_path(one.path)}: is not {value!r} in the file")
    if problems:
        raise SettingsError(problems)
    return text


def judged(tree: Mapping[str, Any]) -> Settings:
    """Return the settings that ``tree`` says, judged as those of a file are.

    Raises:
        SettingsError: with one sentence for each problem.
    """
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(
            [
                f"{spell_path(one['loc'])}: {one['msg'].removeprefix('Value error, ')}"
                for one in error.errors()
            ]
        ) from None
    if problems := [f"{spell_path(path)}: {why}" for path, why in contradictions(settings)]:
        raise SettingsError(problems)
    return settings


def _at(tree: object, path: Sequence[str]) -> object:
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree
