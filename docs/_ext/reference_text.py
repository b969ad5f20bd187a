"""Writes the reference in Markdown, from the program itself: commands, settings, events."""

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any, TypeAlias, cast

from typer.core import TyperGroup
from typer.main import get_command

from rollout.cli.app import app
from rollout.output.schema import lines_schema
from rollout.settings.error_messages import tables
from rollout.settings.flags import FLAGS
from rollout.summary.exit_codes import exit_name
from rollout.summary.run import Exit

Param: TypeAlias = Any
"""An option or an argument of typer's, which exports no type for it."""

Schema: TypeAlias = Any

BACKTICKS = re.compile(r"(`[^`]*`)")
CHOSEN = {"lb1", "scripts"}
"""Names in the example that an operator chooses."""

MEANT = re.compile(r"([\\*_<>\[\]$#|])")


def plain(text: str) -> str:
    """Keep Markdown from reading more into a text than its backticks."""
    parts = BACKTICKS.split(text)
    return "".join(part if part[:1] == "`" else MEANT.sub(r"\\\1", part) for part in parts)


# Commands


def commands(level: int) -> str:
    """Write every command with its options, as its ``--help`` has them."""
    return "\n".join(_commands(cast("TyperGroup", get_command(app)), "rollout", "#" * level))


def global_options(_: int) -> str:
    """Write the options that every command takes."""
    return "\n".join(_options(get_command(app)))


def _commands(group: TyperGroup, path: str, heading: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        called = f"{path} {name}"
        yield f"(command-{called.replace(' ', '-')})="
        yield f"{heading} {called}\n"
        arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
        below = " [COMMAND]" if isinstance(command, TyperGroup) else ""
        yield f"`{' '.join([called, '[OPTIONS]', *arguments])}{below}`\n"
        yield f"{plain(command.help or '')}\n"
        yield from _options(command)
        if isinstance(command, TyperGroup):
            yield from _commands(command, called, heading)


def _argument(param: Param) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required else f"[{name}]"


def _options(command: Param) -> Iterator[str]:
    for param in command.params:
        if param.param_type_name != "option" or getattr(param, "hidden", False):
            continue
        value = "" if param.is_flag else f" {param.metavar or param.name.upper()}"
        yield f"`{', '.join([*param.opts, *param.secondary_opts])}{value}`"
        yield f": {plain(param.help or '')}\n"


# Settings


def settings(level: int) -> str:
    """Write every setting with its default, as the annotated example has them."""
    text = resources.files("rollout").joinpath("example.toml").read_text(encoding="utf-8")
    body = text.partition("\n\n")[2]  # the page itself says what stands at the head
    table, written = "", f"{'#' * level} Before the first table\n"
    notes: list[str] = []
    for line in body.splitlines():
        if found := re.fullmatch(r"#?\[([\w.-]+)\]", line):
            table = found[1]
            written += f"\n(setting-{table.replace('.', '-')})=\n{'#' * level} [{table}]\n"
            written += f"\n{_said(notes)}\n"
        elif found := re.fullmatch(r"#?([a-z][\w.]*) = (.*)", line):
            written += _setting(table, found[1], found[2], _said(notes))
        elif line.startswith("# "):
            notes.append(line[2:])
            continue
        elif line:
            raise ValueError(f"neither table, setting nor note: {line}")
        else:
            continue
        notes = []
    return written


def _said(notes: list[str]) -> str:
    return plain(" ".join(notes))


def _setting(table: str, key: str, value: str, said: str) -> str:
    what = "default" if _has_default(table, key) else "example"
    flag = next((flag for flag, path in FLAGS.items() if ".".join(path) == f"{table}.{key}"), "")
    also = f" Flag: `{flag}`." if flag else ""
    return f"\n`{key} = {value}` ({what})\n: {said or 'Belongs to the one before.'}{also}\n"


def _has_default(table: str, key: str) -> bool:
    """Tell whether a setting may be left out: other lines show an example."""
    path = tuple("*" if name in CHOSEN else name for name in table.split(".") if name)
    model = dict(tables()).get(path)
    return (
        model is not None
        and key in model.model_fields
        and not model.model_fields[key].is_required()
    )


# Exit codes and events


def exit_codes(_: int) -> str:
    """Write the table of exit codes; each leads to its runbook."""
    rows = [f"| {_runbook(code)} | {exit_name(code)} | {code.fleet_now} |" for code in Exit]
    return "\n".join(["| exit | name | the fleet now |", "|---|---|---|", *rows]) + "\n"


def exit_codes_of_man(_: int) -> str:
    """Write the exit codes as a list, for a page without links."""
    return "\n".join(f"{code.value}\n: {exit_name(code)}: {code.fleet_now}\n" for code in Exit)


def _runbook(code: Exit) -> str:
    return f"[{code.value}](/runbooks/{code.value}.md)" if code else "0"


def events(level: int) -> str:
    """Write every line of ``--output json`` with its fields, as the JSON Schema has them."""
    lines = lines_schema()["$defs"]
    return "\n".join(
        part for name, line in lines.items() for part in _event(name, line, "#" * level)
    )


def _event(name: str, line: Schema, heading: str) -> Iterator[str]:
    yield f"(event-{name.replace('.', '-').replace('_', '-')})=\n{heading} {name}\n"
    yield f"{plain(line['description'])}\n"
    for field, schema in line["properties"].items():
        if field in {"v", "run", "seq", "at", "event"}:
            continue
        described = plain(schema.get("description", ""))
        yield f"- `{field}` ({_kind(schema)}){': ' if described else ''}{described}"
    yield ""


def _kind(schema: Schema) -> str:
    match schema:
        case {"oneOf": kinds}:
            return " or ".join(map(_kind, kinds))
        case {"enum": values}:
            return "one of " + ", ".join(f"`{value}`" for value in values if value != "")
        case {"type": list(kinds)}:
            return " or ".join(kinds)
        case {"type": "array", "items": {"type": "object", "properties": fields}}:
            return f"list of objects with {', '.join(f'`{name}`' for name in fields)}"
        case {"type": "array", "items": dict(items)}:
            return f"list of {_kind(items)}s"
        case {"type": "object", "properties": fields}:
            return f"object with {', '.join(f'`{name}`' for name in fields)}"
        case {"type": "object", "additionalProperties": inside}:
            return f"object: {_kind(inside)} by name"
        case {"const": value}:
            return f"always {value}"
        case _:
            return str(schema.get("type", "list"))
