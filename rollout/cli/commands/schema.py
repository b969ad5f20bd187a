"""``rollout schema``: the JSON Schema of the lines that ``--output json`` writes."""

import json

from rollout.cli.arguments import Arguments
from rollout.cli.console import print_output
from rollout.output.schema import lines_schema


def schema(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    del arguments  # it has no options

    print_output(json.dumps(lines_schema(), ensure_ascii=False, indent=2))
    return 0
