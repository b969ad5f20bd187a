"""What ``check`` found, for people and for machines."""

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding
from rollout.model.nouns import counted
from rollout.model.past_runs import UnfinishedRun
from rollout.output.columns import VERSION, Row, as_object, table, wrong
from rollout.output.terminal import text_columns
from rollout.text.sanitize import sanitize
from rollout.text.wrap import hang

NOTHING_OUT: Mapping[str, UnfinishedRun] = {}


def check_table(fit: PreflightReport, out: Mapping[str, UnfinishedRun] = NOTHING_OUT) -> str:
    """Name what can be restarted, what is skipped and what is wrong, with fixes.

    Args:
        fit: What was seen.
        out: By target the run before that has it out of rotation.
    """
    rows: list[Row] = [
        (
            target.name,
            ", ".join(str(server) for server in target.servers),
            ", ".join(one.name for one in target.instances),
            out_by(out[target.name]) if target.name in out else "ready",
        )
        for target in fit.targets
    ]
    rows += [(s.target, "", "", f"skipped: {sanitize(s.reason)}") for s in fit.skipped]
    shown = [out[target.name] for target in fit.targets if target.name in out]
    columns = text_columns(sys.stdout, os.environ)
    notes = [*_what_to_type(shown), *(line for note in fit.notes for line in _note(note, columns))]
    parts = [table(("TARGET", "SERVERS", "INSTANCES", "STATE"), rows), "\n".join(notes)]
    return "\n\n".join([part for part in parts if part] + wrong(fit.findings)) + "\n"


def _note(note: Finding, columns: int) -> list[str]:
    return hang("note: ", f"{sanitize(note.where)}: {sanitize(note.what)}", columns)


def out_by(left: UnfinishedRun) -> str:
    """Say which run has a target out of rotation."""
    run = sanitize(left.owner.run)
    if not left.certain:
        return f"out of rotation by run {run}, which holds the lock"
    return f"out of rotation, left by run {run}"


def _what_to_type(out: Iterable[UnfinishedRun]) -> list[str]:
    """Say of each run that is over what brings back what it has left out."""
    runs = dict.fromkeys(sanitize(left.owner.run) for left in out if left.certain)
    return [
        f"run {run} is over: `rollout recover` brings back what it has left out" for run in runs
    ]


def check_sentence(fit: PreflightReport, *, deploy: bool = False) -> str:
    """Say in one sentence whether a rollout could start, and a deploy if that was asked."""
    if fit.findings:
        count = len(fit.findings)
        return f"check failed: {count} finding{'s' if count > 1 else ''}. Nothing was changed."
    skipped = f", {len(fit.skipped)} skipped" if fit.skipped else ""
    ready = counted(len(fit.targets), [target.name for target in fit.targets])
    what = "ready for a restart or a deploy" if deploy else "ready for a restart"
    return f"check passed: {ready} {what}{skipped}. Nothing was changed."


def check_json(fit: PreflightReport, out: Mapping[str, UnfinishedRun] = NOTHING_OUT) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "fit": not fit.findings,
            "targets": [
                {
                    "name": target.name,
                    "host": target.host,
                    "servers": [str(server) for server in target.servers],
                    "instances": [one.name for one in target.instances],
                }
                for target in fit.targets
            ],
            "skipped": [asdict(skipped) for skipped in fit.skipped],
            "out": [{"target": name, "run": left.owner.run} for name, left in out.items()],
            "findings": [asdict(finding) for finding in fit.findings],
            "notes": [asdict(note) for note in fit.notes],
        }
    )
