"""The settings file: found, read, and overlaid with ``[env.NAME]``."""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from rollout.model.errors import SettingsError
from rollout.settings.environment import how_to_unset
from rollout.settings.source import SettingsSource
from rollout.settings.toml_lines import KeyPath, lines_of
from rollout.text.suggest import did_you_mean
from rollout.trusted_paths import Trust, UntrustedPath, open_file, open_inside

OVERLAYS = "env"

Warn = Callable[[str], object]
"""Takes a line that the person must read."""

_HERE = FilePath()
_FOR_ROOT = "; keep it in /etc/rollout, owned by root, and writable for root alone"


@dataclass(frozen=True, slots=True)
class Found:
    """The settings file that was chosen, and what is in it.

    ``path`` is as it was typed or looked for.
    """

    path: FilePath
    data: bytes


def find_file(
    named: str | None, places: Sequence[FilePath], warn: Warn, *, flag: str = "--config"
) -> Found:
    """Read the file that was named, or the first one that is there and can be trusted.

    What is in the current directory is ignored, and ``warn`` is told, where another account could
    have written it.  Root ignores every file that another account could have written, and refuses
    one that was named.  ``flag`` is how it was named.

    Raises:
        SettingsError: the named one is missing or not trusted, there is none at all, or the
            permissions do not let us see.
    """
    if named is not None:
        return Found(FilePath(named), _named(FilePath(named), flag))
    for place in places:
        try:
            if place.parent == _HERE and os.path.lexists(place):
                _check_here()
            if _is_there(place):
                return Found(place, _read_trusted(place))
        except UntrustedPath as error:
            warn(f"{_spell(place)} is ignored: {error}; see `{error.fix}`{_remedy(place)}")
        except OSError as error:
            raise SettingsError([f"{place}: cannot be read: {error.strerror}"]) from error
    looked = ", ".join(str(place) for place in places)
    raise SettingsError(
        [f"no settings found: looked for {looked}; `rollout init` writes ./rollout.toml"]
    )


def _named(file: FilePath, flag: str) -> bytes:
    try:
        return _read(open_file(file)) if os.geteuid() == 0 else file.read_bytes()
    except UntrustedPath as error:
        raise SettingsError(
            [f"{flag}: {file} is not read as root: {error}; see `{error.fix}`{_FOR_ROOT}"]
        ) from error
    except FileNotFoundError as error:
        raise SettingsError([f"{flag}: there is no file {file}"]) from error
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read: {error.strerror}"]) from error


def _read_trusted(place: FilePath) -> bytes:
    """Read a file that was not named.

    An ordinary account trusts what lies in its own configuration and in ``/etc``.

    Raises:
        UntrustedPath: another account could have written it.
        OSError: it cannot be read.
    """
    if os.geteuid() == 0:
        return _read(open_file(place))
    if place.parent != _HERE:
        return place.read_bytes()
    here = os.open(_HERE, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if stat.S_ISLNK(os.stat(place, dir_fd=here, follow_symlinks=False).st_mode):
            return _read(open_file(place))
        return _read(open_inside(here, str(place), os.O_RDONLY, Trust(), FilePath.cwd() / place))
    finally:
        os.close(here)


def _check_here() -> None:
    """See that no other account can write into the current directory, sticky or not."""
    if why := Trust().objection(_HERE.stat()):
        raise UntrustedPath(FilePath.cwd(), why)


def _read(opened: int) -> bytes:
    with os.fdopen(opened, "rb") as file:
        return file.read()


def _is_there(place: FilePath) -> bool:
    try:
        return place.exists()
    except PermissionError as error:  # of a directory above; it may be the one that was meant
        raise SettingsError([f"{place}: cannot be read: {error.strerror}"]) from error


def _spell(place: FilePath) -> str:
    return f"./{place}" if place.parent == _HERE else str(place)


def _remedy(place: FilePath) -> str:
    if os.geteuid() == 0:
        return _FOR_ROOT
    return f"; if you trust it, name it: `rollout --config {_spell(place)}`"


def read_file(found: Found, env: str | None, *, flag: str = "--env") -> tuple[SettingsSource, ...]:
    """Read a settings file: the overlay chosen by ``env``, if any, before the file itself.

    ``flag`` is how ``env`` was chosen.

    Raises:
        SettingsError: it is no text, no TOML, or has no such overlay.
    """
    file, text = found.path, _text(found)
    tree = _parsed(text, file)
    where = _places(text, file)
    overlays = tree.pop(OVERLAYS, {})
    if not isinstance(overlays, Mapping):
        origin = where.get((OVERLAYS,), str(file))
        raise SettingsError([f"{origin}: env: must be tables, [env.NAME]"])
    base = SettingsSource(tree=tree, where=where)
    if env is None:
        return (base,)
    prefix = (OVERLAYS, env)
    overlay = overlays.get(env)
    if not isinstance(overlay, Mapping):
        raise SettingsError([f"{flag}: {_no_overlay(file, env, overlays)}{how_to_unset(flag)}"])
    inside = {path[2:]: place for path, place in where.items() if path[:2] == prefix}
    return SettingsSource(tree=overlay, where=inside), base


def _text(found: Found) -> str:
    try:
        return found.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError([f"{found.path}: is not UTF-8 (at byte {error.start})"]) from error


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


def _places(text: str, file: FilePath) -> dict[KeyPath, str]:
    places: dict[KeyPath, str] = {(): str(file)}
    places.update({path: f"{file}:{line}" for path, line in lines_of(text).items()})
    return places


def _no_overlay(file: FilePath, env: str, overlays: Mapping[str, object]) -> str:
    if not overlays:
        return f"{env!r} is not known: {file} has no [env.NAME]"
    near = did_you_mean(env, overlays) or f" (there is {', '.join(overlays)})"
    return f"{env!r} is not an [env.NAME] of {file}{near}"
