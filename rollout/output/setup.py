"""What an administrator types once, by machine, for people and for programs."""

from collections.abc import Mapping, Sequence

from rollout.output.columns import VERSION, as_object


def setup_text(commands: Mapping[str, Sequence[str]]) -> str:
    """Lay out the commands as a shell script with a comment above each machine's."""
    parts = ("\n".join([f"# {name}, as root, once", *rows]) for name, rows in commands.items())
    return "\n\n".join(parts) + "\n"


def setup_json(commands: Mapping[str, Sequence[str]]) -> str:
    """Say the same as one JSON object."""
    machines = [{"machine": name, "commands": list(rows)} for name, rows in commands.items()]
    return as_object({"v": VERSION, "machines": machines})
