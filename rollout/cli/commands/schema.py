"""``rollout schema``: the JSON Schema of the lines that ``--output json`` writes."""

import json


def schema() -> None:
    """Print the JSON Schema of the lines of --output json."""
    from rollout.cli.console import print_output  # noqa: PLC0415 - not for `--help`
    from rollout.output.schema import lines_schema  # noqa: PLC0415

    print_output(json.dumps(lines_schema(), ensure_ascii=False, indent=2))
