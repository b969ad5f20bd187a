"""What the README says can be typed: its settings hold, its commands and flags exist."""

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from rollout.adapters.monit.sudoers import Invocation, readlink_line, sudoers_line
from rollout.cli.app import app
from rollout.events import Event
from rollout.settings.load import load
from rollout.summary.run import Exit

HOME = Path(__file__).parents[1]
README = (HOME / "README.md").read_text(encoding="utf-8")
GLOBAL = {"--config": 1, "--env": 1, "--output": 1, "--verbose": 0, "--version": 0, "--help": 0}
"""Options that stand before the command, and how many words follow each."""

COMPLETION = {"--install-completion", "--show-completion"}
OF_A_CONTAINER_ENGINE = {"--userns", "--group-add"}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def typed() -> list[str]:
    """Return every command of rollout in the README's blocks and between its backquotes."""
    spoken = re.findall(r"`(rollout [^`]+)`", README)
    shown = re.findall(r"^\$ (rollout .*)$", "\n".join(blocks("console")), flags=re.MULTILINE)
    nightly = re.findall(r"/(rollout .*)$", "\n".join(blocks("cron")), flags=re.MULTILINE)
    return sorted({re.split(r" \|\|? ", line)[0] for line in (*shown, *nightly, *spoken)})


def test_the_ten_lines_are_ten_and_all_that_it_needs(tmp_path: Path) -> None:
    text = blocks("toml")[0]
    assert len(text.splitlines()) == 10
    (tmp_path / "rollout.toml").write_text(text)
    settings = load(environ={}, config=str(tmp_path / "rollout.toml"), env=None).settings
    assert settings.fleet.names == ("web1", "web2", "web3", "web4")
    assert settings.restart.probe


def test_with_the_deploy_below_them_they_deploy(tmp_path: Path) -> None:
    (tmp_path / "rollout.toml").write_text("".join(blocks("toml")))
    deploy = load(environ={}, config=str(tmp_path / "rollout.toml"), env=None).settings.deploy
    assert deploy is not None
    assert deploy.to == "/srv/shop"
    assert list(deploy.build) == ["stylesheets"]


@pytest.mark.parametrize("line", typed())
def test_a_command_in_the_readme_exists_with_its_flags(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    while words and words[0] in GLOBAL:
        del words[: 1 + GLOBAL[words[0]]]
    if words:
        help_text = CliRunner().invoke(app, [words[0], "--help"])
        assert help_text.exit_code == 0
        assert {word for word in words if word.startswith("--")} <= flags_of(words[0])


def flags_of(*command: str) -> set[str]:
    """Return the flags of a command, and of those below it."""
    found = set(re.findall(r"(?<!\S)--[a-z-]+", help_of(*command)))
    below = help_of(*command).partition("Commands:")[2]
    names = re.findall(r"^  ([a-z-]+)", below, flags=re.MULTILINE)
    return found.union(*(flags_of(*command, name) for name in names))


def help_of(*command: str) -> str:
    return CliRunner().invoke(app, [*command, "--help"]).stdout


def test_a_flag_that_the_readme_names_is_a_flag_of_some_command() -> None:
    known = {*GLOBAL, *COMPLETION, *OF_A_CONTAINER_ENGINE}
    for command in getattr(get_command(app), "commands", {}):
        known |= flags_of(command)
    said = set(re.findall(r"(?<!\S)`?(--[a-z-]+)", "\n".join(re.findall(r"`[^`\n]+`", README))))
    assert said - known == set()


def test_every_command_stands_in_the_readme() -> None:
    commands = getattr(get_command(app), "commands", {})
    assert commands
    assert not [name for name in commands if f"`rollout {name}" not in README]


def test_the_changelog_has_every_wire_name_and_every_exit_code() -> None:
    text = (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
    events = get_args(Event)
    assert events
    assert not [event.wire for event in events if f"`{event.wire}`" not in text]
    said = re.sub(r"\s+", " ", text)
    assert not [code for code in Exit if not re.search(rf"\b{code.value}\b", said)]


def test_the_readme_has_the_lines_for_sudoers_as_the_program_writes_them() -> None:
    assert f"\n{sudoers_line(Invocation(match='mongrel_.*'))}\n" in README
    assert f"`{readlink_line('deploy')}`" in README
