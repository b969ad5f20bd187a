"""The scripts, run by a real ``sh`` with a stand-in for monit that writes down its arguments.

This proves quoting and counting, and claims nothing about monit.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from rollout.adapters.monit import commands
from rollout.adapters.monit.responses import confirm_asked, split_response
from rollout.adapters.monit.sudoers import Invocation
from rollout.model.errors import RestartRefused, SupervisorError

OLD, GROUPS, NEW = (5, 10, 0), (5, 14, 0), (5, 33, 0)
STAND_IN = """\
#!{python}
import json, os, pathlib, sys
here = pathlib.Path({here!r})
with (here / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
for words, text, status in json.loads((here / "answers").read_text()):
    if words in sys.argv:
        sys.stdout.write(text)
        sys.exit(status)
"""


class Said:
    """What the script gave back, as ssh would hand it on."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status: int | None = done.returncode
        self.out, self.err, self.truncated = done.stdout, done.stderr, False


class Typist:
    """Runs scripts against the stand-in and reads what it was called with."""

    def __init__(self, here: Path) -> None:
        self.here = here
        self.monit = here / "mo nit"

        self.monit.write_text(STAND_IN.format(python=sys.executable, here=str(here)))
        self.monit.chmod(0o700)

    def typed(self, version: tuple[int, int, int], group: str = "") -> commands.MonitCommand:
        return commands.MonitCommand((str(self.monit),), version, group)

    def run(self, script: str, answers: Sequence[tuple[str, str, int]]) -> Said:
        (self.here / "answers").write_text(json.dumps(answers))
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
            cwd=self.here,
            env={"PATH": os.environ["PATH"]},
        )
        return Said(done)

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.here / "calls").read_text().splitlines()]


@pytest.fixture
def typist(tmp_path: Path) -> Typist:
    return Typist(tmp_path)


def status_of(*names: str) -> tuple[str, str, int]:
    """Answer `status` with one block for each name."""
    return ("status", "".join(f"Process '{n}'\n  status            OK\n" for n in names), 0)


