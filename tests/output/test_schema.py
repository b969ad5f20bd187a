"""`rollout schema` is true: every line that is written is as it says, every event once at least."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from rollout import events
from rollout.cli.app import app
from rollout.events import Event
from rollout.events.schema import FIELDS, type_schema
from rollout.model.traffic import TrafficCounters
from rollout.output.jsonl import JsonLines, json_line, json_loss
from rollout.output.schema import lines_schema
from rollout.summary.deploy import DeploySummary
from rollout.summary.target import TargetSummary
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import (
    GOOD,
    RECOVERED,
    REFUSED,
    RESUMED,
    RICH,
    STILL_OUT,
    Memory,
    broadcast_to,
    stamped,
)

STREAMS = {
    "rich": RICH,
    "good": GOOD,
    "refused": REFUSED,
    "recovered": RECOVERED,
    "still-out": STILL_OUT,
    "resumed": RESUMED,
    **DEPLOYS,
}
BESIDE: tuple[Event, ...] = (
    events.ServersChanged(target="web1", gone=("app/web1@lb1",), new=("app/web1b@lb1",)),
    events.TargetVisited(target="web1", sessions=3, servers=("app/web1@lb1",)),
    events.TargetPrepared(target="web1", silence="a7c0"),
    events.SoakSeen(
        targets=("web1",),
        carried=TrafficCounters(requests=611),
        others=TrafficCounters(requests=4302, responses_5xx=1),
    ),
    events.OthersRestarted(
        target="web1", instances=("worker_1",), supervisor="monit", fix="take `depends on` out"
    ),
    events.TargetNotStarted(target="web2", reason="the floor is 2", fix="add a server"),
    events.RolloutPaused(by="ops@bastion", finishing=("web2",), asks=True, seconds=3600.0),
    events.RolloutContinued(by="ops@bastion"),
    events.CurrentSeen(host="web1", current="2", running={"app_1": "1"}, hidden=("app_2",)),
    events.UnprovenTakenBack(release="2", hosts=("web1",)),
)
"""Events that no recorded stream has."""

SCHEMA = lines_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def lines_of(stream: tuple[Event, ...]) -> list[dict[str, Any]]:
    memory = Memory()
    broadcast = broadcast_to(JsonLines(memory))
    for event in stream:
        broadcast.tell(event)
    broadcast.end()
    return [json.loads(line) for line in memory.text.splitlines()]


def assert_as_described(line: dict[str, Any]) -> None:
    """A line has every field that its schema has, of its type, and none beside them."""
    schema = SCHEMA["$defs"][line["event"]]
    assert Draft202012Validator(schema).is_valid(line), line
    assert line.keys() == schema["properties"].keys()
    VALIDATOR.validate(line)


@pytest.mark.parametrize("name", STREAMS)
def test_every_line_of_a_recorded_run_is_as_the_schema_says(name: str) -> None:
    for line in lines_of(STREAMS[name]):
        assert_as_described(line)


@pytest.mark.parametrize("event", BESIDE, ids=lambda event: event.wire)
def test_an_event_that_no_recorded_run_has_is_as_the_schema_says(event: Event) -> None:
    assert_as_described(json.loads(json_line(stamped(event))))


def test_every_event_is_held_against_the_schema() -> None:
    held = {type(event) for stream in (*STREAMS.values(), BESIDE) for event in stream}
    missing = [event.__name__ for event in get_args(Event) if event not in held]
    assert not missing, f"add {missing} to a recorded stream, or to BESIDE in {__file__}"


def test_a_target_and_a_deploy_of_the_summary_have_every_field_that_is_described() -> None:
    summaries = [lines_of(stream)[-1] for stream in STREAMS.values()]
    described = SCHEMA["$defs"]["summary"]["properties"]
    keys = {key for summary in summaries for target in summary["targets"] for key in target}
    assert keys == described["targets"]["items"]["properties"].keys()
    deploys = [summary["deploy"] for summary in summaries if summary["deploy"]]
    assert deploys
    for deploy in deploys:
        assert deploy.keys() == described["deploy"]["oneOf"][1]["properties"].keys()


def test_lines_that_were_lost_are_told_as_the_schema_says() -> None:
    assert_as_described(json.loads(json_loss(7)))


def test_a_line_that_lacks_a_field_or_has_one_of_another_type_is_not_valid() -> None:
    line = lines_of(GOOD)[0]
    assert VALIDATOR.is_valid(line)
    assert VALIDATOR.is_valid(line | {"later": "a field of a later version"})
    assert not VALIDATOR.is_valid({key: line[key] for key in line if key != "targets"})
    assert not VALIDATOR.is_valid(line | {"max_out": "2"})
    assert not VALIDATOR.is_valid(line | {"event": "rollout.begun"})


def test_the_schema_itself_is_valid_and_is_what_the_command_prints() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    printed = CliRunner().invoke(app, ["schema"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == SCHEMA
    named = CliRunner().invoke(app, ["--config", "shop.toml", "schema"])
    assert named.stdout == printed.stdout


def undescribed_in(schema: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the fields without a description, also of the objects inside of it."""
    for name, field in schema.get("properties", {}).items():
        if not field.get("description") and name != "event":
            yield f"{place}: {name}"
        for inside in (field, field.get("items"), field.get("additionalProperties")):
            if isinstance(inside, dict):
                yield from undescribed_in(inside, f"{place}.{name}")


def test_every_event_and_every_field_is_described() -> None:
    left_out = SCHEMA["$defs"]["target.left_out"]
    assert left_out["properties"]["reason"]["description"] == "What stopped us."
    assert all(line["description"] for line in SCHEMA["$defs"].values())
    undescribed = {
        field for name, line in SCHEMA["$defs"].items() for field in undescribed_in(line, name)
    }
    assert undescribed == set(), "below Attributes: of the event, or in rollout/events/schema.py"


def test_no_description_of_a_field_is_left_over() -> None:
    fields = {
        f.name
        for kind in (*get_args(Event), TargetSummary, DeploySummary)
        for f in dataclasses.fields(kind)
    }
    assert FIELDS.keys() - fields == set()


def test_a_field_of_a_kind_that_no_event_had_yet_is_an_error() -> None:
    with pytest.raises(TypeError, match="set"):
        type_schema(set[str])


def test_every_field_of_an_event_is_required() -> None:
    for event in get_args(Event):
        schema = SCHEMA["$defs"][event.wire]
        assert {f.name for f in dataclasses.fields(event)} <= set(schema["required"])
