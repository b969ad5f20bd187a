"""A run that cannot ask for the lock: its command does not begin, and all that is wrong is told."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rollout.cli import runner
from rollout.cli.global_options import GlobalOptions
from rollout.cli.run_spec import Look, RunSpec
from rollout.cli.runner import run
from rollout.lock.session import LockedRun
from rollout.model.errors import LockUnavailable, SettingsError
from rollout.model.findings import PreflightReport
from rollout.model.fleet import Finding, Target
from rollout.ports.site import Site, Tell

SETTINGS = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web1"]
[lock]
directory = "{}"
"""
FIT = PreflightReport(
    targets=(Target("web1", "web1", (), (), {}),), skipped=(), findings=(), notes=()
)


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GlobalOptions:
    """Settings with a lock in a directory that cannot be one: a file is in its way."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "in_the_way").touch()
    file = tmp_path / "rollout.toml"
    file.write_text(SETTINGS.format(tmp_path / "in_the_way"))
    return GlobalOptions(config=str(file))


async def begins(locked_run: LockedRun, tell: Tell) -> None:
    raise AssertionError(f"it has begun: {locked_run}, {tell}")


def spec_of(typed: GlobalOptions, look: Look | None) -> RunSpec:
    return RunSpec(loaded=typed.settings(), typed=typed, verb="restart", hosts=("web1",), look=look)


def test_what_a_look_finds_is_told_with_what_keeps_the_run_from_the_lock(
    typed: GlobalOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    async def look(site: Site) -> PreflightReport:
        with pytest.raises(LockUnavailable):
            await site.record.own(FIT.targets[0], ())
        found = Finding("web1", "its monit does not answer", "start monit")
        return PreflightReport(targets=(), skipped=(), findings=(found,), notes=())

    code = run(spec_of(typed, look), begins)
    told = "".join(capsys.readouterr())
    assert code == 3, told
    assert "its monit does not answer" in told
    assert "in_the_way" in told


@pytest.mark.parametrize("with_look", [False, True])
def test_a_fleet_in_which_all_else_is_well_is_refused_because_of_the_lock(
    typed: GlobalOptions, capsys: pytest.CaptureFixture[str], *, with_look: bool
) -> None:
    async def look(site: Site) -> PreflightReport:
        del site
        return FIT

    code = run(spec_of(typed, look if with_look else None), begins)
    told = "".join(capsys.readouterr())
    assert code == 3, told
    assert "in_the_way" in told


@pytest.mark.parametrize(("output", "is_asked"), [("plain", True), ("json", False)])
def test_where_no_question_is_printed_no_key_is_taken_for_an_answer(
    typed: GlobalOptions, monkeypatch: pytest.MonkeyPatch, output: str, *, is_asked: bool
) -> None:
    """An Enter at a terminal that shows JSON alone has halted the run after its canary."""
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    asked: list[bool] = []

    async def look(site: Site) -> PreflightReport:
        asked.append(site.person is not None)
        return FIT

    run(spec_of(replace(typed, output=output), look), begins)
    assert asked == [is_asked]


def test_of_an_output_that_there_is_not_no_run_is_written_down(
    typed: GlobalOptions, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError):
        run(spec_of(replace(typed, output="plan.json"), None), begins)
    assert list(tmp_path.glob("**/shop.*")) == []


def test_a_run_whose_outputs_cannot_be_made_leaves_no_open_journal(
    typed: GlobalOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "renderers", broken)
    with pytest.raises(ZeroDivisionError):
        run(spec_of(typed, None), begins)
    assert list(tmp_path.glob("**/shop.*.jsonl"))
    assert list(tmp_path.glob("**/shop.*.open")) == []
