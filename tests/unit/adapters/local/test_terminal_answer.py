"""One key at a real pseudo terminal: yes, no, or no answer; and the terminal is as it was."""

import asyncio
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from rollout.adapters.local.exit_cleanup import end_all
from rollout.adapters.local.terminal_answer import TerminalAnswer


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    for end in (ours, theirs):
        os.close(end)


async def answered(ours: int, theirs: int, *keys: bytes, within: float = 5.0) -> bool | None:
    """Press ``keys`` once the terminal is asked; None: no answer came."""
    asking = asyncio.create_task(TerminalAnswer(theirs).agrees())
    await asyncio.sleep(0.2)
    for key in keys:
        os.write(ours, key)
    await asyncio.wait({asking}, timeout=within)
    if asking.done():
        return asking.result()
    asking.cancel()
    await asyncio.wait({asking})
    return None


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ((b"y",), True),
        ((b"Y",), True),
        ((b"n",), False),
        ((b"N",), False),
        ((b"\n",), False),
        ((b"x", b" ", b"\x1b[A", b"y"), True),
    ],
)
def test_one_key_is_an_answer_and_enter_is_no(
    terminal: tuple[int, int], *, keys: tuple[bytes, ...], answer: bool
) -> None:
    before = termios.tcgetattr(terminal[1])
    assert asyncio.run(answered(*terminal, *keys)) is answer
    assert termios.tcgetattr(terminal[1]) == before


def test_what_was_typed_before_the_question_is_no_answer(terminal: tuple[int, int]) -> None:
    os.write(terminal[0], b"y\n")
    assert asyncio.run(answered(*terminal, within=0.5)) is None


def test_a_question_that_is_left_leaves_the_terminal_as_it_was(terminal: tuple[int, int]) -> None:
    before = termios.tcgetattr(terminal[1])
    assert asyncio.run(answered(*terminal, b"x", within=0.5)) is None
    assert termios.tcgetattr(terminal[1]) == before


def test_a_second_ctrl_c_leaves_the_terminal_as_it_was_too(terminal: tuple[int, int]) -> None:
    before = termios.tcgetattr(terminal[1])

    async def scenario() -> None:
        asking = asyncio.create_task(TerminalAnswer(terminal[1]).agrees())
        await asyncio.sleep(0.2)
        assert termios.tcgetattr(terminal[1]) != before
        end_all()
        assert termios.tcgetattr(terminal[1]) == before
        asking.cancel()
        await asyncio.wait({asking})

    asyncio.run(scenario())


def test_a_terminal_that_has_gone_gives_no_answer_and_no_error() -> None:
    ours, theirs = pty.openpty()

    async def scenario() -> bool | None:
        asking = asyncio.create_task(TerminalAnswer(theirs).agrees())
        await asyncio.sleep(0.2)
        os.close(ours)
        await asyncio.wait({asking}, timeout=0.5)
        assert not asking.done()
        asking.cancel()
        await asyncio.wait({asking})
        return None

    assert asyncio.run(scenario()) is None
    os.close(theirs)


JOB_CONTROL = """
import asyncio, os, pty, signal, sys, termios, time
from rollout.adapters.local.terminal_answer import TerminalAnswer

told = os.dup(1)  # what stands on a terminal whose session ends may be dropped by the kernel
pid, terminal = pty.fork()
if pid:  # the person at the terminal
    os.waitpid(pid, 0)
    sys.exit()
job = os.fork()
if not job:
    os.setpgid(0, 0)
    time.sleep(0.3)
    asyncio.run(TerminalAnswer(0).agrees())
    os._exit(0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # as a shell does
os.setpgid(job, job)
os.tcsetpgrp(0, job)
time.sleep(1.0)
os.tcsetpgrp(0, os.getpgrp())  # Ctrl-Z and `bg`
modes = termios.tcgetattr(0)
time.sleep(1.0)
state = os.waitpid(job, os.WUNTRACED | os.WNOHANG)
os.write(told, f"stopped: {state} {termios.tcgetattr(0) == modes}".encode())
os.kill(job, signal.SIGKILL)
os._exit(0)
"""


def test_a_run_that_is_sent_to_the_background_is_not_stopped_by_the_terminal() -> None:
    """It waits for another shell's answer, with signs of life; the terminal is the shell's."""
    command = [sys.executable, "-c", JOB_CONTROL]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "stopped: (0, 0) True"
