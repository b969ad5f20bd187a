"""The JSON Schema of every line of ``--output json``: `rollout schema` prints it.

A reader of these lines ignores fields and events that it does not know: there will be more.
"""

import inspect
from collections.abc import Iterable, Mapping

from rollout.events.schema import JsonObject, event_schemas, object_schema, type_schema
from rollout.model.impact import Impact
from rollout.model.planned_run import PlannedRun
from rollout.output.jsonl import VERSION
from rollout.output.report.next_step import NextStep
from rollout.summary.deploy import DeploySummary
from rollout.summary.exit_codes import exit_name
from rollout.summary.run import Exit, RunSummary
from rollout.summary.target import TargetSummary

SCHEMA = "https://json-schema.org/draft/2020-12/schema"

STAMP: Mapping[str, JsonObject] = {
    "v": {"const": VERSION, "description": "Raised only when a field changes its meaning or goes."},
    "run": {"type": "string", "description": "The run's id."},
    "seq": {"type": "integer", "minimum": 1, "description": "1, 2, 3 … within the run."},
    "at": {
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$",
        "description": "When it was told, UTC.",
    },
    "elapsed": {"type": "number", "minimum": 0, "description": "Seconds since the run began."},
}
"""What every line of a run begins with."""

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
BY_NAME = {"type": "object", "additionalProperties": TEXT}


def lines_schema() -> JsonObject:
    """Return the schema of one line: an event, the summary, or the note that lines were lost."""
    lines = {wire: _stamped(wire, fields) for wire, fields in event_schemas().items()}
    lines["summary"] = _stamped("summary", _summary())
    lines["output.lost"] = _object(
        "Stands where lines were lost because the reader was too slow.",
        {
            "v": STAMP["v"],
            "event": {"const": "output.lost"},
            "lines": {"type": "integer", "description": "How many."},
        },
    )
    return {
        "$schema": SCHEMA,
        "title": "A line of --output json",
        "description": "One line is one object. Ignore fields and events that you do not know. "
        "`plan` is no line: it is the object that the command plan prints, and a plan file.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in lines],
        "$defs": {**lines, "plan": object_schema(PlannedRun)},
    }


def _one_of(values: Iterable[int | str], description: str) -> JsonObject:
    return {"enum": [*values], "description": description}


def _object(description: str, properties: Mapping[str, JsonObject]) -> JsonObject:
    return {
        "type": "object",
        "description": description,
        "properties": dict(properties),
        "required": list(properties),
    }


def _stamped(wire: str, fields: JsonObject) -> JsonObject:
    first = {**STAMP, "event": {"const": wire}}
    return _object(fields["description"], {**first, **fields["properties"]})


def _summary() -> JsonObject:
    findings = object_schema(RunSummary)["properties"]["findings"]
    return _object(
        "The last line of a run: what the fleet looks like now, the cause, what to type.",
        {
            "exit_code": _one_of((code.value for code in Exit), "The process ends with it."),
            "exit": _one_of((exit_name(code) for code in Exit), "The name of the exit code."),
            "fleet_now": TEXT | {"description": "What the exit code says about the fleet."},
            "sentence": TEXT | {"description": "The first line of the summary on the screen."},
            "seconds": {"type": "number", "description": "How long the run took."},
            "out": TEXTS | {"description": "Targets that are out of rotation because of this run."},
            "targets": {
                "type": "array",
                "description": "One object for each, in the order of the plan.",
                "items": _target(),
            },
            "others": TEXTS | {"description": "Servers of no target that got no visitors."},
            "unseen": BY_NAME | {"description": "Load balancers that did not answer, and why."},
            "deploy": {
                "description": "What became of the release; null for a run that was about none.",
                "oneOf": [{"type": "null"}, _deploy()],
            },
            "impact": {
                "description": "What visitors met; null for a run that measured nothing.",
                "oneOf": [{"type": "null"}, object_schema(Impact)],
            },
            "why": TEXTS | {"description": "The causes, one sentence each."},
            "findings": findings | {"description": "Why the run was refused."},
            "trace": TEXT | {"description": "Where the traceback of a bug was saved, or empty."},
            "next": {
                "type": "array",
                "description": "What to type next, in this order.",
                "items": _object(
                    inspect.cleandoc(NextStep.__doc__ or "").partition("\n")[0],
                    {
                        "label": TEXT | {"description": "What it is for."},
                        "command": TEXT | {"description": "As a shell takes it, or empty."},
                        "comment": TEXT | {"description": "What it does, and to which targets."},
                    },
                ),
            },
        },
    )


def _target() -> JsonObject:
    line = object_schema(TargetSummary)
    name = TEXT | {"description": "The target's name."}
    out = {"type": "boolean", "description": "It is out of rotation because of this run."}
    schema = _object(line["description"], {"target": name, "out": out, **line["properties"]})
    schema["properties"] |= {
        "old_code": TEXT | {"description": "Of one that is out: how to see what it runs."},
        "recover": TEXT | {"description": "Of one that is out: what brings it back on evidence."},
        "bring_back": TEXTS | {"description": "Of one that is out: HAProxy's own commands."},
    }
    return schema


def _deploy() -> JsonObject:
    schema = object_schema(DeploySummary)
    known = schema["properties"]
    same = ("phase", "release", "revision", "fresh", "hosts", "before")
    later = ("unrestored", "unproven", "leftovers", "reason", "warnings")
    failed = type_schema(tuple[str, ...]) | {"items": known["failed"]["additionalProperties"]}
    seen = {
        "type": "object",
        "description": "By host what `current` leads to, and by instance what runs.",
        "additionalProperties": {"type": "array", "prefixItems": [TEXT, BY_NAME], "items": False},
    }
    return _object(
        "What became of the release; null for a run that was about none.",
        {
            **{name: known[name] for name in same},
            "failed": failed | {"description": "For each host that failed, its last step."},
            "moved": TEXTS | {"description": known["moved"]["description"]},
            **{name: known[name] for name in later},
            "seen": seen,
            "hidden": {
                "type": "object",
                "description": "By host the instances whose directory the login may not see.",
                "additionalProperties": TEXTS,
            },
        },
    )
