"""One JSON object per line for machines: versioned, and only ever added to.

The last line of a run is the summary, made from the same value as the exit code.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from rollout.output.messages import RunResult, StampedEvent, Stream
from rollout.output.report.headline import headline
from rollout.output.report.next_step import NextStep
from rollout.output.report.next_steps import to_bring_back, to_look, to_old_code, to_recover
from rollout.output.report.report import steps_of, why
from rollout.output.report.what_to_type import WHOLE_FLEET
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.exit_codes import exit_name
from rollout.summary.target import TargetPhase, TargetSummary
from rollout.text.sanitize import sanitize

VERSION = 1
"""Raised only when a field changes its meaning or goes; readers must ignore fields they lack."""


def json_line(told: StampedEvent) -> str:
    """Spell one event: the stamp, its wire name, then the fields of its dataclass."""
    fields = {f.name: getattr(told.event, f.name) for f in dataclasses.fields(told.event)}
    return _spelled({**_stamp(told, told.event.wire), **_plainly(fields)})


def json_summary(ending: RunResult) -> str:
    """Spell the last line of a run: the exit code, its name, and where every target stands."""
    return _spelled(
        {
            **_stamp(ending, "summary"),
            "exit_code": ending.exit_code.value,
            "exit": exit_name(ending.exit_code),
            "fleet_now": ending.exit_code.fleet_now,
            "sentence": sanitize(headline(ending)),
            "seconds": round(ending.seconds, 3),
            "out": _plainly(ending.summary.out),
            "targets": [_target(n, line, ending) for n, line in ending.summary.lines.items()],
            "others": _plainly(ending.summary.others),
            "unseen": _plainly(ending.summary.unseen),
            "deploy": _deploy(ending.summary.deploy),
            "impact": _plainly(ending.summary.impact),
            "why": list(why(ending)),
            "findings": _plainly(ending.summary.findings),
            "trace": sanitize(ending.trace),
            "next": [_step(step) for step in steps_of(ending)],
        }
    )


def _step(step: NextStep) -> Mapping[str, str]:
    return {name: sanitize(text, WHOLE_FLEET) for name, text in step._asdict().items()}


def _deploy(deploy: DeploySummary) -> Any:  # noqa: ANN401 - as below
    """Spell what became of the release; nothing for a run that was about none."""
    if deploy.phase is Phase.NONE:
        return None
    return _plainly(
        {
            "phase": deploy.phase,
            "release": deploy.release,
            "revision": deploy.revision,
            "fresh": deploy.fresh,
            "hosts": deploy.hosts,
            "failed": [deploy.failed[host] for host in deploy.in_order(deploy.failed)],
            "before": deploy.before,
            "moved": [host for host in deploy.hosts if host in deploy.moved],
            "unrestored": deploy.unrestored,
            "unproven": deploy.unproven,
            "seen": {host: [one.current, one.running] for host, one in deploy.seen.items()},
            "hidden": {host: one.hidden for host, one in deploy.seen.items() if one.hidden},
            "leftovers": deploy.leftovers,
            "reason": deploy.reason,
            "warnings": deploy.warnings,
        }
    )


def json_loss(lost: int) -> str:
    """Spell the line that stands where lines were lost because they were not read in time."""
    return _spelled({"v": VERSION, "event": "output.lost", "lines": lost}) + "\n"


def _target(name: str, line: TargetSummary, ending: RunResult) -> dict[str, Any]:
    fields = {f.name: getattr(line, f.name) for f in dataclasses.fields(line)}
    fallen = line.standing is TargetPhase.DOWN  # it is ready already, and nothing of ours
    by_hand = to_bring_back(line, ending.hints.reach)
    steps = (
        {
            "look": to_look(name, line, ending.hints),
            "old_code": to_old_code(name, line, ending.summary.deploy, ending.hints),
            "recover": "" if fallen else to_recover(ending.hints),
            "bring_back": [] if fallen else [step.command or step.comment for step in by_hand],
        }
        if line.standing.out
        else {}
    )
    return {"target": sanitize(name), "out": line.standing.out, **_plainly(fields), **steps}


def _stamp(told: StampedEvent | RunResult, event: str) -> dict[str, Any]:
    elapsed = round(told.seconds if isinstance(told, RunResult) else told.elapsed, 3)
    stamp = {"v": VERSION, "run": told.run, "seq": told.number, "at": told.at}
    return {**stamp, "elapsed": elapsed, "event": event}


def _plainly(value: Any) -> Any:  # noqa: ANN401 - what JSON can hold has no narrower type
    """Turn nouns into what JSON can hold, with every text made harmless."""
    match value:
        case str():
            return sanitize(value)
        case Mapping():
            return {sanitize(key): _plainly(item) for key, item in value.items()}
        case list() | tuple():
            return [_plainly(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            return {f.name: _plainly(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return value


def _spelled(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


class JsonLines:
    """Objects as things happen; the summary is the last."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def show(self, told: StampedEvent) -> None:
        self._stream.write(f"{json_line(told)}\n")

    def end(self, ending: RunResult) -> None:
        self._stream.write(f"{json_summary(ending)}\n")
