"""The plan as a person reads it at 80 columns, and as a program does."""

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from rollout.model.findings import Skipped
from rollout.model.fleet import Finding
from rollout.model.planned_run import (
    Commit,
    Commits,
    PlannedCapacity,
    PlannedDisk,
    PlannedRelease,
    PlannedRun,
    PlannedStep,
    PlannedTarget,
    PlannedTime,
    RunRequest,
)
from rollout.output.plan import curve, folded, plan_json, plan_text, question
from rollout.output.schema import lines_schema
from rollout.text.width import cells

GOLDEN = Path(__file__).parent / "golden"
WHITE = os.environ.get("ROLLOUT_GOLDEN") == "write"

NAMES = ("app1", "app2", "app3", "app4", "app6", "app7", "app8")
SERVING = (7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7)


def capacity(balancer: str) -> PlannedCapacity:
    return PlannedCapacity(
        balancer=balancer,
        backend="app",
        members=8,
        serving=7,
        lowest=6,
        floor=6,
        curve=SERVING,
        requests_per_second=570.3,
        sessions=11,
        queued=0,
        added_load=16.7,
    )


RESTART = PlannedRun(
    at="2026-11-28T02:13:40.000Z",
    version="0.1.0",
    request=RunRequest(app="shop", env="production", verb="restart", hosts=NAMES),
    targets=tuple(
        PlannedTarget(
            name=name,
            host=name,
            servers=(f"app/{name}@lb1", f"app/{name}@lb2"),
            instances=("mongrel_8000",),
            usual_seconds=14.0,
            slow_seconds=16.0,
        )
        for name in NAMES
    ),
    waves=(NAMES[:1], NAMES[1:]),
    skipped=(Skipped("app5", "app/app5@lb1 is in maint, not by rollout"),),
    max_out=2,
    at_once=1,
    limited_by="app@lb1 would have 5 of 8 servers serving, the floor is 6",
    floor="6",
    steps=tuple(
        PlannedStep(seconds=7.0 * n, out=() if n % 2 == 0 else (NAMES[n // 2],)) for n in range(15)
    ),
    capacity=(capacity("lb1"), capacity("lb2")),
    time=PlannedTime(
        usual_seconds=401.0, slow_seconds=431.0, soak_seconds=300.0, around_seconds=3.0
    ),
    drain_seconds=10.0,
    maint_seconds=20.0,
    soak_seconds=300.0,
    watch=("app3 used the whole drain timeout (10s) in 4 of its last 5 turns",),
    last_run="run 7c748c (restart) by ops@bastion1, 2h00m ago: done",
)

DEPLOY = replace(
    RESTART,
    request=replace(RESTART.request, verb="uninterrupted"),
    release=PlannedRelease(
        name="",
        ref="main",
        revision="2093887" + "0" * 33,
        fresh=True,
        live=dict.fromkeys(NAMES, "20261127180210"),
        live_revisions=dict.fromkeys(NAMES, "a1b2c3d" + "0" * 33),
        commits=Commits(
            listed=(
                Commit(revision="2093887" + "0" * 33, author="Ann", subject="Fix cart total"),
                Commit(revision="b00b1e5" + "0" * 33, author="Benedict", subject="Count\x1b[31m"),
            ),
            count=2,
        ),
        switch="together",
        on_failure="rollback",
        disks=(
            PlannedDisk(host="app1", free=900_000_000, needed=60_000_000),
            PlannedDisk(host="app2", free=412_000_000, needed=60_000_000),
        ),
    ),
)

FIRST = replace(
    RESTART,
    request=replace(RESTART.request, env=""),
    targets=tuple(
        replace(one, usual_seconds=None, slow_seconds=None) for one in RESTART.targets[:1]
    ),
    waves=(NAMES[:1],),
    skipped=(),
    time=PlannedTime(unknown=NAMES[:1]),
    capacity=(replace(capacity("lb1"), requests_per_second=None, sessions=None),),
    stuck="app1 waits up to 5m for others to serve: app@lb1 would have 5 of 8 servers serving, "
    "the floor is 6",
    watch=(),
    last_run="",
    lock="held by ops@bastion1 (run 7c748c, pid 812) since 2026-11-28T02:10:00Z: rollout restart",
    findings=(
        Finding("lock", "held by run 7c748c", "`rollout lock` shows it; --wait-lock 10m waits"),
    ),
    notes=(Finding("app@lb1", "6 of 8 servers serve now", ""),),
    exit_code=4,
)


@pytest.mark.parametrize(
    ("name", "planned", "unicode"),
    [
        ("restart", RESTART, True),
        ("deploy", DEPLOY, True),
        ("refused", FIRST, True),
        ("ascii", RESTART, False),
    ],
)
def test_a_plan_reads_as_it_was_recorded(name: str, planned: PlannedRun, *, unicode: bool) -> None:
    text = plan_text(planned, 80, unicode=unicode)
    file = GOLDEN / f"plan.{name}.txt"
    if WHITE:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert max(map(cells, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert unicode or text.isascii()


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_a_plan_fits_into_every_width(width: int) -> None:
    for planned in (RESTART, DEPLOY, FIRST):
        lines = plan_text(planned, width, unicode=True).splitlines()
        assert [line for line in lines if cells(line) > width and len(line.split()) > 4] == []


def test_programs_read_the_same() -> None:
    said = json.loads(plan_json(DEPLOY))
    assert (said["v"], said["release"]["commits"]["count"], said["exit_code"]) == (1, 2, 0)
    assert said["capacity"][0]["curve"] == list(SERVING)
    assert "\x1b" not in plan_json(DEPLOY)


def test_the_question_counts_what_is_touched() -> None:
    assert question(RESTART) == "Restart these 7 hosts?"
    assert question(DEPLOY) == "Deploy to these 7 hosts?"
    assert question(FIRST) == "Restart this host?"


def test_names_are_folded_only_where_their_order_stays() -> None:
    assert folded(["web1", "web2", "web3"]) == "web1, web2, web3"
    assert folded([f"web{n}" for n in range(1, 13)]) == "web[1-12]"
    assert folded(["web3", "web1", "web2", "web4"]) == "web3, web1, web2, web4"


def test_a_long_curve_shows_each_low_point() -> None:
    long = replace(capacity("lb1"), curve=tuple(500 - (n == 321) for n in range(1001)))
    assert curve(long, unicode=False).count("_") == 1
    assert cells(curve(long, unicode=True)) <= 24 + 6


@pytest.mark.parametrize("planned", [RESTART, DEPLOY, FIRST])
def test_the_schema_describes_what_is_written(planned: PlannedRun) -> None:
    schema = {"$ref": "#/$defs/plan", "$defs": lines_schema()["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(plan_json(planned)))
    described = schema["$defs"]["plan"]["properties"]
    assert [name for name, said in described.items() if not said.get("description")] == []
