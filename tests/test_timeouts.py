"""A test that hangs fails by its name, and the run goes on without it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.observed_restart import WITHIN

HOME = Path(__file__).parents[1]

HANGS = """
import asyncio, subprocess

def test_that_waits_for_a_program():
    subprocess.run(["sleep", "60"])

def test_that_waits_for_a_loop():
    asyncio.run(asyncio.sleep(60))

def test_that_is_good():
    assert True
"""


def test_a_test_that_hangs_is_named_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "test_hangs.py").write_text(HANGS)
    words = ["-c", str(HOME / "pyproject.toml"), "-n", "2", "--timeout", "1", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "2 failed, 1 passed" in done.stdout
    for name in ("test_that_waits_for_a_program", "test_that_waits_for_a_loop"):
        assert f"{name} - Failed: Timeout (>1.0s)" in done.stdout


def test_every_test_has_a_limit_that_lets_its_own_waits_speak_first(
    pytestconfig: pytest.Config,
) -> None:
    assert float(pytestconfig.getini("timeout")) > WITHIN
    assert pytestconfig.getini("timeout_method") == "signal"
