"""The kinds of values that only a deploy has: paths, refs, checksums, environments."""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from rollout.refs import wrong_with
from rollout.settings.kinds import Duration, Line
from rollout.settings.templates import an_absolute_path

OURS = "ROLLOUT_"
"""Begins the variables that we give to the commands of the operator's ourselves."""

_SHA256_DIGITS = 64


def _root(said: str) -> str:
    path = an_absolute_path(said).rstrip("/")
    if not path:
        raise ValueError("must not be / itself")
    if {".", "..", ""} & set(path[1:].split("/")):
        raise ValueError(f"{said!r} must be written without `.`, `..` or `//`")
    return path


def _inside(said: str) -> str:
    """Let through a path below the release, as Capistrano's ``linked_dirs`` are written."""
    path = said.removesuffix("/")
    if not path:
        raise ValueError("must not be empty")
    if path.startswith("/"):
        raise ValueError(f"{said!r} must be relative to the release")
    if {".", "..", ""} & set(path.split("/")):
        raise ValueError(f"{said!r} must be written without `.`, `..` or `//`")
    if path.split("/")[0] in {".rollout", "REVISION"}:
        raise ValueError(f"{said!r} is a name that rollout keeps for itself")
    return path


def _ref(said: str) -> str:
    """Let through what git would take for a branch, a tag or a commit, and for no option."""
    if why := wrong_with(said):
        raise ValueError(f"{said!r} is no branch, tag or commit for git: {why}")
    return said


def _origin(said: str) -> str:
    if said.startswith("-"):
        raise ValueError(f"{said!r} must not begin with -")
    try:
        urlsplit(said)
        Path(said).expanduser()
    except (ValueError, RuntimeError) as error:  # a bracket left open, a user whom nobody knows
        raise ValueError(f"{said!r} is no place: {str(error).lower()}") from None
    return said


def _sha256(said: str) -> str:
    if said and not re.fullmatch(rf"[0-9A-Fa-f]{{{_SHA256_DIGITS}}}", said):
        raise ValueError(f"must be {_SHA256_DIGITS} hexadecimal digits, as sha256sum prints them")
    return said.lower()


def _step(said: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", said):
        raise ValueError(f"{said!r} is not a name: letters, digits, _ and - only")
    return said


def _variable(said: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", said):
        raise ValueError(f"{said!r} is not the name of a variable: letters, digits and _ only")
    if said.startswith(OURS):
        raise ValueError(f"{said!r}: names that begin with {OURS} are ours")
    return said


def _some_time(said: float) -> float:
    if said <= 0:
        raise ValueError("must be more than 0s: with nothing at all it could only fail")
    return said


def _paths(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    if not isinstance(said, str):
        return said
    return [part.strip() for part in said.split(",")] if said.strip() else []


Root = Annotated[Line, AfterValidator(_root)]
"""An absolute path on the hosts."""

Inside = Annotated[tuple[Annotated[Line, AfterValidator(_inside)], ...], BeforeValidator(_paths)]
"""Paths relative to a release; from the environment with commas between them."""

Ref = Annotated[Line, AfterValidator(_ref)]
Origin = Annotated[Line, AfterValidator(_origin)]
"""A place that programs are given as an argument: an address, a path."""

Sha256 = Annotated[Line, AfterValidator(_sha256)]
StepName = Annotated[str, AfterValidator(_step)]
Environment = dict[Annotated[str, AfterValidator(_variable)], Line]
Timeout = Annotated[Duration, AfterValidator(_some_time)]
