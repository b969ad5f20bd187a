"""``rollout config``: the settings that hold, each with the place where it was said."""

from typing import Annotated

import typer

from rollout.cli.console import print_output
from rollout.cli.global_options import global_options


def config(
    context: typer.Context,
    *,
    show_secrets: Annotated[
        bool,
        typer.Option(
            "--show-secrets",
            help="Show the values of environments, and the passwords and tokens of addresses, "
            "which are *** otherwise.",
        ),
    ] = False,
) -> None:
    """Print the settings that hold, secrets masked, and where each was said."""
    from rollout.settings.dump import as_json, as_toml  # noqa: PLC0415 - not for `--help`

    output_mode = global_options(context).output_mode
    loaded = global_options(context).settings()
    show = as_json if output_mode == "json" else as_toml
    print_output(show(loaded, secrets=show_secrets))
