"""The kinds of values that only a deploy has: paths, refs, checksums, environments."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, InstanceOf, PlainSerializer

from rollout.settings.secret import Secret, as_secret, write_secret
from rollout.settings.templates import an_absolute_path
from rollout.settings.types import Duration, SingleLine, one_line
from rollout.text.git_refs import ref_error
from rollout.text.redact import redact
from rollout.text.sizes import parse_size, spell_size

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
    if why := ref_error(said):
        raise ValueError(f"{said!r} is no branch, tag or commit for git: {why}")
    return said


def _origin(said: str) -> str:
    shown = redact(said)
    if said.startswith("-"):
        raise ValueError(f"{shown!r} must not begin with -")
    if "://" in said and any(character.isspace() for character in said):
        raise ValueError("is an address with a space in it: write %20")
    try:
        urlsplit(said)
        Path(said).expanduser()
    except ValueError:  # a bracket left open; its own words may repeat the password
        raise ValueError(f"{shown!r} is not an address") from None
    except RuntimeError as error:  # the home of an unknown user
        raise ValueError(f"{shown!r} is no place: {str(error).lower()}") from None
    return said


def _repo(said: str) -> str:
    """Let through an address whose secrets can be kept apart from it."""
    scheme, separator, rest = _origin(said).partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    login = authority.rpartition("@")[0]
    if not separator:
        return said
    if "ssh" in scheme.lower() and ":" in login:
        raise ValueError(f"{redact(said)!r} has a password in it, which ssh does not take")
    if scheme.lower() in {"http", "https"}:
        if re.search("%0[0ad]", login, re.IGNORECASE):
            raise ValueError(f"the login of {redact(said)!r} has a line break in it")
        if {"?", "#"} & set(rest):
            raise ValueError(
                f"{redact(said)!r} has a ? or a # in it, which git does not pass on: write a token "
                "as https://NAME:TOKEN@…, and a ? in it as %3F"
            )
    return said


def _secret_of(check: Callable[[str], str]) -> Callable[[Secret], Secret]:
    """Check the text of a secret, which one that was not read yet does not have."""

    def checked(secret: Secret) -> Secret:
        if secret.text or not secret.reference:
            check(secret.text)
        return secret

    return checked


def _of_a_variable(said: str) -> str:
    if "\0" in said:
        raise ValueError("has a NUL byte in it")
    return said


def _written_on_one_line(secret: Secret) -> Secret:
    """Hold a text of the settings to one line; what a file holds, such as a key, may have more."""
    if not secret.reference:
        one_line(secret.text)
    return secret


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


def _size(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    if not isinstance(said, str):
        raise ValueError('must be a size like "10GiB"')  # noqa: TRY004 - pydantic reads ValueError
    if not (size := parse_size(said)):
        raise ValueError("must be more than 0B: with nothing at all it could only fail")
    return size


def _paths(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    if not isinstance(said, str):
        return said
    return [part.strip() for part in said.split(",")] if said.strip() else []


AbsolutePath = Annotated[SingleLine, AfterValidator(_root)]
"""An absolute path on the hosts."""

RelativePaths = Annotated[
    tuple[Annotated[SingleLine, AfterValidator(_inside)], ...], BeforeValidator(_paths)
]
"""Paths relative to a release; from the environment with commas between them."""

Ref = Annotated[SingleLine, AfterValidator(_ref)]
Origin = Annotated[SingleLine, AfterValidator(_origin)]
"""A path that programs are given as an argument."""

_Secret = Annotated[InstanceOf[Secret], BeforeValidator(as_secret), PlainSerializer(write_secret)]
Repo = Annotated[_Secret, AfterValidator(_secret_of(one_line)), AfterValidator(_secret_of(_repo))]
Artifact = Annotated[
    _Secret, AfterValidator(_secret_of(one_line)), AfterValidator(_secret_of(_origin))
]
"""A path or an address; an address may have a login or a token in it."""

Size = Annotated[int, BeforeValidator(_size), PlainSerializer(spell_size)]
"""Written ``"10GiB"``, kept as bytes."""

Sha256 = Annotated[SingleLine, AfterValidator(_sha256)]
StepName = Annotated[str, AfterValidator(_step)]
Environment = dict[
    Annotated[str, AfterValidator(_variable)],
    Annotated[
        _Secret,
        AfterValidator(_written_on_one_line),
        AfterValidator(_secret_of(_of_a_variable)),
    ],
]
Timeout = Annotated[Duration, AfterValidator(_some_time)]
