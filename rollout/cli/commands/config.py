"""``rollout config``: the settings that hold, each with the place where it was said."""

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.cli.options import SHOW_SECRETS
from rollout.settings.dump import as_json, as_toml


def config(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    show = as_json if arguments.typed.output_mode == "json" else as_toml
    print_output(show(arguments.settings(), secrets=arguments.is_on(SHOW_SECRETS)))
    return 0
