"""A command of ours that is printed carries the options that were typed, wherever it is printed."""

import ast
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

import rollout
from rollout import events
from rollout.cli import console as words
from rollout.cli.app import app
from rollout.cli.main import enter
from rollout.model.fleet import Finding
from rollout.output.columns import as_object
from rollout.output.dispatcher import Broadcast
from rollout.output.jsonl import JsonLines
from rollout.output.messages import NextStepCommands
from rollout.output.plain import Plain
from rollout.output.report.command_line import with_options
from rollout.summary.run import Exit
from tests.output.recorded_runs import Memory

TYPED = shlex.join(["rollout", "--config", 'my "shop".toml', "--env", "eu"])
COMMANDS = [one.name or getattr(one.callback, "__name__", "") for one in app.registered_commands]
COMMANDS += ["lock"]
OURS = re.compile(rf"(?<![\w./-])rollout (?:{'|'.join(COMMANDS)})\b")
"""A command as it would be typed without options."""
HOUSE = Path(rollout.__file__).parent


def texts_of(module: Path) -> list[tuple[int, str]]:
    """Return every text of a module that could be printed: all but its docstrings."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    ]


def test_a_command_in_a_message_stands_between_backticks_where_its_options_are_put_in() -> None:
    """Else it would be printed as it stands here, and act on other settings than was typed.

    The examples of the help are none: they are printed as they stand, for any settings.
    """
    assert {"restart", "recover", "resume", "lock", "check"} <= {*COMMANDS}
    bare = [
        f"{module.relative_to(HOUSE)}:{line}: {text!r}"
        for module in sorted(HOUSE.rglob("*.py"))
        if module.name != "examples.py"
        for line, text in texts_of(module)
        for seen in OURS.finditer(text)
        if text[: seen.start()][-1:] != "`"
    ]
    assert not bare


def test_what_commands_print_goes_through_one_place() -> None:
    printing = re.compile(r"\bprint\(|\bs?echo\(|std(?:out|err)\.(?:write|flush)")
    files = sorted(HOUSE.glob("*/**/*.py"))
    assert [file.name for file in files if printing.search(file.read_text())] == ["console.py"]


CURE = "`rollout recover` brings it back; `rollout lock` shows it"
CARRIED = f"`{TYPED} recover` brings it back; `{TYPED} lock` shows it"

ONLY_AT_THE_END = {"rollout.refused", "target.returned_untouched", "fleet.seen"}
"""Their line says less than they hold."""

EVENTS = (
    events.Noted(where="web1", what=CURE),
    events.RolloutRefused(findings=(Finding("web1", CURE, CURE),)),
    events.TargetReturnedUntouched(target="web1", reason="no", fix=CURE),
    events.StepFailed(host="web1", step="begin", reason=CURE, tail=(CURE,)),
    events.FleetSeen(unseen={"lb1": CURE}),
    events.RolloutHalted(reason=CURE),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(event.wire))
@pytest.mark.parametrize("output_mode", [Plain, JsonLines])
def test_every_voice_of_a_run_carries_them(
    event: events.Event, output_mode: type[Plain] | type[JsonLines]
) -> None:
    memory = Memory()
    broadcast = Broadcast(
        [output_mode(memory)],
        run="5f0c21",
        utc_now=lambda: "",
        monotonic=lambda: 0.0,
        complain=memory.write,
        hints=NextStepCommands(rollout=TYPED),
    )
    broadcast.tell(event)
    broadcast.end(Exit.REFUSED, cause=CURE)
    assert not OURS.search(memory.text)
    first, _, end = memory.text.replace('\\"', '"').partition("\n")
    end = " ".join(end.replace("# ", "").split())  # a summary is wrapped
    assert CARRIED in end
    assert CARRIED in first or (output_mode is Plain and event.wire in ONLY_AT_THE_END)


def test_what_is_carried_already_and_what_is_no_command_stays_as_it_is() -> None:
    once = with_options(CURE, TYPED)
    assert once == CARRIED
    assert with_options(once, TYPED) == once
    assert with_options("`rollout` runs; a rollout check", TYPED) == (
        "`rollout` runs; a rollout check"
    )
    event = events.RestartAsked(target="web1", instances=("a",))
    assert with_options(event, TYPED) is event


def test_what_a_look_prints_carries_them_in_words_and_in_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "_typed", ["rollout"])
    words.type_as(TYPED)
    words.print_error(CURE)
    words.print_output(CURE)
    words.print_output(as_object({"fix": CURE}))
    printed = capsys.readouterr()
    assert printed.err == f"rollout: {CARRIED}\n"
    text, spelled = printed.out.splitlines()
    assert text == CARRIED
    assert json.loads(spelled) == {"fix": CARRIED}


def test_an_error_that_leaves_a_command_carries_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["rollout", "check", "--env", "eu"])
    assert enter() == Exit.USAGE
    said_of_it = capsys.readouterr().err
    if "no settings found" not in said_of_it:
        pytest.skip("this machine has settings of its own")
    assert "`rollout --env eu init` writes ./rollout.toml" in said_of_it
    words.print_error(CURE)
    assert capsys.readouterr().err == f"rollout: {CURE}\n"
