"""From settings to a deploy, and what keeps one from being begun."""

import asyncio
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollout.adapters.sources.artifact import ArtifactSource
from rollout.adapters.sources.git import GitSource
from rollout.adapters.sources.push import PushSource
from rollout.cli.app import app
from rollout.cli.deploy_wiring import push_options
from rollout.cli.from_deploy_settings import deploy_of, deployable, see_current, steps, the_deploy
from rollout.cli.from_settings import plan_of
from rollout.cli.wiring import open_deploy, open_site
from rollout.model.errors import SettingsError
from rollout.model.releases import OnFailure, Release, Switch
from rollout.settings.deploy_model import DeploySettings
from rollout.settings.load import Loaded, load

FILE = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[1-3]"]
[ssh]
user = "deploy"
"""
DEPLOY = """\
[deploy]
to = "/srv/my shop"
repo = "git@git.example.com:shop.git"
env = { RAILS_ENV = "production", LANG = "C" }
build.styles = "make css"
build.scripts = { run = "make js", timeout = "5s", env = { LANG = "de" } }
"""


def loaded(tmp_path: Path, text: str = DEPLOY, **flags: str) -> Loaded:
    file = tmp_path / "rollout.toml"
    file.write_text(FILE + text)
    return load(environ={}, config=str(file), flags={f"--{k}": v for k, v in flags.items()})


def deploy_in(found: Loaded) -> DeploySettings:
    assert found.settings.deploy is not None
    return found.settings.deploy


def test_without_a_deploy_section_the_file_and_what_to_write_are_named(tmp_path: Path) -> None:
    found = loaded(tmp_path, "")
    with pytest.raises(SettingsError) as refused:
        deployable(found, {})
    (problem,) = refused.value.problems
    assert problem.startswith(f"{tmp_path}/rollout.toml: [deploy] is missing; write for example\n")
    assert '    to = "/srv/shop"\n' in problem


@pytest.mark.parametrize("command", ["uninterrupted", "deploy", "rollback", "releases", "prune"])
def test_every_command_about_releases_asks_for_the_section(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rollout.toml").write_text(FILE)
    done = CliRunner().invoke(app, [command])
    assert isinstance(done.exception, SettingsError)
    assert "rollout.toml: [deploy] is missing" in str(done.exception)


@pytest.mark.parametrize(
    ("text", "flags", "sentence"),
    [
        (DEPLOY, {"artifact": "x"}, '--artifact: deploy.strategy is "git", not "artifact"'),
        (DEPLOY, {"sha256": "0" * 64}, '--sha256: deploy.strategy is "git", not "artifact"'),
        (
            '[deploy]\nto = "/x"\nstrategy = "artifact"\nartifact = "x.tgz"\n',
            {"ref": "v1"},
            '--ref: deploy.strategy is "artifact", which has no ref',
        ),
        (
            '[deploy]\nto = "/x"\nstrategy = "push"\ntree = "."\n',
            {"ref": "v1"},
            "--ref: deploy.tree is sent as it is and has no ref",
        ),
    ],
)
def test_a_flag_that_would_change_nothing_is_refused(
    tmp_path: Path, text: str, flags: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        deployable(loaded(tmp_path, text, **flags), {f"--{k}": v for k, v in flags.items()})
    assert refused.value.problems == (sentence,)


def test_a_host_that_is_restarted_piece_by_piece_cannot_switch_by_itself(tmp_path: Path) -> None:
    flags = {"by": "instance", "switch": "each"}
    with pytest.raises(
        SettingsError, match=r"--switch: deploy\.switch: \"each\" needs whole hosts"
    ):
        deployable(loaded(tmp_path, **flags), {})


def test_a_builds_own_environment_counts_more_than_that_of_all(tmp_path: Path) -> None:
    styles, scripts = steps(deploy_in(loaded(tmp_path)), "hosts")
    assert (styles.name, styles.command, styles.timeout) == ("styles", "make css", 600.0)
    assert styles.environ == {"RAILS_ENV": "production", "LANG": "C"}
    assert (scripts.timeout, scripts.environ["LANG"]) == (5.0, "de")


def test_a_deploy_is_decided_by_the_settings(tmp_path: Path) -> None:
    said = deploy_in(loaded(tmp_path, DEPLOY + 'keep = 3\nat_once = 2\non_failure = "stop"\n'))
    release = Release("20261122193700", "abc")
    new = deploy_of(said, release, ("web1",), fresh=True)
    assert (new.keep, new.at_once, new.on_failure) == (3, 2, OnFailure.STOP)
    assert (new.switch, [step.name for step in new.builds]) == (
        Switch.TOGETHER,
        ["styles", "scripts"],
    )
    assert deploy_of(said, release, ("web1",), fresh=False).builds == ()


def test_what_is_built_on_the_bastion_is_not_built_on_the_hosts(tmp_path: Path) -> None:
    text = '[deploy]\nto = "/x"\nstrategy = "push"\nrepo = "."\nlinks = false\n'
    text += 'build.a = "1"\nbuild.b = { run = "2", where = "bastion" }\n'
    said = deploy_in(loaded(tmp_path, text))
    assert [step.name for step in steps(said, "hosts")] == ["a"]
    options = push_options(said, {"XDG_STATE_HOME": "/state"})
    assert [step.name for step in options.builds] == ["b"]
    assert (options.cache, options.logs) == (
        Path("/state/rollout/push"),
        Path("/state/rollout/log"),
    )
    assert not options.links


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DEPLOY, GitSource),
        ('[deploy]\nto = "/x"\nstrategy = "push"\ntree = "/tmp"\n', PushSource),
        ('[deploy]\nto = "/x"\nstrategy = "artifact"\nartifact = "x.tgz"\n', ArtifactSource),
    ],
)
def test_the_strategy_chooses_the_source_and_nobody_is_contacted(
    tmp_path: Path, text: str, kind: type
) -> None:
    async def build() -> None:
        async with open_deploy(loaded(tmp_path, text).settings) as site:
            supply = site.require_services()
            assert isinstance(supply.source, kind)
            assert site.releases is not None
            assert await supply.hooks.run("before", {}) is None

    asyncio.run(build())


def test_a_site_without_a_deploy_has_no_releases(tmp_path: Path) -> None:
    async def build() -> None:
        async with open_site(loaded(tmp_path, "").settings) as site:
            assert site.releases is None

    asyncio.run(build())


def test_the_way_to_see_current_can_be_typed(tmp_path: Path) -> None:
    settings = loaded(tmp_path).settings
    typed = see_current(settings)
    assert as_the_host_reads(typed) == ["readlink", "/srv/my shop/current"]
    assert typed.startswith("ssh -l deploy {host} ")
    assert see_current(loaded(tmp_path, "").settings) == ""


def as_the_host_reads(typed: str) -> list[str]:
    """Split what is handed to ssh as two shells do, the one here and that of the host."""
    return shlex.split(" ".join(shlex.split(typed)[4:]))


def test_a_restart_asks_for_no_release(tmp_path: Path) -> None:
    assert plan_of(loaded(tmp_path).settings, []).release_by_host == {}
    assert the_deploy(loaded(tmp_path).settings).to == "/srv/my shop"


@pytest.mark.parametrize(("where", "linked"), [("hosts", False), ("bastion", True)])
def test_a_build_on_the_hosts_never_meets_files_of_the_release_before(
    where: str,
    linked: bool,  # noqa: FBT001 - a case of the table above
    tmp_path: Path,
) -> None:
    text = '[deploy]\nto = "/x"\nstrategy = "push"\nrepo = "."\n'
    text += f'build.css = {{ run = "make", where = "{where}" }}\n'
    said = deploy_in(loaded(tmp_path, text))
    assert push_options(said, {"XDG_STATE_HOME": "/state"}).links is linked
