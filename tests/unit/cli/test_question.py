"""Whether a person is asked: by terminal, options and settings; and what counts as a yes."""

import io
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rollout.cli.arguments import Arguments
from rollout.cli.global_options import GlobalOptions
from rollout.cli.options import CRON, YES
from rollout.cli.question import must_ask, shown_plan
from rollout.cli.unfinished import confirm
from rollout.cli.yes_or_no import agrees
from rollout.model.errors import RolloutError, SettingsError
from rollout.model.planned_run import PlannedRun, PlannedTime
from rollout.settings.load import Loaded
from tests.output.test_plan import RESTART


def loaded(confirm: str = "terminal") -> Loaded:
    settings = SimpleNamespace(confirm=confirm)
    origin = SimpleNamespace(settings=settings, origin=lambda _: "rollout.toml:3", file=Path("x"))
    return cast("Loaded", origin)


def typed(*options: object, output: str = "auto", planned: Any = None) -> Arguments:  # noqa: ANN401
    values: Any = dict.fromkeys(options, True)
    return Arguments(typed=GlobalOptions(output=output), values=values, planned=planned)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_it_asks_unless_it_is_told_not_to() -> None:
    assert must_ask(typed(), loaded())
    assert not must_ask(typed(YES), loaded())
    assert not must_ask(typed(CRON), loaded())
    assert not must_ask(typed(output="json"), loaded())
    assert not must_ask(typed(planned="a plan file that was read"), loaded())


def test_without_a_terminal_it_does_not_ask() -> None:
    assert not must_ask(typed(), loaded())


@pytest.mark.usefixtures("terminal")
def test_a_required_answer_is_asked_for_or_given() -> None:
    assert must_ask(typed(), loaded("required"))
    assert must_ask(typed(planned="a plan file that was read"), loaded("required"))
    assert not must_ask(typed(YES), loaded("required"))
    assert not must_ask(typed(YES, CRON), loaded("required"))


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("arguments", "why"), [(typed(CRON), "--cron"), (typed(output="json"), "--output json")]
)
def test_a_required_answer_that_cannot_be_asked_for_is_a_mistake(
    arguments: Arguments, why: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        must_ask(arguments, loaded("required"))
    what = 'rollout.toml:3: confirm = "required", and no person can be asked here'
    assert refused.value.problems == (f"{what} ({why}); --yes answers",)


def test_a_required_answer_needs_a_terminal() -> None:
    with pytest.raises(SettingsError, match="stdin or stderr is no terminal"):
        must_ask(typed(), loaded("required"))


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [("y\n", True), ("Yes\n", True), ("\n", False), ("", False), ("n\n", False), ("yep\n", False)],
)
def test_anything_but_a_yes_is_a_no(
    answer: str, monkeypatch: pytest.MonkeyPatch, *, agreed: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert agrees("Restart this host?") is agreed


def test_what_are_no_characters_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of another encoding, in a UTF-8 locale, ended the command with a bug (exit code 1)."""
    keys = io.TextIOWrapper(io.BytesIO(b"\xffy\n"), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdin", keys)
    assert not agrees("Restart this host?")


class TerminalText(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "maybe\n"])
def test_a_recovery_that_is_not_wanted_is_refused(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the input (Ctrl-D) was `Aborted!` and exit code 1, which is that of a bug."""
    monkeypatch.setattr(sys, "stdin", TerminalText(answer))
    with pytest.raises(RolloutError, match="nothing was changed"):
        confirm("Bring back what is out?", yes=False)


def interrupted() -> str:
    raise KeyboardInterrupt


def test_ctrl_c_at_the_question_of_a_recovery_says_that_nothing_was_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = TerminalText()
    monkeypatch.setattr(keys, "readline", interrupted)
    monkeypatch.setattr(sys, "stdin", keys)
    with pytest.raises(KeyboardInterrupt):
        confirm("Bring back what is out?", yes=False)
    said = capsys.readouterr().err
    assert said == "rollout: Bring back what is out? [y/N] \nrollout: nothing was changed\n"


REFUSED = replace(RESTART, exit_code=4)
NO_TARGET = replace(RESTART, targets=(), time=PlannedTime())


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("now", [REFUSED, NO_TARGET], ids=["refused", "no target"])
def test_a_plan_file_is_not_done_without_the_answer_that_is_required(
    now: PlannedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is nothing to ask about now, the run under the lock must not find a reason."""
    monkeypatch.setattr("rollout.cli.question.plan", lambda _: now)
    subject: Any = SimpleNamespace(
        arguments=typed(planned=RESTART), loaded=loaded("required"), settings=None
    )
    assert shown_plan(subject) == now


@pytest.mark.usefixtures("terminal")
def test_after_a_yes_the_plan_file_is_what_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rollout.cli.question.plan", lambda _: replace(RESTART, max_out=7))
    monkeypatch.setattr(sys, "stdin", TerminalText("y\n"))
    subject: Any = SimpleNamespace(
        arguments=typed(planned=RESTART), loaded=loaded("required"), settings=None
    )
    assert shown_plan(subject) == RESTART
