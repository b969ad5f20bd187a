"""Why a command is run: required where the settings say so, and kept with its owner."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollout.adapters.journal.files import names_in
from rollout.adapters.journal.reader import read
from rollout.cli.app import app
from rollout.cli.arguments import LONGEST_REASON, Arguments
from rollout.cli.global_options import GlobalOptions
from rollout.cli.new_run import begin
from rollout.cli.options import PLAN, WHY
from rollout.cli.run_spec import RunSpec
from rollout.model.errors import SettingsError

SETTINGS = """\
app = "shop"
[balancers.lb1]
socket = "/nowhere/admin.sock"
[fleet]
hosts = ["web1"]
[deploy]
to = "/srv/shop"
repo = "git@git.example.com:shop.git"
[env.production]
require_reason = true
"""
WHY_TEXT = "leaking workers, OPS-311"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "rollout.toml").write_text(SETTINGS)
    return tmp_path


@pytest.mark.parametrize("command", ["restart", "uninterrupted", "deploy", "rollback"])
@pytest.mark.parametrize("more", [[], ["--cron"], ["--reason", "  "]])
def test_where_it_is_required_nothing_begins_without_it(
    command: str, more: list[str], here: Path
) -> None:
    done = CliRunner().invoke(app, ["-e", "production", command, *more])
    assert isinstance(done.exception, SettingsError)
    to_type = f"`rollout {command} --reason TEXT`"
    assert done.exception.problems == (f"--reason: rollout.toml:10 requires a reason: {to_type}",)
    assert not (here / "state").exists(), "no journal was begun"


def typed(reason: str | None, env: str | None = None) -> tuple[Arguments, str]:
    arguments = Arguments(typed=GlobalOptions(env=env), values={WHY: reason})
    return arguments, arguments.reason(arguments.typed.settings())


def test_a_plan_needs_none() -> None:
    loaded = GlobalOptions(env="production").settings()
    for values in ({}, {WHY: None, PLAN: True}):
        assert Arguments(typed=GlobalOptions(), values=values).reason(loaded) == ""


def test_elsewhere_it_may_be_left_out() -> None:
    assert typed(None)[1] == ""
    assert typed(f" {WHY_TEXT} ")[1] == WHY_TEXT


def test_what_sees_to_another_run_takes_its_reason() -> None:
    arguments = Arguments(typed=GlobalOptions(env="production"), values={WHY: None})
    assert arguments.reason(arguments.typed.settings(), WHY_TEXT) == WHY_TEXT
    with pytest.raises(SettingsError):
        arguments.reason(arguments.typed.settings())


@pytest.mark.parametrize("odd", ["a\nb", "\x1b[31mred", "x" * (LONGEST_REASON + 1)])
def test_a_reason_is_one_line(odd: str) -> None:
    with pytest.raises(SettingsError, match="must be one line of at most 500 characters"):
        typed(odd)


def test_the_journal_keeps_it_without_its_secrets() -> None:
    said = GlobalOptions()
    reason = "as in https://ci:hunter2@ci.example.com/42"
    spec = RunSpec(
        loaded=said.settings(), typed=said, verb="restart", hosts=["web1"], reason=reason
    )
    run = begin(spec)
    run.journal.leave()
    (name,) = names_in(run.journal.file.parent, "shop")
    past = read(name)
    assert past
    assert past.owner.reason.startswith("as in https://")
    assert past.owner == run.owner
    assert "hunter2" not in past.owner.reason
