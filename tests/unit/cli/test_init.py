"""``rollout init`` and what ``rollout config`` makes of it."""

import json
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollout.cli.app import app
from rollout.model.errors import SettingsError
from tests.support.disks import a_disk, fill

EXAMPLE = resources.files("rollout").joinpath("example.toml").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("ROLLOUT_CONFIG", "ROLLOUT_ENV", "ROLLOUT_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_init_writes_the_example_and_says_what_comes_next(here: Path) -> None:
    done = CliRunner().invoke(app, ["init"])
    assert done.exit_code == 0
    assert "rollout check" in done.stderr
    assert (here / "rollout.toml").read_text() == EXAMPLE


def test_init_never_writes_over_a_file(here: Path) -> None:
    (here / "rollout.toml").write_text("mine")
    done = CliRunner().invoke(app, ["init"])
    assert isinstance(done.exception, SettingsError)
    assert str(done.exception) == "rollout.toml is already there; --force replaces it"
    assert (here / "rollout.toml").read_text() == "mine"


def test_init_leaves_no_torn_file_on_a_full_disk(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_disk(here / "full", "size=64k") as disk:
        monkeypatch.chdir(disk)
        fill(disk)
        done = CliRunner().invoke(app, ["init"])
        assert str(done.exception) == "rollout.toml cannot be written: No space left on device"
        assert not (disk / "rollout.toml").exists()
        monkeypatch.chdir(here)


def test_init_does_not_write_through_a_dangling_link(here: Path) -> None:
    (here / "rollout.toml").symlink_to(here / "elsewhere.toml")
    assert isinstance(CliRunner().invoke(app, ["init"]).exception, SettingsError)
    assert not (here / "elsewhere.toml").exists()


def test_init_replaces_the_file_when_told_to(here: Path) -> None:
    (here / "rollout.toml").write_text("mine")
    assert CliRunner().invoke(app, ["init", "--force"]).exit_code == 0
    assert (here / "rollout.toml").read_text() == EXAMPLE
    assert [file.name for file in here.iterdir()] == ["rollout.toml"]


def test_config_prints_what_can_be_read_back_with_every_origin(here: Path) -> None:
    (here / "rollout.toml").write_text(EXAMPLE + '\n[balancers."lb.2"]\nssh = "lb2"\n')
    runner = CliRunner()
    shown = runner.invoke(app, ["config"], env={"ROLLOUT_FLEET__FLOOR": "75%"}).stdout
    told = dict(line.split(" # ") for line in shown.splitlines() if " # " in line)
    origins = {line.strip(): origin for line, origin in told.items()}
    assert origins['app = "shop"'].startswith("rollout.toml:")
    assert origins['floor = "75%"'] == "ROLLOUT_FLEET__FLOOR"
    assert origins['room_timeout = "5m"'] == "default"
    assert origins["ports = {}"].startswith("rollout.toml:")
    assert '[balancers."lb.2"]' in shown

    (here / "again.toml").write_text(shown)
    again = runner.invoke(app, ["--config", "again.toml", "config"]).stdout
    assert tomllib.loads(again) == tomllib.loads(shown)


def test_config_as_json_is_the_same_account(here: Path) -> None:
    (here / "rollout.toml").write_text(EXAMPLE)
    runner = CliRunner()
    data = json.loads(runner.invoke(app, ["--output", "json", "config"]).stdout)
    assert data["v"] == 1
    assert data["settings"] == tomllib.loads(runner.invoke(app, ["config"]).stdout)
    assert data["origins"]["app"] == "rollout.toml:10"


def test_config_shows_a_deploy_so_that_it_can_be_read_back(here: Path) -> None:
    deploy = (
        '[deploy]\nto = "/srv/shop"\nrepo = "x"\nbuild.css = "make css"\nenv = { A = "1" }\n'
        'build.js = { run = "make js", timeout = "5s" }\nhooks.after = "true"\n'
    )
    (here / "rollout.toml").write_text(EXAMPLE + deploy)
    runner = CliRunner()
    shown = runner.invoke(app, ["config"]).stdout
    assert '[deploy]\nto = "/srv/shop"' in shown
    assert "[deploy.build.js]" in shown
    (here / "again.toml").write_text(shown)
    again = runner.invoke(app, ["--config", "again.toml", "config"]).stdout
    assert tomllib.loads(again) == tomllib.loads(shown)
    data = json.loads(runner.invoke(app, ["--output", "json", "config"]).stdout)
    assert data["settings"] == tomllib.loads(shown)
    assert data["origins"]["deploy.build.js.timeout"].startswith("rollout.toml:")
    assert data["origins"]["deploy.keep"] == "default"
