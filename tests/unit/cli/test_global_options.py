"""What was typed can be typed again."""

from collections.abc import Iterator

import pytest
from typer.main import get_command

from rollout.cli.app import app
from rollout.cli.global_options import TAKE_A_VALUE, GlobalOptions, options_first
from rollout.model.errors import SettingsError


@pytest.mark.parametrize(
    ("asked", "words", "again"),
    [
        (GlobalOptions(), "deploy --ref v2", "rollout deploy --ref v2"),
        (
            GlobalOptions(config="c.toml"),
            "--config c.toml --output json deploy",
            "rollout --config c.toml --output json deploy",
        ),
        (
            GlobalOptions(config="c", env="prod"),
            "--env=prod plan",
            "rollout --config c --env=prod plan",
        ),
        (GlobalOptions(config="c"), "deploy --config", "rollout --config c deploy --config"),
        (GlobalOptions(env="deploy"), "--env deploy deploy", "rollout --env deploy deploy"),
    ],
)  # fmt: skip
def test_what_came_from_the_environment_is_typed_with_the_rest(
    asked: GlobalOptions, words: str, again: str
) -> None:
    assert asked.again(words.split()) == tuple(again.split())


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("restart --env production", "--env production restart"),
        ("status --output=json --hosts web1", "--output=json status --hosts web1"),
        ("--config c lock --verbose release --yes", "--config c --verbose lock release --yes"),
        ("restart --hosts web1 --config c --env e", "--config c --env e restart --hosts web1"),
        ("--env restart restart --max-out 2", "--env restart restart --max-out 2"),
        ("lock acquire --reason x -- --env y", "lock acquire --reason x -- --env y"),
        ("--verbose", "--verbose"),
        ("", ""),
    ],
)
def test_a_global_option_may_stand_after_the_command(typed: str, read: str) -> None:
    assert options_first(typed.split()) == tuple(read.split())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("restart --config", "--config: its value is missing"),
        (
            "--env staging restart --env=production",
            "--env: stands before the command and after it: type it once",
        ),
    ],
)
def test_a_global_option_without_a_value_or_with_two_is_refused(typed: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        options_first(typed.split())
    assert raised.value.problems == (sentence,)


def test_no_option_of_a_command_has_the_name_of_a_global_one() -> None:
    group = get_command(app)
    below = list(options_below(group))
    assert {"--hosts", "--reason"} <= set().union(*below)
    for options in below:
        assert not options & {*TAKE_A_VALUE, "--verbose"}


def options_below(group: object) -> Iterator[set[str]]:
    """Yield the names of the options of each command."""
    for command in getattr(group, "commands", {}).values():
        yield {name for option in command.params for name in option.opts}
        yield from options_below(command)
