"""`rollout explain` prints the runbook of an exit code."""

import pytest
from typer.testing import CliRunner

from rollout.cli.app import app
from rollout.model.errors import SettingsError
from rollout.summary.exit_codes import exit_name
from rollout.summary.run import Exit


@pytest.mark.parametrize("code", Exit, ids=lambda code: code.name)
def test_every_exit_code_is_explained_by_its_number_and_by_its_name(code: Exit) -> None:
    by_number = CliRunner().invoke(app, ["explain", str(code.value)])
    by_name = CliRunner().invoke(app, ["explain", exit_name(code)])
    assert by_number.exit_code == by_name.exit_code == 0
    assert by_number.stdout == by_name.stdout
    assert by_number.stdout.startswith(f"# Exit {code.value}: ")


def test_without_a_code_all_are_listed() -> None:
    lines = CliRunner().invoke(app, ["explain"]).stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [str(code.value), exit_name(code)] for code in Exit
    ]


def test_what_it_tells_to_type_carries_the_settings_file() -> None:
    said = CliRunner().invoke(app, ["--config", "/etc/shop.toml", "explain", "6"]).stdout
    assert "`rollout --config /etc/shop.toml recover`" in said


@pytest.mark.parametrize(("code", "near"), [("8", ""), ("reducd", "'reduced'")])
def test_a_code_that_is_none_is_refused(code: str, near: str) -> None:
    done = CliRunner().invoke(app, ["explain", code])
    assert isinstance(done.exception, SettingsError)
    assert near in str(done.exception)