HOSTILE = ["a b; touch HURT", "$(touch HURT)", "`touch HURT`", "o'clock", 'q"uote', "*", "\\n"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_one_argument_whatever_it_contains(typist: Typist, name: str) -> None:
    said = typist.run(commands.restart(typist.typed(GROUPS), [name]), [status_of(name)])
    confirm_asked("web1", split_response("web1", said, Invocation()), [name])
    assert typist.calls() == [["status"], ["restart", name]]
    assert not (typist.here / "HURT").exists()


@pytest.mark.parametrize("group", [*HOSTILE, "-x"])
def test_a_group_is_one_argument_whatever_it_contains(typist: Typist, group: str) -> None:
    said = typist.run(commands.restart(typist.typed(NEW, group), ["a"]), [status_of("a")])
    confirm_asked("web1", split_response("web1", said, Invocation()), ["a"])
    assert typist.calls() == [["-B", "-g", group, "status"], ["-B", "-g", group, "restart"]]
    assert not (typist.here / "HURT").exists()


def test_a_look_quotes_too(typist: Typist) -> None:
    typist.run(commands.look(typist.typed(NEW, "$(touch HURT)")), [status_of("a")])
    assert typist.calls() == [["-B", "-g", "$(touch HURT)", "status"]]
    assert not (typist.here / "HURT").exists()


def test_what_monit_prints_is_not_run(typist: Typist) -> None:
    text = "Process 'a'\n  status            OK\n  pid    1;touch HURT\n  pid    $(touch HURT)\n"
    said = typist.run(commands.look(typist.typed(NEW)), [("status", text, 0)])
    assert split_response("web1", said, Invocation()).text == text.rstrip("\n")
    assert not (typist.here / "HURT").exists()


def test_old_versions_are_called_without_b_and_group_and_new_ones_with(typist: Typist) -> None:
    for version in (OLD, GROUPS, NEW):
        typist.run(commands.look(typist.typed(version, "app")), [status_of("a")])
    expected = [["status"], ["-g", "app", "status"], ["-B", "-g", "app", "status"]]
    assert typist.calls() == expected


def test_the_group_command_is_used_when_it_means_exactly_the_instances(typist: Typist) -> None:
    answers = [status_of("b", "a")]
    typist.run(commands.restart(typist.typed(NEW, "app"), ["a", "b"]), answers)
    typist.run(commands.restart(typist.typed(GROUPS, "app"), ["a", "b"]), answers)
    restarts = [call for call in typist.calls() if "restart" in call]
    assert restarts == [["-B", "-g", "app", "restart"], ["-g", "app", "restart", "all"]]


@pytest.mark.parametrize(
    ("version", "listed", "wanted"),
    [
        (NEW, ["a", "b", "worker"], ["a", "b"]),
        (NEW, ["a"], ["a", "b"]),
        (OLD, ["a", "b"], ["a", "b"]),
    ],
)
def test_otherwise_each_is_asked_for_by_name(
    typist: Typist, version: tuple[int, int, int], listed: list[str], wanted: list[str]
) -> None:
    answers = [status_of(*listed)]
    typist.run(commands.restart(typist.typed(version, "app"), wanted), answers)
    dash_b = ["-B"] if version == NEW else []
    restarts = [call for call in typist.calls() if "restart" in call]
    assert restarts == [[*dash_b, "restart", "a"], [*dash_b, "restart", "b"]]


def test_a_group_with_a_service_of_another_kind_is_not_restarted_as_a_group(
    typist: Typist,
) -> None:
    text = status_of("a")[1] + "Program 'backup'\n  status            OK\n"
    typist.run(commands.restart(typist.typed(NEW, "app"), ["a"]), [("status", text, 0)])
    assert typist.calls()[-1] == ["-B", "restart", "a"]


def test_a_pattern_among_the_names_keeps_us_from_the_group_command(typist: Typist) -> None:
    """5.33 sends a group's names bare and reads them as patterns: `a.1` takes `a_1` along."""
    typist.run(commands.restart(typist.typed(NEW, "app"), ["a.1"]), [status_of("a.1")])
    assert typist.calls() == [["-B", "status"], ["-B", "restart", r"^a\.1$"]]


@pytest.mark.parametrize(
    ("name", "version", "spelled"),
    [
        ("mongrel_8000", NEW, "mongrel_8000"),
        ("mongrel-8000", NEW, "mongrel-8000"),
        ("mongrel.1", NEW, r"^mongrel\.1$"),
        ("mongrel.1", (5, 27, 2), "mongrel.1"),
        ("a[1](2){3}*+?|^$\\", NEW, r"^a\[1\]\(2\)\{3\}\*\+\?\|\^\$\\$"),
        ("-x", NEW, "^-x$"),
    ],
)
def test_a_name_is_spelled_so_that_it_means_itself(
    name: str, version: tuple[int, int, int], spelled: str
) -> None:
    assert commands.spelled(name, version) == spelled


def test_an_old_monit_is_never_given_an_option_for_a_name() -> None:
    with pytest.raises(ValueError, match="option"):
        commands.spelled("-t", (5, 14, 0))


def test_a_name_with_a_line_break_is_no_services() -> None:
    with pytest.raises(ValueError, match="line break"):
        commands.restart(commands.MonitCommand(("monit",), NEW), ["a\nb"])


def refusal(typist: Typist, group: str, answers: list[tuple[str, str, int]]) -> SupervisorError:
    said = typist.run(commands.restart(typist.typed(NEW, group), ["a", "b"]), answers)
    with pytest.raises(SupervisorError) as caught:
        confirm_asked("web1", split_response("web1", said, Invocation()), ["a", "b"])
    return caught.value


NOT_RUNNING = ("status", "Monit: the monit daemon is not running\n", 1)
UNKNOWN = 'There is no service named "a"\n'
SILENT = "Error receiving data -- Resource temporarily unavailable\n"


def test_without_a_daemon_nothing_is_asked(typist: Typist) -> None:
    assert isinstance(refusal(typist, "", [NOT_RUNNING]), RestartRefused)
    assert typist.calls() == [["-B", "status"]]


def test_an_old_monit_that_says_so_with_status_0_is_understood_too(typist: Typist) -> None:
    text = "monit: no status available -- the monit daemon is not running\n"
    assert isinstance(refusal(typist, "", [("status", text, 0)]), RestartRefused)
    assert typist.calls() == [["-B", "status"]]


def test_a_first_refusal_is_certain_and_ends_it(typist: Typist) -> None:
    error = refusal(typist, "", [("restart", UNKNOWN, 1), status_of("a", "b")])
    assert isinstance(error, RestartRefused)
    assert len(typist.calls()) == 2


def test_a_second_refusal_is_not_certain(typist: Typist) -> None:
    error = refusal(typist, "", [("b", UNKNOWN, 1), status_of("a", "b")])
    assert not isinstance(error, RestartRefused)
    assert "asked before that: 1" in error.what


def test_a_request_that_nobody_answered_may_have_been_heard(typist: Typist) -> None:
    error = refusal(typist, "", [("restart", SILENT, 1), status_of("a", "b")])
    assert not isinstance(error, RestartRefused)


def test_a_group_that_stumbles_over_one_service_may_have_asked_the_others(
    typist: Typist,
) -> None:
    error = refusal(typist, "app", [("restart", UNKNOWN, 1), status_of("a", "b")])
    assert not isinstance(error, RestartRefused)


def test_a_group_that_is_refused_as_a_whole_is_certain(typist: Typist) -> None:
    text = "Group 'app' not found\n"
    error = refusal(typist, "app", [("restart", text, 1), status_of("a", "b")])
    assert isinstance(error, RestartRefused)


def test_an_answer_that_breaks_off_is_no_answer(typist: Typist) -> None:
    said = typist.run("echo half", [])
    with pytest.raises(SupervisorError, match="did not run to its end") as caught:
        confirm_asked("web1", split_response("web1", said, Invocation(ssh="ssh -F config")), ["a"])
    assert not isinstance(caught.value, RestartRefused)
    assert caught.value.fix == "ssh -F config web1 'sudo -n monit status'"
