"""What a record says of a silence decides whether it is begun, and ended."""

from collections.abc import Coroutine
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rollout.events import Event
from rollout.model.errors import LockError, LockLost, RecordError, RolloutError
from rollout.model.fleet import Target
from rollout.model.ownership import OwnedTarget, Silence
from rollout.model.plan import Plan
from rollout.ports.context import RunContext
from rollout.ports.operator_commands import CommandEnd
from rollout.restart.control import TargetControl
from rollout.restart.operator_commands import begin_silence, end_silence
from tests.support.left_out import owned_target

FINE = CommandEnd(ok=True, message="exit 0")
WEB1 = owned_target("web1")


@dataclass
class Record:
    """What is written down of web1; a lock or a disk may be in the way."""

    owned: OwnedTarget = WEB1
    lock: RolloutError | None = None
    full: bool = False

    def owned_target(self, name: str) -> OwnedTarget | None:
        return self.owned if name == self.owned.target.name else None

    async def still_ours(self) -> None:
        if self.lock is not None:
            raise self.lock

    async def silenced(self, target: str, silence: Silence | None) -> None:
        if self.full and silence is not None and silence.number:
            raise RecordError("disk full")
        assert target == "web1"
        self.owned = replace(self.owned, silence=silence)


class Silencer:
    """Notes what was begun and ended."""

    run = "5f0c21"

    def __init__(self) -> None:
        self.begun = 0
        self.ended: list[Silence] = []

    async def begin(self, target: Target, seconds: float) -> tuple[str, CommandEnd]:
        del target, seconds
        self.begun += 1
        return "s1", FINE

    async def end(self, target: Target, silence: Silence) -> CommandEnd:
        del target
        self.ended.append(silence)
        return FINE


def world(record: Record, told: list[Event]) -> tuple[TargetControl, RunContext, Silencer]:
    silencer = Silencer()
    site = SimpleNamespace(record=record, silencer=silencer, smoke=None)
    plan = Plan(waves=())
    context = RunContext(plan, cast("Any", site), told.append)
    control = SimpleNamespace(site=site, target=WEB1.target, plan=plan, tell=told.append)
    return cast("TargetControl", control), context, silencer


def run(step: Coroutine[Any, Any, object]) -> object:
    with pytest.raises(StopIteration) as ended:
        step.send(None)
    return ended.value.value


def silent() -> Record:
    return Record(owned=replace(WEB1, silence=Silence("5f0c21", "s1")))


def test_a_target_that_is_silent_already_is_not_silenced_once_more() -> None:
    """Of two silences the record has the number of one."""
    control, _, silencer = world(silent(), [])
    assert run(begin_silence(control)) is False
    assert silencer.begun == 0
    control, _, silencer = world(Record(), [])
    assert run(begin_silence(control)) is True
    assert silencer.begun == 1


def test_a_silence_whose_number_cannot_be_written_is_ended_by_its_number() -> None:
    control, _, silencer = world(Record(full=True), [])
    with pytest.raises(RecordError):
        begin_silence(control).send(None)
    assert silencer.ended == [Silence("5f0c21", "s1")]


def test_a_silence_that_was_ended_is_no_other_runs_to_end() -> None:
    record, told = silent(), list[Event]()
    _, context, silencer = world(record, told)
    run(end_silence(context, WEB1.target))
    run(end_silence(context, WEB1.target))
    assert silencer.ended == [Silence("5f0c21", "s1")]
    assert record.owned.silence is None
    assert told == []


@pytest.mark.parametrize(
    ("lock", "ends"),
    [
        (LockLost("lb1", "another run has it"), False),
        (LockError("lb1", "no answer"), True),
        (None, True),
    ],
)
def test_only_a_run_that_has_the_lock_by_now_keeps_us_from_ending_a_silence(
    lock: RolloutError | None, *, ends: bool
) -> None:
    record = replace(silent(), lock=lock)
    _, context, silencer = world(record, [])
    run(end_silence(context, WEB1.target))
    assert bool(silencer.ended) is ends
