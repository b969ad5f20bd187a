"""The JSON Schema of the events, made from their dataclasses: types, names and docstrings.

It describes what `rollout/output/jsonl.py` writes.  Draft 2020-12.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias

from rollout.events import Event

JsonObject: TypeAlias = dict[str, Any]

NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def event_schemas() -> dict[str, JsonObject]:
    """Return the schema of the fields of each event, by wire name, in the order of the union.

    The stamp (`run`, `seq`, `at`) is not part of it: it is the same on every line.
    """
    return {event.wire: object_schema(event) for event in typing.get_args(Event)}


def object_schema(of: type) -> JsonObject:
    """Return the schema of a dataclass as JSON has it: every field is there.

    The description is the docstring's, that of a field the one below its ``Attributes:``.
    """
    text, fields = described(of)
    hints = typing.get_type_hints(of)
    properties = {
        field.name: type_schema(hints[field.name])
        | ({"description": fields[field.name]} if field.name in fields else {})
        for field in dataclasses.fields(of)
    }
    return {
        "type": "object",
        "description": text,
        "properties": properties,
        "required": list(properties),
    }


def type_schema(annotation: Any) -> JsonObject:  # noqa: ANN401 - an annotation has no narrower type
    """Return the schema of what a field of this type becomes in JSON.

    Raises:
        TypeError: no event has had a field of this kind before.
    """
    if annotation in NAMES:
        return {"type": NAMES[annotation]}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"enum": [member.value for member in annotation]}
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return object_schema(annotation)
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is types.UnionType and {*inside} <= {*NAMES}:
        return {"type": [NAMES[one] for one in inside]}
    if origin in {tuple, list, frozenset}:
        return {"type": "array", "items": type_schema(inside[0])}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": type_schema(inside[1])}
    raise TypeError(f"a field of the type {annotation} has no schema here yet")


def described(of: type) -> tuple[str, Mapping[str, str]]:
    """Split the docstring of a dataclass: what it is, and what each of its fields is."""
    text, _, below = inspect.getdoc(of).partition("Attributes:\n")  # type: ignore[union-attr]  # all have one
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", below, flags=re.MULTILINE)
    return _one_line(text), {name: _one_line(said) for name, said in found}


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
