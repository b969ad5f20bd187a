"""What follows where a target went back untouched, and that cannot be written down."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from rollout.events import Event, TargetReturnedUntouched
from rollout.model.errors import BalancerError, LockLost, RecordError, RolloutError
from rollout.restart import cleanup
from rollout.restart.control import TargetControl


class NoRecord:
    """A record in which nothing can be written."""

    def __init__(self, error: RolloutError) -> None:
        self.error = error

    async def released(self, name: str, *, restarted: bool) -> None:
        del name, restarted
        raise self.error


async def nothing(*_: object) -> None:
    pass


@pytest.fixture(autouse=True)
def _fit(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("make_ready_and_verify", "end_silence"):
        monkeypatch.setattr(cleanup, name, nothing)


def give_back(failure: Exception, error: RolloutError) -> tuple[object, Sequence[Event]]:
    told: list[Event] = []
    control = SimpleNamespace(
        target=SimpleNamespace(name="web1"),
        site=SimpleNamespace(record=NoRecord(error)),
        context=None,
        lost={},
        tell=told.append,
    )
    raised = asyncio.run(cleanup.give_back(cast("TargetControl", control), failure))
    return raised, told


@pytest.mark.parametrize("error", [LockLost("lb1", "it is gone"), RecordError("no space left")])
def test_it_is_told_that_it_serves_and_what_could_not_be_written_is_raised(
    error: RolloutError,
) -> None:
    raised, told = give_back(BalancerError("lb1", "no answer"), error)
    assert raised is error
    assert [type(event) for event in told] == [TargetReturnedUntouched]


@pytest.mark.parametrize("error", [LockLost("lb1", "it is gone"), RecordError("no space left")])
def test_a_bug_stays_what_is_raised(error: RolloutError) -> None:
    raised, told = give_back(KeyError("a bug"), error)
    assert raised is None
    assert [type(event) for event in told] == [TargetReturnedUntouched]
