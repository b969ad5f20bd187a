"""The global options are taken before the command and after it, and can be typed again."""

from collections.abc import Iterator

import pytest
from typer.main import get_command

from rollout.cli.app import app
from rollout.cli.global_options import NOTHING_GIVEN, GlobalOptions
from rollout.cli.options import GLOBAL
from rollout.model.errors import SettingsError


@pytest.mark.parametrize(
    ("by_variable", "words", "again"),
    [
        ({}, "deploy --ref v2", "rollout deploy --ref v2"),
        ({"config": "c"}, "--output json deploy", "rollout --config c --output json deploy"),
        ({"config": "c"}, "deploy --env=prod", "rollout --config c deploy --env=prod"),
        ({"env": "deploy", "output": "json"}, "deploy", "rollout --env deploy deploy"),
    ],
)  # fmt: skip
def test_what_came_from_the_environment_is_typed_with_the_rest(
    by_variable: dict[str, str], words: str, again: str
) -> None:
    options = GlobalOptions(**by_variable, by_variable=frozenset(by_variable))  # type: ignore[arg-type]
    assert options.again(words.split()) == tuple(again.split())


def test_what_was_typed_is_not_typed_twice() -> None:
    typed = GlobalOptions(config="c", env="e", by_variable=frozenset({"env"}))
    again = typed.again(["restart", "--config", "c"])
    assert again == ("rollout", "--env", "e", "restart", "--config", "c")
    assert typed.rollout == "rollout --config c --env e"


def test_an_option_after_the_command_joins_those_before_it() -> None:
    before = GlobalOptions(config="c", env="from-variable", by_variable=frozenset({"env"}))
    whole = before.with_later({"env": "prod", "output": "json", "verbose": True})
    assert whole == GlobalOptions(config="c", env="prod", output="json", verbose=True)
    assert whole.with_later({"env": "prod", "verbose": True}) == whole


def test_two_values_of_one_option_are_refused() -> None:
    with pytest.raises(SettingsError) as raised:
        GlobalOptions(env="staging").with_later({"env": "production"})
    (problem,) = raised.value.problems
    assert problem == (
        "--env: 'staging' before the command and 'production' after it: give one of them"
    )


def test_no_option_of_a_command_has_the_name_of_a_global_one() -> None:
    group = get_command(app)
    below = list(options_below(group))
    known = {spelled for row in GLOBAL for spelled in (row.flag, row.short)}
    assert {f"--{name}" for name in NOTHING_GIVEN} < known
    assert {"--hosts", "--reason"} <= set().union(*below)
    for options in below:
        assert not options & {*known, "--json"}


def options_below(group: object) -> Iterator[set[str]]:
    """Yield the names of the options of each command."""
    for command in getattr(group, "commands", {}).values():
        yield {name for option in command.params for name in option.opts}
        yield from options_below(command)
