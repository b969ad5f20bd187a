"""Secrets: from a file or a variable, checked before anything is touched, and masked when shown."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollout.cli.app import app
from rollout.cli.from_deploy_settings import steps
from rollout.model.errors import SettingsError
from rollout.settings.dump import as_text
from rollout.settings.load import Loaded, load, with_secrets
from rollout.settings.secret import Secret

FILE = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web1"]
[restart]
smoke = "check --key hunter2"
probe = "http://127.0.0.1:{port}/up?key=hunter2"
[deploy]
to = "/srv/shop"
"""
INSIDE = """\
repo = "https://ci:hunter2@git.example.com/shop.git"
env = { RAILS_ENV = "hunter2", EMPTY = "" }
build.css = { run = "make hunter2", env = { KEY = "hunter2" } }
hooks.after = "notify hunter2"
"""
OUTSIDE = """\
repo = { file = "FILE" }
env = { KEY = { env = "SHOP_KEY" } }
"""


def loaded(tmp_path: Path, text: str, flags: dict[str, str | None] | None = None) -> Loaded:
    file = tmp_path / "rollout.toml"
    file.write_text(FILE + text.replace("FILE", str(tmp_path / "secret")))
    return load(environ={}, config=str(file), flags=flags)


def secret_file(tmp_path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


def refused(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        with_secrets(loaded(tmp_path, text), environ)
    return [problem.replace(f"{tmp_path}/", "") for problem in raised.value.problems]


def test_a_secret_comes_from_a_file_or_a_variable(tmp_path: Path) -> None:
    secret_file(tmp_path, "https://ci:hunter2@git.example.com/shop.git\n", mode=0o640)
    found = with_secrets(
        loaded(tmp_path, OUTSIDE + 'build.css = "make"\n'), {"SHOP_KEY": "two\nlines"}
    )
    deploy = found.settings.deploy
    assert deploy is not None
    assert deploy.repo.text == "https://ci:hunter2@git.example.com/shop.git"
    assert [step.environ for step in steps(deploy, "hosts")] == [{"KEY": "two\nlines"}]
    assert found.origin(("deploy", "repo")).endswith("rollout.toml:10")


def test_a_command_that_needs_no_secret_reads_none(tmp_path: Path) -> None:
    deploy = loaded(tmp_path, OUTSIDE).settings.deploy
    assert deploy is not None
    assert deploy.env == {"KEY": Secret(env="SHOP_KEY")}


def test_a_secret_does_not_show_in_a_repr() -> None:
    assert "hunter2" not in repr(Secret("hunter2", file="/x"))


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (None, 0o600, "secret cannot be read: No such file or directory"),
        ("x\n", 0o604, "secret has the mode 0604, and holds a secret: chmod o= "),
        ("x\n", 0o602, "secret has the mode 0602, and holds a secret: chmod o= "),
        ("\n", 0o600, "secret is empty"),
        (b"\xff", 0o600, "secret is not UTF-8 (at byte 0)"),
        ("x" * 65_537, 0o600, "secret is larger than 65536 bytes"),
        ("a\nb\n", 0o600, "must be one line, without control characters"),
        ("-x", 0o600, "'-x' must not begin with -"),
    ],
)
def test_a_file_that_will_not_do_is_named_with_its_key(
    tmp_path: Path, content: str | bytes | None, mode: int, sentence: str
) -> None:
    if content is not None:
        secret_file(tmp_path, content, mode)
    (problem,) = refused(tmp_path, 'repo = { file = "FILE" }\n')
    assert problem.startswith(f"rollout.toml:10: deploy.repo: {sentence}")


def test_a_pipe_in_place_of_the_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret", 0o600)
    (problem,) = refused(tmp_path, 'repo = { file = "FILE" }\n')
    assert problem == "rollout.toml:10: deploy.repo: secret is not a file"


