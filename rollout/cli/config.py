"""``rollout config``: the settings that hold, each with the place where it was said."""

import typer

from rollout.cli.context import asked
from rollout.cli.words import hand_over


def config(context: typer.Context) -> None:
    """Print the settings that hold, and where each was said."""
    from rollout.settings.showing import as_json, as_toml  # noqa: PLC0415 - not for `--help`

    voice = asked(context).voice
    loaded = asked(context).settings()
    hand_over(as_json(loaded) if voice == "json" else as_toml(loaded))
