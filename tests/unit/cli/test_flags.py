"""Every flag of a command reaches its setting."""

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollout.cli.app import app
from rollout.cli.commands.prune import prune
from rollout.cli.commands.restart import restart
from rollout.cli.commands.rollback import rollback
from rollout.cli.commands.uninterrupted import uninterrupted
from rollout.model.errors import SettingsError
from rollout.settings.error_messages import tables
from rollout.settings.flags import FLAGS

NOT_SETTINGS = {"context", "hosts", "exclude", "cron", "include_left_out", "accept_sick", "to"}


def flags_of(command: Callable[..., None]) -> set[str]:
    parameters = set(inspect.signature(command).parameters) - NOT_SETTINGS
    return {f"--{name.replace('_', '-')}" for name in parameters}


def test_every_flag_has_its_setting_and_every_setting_exists() -> None:
    assert flags_of(uninterrupted) | flags_of(prune) == set(FLAGS)
    known = {(*table, name) for table, model in tables() for name in model.model_fields}
    assert set(FLAGS.values()) <= known


def test_whatever_restarts_servers_takes_all_that_says_how() -> None:
    assert flags_of(restart) < flags_of(rollback) < flags_of(uninterrupted)
    assert flags_of(uninterrupted) - flags_of(rollback) == {"--ref", "--artifact", "--sha256"}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_wrong_value_is_blamed_on_the_flag_that_was_typed(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(app, ["init"])
    settings = tmp_path / "rollout.toml"
    settings.write_text(settings.read_text() + '[deploy]\nto = "/srv/x"\nrepo = "x"\n')
    command = "prune" if flag == "--keep" else "uninterrupted"
    wrong = "-x" if flag == "--artifact" else "~"
    done = CliRunner().invoke(app, [command, f"{flag}={wrong}"])
    assert isinstance(done.exception, SettingsError)
    (problem,) = done.exception.problems
    assert problem.startswith(f"{flag}: {'.'.join(FLAGS[flag])}: ")
