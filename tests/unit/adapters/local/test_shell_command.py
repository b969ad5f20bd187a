"""A script on this machine ends with all that it started, as soon as its time is up."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.adapters.local.shell_command import run_locally
from rollout.adapters.ssh.config import resolve
from rollout.adapters.ssh.errors import NotConfigured
from rollout.adapters.ssh.host_config import SshOptions
from rollout.model.errors import RemoteError


@pytest.fixture
def mark() -> Iterator[str]:
    """Seconds that only the processes of this test sleep for; none of them outlives it."""
    seconds = f"86399.{time.monotonic_ns()}"
    yield seconds
    for pid in living(seconds):
        os.kill(pid, signal.SIGKILL)


def living(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words:
            found.append(int(entry.name))
    return found


def gone(mark: str) -> bool:
    """Wait for the end of what was killed: on a busy machine the kernel takes a moment."""
    deadline = time.monotonic() + 10
    while living(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not living(mark)


def test_what_it_printed_and_how_it_ended_come_back() -> None:
    said = run_locally("here", "cat; echo no >&2; exit 3", timeout=10, stdin=b"words")
    assert (said.status, said.out, said.err) == (3, "words", "no\n")


def test_a_script_that_takes_too_long_leaves_no_child_behind(mark: str) -> None:
    """A child that lived on kept the lock's flock for ever."""
    began = time.monotonic()
    with pytest.raises(RemoteError) as caught:
        run_locally("here", f"sleep {mark} & sleep {mark}", timeout=0.5)
    assert str(caught.value) == "here: a script did not end within 0.5s"
    assert time.monotonic() - began < 10
    assert gone(mark)


def test_a_child_in_the_background_does_not_outlive_a_script_that_ended(mark: str) -> None:
    said = run_locally("here", f"sleep {mark} >/dev/null 2>&1 & exit 0", timeout=10)
    assert said.status == 0
    assert gone(mark)


def test_a_question_to_ssh_that_hangs_leaves_no_child_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    config = tmp_path / "config"
    config.write_text(f'Match exec "sleep {mark}"\n  User deploy\n')
    monkeypatch.setattr("rollout.adapters.ssh.config.ANSWER_WITHIN", 0.5)
    with pytest.raises(NotConfigured, match=r"ssh -G gave no answer within 0\.5s"):
        resolve("web1", SshOptions(config=config))
    assert gone(mark)
