"""Who wins: flags over the environment over the overlay over the file."""

from pathlib import Path

import pytest

from rollout.model.errors import SettingsError
from rollout.model.plan import OnBusy, Share, Timeouts
from rollout.settings.load import load

FILE = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[1-4]"]
max_out = 1
soak = "10s"
canary = 1
[ssh]
user = "deploy"

[env.staging]
app = "shop-staging"
[env.staging.fleet]
hosts = ["stage1", "stage2"]
canary = 2
[env.staging.balancers.lb9]
socket = "/tmp/lb9.sock"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rollout.toml"
    path.write_text(FILE)
    return path


def test_each_source_outranks_the_next(file: Path) -> None:
    loaded = load(
        environ={"ROLLOUT_FLEET__MAX_OUT": "2", "ROLLOUT_FLEET__SOAK": "20s"},
        config=str(file),
        env="staging",
        flags={"--max-out": "25%", "--floor": None},
    )
    fleet = loaded.settings.fleet
    assert (fleet.max_out, fleet.soak, fleet.canary) == (Share(25, percent=True), 20.0, Share(2))
    assert loaded.settings.ssh.user == "deploy"
    assert {
        path: loaded.origin(path)
        for path in (
            ("fleet", "max_out"),
            ("fleet", "soak"),
            ("fleet", "canary"),
            ("ssh", "user"),
            ("fleet", "floor"),
        )
    } == {
        ("fleet", "max_out"): "--max-out",
        ("fleet", "soak"): "ROLLOUT_FLEET__SOAK",
        ("fleet", "canary"): f"{file}:15",
        ("ssh", "user"): f"{file}:9",
        ("fleet", "floor"): "default",
    }


def test_an_overlay_is_laid_over_the_rest_key_by_key(file: Path) -> None:
    settings = load(environ={}, config=str(file), env="staging").settings
    assert settings.app == "shop-staging"
    assert settings.fleet.names == ("stage1", "stage2")
    assert settings.fleet.soak == 10.0
    assert list(settings.balancers) == ["lb1", "lb9"]


def test_an_overlay_that_nobody_chose_changes_nothing(file: Path) -> None:
    assert load(environ={}, config=str(file)).settings.fleet.names == (
        "web1",
        "web2",
        "web3",
        "web4",
    )


def test_an_unknown_overlay_is_refused_with_the_nearest(file: Path) -> None:
    assert refusal(file, env="stagin") == (
        f"--env: 'stagin' is not an [env.NAME] of {file} (did you mean 'staging'?)"
    )


def test_an_overlay_of_a_file_without_any_is_refused(file: Path) -> None:
    file.write_text(FILE.partition("[env")[0])
    assert refusal(file, env="x") == f"--env: 'x' is not known: {file} has no [env.NAME]"


def test_lists_from_the_environment_are_split_at_commas(file: Path) -> None:
    environ = {"ROLLOUT_FLEET__HOSTS": "a[1,3],b", "ROLLOUT_BALANCERS__LB1__BACKENDS": "x, y"}
    settings = load(environ=environ, config=str(file)).settings
    assert settings.fleet.names == ("a1", "a3", "b")
    assert settings.balancers["lb1"].backends == ("x", "y")


def test_the_environment_can_name_what_the_file_does_not(file: Path) -> None:
    environ = {"ROLLOUT_MONIT__PORTS__APP_A": "8000", "ROLLOUT_BALANCERS__LB2__SSH": "lb2"}
    settings = load(environ=environ, config=str(file)).settings
    assert settings.monit.ports == {"app_a": 8000}
    assert settings.balancers["lb2"].ssh == "lb2"


def test_the_variables_of_global_options_are_no_settings(file: Path) -> None:
    environ = {"ROLLOUT_CONFIG": "x", "ROLLOUT_ENV": "y", "ROLLOUT_OUTPUT": "z"}
    assert load(environ=environ, config=str(file)).settings.app == "shop"


def test_the_file_is_looked_for_nearest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, here = tmp_path / "home", tmp_path / "here"
    own = home / ".config" / "rollout" / "rollout.toml"
    own.parent.mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    environ = {"HOME": str(home)}

    own.write_text(FILE.replace('"shop"', '"from-home"'))
    assert load(environ=environ).settings.app == "from-home"
    (here / "rollout.toml").write_text(FILE.replace('"shop"', '"from-here"'))
    assert load(environ=environ).settings.app == "from-here"
    environ = {"HOME": str(home), "XDG_CONFIG_HOME": str(tmp_path / "nowhere")}
    (here / "rollout.toml").unlink()
    with pytest.raises(SettingsError, match=r"nowhere/rollout/rollout\.toml"):
        load(environ=environ)


def test_a_file_that_is_nowhere_is_an_error_that_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as refused:
        load(environ={"HOME": str(tmp_path)})
    assert str(refused.value) == (
        f"no settings found: looked for rollout.toml, {tmp_path}/.config/rollout/rollout.toml, "
        "/etc/rollout/rollout.toml; `rollout init` writes ./rollout.toml"
    )


def test_the_settings_become_the_patience_of_the_plan(file: Path) -> None:
    flags = {"--stable": "1s", "--drain-timeout": "2s", "--deadline": "1h", "--on-busy": "cut"}
    settings = load(environ={}, config=str(file), flags=flags).settings
    assert settings.timeouts() == Timeouts(
        stable=1.0, drain_timeout=2.0, deadline=3600.0, soak=10.0
    )
    assert settings.restart.on_busy is OnBusy.CUT


def test_what_was_loaded_cannot_be_changed(file: Path) -> None:
    settings = load(environ={}, config=str(file)).settings
    with pytest.raises(ValueError, match="frozen"):
        settings.fleet.canary = Share(3)


def refusal(file: Path, env: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(environ={}, config=str(file), env=env)
    return str(refused.value)
