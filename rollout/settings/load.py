"""Flags over the environment over the overlay over the file: read, merged, judged at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from rollout.model.errors import SettingsError
from rollout.paths import settings_places
from rollout.settings.consistency import contradictions
from rollout.settings.deploy_model import DeploySettings
from rollout.settings.environment import read_environment
from rollout.settings.error_messages import problem, problems_of
from rollout.settings.files import Warn, find_file, read_file
from rollout.settings.flags import read_flags
from rollout.settings.model import Settings
from rollout.settings.secret import put, read, secrets_in
from rollout.settings.source import SettingsSource, source_of
from rollout.settings.toml_lines import KeyPath

BY_FLAG: Mapping[str, str] = {"config": "--config", "env": "--env"}
"""How the file and the overlay are chosen, unless a variable does it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and the sources they came from, the one that counts first.

    ``file`` is the settings file, as it was typed or looked for.
    """

    settings: Settings
    sources: tuple[SettingsSource, ...]
    file: FilePath

    def origin(self, path: KeyPath) -> str:
        """Say where ``path`` was set: ``rollout.toml:12``, a variable, a flag or ``default``."""
        source = source_of(path, self.sources)
        return source.origin(path) if source else "default"


def load(
    *,
    environ: Mapping[str, str],
    config: str | None = None,
    env: str | None = None,
    flags: Mapping[str, str | None] | None = None,
    by: Mapping[str, str] = BY_FLAG,
    warn: Warn = lambda _: None,
) -> Loaded:
    """Read every source and judge the whole.

    Args:
        environ: The environment; settings are its ``ROLLOUT_*`` variables.
        config: A file to read in place of the first one found.
        env: Which ``[env.NAME]`` to lay over the file.
        flags: Values of the flags in :data:`rollout.settings.flags.FLAGS`; None was not given.
        by: How ``config`` and ``env`` were given: by a flag or by a variable.
        warn: Is told of a file that is ignored because another account could have written it.

    Raises:
        SettingsError: everything that is wrong, each with its origin, key and nearest right one.
    """
    found = find_file(config, settings_places(environ), warn, flag=by["config"])
    overlaid = read_file(found, env, flag=by["env"])
    sources = (read_flags(flags or {}), read_environment(environ), *overlaid)
    try:
        settings = _merged(sources)
    except ValidationError as error:
        raise SettingsError(problems_of(error, sources)) from None
    if wrong := contradictions(settings):
        raise SettingsError([problem(path, what, sources) for path, what in wrong])
    return Loaded(settings, sources, found.path)


def with_secrets(loaded: Loaded, environ: Mapping[str, str]) -> Loaded:
    """Read the secrets of ``[deploy]`` that are kept in files and variables.

    Raises:
        SettingsError: some cannot be read, or cannot be meant so; each with its key.
    """
    deploy = loaded.settings.deploy
    if deploy is None:
        return loaded
    problems: list[str] = []
    tree = deploy.model_dump()
    for path, secret in secrets_in(deploy):
        try:
            put(tree, path, read(secret, environ))
        except ValueError as error:
            problems.append(problem(("deploy", *path), str(error), loaded.sources))
    if problems:
        raise SettingsError(problems)
    try:
        settings = loaded.settings.model_copy(
            update={"deploy": DeploySettings.model_validate(tree)}
        )
    except ValidationError as error:
        raise SettingsError(problems_of(error, loaded.sources, ("deploy",))) from None
    if found := contradictions(settings):
        raise SettingsError([problem(path, what, loaded.sources) for path, what in found])
    return replace(loaded, settings=settings)


def _merged(sources: Sequence[SettingsSource]) -> Settings:
    class Sourced(Settings):
        """The settings, told which sources to read; pydantic-settings merges them key by key."""

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: object, **__: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(
                InitSettingsSource(settings_cls, init_kwargs=dict(source.tree))
                for source in sources
            )

    return Sourced.model_validate({})
