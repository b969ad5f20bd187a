"""The operator's own check: a real shell, real exits, nothing left behind."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from rollout.adapters.local.smoke import CommandSmoke
from rollout.ports.site import CheckResult

pytestmark = pytest.mark.integration


def smoke(command: str, timeout: float = 10.0) -> CheckResult:
    return asyncio.run(CommandSmoke(command, timeout, os.environ).check("web1/a;b", "web1"))


def test_exit_0_is_fine_and_its_last_line_is_told() -> None:
    assert smoke("echo one; echo two") == CheckResult(ok=True, message="two")


def test_another_exit_is_not_and_says_why() -> None:
    assert smoke("echo no cookie >&2; exit 3") == CheckResult(
        ok=False, message="no cookie", output=("no cookie",)
    )
    assert smoke("exit 3") == CheckResult(ok=False, message="exit 3")
    assert smoke("kill -9 $$") == CheckResult(ok=False, message="killed by signal 9")


def test_the_command_is_told_who_is_on_probation_and_cannot_be_fooled_by_a_name() -> None:
    assert smoke('echo "$SMOKE_TARGET at $SMOKE_HOST"').message == "web1/a;b at web1"


def test_a_command_without_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    answer = smoke(f"sleep 60 & echo $! >{child}; wait", timeout=0.5)
    assert answer == CheckResult(ok=False, message="no end after 500ms")
    assert gone(int(child.read_text()))


def test_a_grandchild_that_stays_does_not_keep_us(tmp_path: Path) -> None:
    child = tmp_path / "child"
    assert smoke(f"sleep 60 & echo $! >{child}; echo done") == CheckResult(ok=True, message="done")
    assert gone(int(child.read_text()))


def test_a_flood_of_words_is_cut_to_its_last() -> None:
    answer = smoke("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end")
    assert answer == CheckResult(ok=True, message="end")


def gone(pid: int) -> bool:
    """A killed process may stay a zombie until somebody reaps it; that is gone enough."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
