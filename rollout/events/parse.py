"""Events read back from what JSON has of them, as a journal keeps it.

A journal may be of an older version or a newer one, or written by hand: what does not fit is an
error, a field that is missing has its default, and one that is unknown is passed over.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from rollout.events import Event

Parser = Callable[[Any], Any]

MOST = 1 << 63
"""No number of an event is greater: HAProxy's counters have 64 bits, a pid and a time fewer."""


def parse_event(said: Mapping[str, Any]) -> Event | None:
    """Read one event from an object of the stream; None for one that this version does not know.

    Raises:
        KeyError, TypeError, ValueError: it has that name and is something else.
    """
    known = _by_wire().get(said["event"])
    return None if known is None else typing.cast("Event", _object_of(known)(said))


@cache
def _by_wire() -> Mapping[str, type]:
    return {event.wire: event for event in typing.get_args(Event)}


@cache
def _object_of(of: type) -> Parser:
    hints = typing.get_type_hints(of)
    fields = [
        (field.name, _parser(hints[field.name]), _is_required(field))
        for field in dataclasses.fields(of)
    ]

    def parse(said: Any) -> Any:  # noqa: ANN401 - any object of JSON
        if not isinstance(said, dict):
            raise TypeError(f"no {of.__name__}")
        return of(
            **{
                name: parse(said[name])
                for name, parse, required in fields
                if required or name in said
            }
        )

    return parse


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _parser(annotation: Any) -> Parser:  # noqa: ANN401 - an annotation has no narrower type
    """Return what reads a value of this type.

    Raises:
        TypeError: no event has had a field of this kind before.
    """
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in {str, bool}:
        return _exactly(annotation)
    if annotation in {int, float}:
        return _number(annotation)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _object_of(annotation)
    if origin is types.UnionType:
        return _optional([_parser(one) for one in inside if one is not types.NoneType])
    if origin is tuple:
        return _row_of(_parser(inside[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _table_of(_parser(inside[1]))
    raise TypeError(f"a field of the type {annotation} cannot be read back yet")


def _exactly(of: type) -> Parser:
    def parse(said: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if type(said) is not of:
            raise TypeError(f"{said!r} is no {of.__name__}")
        return said

    return parse


def _number(of: type) -> Parser:
    kinds = {int} if of is int else {int, float}

    def parse(said: Any) -> Any:  # noqa: ANN401 - any value of JSON
        if type(said) not in kinds:
            raise TypeError(f"{said!r} is no number")
        if not -MOST <= said <= MOST:  # neither does a comparison with nan hold
            raise ValueError(f"{said!r} is out of bounds")
        return of(said)

    return parse


def _optional(parsers: list[Parser]) -> Parser:
    (parse,) = parsers
    return lambda said: None if said is None else parse(said)


def _row_of(parse: Parser) -> Parser:
    def read(said: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any value of JSON
        if not isinstance(said, list):
            raise TypeError(f"{said!r} is no list")
        return tuple(map(parse, said))

    return read


def _table_of(parse: Parser) -> Parser:
    def read(said: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any value of JSON
        if not isinstance(said, dict):
            raise TypeError(f"{said!r} is no object")
        return {name: parse(value) for name, value in said.items()}

    return read
