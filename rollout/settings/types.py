"""The kinds of values a setting may have, each with the sentence that a wrong one deserves."""

import ipaddress
import re
import shlex
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)

from rollout.model.plan import Share
from rollout.text.durations import parse_duration, spell_duration
from rollout.text.hostnames import expand, split_names
from rollout.text.shares import parse_share


class Section(BaseModel):
    """A table of the file: nothing unknown in it, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _seconds(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        raise ValueError('must be a duration like "90s"')  # noqa: TRY004 - pydantic reads ValueError
    return parse_duration(str(said))


def _share(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    if isinstance(said, bool) or not isinstance(said, int | str):
        raise ValueError('must be a count or a share, like 2 or "25%"')  # noqa: TRY004 - as above
    return parse_share(str(said))


def _write_share(share: Share) -> str | int:
    return str(share) if share.percent else int(share.amount)


def _number(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    # pydantic takes true for 1 and 2.0 for 2: a person who wrote that meant something else.
    if isinstance(said, bool | float):
        raise ValueError("must be a whole number")  # noqa: TRY004 - pydantic reads ValueError
    return said


def _toggle(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    # pydantic takes 1, "on" and "y" for true as well; an environment has only text.
    words = {"true": True, "false": False}
    if isinstance(said, bool) or (isinstance(said, str) and said.lower() in words):
        return said if isinstance(said, bool) else words[said.lower()]
    raise ValueError("must be true or false")


def _list(said: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    return split_names(said) if isinstance(said, str) else said


def _name(said: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", said):
        raise ValueError(f"{said!r} is not a name: letters, digits and _ . : - only")
    return said


def _group(said: str) -> str:
    if said and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}", said):
        raise ValueError(f"{said!r} is not the name of a group")
    return said


def _host(said: str) -> str:
    if said and expand(said) != (said,):
        raise ValueError(f"{said!r} must be one host")
    return said


def _hosts(said: str) -> str:
    expand(said)
    return said


def one_line(said: str) -> str:
    """Let through text without control characters; the ValueError does not repeat it."""
    if any(ord(character) < ord(" ") for character in said):
        raise ValueError("must be one line, without control characters")
    if any("\udc80" <= character <= "\udcff" for character in said):
        # So Python keeps bytes of the environment that are no text.
        raise ValueError("must be UTF-8")
    return said


def _pattern(said: str) -> str:
    try:
        re.compile(said)
    except re.error as error:
        raise ValueError(f"{said!r} is not a regular expression: {error}") from None
    return said


def _command(said: str) -> str:
    try:
        words = shlex.split(said)
    except ValueError as error:
        raise ValueError(f"is not a command: {str(error).lower()}") from None
    if not words:
        raise ValueError("must not be empty")
    return said


def _address(said: str) -> str:
    try:
        return str(ipaddress.ip_address(said.strip("[]")))
    except ValueError:
        raise ValueError(f"{said!r} is not an IP address, as HAProxy shows them") from None


Duration = Annotated[float, BeforeValidator(_seconds), PlainSerializer(spell_duration)]
"""Written ``"90s"``, kept as seconds."""

CountOrPercent = Annotated[Share, BeforeValidator(_share), PlainSerializer(_write_share)]
"""Written ``2`` or ``"25%"``."""

Count = Annotated[int, BeforeValidator(_number), Field(ge=0)]
Positive = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Bool = Annotated[bool, BeforeValidator(_toggle)]
Port = Annotated[int, BeforeValidator(_number), Field(ge=1, le=65_535)]

SingleLine = Annotated[str, AfterValidator(one_line)]
"""Free text that fits on one line: no newline can smuggle in a second command."""

HaproxyName = Annotated[str, AfterValidator(_name)]
"""As HAProxy spells names; nothing in it can end a command on its socket."""

Group = Annotated[str, AfterValidator(_group)]
"""A group of logins, by its name; empty for none."""

OneHost = Annotated[str, AfterValidator(_host)]
SomeHosts = Annotated[str, AfterValidator(_hosts)]
Command = Annotated[SingleLine, AfterValidator(_command)]
"""Words as a shell would split them; nothing is expanded."""

Pattern = Annotated[SingleLine, AfterValidator(_pattern)]

Names = Annotated[tuple[HaproxyName, ...], BeforeValidator(_list)]
AddressList = Annotated[
    tuple[Annotated[str, AfterValidator(_address)], ...],
    BeforeValidator(_list),
    Field(min_length=1),
]
"""One IP address, or a list of them; kept as HAProxy writes them."""

HostList = Annotated[tuple[SomeHosts, ...], BeforeValidator(_list), Field(min_length=1)]