def test_a_variable_that_is_not_set_is_named_with_all_else_that_is_wrong(tmp_path: Path) -> None:
    assert refused(tmp_path, OUTSIDE) == [
        "rollout.toml:10: deploy.repo: secret cannot be read: No such file or directory",
        "rollout.toml:11: deploy.env.KEY: the environment variable SHOP_KEY is not set, or empty",
    ]


def test_a_deploy_without_its_secret_ends_with_exit_2_and_touches_nothing(tmp_path: Path) -> None:
    loaded(tmp_path, OUTSIDE)
    result = CliRunner().invoke(app, ["--config", str(tmp_path / "rollout.toml"), "deploy"])
    assert isinstance(result.exception, SettingsError)
    assert "deploy.repo" in str(result.exception)


def config(tmp_path: Path, *words: str) -> str:
    return CliRunner().invoke(app, ["--config", str(tmp_path / "rollout.toml"), *words]).stdout


def test_config_masks_what_is_secret(tmp_path: Path) -> None:
    loaded(tmp_path, INSIDE)
    shown = config(tmp_path, "config")
    tree = tomllib.loads(shown)
    assert tree["deploy"]["repo"] == "https://git.example.com/shop.git"
    assert tree["deploy"]["env"] == {"RAILS_ENV": "***", "EMPTY": ""}
    assert tree["deploy"]["build"]["css"]["env"] == {"KEY": "***"}
    assert tree["restart"]["probe"] == "http://127.0.0.1:{port}/up?key=***"
    assert "rollout.toml:10, masked" in shown
    data = json.loads(config(tmp_path, "--output", "json", "config"))
    assert data["settings"] == tree
    assert data["masked"] == [
        "restart.probe",
        "deploy.repo",
        "deploy.env.RAILS_ENV",
        "deploy.build.css.env.KEY",
    ]


def test_config_shows_secrets_when_asked_to_and_says_how(tmp_path: Path) -> None:
    loaded(tmp_path, INSIDE)
    tree = tomllib.loads(config(tmp_path, "config", "--show-secrets"))
    assert tree["deploy"]["env"]["RAILS_ENV"] == "hunter2"
    assert tree["deploy"]["repo"] == "https://ci:hunter2@git.example.com/shop.git"
    data = json.loads(config(tmp_path, "--output", "json", "config", "--show-secrets"))
    assert (data["settings"], data["masked"]) == (tree, [])
    assert "--show-secrets" in config(tmp_path, "config", "--help")


def test_config_shows_where_a_secret_is_kept(tmp_path: Path) -> None:
    loaded(tmp_path, OUTSIDE)
    shown = config(tmp_path, "config")
    assert tomllib.loads(shown)["deploy"]["env"] == {"KEY": {"env": "SHOP_KEY"}}
    assert "rollout.toml:11, masked" not in shown


def test_no_secret_is_written_down_for_a_resume(tmp_path: Path) -> None:
    written = as_text(loaded(tmp_path, INSIDE), lambda key, _: f"sealed {key}")
    assert "hunter2" not in str(written)
    assert {key for key, text in written.items() if text.startswith("sealed")} == {
        "restart.smoke",
        "restart.probe",
        "deploy.repo",
        "deploy.env.RAILS_ENV",
        "deploy.build.css.run",
        "deploy.build.css.env.KEY",
        "deploy.hooks.after",
    }
    assert written["deploy.env.EMPTY"] == '""'
    assert written["deploy.to"] == '"/srv/shop"'


def test_a_flag_is_written_down_as_the_journal_has_it(tmp_path: Path) -> None:
    artifact = "https://h/shop.tar.gz?token=hunter2"
    text = f'strategy = "artifact"\nartifact = "{artifact}"\n'
    flags = {"--artifact": artifact.replace("shop", "other")}
    written = as_text(loaded(tmp_path, text, flags=dict(flags)), lambda *_: "sealed")
    assert written["deploy.artifact"] == '"https://h/other.tar.gz?token=***"'
    written = as_text(loaded(tmp_path, text), lambda *_: "sealed")
    assert written["deploy.artifact"] == "sealed"
