"""``rollout pause`` on a machine whose load balancer is here: what the run did is what is said."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rollout.adapters.lock.control import LockControl
from rollout.cli.arguments import Arguments
from rollout.cli.commands import control
from rollout.cli.global_options import GlobalOptions
from rollout.cli.new_run import current_owner
from rollout.cli.wiring import open_lock
from rollout.model.control import ControlAnswer, ControlRequest, Outcome
from rollout.model.lock_state import Kind
from rollout.summary.run import Exit


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arguments:
    """The command, beside a run that holds the lock."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "lock").mkdir(mode=0o700)
    file = tmp_path / "rollout.toml"
    file.write_text(
        'app = "shop"\n[balancers.lb1]\n[fleet]\nhosts = ["web1"]\n'
        f'[lock]\ndirectory = "{tmp_path / "lock"}"\n'
    )
    arguments = Arguments(typed=GlobalOptions(config=str(file)), values={})
    with open_lock(arguments.settings().settings) as lock:
        asyncio.run(lock.take(current_owner(Kind.RUN)))
    return arguments


async def obeys(run: str, request: ControlRequest, there: LockControl) -> ControlAnswer:
    del run, there
    return ControlAnswer(request=request.id, outcome=Outcome.PAUSED)


async def is_slow(run: str, request: ControlRequest, there: LockControl) -> ControlAnswer:
    signal.raise_signal(signal.SIGINT)
    await asyncio.sleep(60)
    return await obeys(run, request, there)


def test_a_run_that_obeyed_is_said_to_have_obeyed_though_that_cannot_be_noted(
    typed: Arguments,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(control, "ask_run", obeys)
    (tmp_path / "lock" / "rollout-shop" / "acts" / "in the way").mkdir(parents=True)
    assert control.pause(typed) == 0
    said = capsys.readouterr().err
    assert "is paused: nothing new is taken out until `rollout" in said
    assert "`rollout lock` will not show it: " in said


@pytest.mark.parametrize(
    ("command", "outcome", "code"),
    [
        (control.pause, Outcome.PAUSED_ALREADY, Exit.DONE),
        (control.pause, Outcome.STOPPING_ALREADY, Exit.REFUSED),
        (control.pause, Outcome.ENDS_BY_ITSELF, Exit.REFUSED),
        (control.go_on, Outcome.NOT_PAUSED, Exit.DONE),
        (control.go_on, Outcome.STOPPING_ALREADY, Exit.REFUSED),
        (control.abort, Outcome.STOPPING_ALREADY, Exit.DONE),
        (control.abort, Outcome.ENDS_BY_ITSELF, Exit.REFUSED),
    ],
)
def test_the_exit_code_says_whether_the_run_is_as_it_was_asked_to_be(
    typed: Arguments,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[[Arguments], int],
    outcome: Outcome,
    code: Exit,
) -> None:
    """A script that pauses a run, and then goes on by itself, must not go on beside it."""

    async def answers(run: str, request: ControlRequest, there: LockControl) -> ControlAnswer:
        return replace(await obeys(run, request, there), outcome=outcome)

    monkeypatch.setattr(control, "ask_run", answers)
    assert command(typed) == code


def test_a_request_that_is_not_waited_for_any_longer_is_said_to_stay(
    typed: Arguments, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(control, "ask_run", is_slow)
    with pytest.raises(KeyboardInterrupt):
        control.abort(typed)
    said = capsys.readouterr().err
    assert "has not answered so far; the request to abort stays in its lock unless" in said
