"""Every flag of ``restart`` reaches its setting."""

import inspect
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollout.cli.app import app
from rollout.cli.restart import restart
from rollout.errors import SettingsError
from rollout.settings.blame import tables
from rollout.settings.flags import FLAGS

NOT_SETTINGS = {"context", "hosts", "exclude", "cron"}


def test_every_flag_has_its_setting_and_every_setting_exists() -> None:
    parameters = set(inspect.signature(restart).parameters) - NOT_SETTINGS
    assert {f"--{name.replace('_', '-')}" for name in parameters} == set(FLAGS)
    known = {(*table, name) for table, model in tables() for name in model.model_fields}
    assert set(FLAGS.values()) <= known


@pytest.mark.parametrize("flag", FLAGS)
def test_a_wrong_value_is_blamed_on_the_flag_that_was_typed(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init"])
    done = CliRunner().invoke(app, ["restart", flag, "~"])
    assert isinstance(done.exception, SettingsError)
    (problem,) = done.exception.problems
    assert problem.startswith(f"{flag}: {'.'.join(FLAGS[flag])}: ")
