"""Reads a plan file, strictly: what is missing, unknown or of another type is an error."""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from typing import Any

from rollout.model.planned_run import FORMAT, PlannedRun

ANEW = ": if another version of rollout wrote it, plan anew with this one"


class NoPlanError(ValueError):
    """What a text is in place of a plan, in words that follow the name of its file."""


def read_plan(text: str) -> PlannedRun:
    """Read what ``plan_json`` wrote.

    Raises:
        NoPlanError: it is no plan, or one of another format.
    """
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoPlanError(f"is no JSON: {error}") from error
    if not isinstance(said, dict) or "v" not in said:
        raise NoPlanError("is no plan of `rollout plan restart`")
    if said["v"] != FORMAT:
        raise NoPlanError(
            f"has the format {said['v']!r}, and this version of rollout reads {FORMAT}{ANEW}"
        )
    planned: PlannedRun = _read(PlannedRun, said, "plan")
    if planned.exit_code:
        raise NoPlanError("is a plan that was refused")
    return planned


def _read(kind: Any, said: Any, where: str) -> Any:  # noqa: ANN401 - a type and what JSON can hold
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, said, where)
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        if said is None and type(None) in inside:
            return None
        (only,) = (one for one in inside if one is not type(None))
        return _read(only, said, where)
    if origin is tuple:
        _must(isinstance(said, list), where, "a list")
        return tuple(_read(inside[0], one, f"{where}[{n}]") for n, one in enumerate(said))
    if origin is Mapping:
        _must(isinstance(said, dict), where, "an object")
        return {key: _read(inside[1], one, f"{where}.{key}") for key, one in said.items()}
    if kind is float:
        _must(isinstance(said, int | float) and not isinstance(said, bool), where, "a number")
        return float(said)
    _must(
        type(said) is kind, where, {str: "text", int: "a whole number"}.get(kind, "true or false")
    )
    return said


def _object(kind: type, said: Any, where: str) -> Any:  # noqa: ANN401 - as above
    _must(isinstance(said, dict), where, "an object")
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    if unknown := [name for name in said if name not in names]:
        raise NoPlanError(f"has {where}.{unknown[0]}, which is not known here{ANEW}")
    if missing := [name for name in names if name not in said]:
        raise NoPlanError(f"lacks {where}.{missing[0]}{ANEW}")
    return kind(**{name: _read(hints[name], said[name], f"{where}.{name}") for name in names})


def _must(met: bool, where: str, what: str) -> None:  # noqa: FBT001 - what is judged comes first
    if not met:
        raise NoPlanError(f"has {where}, which must be {what}")
