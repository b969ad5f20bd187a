"""Every event has its place in each reading of a run; a new one is decided about here.

A newcomer who adds an event finds this table red.  Each column is decided in the file named:

- live: a ``line`` above the table stays (`IMPORTANT` in `rollout/output/live.py`), or only the
  ``table`` changes.
- cron: in the mail of a run that went wrong ``always`` (`LOUD` in `rollout/output/cron.py`), for a
  ``host`` that failed (`ROUTINE` there), or for every ``target`` that did not come through.
- journal: all events are written; ``read`` are those by which a later run is told how far this one
  came (`rollout/adapters/journal/reader.py`).

Plain lines are held by mypy (`rollout/output/plain.py`), JSON by `test_schema.py`.
"""

import ast
import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from rollout import events
from rollout.adapters.journal import reader
from rollout.events import Event
from rollout.output.cron import LOUD, ROUTINE
from rollout.output.live import important
from rollout.output.plain import words
from tests.output.test_schema import BESIDE, STREAMS

SILENT = (events.TrafficSeen, events.ImpactMeasured, events.SoakSeen)
"""Readings: no line tells them, the summary does."""

PLACES: dict[type[Event], tuple[str, str, str]] = {
    # event: live, cron, journal
    events.RunBegan: ("table", "target", "written"),
    events.TrafficSeen: ("table", "target", "written"),
    events.ImpactMeasured: ("table", "target", "written"),
    events.RolloutStarted: ("table", "target", "read"),
    events.RolloutRefused: ("table", "target", "written"),
    events.RolloutHalted: ("line", "target", "written"),
    events.RolloutFinished: ("table", "target", "written"),
    events.RunResumed: ("table", "target", "written"),
    events.RecoveryStarted: ("line", "target", "written"),
    events.RecoveryFinished: ("table", "target", "written"),
    events.StopRequested: ("line", "target", "written"),
    events.RolloutPaused: ("line", "target", "written"),
    events.RolloutContinued: ("line", "target", "written"),
    events.Interrupted: ("line", "target", "written"),
    events.Noted: ("line", "target", "written"),
    events.BalancerReloaded: ("line", "always", "written"),
    events.SoakStarted: ("line", "target", "written"),
    events.SoakSeen: ("table", "target", "written"),
    events.TargetSkipped: ("line", "target", "written"),
    events.TargetWaiting: ("table", "target", "written"),
    events.TargetClaimed: ("table", "target", "read"),
    events.TargetPrepared: ("table", "target", "written"),
    events.TargetAdopted: ("table", "target", "written"),
    events.ServersChanged: ("line", "always", "written"),
    events.TargetVisited: ("line", "always", "written"),
    events.TargetRecovered: ("table", "target", "written"),
    events.TargetDraining: ("table", "target", "written"),
    events.TargetDrained: ("table", "target", "written"),
    events.TargetNotDrained: ("table", "target", "written"),
    events.TargetInMaint: ("table", "target", "written"),
    events.SessionsCut: ("line", "always", "written"),
    events.TargetEmpty: ("table", "target", "written"),
    events.RestartAsked: ("table", "target", "written"),
    events.InstanceRestarted: ("table", "target", "written"),
    events.InstanceVerified: ("table", "target", "written"),
    events.TargetOnProbation: ("table", "target", "written"),
    events.TargetReturned: ("table", "target", "written"),
    events.OthersRestarted: ("table", "target", "written"),
    events.TargetDone: ("table", "always", "written"),
    events.TargetNotStarted: ("line", "target", "written"),
    events.TargetReturnedUntouched: ("line", "target", "written"),
    events.TargetLeftOut: ("line", "target", "written"),
    events.FleetSeen: ("table", "target", "written"),
    events.DeployStarted: ("table", "target", "read"),
    events.StepStarted: ("table", "target", "written"),
    events.StepDone: ("table", "host", "written"),
    events.StepFailed: ("line", "target", "written"),
    events.CurrentSwitching: ("table", "host", "read"),
    events.CurrentSwitched: ("table", "host", "written"),
    events.CurrentRestored: ("table", "target", "written"),
    events.CurrentSeen: ("table", "target", "written"),
    events.UnprovenTakenBack: ("table", "target", "read"),
    events.ReleaseDiscarded: ("table", "host", "written"),
    events.UndoFailed: ("line", "target", "written"),
    events.DeployTakenBack: ("line", "target", "read"),
    events.ReleaseInPlace: ("table", "target", "read"),
    events.DeployFinished: ("table", "target", "read"),
    events.RollbackStarted: ("line", "target", "read"),
    events.RollbackHalted: ("line", "target", "written"),
    events.RollbackFinished: ("line", "target", "written"),
    events.HookRan: ("line", "target", "written"),
    events.ReleasesPruned: ("table", "host", "written"),
}

SAMPLES = {type(event): event for stream in (*STREAMS.values(), BESIDE) for event in stream}


def test_every_event_is_decided_about() -> None:
    new = [event.__name__ for event in get_args(Event) if event not in PLACES]
    assert not new, f"decide for {', '.join(new)}, in the table of this file:\n{__doc__}"
    assert set(PLACES) == set(get_args(Event))


@pytest.mark.parametrize("event", PLACES, ids=lambda event: event.wire)
def test_an_event_is_where_the_table_says(event: type[Event]) -> None:
    sample = SAMPLES[event]
    if isinstance(sample, events.HookRan):
        sample = dataclasses.replace(sample, ok=False)
    assert words(sample) or event in SILENT
    live = "line" if important(sample) else "table"
    cron = "always" if event in LOUD else "host" if event in ROUTINE else "target"
    journal = "read" if event.wire in literals_of(Path(reader.__file__)) else "written"
    assert (live, cron, journal) == PLACES[event]


def literals_of(file: Path) -> set[str]:
    """Return the texts that stand in a module."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
