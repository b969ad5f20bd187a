"""What was typed can be typed again."""

import pytest

from rollout.cli.context import Asked


@pytest.mark.parametrize(
    ("asked", "words", "again"),
    [
        (Asked(), "deploy --ref v2", "rollout deploy --ref v2"),
        (
            Asked(config="c.toml"),
            "--config c.toml --output json deploy",
            "rollout --config c.toml --output json deploy",
        ),
        (Asked(config="c", env="prod"), "--env=prod plan", "rollout --config c --env=prod plan"),
        (Asked(config="c"), "deploy --config", "rollout --config c deploy --config"),
        (Asked(env="deploy"), "--env deploy deploy", "rollout --env deploy deploy"),
    ],
)  # fmt: skip
def test_what_came_from_the_environment_is_typed_with_the_rest(
    asked: Asked, words: str, again: str
) -> None:
    assert asked.again(words.split()) == tuple(again.split())
