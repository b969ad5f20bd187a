"""The operator's own commands around a deploy: a real shell, real exits."""

import asyncio
import os
from pathlib import Path

import pytest

from rollout.adapters.local.hooks import CommandHooks
from rollout.ports.site import CheckResult

pytestmark = pytest.mark.integration


def run(
    command: str, timeout: float = 10.0, hook: str = "before", **facts: str
) -> CheckResult | None:
    hooks = CommandHooks({"before": command, "after": ""}, timeout, os.environ)
    return asyncio.run(hooks.run(hook, facts))


def test_a_hook_finds_its_facts_in_the_environment_and_no_fact_is_code(tmp_path: Path) -> None:
    nasty = f"$(touch {tmp_path}/oops)'\";\n"
    said = run('printf %s "$ROLLOUT_HOOK $ROLLOUT_RELEASE $ROLLOUT_REF"', release="1", ref=nasty)
    assert said == CheckResult(ok=True, message=f"before 1 {nasty}".strip())
    assert list(tmp_path.iterdir()) == []


def test_a_fact_outranks_a_variable_of_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook that runs rollout itself has those of the run around it."""
    monkeypatch.setenv("ROLLOUT_RELEASE", "of another run")
    monkeypatch.setenv("ROLLOUT_HOOK", "after")
    said = run('printf %s "$ROLLOUT_HOOK $ROLLOUT_RELEASE"', release="1")
    assert said == CheckResult(ok=True, message="before 1")


def test_a_hook_that_says_no_or_hangs_is_not_fine() -> None:
    assert run("echo not today >&2; exit 1") == CheckResult(
        ok=False, message="not today", output=("not today",)
    )
    assert run("sleep 60", timeout=0.3) == CheckResult(ok=False, message="no end after 300ms")


def test_a_fact_that_no_environment_can_hold_is_told() -> None:
    assert run("true", ref="a\0b") == CheckResult(ok=False, message="ROLLOUT_REF has a NUL in it")


def test_where_there_is_no_hook_nothing_is_run() -> None:
    assert run("exit 1", hook="after") is None
    assert run("exit 1", hook="switched") is None
