"""The settings file: found, read, and overlaid with ``[env.NAME]``."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath

from rollout.errors import SettingsError
from rollout.nearest import did_you_mean
from rollout.settings.lines import Path, lines_of
from rollout.settings.sources import Source

OVERLAYS = "env"


def find_file(named: str | None, places: Sequence[FilePath]) -> FilePath:
    """Choose the file that was named, or the first that is there.

    Raises:
        SettingsError: the named one is missing, there is none at all, or nobody lets us see.
    """
    if named is not None:
        if not _is_there(FilePath(named)):
            raise SettingsError([f"--config: there is no file {named}"])
        return FilePath(named)
    for place in places:
        if _is_there(place):
            return place
    looked = ", ".join(str(place) for place in places)
    raise SettingsError(
        [f"no settings found: looked for {looked}; `rollout init` writes ./rollout.toml"]
    )


def _is_there(place: FilePath) -> bool:
    try:
        return place.exists()
    except PermissionError as error:  # of a directory above; it may be the one that was meant
        raise SettingsError([f"{place}: cannot be read: {error.strerror}"]) from error


def read_file(file: FilePath, env: str | None) -> tuple[Source, ...]:
    """Read a settings file: the overlay chosen by ``env``, if any, before the file itself.

    Raises:
        SettingsError: it cannot be read, is no TOML, or has no such overlay.
    """
    text = _text(file)
    tree = _parsed(text, file)
    where = _places(text, file)
    overlays = tree.pop(OVERLAYS, {})
    if not isinstance(overlays, Mapping):
        origin = where.get((OVERLAYS,), str(file))
        raise SettingsError([f"{origin}: env: must be tables, [env.NAME]"])
    base = Source(tree=tree, where=where)
    if env is None:
        return (base,)
    prefix = (OVERLAYS, env)
    overlay = overlays.get(env)
    if not isinstance(overlay, Mapping):
        raise SettingsError([_no_overlay(file, env, overlays)])
    inside = {path[2:]: place for path, place in where.items() if path[:2] == prefix}
    return Source(tree=overlay, where=inside), base


def _text(file: FilePath) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise SettingsError([f"{file}: is not UTF-8 (at byte {error.start})"]) from error


def _parsed(text: str, file: FilePath) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise SettingsError([f"{file}: is nested too deeply"]) from error
    except tomllib.TOMLDecodeError as error:
        what = str(error)
        place = re.search(r" \(at line ([0-9]+), column ([0-9]+)\)$", what)
        if place is None:
            end = text.rstrip().count("\n") + 1
            raise SettingsError([f"{file}:{end}: is not TOML: {what}"]) from error
        what = what[: place.start()]
        line, column = place.groups()
        raise SettingsError([f"{file}:{line}: is not TOML: {what}, column {column}"]) from error


def _places(text: str, file: FilePath) -> dict[Path, str]:
    places: dict[Path, str] = {(): str(file)}
    places.update({path: f"{file}:{line}" for path, line in lines_of(text).items()})
    return places


def _no_overlay(file: FilePath, env: str, overlays: Mapping[str, object]) -> str:
    if not overlays:
        return f"--env: {env!r} is not known: {file} has no [env.NAME]"
    near = did_you_mean(env, overlays) or f" (there is {', '.join(overlays)})"
    return f"--env: {env!r} is not an [env.NAME] of {file}{near}"
