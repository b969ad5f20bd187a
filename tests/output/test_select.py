"""Which renderers speak where: human words to stderr, data to stdout."""

import io
import json
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import pytest

from rollout.events import Event
from rollout.output.select import Output, renderers
from rollout.output.terminal import Size, can_redraw, size_of, text_columns
from rollout.summary.run import Exit
from tests.output.recorded_runs import GOOD, REFUSED, RICH


def said(output: Output, events: Sequence[Event], *, cron: bool = False) -> tuple[str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    broadcast = renderers(output, run="r", environ={}, cron=cron, stdout=stdout, stderr=stderr)
    for event in events:
        broadcast.tell(event)
    broadcast.end(timeout=5.0)
    return stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize("output", [Output.AUTO, Output.PLAIN, Output.LIVE])
def test_off_a_terminal_people_get_lines_on_stderr(output: Output) -> None:
    stdout, stderr = said(output, GOOD)
    assert stdout == ""
    assert len(stderr.splitlines()) == len(GOOD) + 1
    assert stderr.splitlines()[-1].startswith("rollout: done. 2 of 2 hosts restarted")


def test_json_is_data_on_stdout_and_words_only_when_something_is_wrong() -> None:
    stdout, stderr = said(Output.JSON, GOOD)
    assert json.loads(stdout.splitlines()[-1])["exit_code"] == 0
    assert stderr == ""
    stdout, stderr = said(Output.JSON, REFUSED)
    assert json.loads(stdout.splitlines()[-1])["exit_code"] == Exit.REFUSED
    assert stderr.startswith("rollout: refused, nothing was changed.\n")


@pytest.mark.parametrize("output", [Output.AUTO, Output.PLAIN, Output.LIVE])
def test_cron_outranks_what_people_would_see(output: Output) -> None:
    assert said(output, GOOD, cron=True) == ("", "")
    stdout, stderr = said(output, RICH, cron=True)
    assert stdout == ""
    assert "\n\nrollout: FAILED (exit 6): web2 is OUT OF ROTATION. On each of " in stderr


@contextmanager
def a_terminal() -> Iterator[tuple[TextIO, Callable[[], str]]]:
    """A real pseudo-terminal, and what it was sent."""
    ours, theirs = pty.openpty()

    def sent() -> str:
        shown = b""
        while select.select([ours], [], [], 0.2)[0]:
            shown += os.read(ours, 65536)
        return shown.decode()

    try:
        with open(theirs, "w", encoding="utf-8", closefd=False) as terminal:
            yield terminal, sent
    finally:
        os.close(ours)
        os.close(theirs)


def told_on(
    terminal: TextIO, events: Sequence[Event], *, cron: bool = False, colour: bool = False
) -> None:
    environ = {"TERM": "xterm", "NO_COLOR": "" if colour else "1"}
    broadcast = renderers(
        run="r", environ=environ, cron=cron, stdout=io.StringIO(), stderr=terminal
    )
    for event in events:
        broadcast.tell(event)
    broadcast.end(timeout=5.0)


def test_a_terminal_gets_the_table_and_below_it_the_account() -> None:
    with a_terminal() as (terminal, sent):
        told_on(terminal, RICH)
        shown = sent()
    assert "1 of 5 - 1 out (max 2) - 1 skipped - halted - +0s\x1b[K\r\n" in shown
    above, _, below = shown.partition("1 of 5 - ")
    assert "web2 FAILED" in above
    assert "rollout: FAILED (exit 6): web2" in below.partition("\x1b[J")[2]
    assert "\x1b[31m" not in shown


def test_the_first_line_of_a_run_that_failed_is_red_and_that_of_a_good_one_is_not() -> None:
    for events, red in ((RICH, True), (GOOD, False)):
        with a_terminal() as (terminal, sent):
            told_on(terminal, events, colour=True)
            summary = sent().rpartition("\x1b[J")[2].strip().splitlines()
        assert summary[0].startswith("\x1b[1;31mrollout: FAILED (exit 6): web2 is") is red
        assert not any("\x1b[" in line for line in summary[1:])


def test_cron_is_silent_on_a_terminal_too() -> None:
    with a_terminal() as (terminal, sent):
        told_on(terminal, GOOD, cron=True)
        assert sent() == ""


def test_a_terminal_is_measured_and_asked_what_it_can() -> None:
    with a_terminal() as (terminal, _):
        assert size_of(terminal) == Size(80, 24)  # a new pty says 0 by 0
        termios.tcsetwinsize(terminal.fileno(), (10, 40))
        assert size_of(terminal) == Size(40, 10)
        assert can_redraw(terminal, {"TERM": "xterm"})
        assert not can_redraw(terminal, {"TERM": "dumb"})
        assert not can_redraw(terminal, {})


def test_prose_is_as_wide_as_the_terminal_and_never_hard_to_read() -> None:
    with a_terminal() as (terminal, _):
        assert text_columns(terminal, {}) == 80  # a new pty says 0 by 0
        for columns, wide in ((20, 40), (60, 60), (200, 100)):
            termios.tcsetwinsize(terminal.fileno(), (10, columns))
            assert text_columns(terminal, {"COLUMNS": "300"}) == wide


@pytest.mark.parametrize(
    ("said", "columns"), [("", 80), ("120", 120), ("7", 40), ("wide", 80), ("-3", 80), ("²", 80)]
)
def test_in_a_pipe_prose_is_as_wide_as_columns_says(said: str, columns: int) -> None:
    assert text_columns(io.StringIO(), {"COLUMNS": said}) == columns


def test_closed_streams_are_no_terminal() -> None:
    stream = io.StringIO()
    stream.close()
    assert not can_redraw(stream, {"TERM": "xterm"})
    assert size_of(stream) == Size(80, 24)


SCRIPT = """
import os
from rollout.output.select import Output, renderers
from tests.output.recorded_runs import RICH
broadcast = renderers(Output.{output}, run="r", environ=os.environ)
for _ in range(300):
    for event in RICH:
        broadcast.tell(event)
raise SystemExit(broadcast.end(timeout=0.2).exit_code)
"""


@pytest.mark.parametrize("output", ["PLAIN", "JSON"])
def test_a_process_whose_output_nobody_reads_still_leaves_with_its_exit_code(output: str) -> None:
    """The stuck thread must not hold up, nor crash, the interpreter's exit."""
    read_end, write_end = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(output=output)],
            stdout=write_end if output == "JSON" else subprocess.DEVNULL,
            stderr=write_end if output == "PLAIN" else subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(read_end)
        os.close(write_end)
    assert done.returncode == Exit.REDUCED
    assert b"Fatal" not in (done.stderr or b"")


def test_a_run_whose_live_screen_nobody_reads_still_leaves_with_its_exit_code() -> None:
    """A terminal stopped with ^S, or a dead connection: some kilobytes fill it."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(output="LIVE")],
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            timeout=120,
            check=False,
            env={**os.environ, "TERM": "xterm"},
        )
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.returncode == Exit.REDUCED
