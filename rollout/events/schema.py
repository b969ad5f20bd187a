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

FIELDS: Mapping[str, str] = {
    "answered": "It answered on its own port; false where there is no probe.",
    "asked": "A restart of it was asked for.",
    "awaited": "What is waited for: it fits between `not` and `yet`.",
    "balancer": "The load balancer's name in the settings.",
    "before": "By host the release that was live until then; empty where none was.",
    "by": "What asked for it: a signal, a person, or a setting.",
    "current": "The release to which `current` leads.",
    "done": "Targets that came through the run before.",
    "exit_code": "The number with which the process ends.",
    "findings": "What is wrong: where, what, what fixes it, and the instance that it is about.",
    "fix": "What mends it, or empty.",
    "floor": "The fewest servers that must keep serving: a count, or a share such as `50%`.",
    "canaries": "How many of the first targets go before the others; 0 where all go alike.",
    "fresh": "False when a release that every host has already is made live again.",
    "gone": "Servers that HAProxy does not have any more.",
    "hook": "Which one: `before`, `switched` or `after`.",
    "host": "The host's name.",
    "hosts": "The names of the hosts.",
    "instance": "The instance's name.",
    "instances": "The names of the instances.",
    "left": "In how many seconds the wait is given up; null where it has no end of its own.",
    "live": "The release may be live there; otherwise only a directory is left over.",
    "log": "The file that has all of what was printed, or empty.",
    "max_out": "The most targets out of rotation at once.",
    "message": "What came of it, in a sentence.",
    "new": "Servers that HAProxy has now as well.",
    "of": "The id of the run before.",
    "ok": "It ended with 0.",
    "phase": "How far it got.",
    "phases": "Seconds of `drain`, `maint`, `boot`, `check` and `watch`, as far as it came.",
    "pid": "The number of the new process.",
    "reason": "Why, in a sentence.",
    "release": "The release's name; empty where it was not asked for.",
    "releases": "The names of the releases.",
    "renewed": "Instances that have a new process, of a target that has still to be restarted.",
    "restarted": "It had come through the restart in which it was left out.",
    "revision": "The commit.",
    "seconds": "How long, in seconds.",
    "servers": "Its servers, each as `backend/server@balancer`.",
    "soak": "For how many seconds those carry traffic before the next one is taken out.",
    "sessions": "How many.",
    "silence": "What the command printed that silenced its monitoring.",
    "since": "When it was taken out, in UTC; empty where that is not known.",
    "standing": "Where it stands.",
    "step": "The step's name.",
    "supervisor": "What restarts the instances, by its name.",
    "tail": "The last lines that were printed.",
    "target": "The target's name.",
    "targets": "The names of the targets, in their order.",
    "unproven": "The deploy of the release to which `current` leads did not end.",
    "watched": "For how many seconds it must serve; null where it is not watched.",
    "what": "What was noticed.",
    "where": "The place that it is about.",
}
"""What a field is where the docstring of its event says no more: one name has one meaning."""

NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def event_schemas() -> dict[str, JsonObject]:
    """Return the schema of the fields of each event, by wire name, in the order of the union.

    The stamp (`run`, `seq`, `at`) is not part of it: it is the same on every line.
    """
    return {event.wire: object_schema(event) for event in typing.get_args(Event)}


def object_schema(of: type) -> JsonObject:
    """Return the schema of a dataclass as JSON has it: every field is there.

    The description is the docstring's, that of a field the one below its ``Attributes:``, else
    that of :data:`FIELDS`.
    """
    text, fields = described(of)
    hints = typing.get_type_hints(of)
    said = {**FIELDS, **fields}
    properties = {
        field.name: type_schema(hints[field.name])
        | ({"description": said[field.name]} if field.name in said else {})
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
    if origin is types.UnionType:
        return {"oneOf": [type_schema(one) for one in inside]}
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
