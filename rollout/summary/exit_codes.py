"""The table of exit codes, generated from the summary's own sentences."""

from rollout.summary.run import Exit


def exit_name(code: Exit) -> str:
    """Name an exit code the way people, the manual and the JSON do: ``rolled_back``."""
    return code.name.lower()


def exit_table() -> str:
    """Write the table of exit codes in Markdown, for the manual."""
    rows = [f"| {code.value} | {exit_name(code)} | {code.fleet_now} |" for code in Exit]
    return "\n".join(["| exit | name | the fleet now |", "|---|---|---|", *rows]) + "\n"
