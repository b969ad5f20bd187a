"""What ``rollout init`` proposes, for the screen: each setting with the reason below it."""

import textwrap
from collections.abc import Sequence

from rollout.text.annotate import Suggestion
from rollout.text.sanitize import sanitize
from rollout.text.toml_values import toml_key, toml_value

WIDEST = 100
INDENT = "    "


def proposal_text(suggestions: Sequence[Suggestion], columns: int = WIDEST) -> str:
    """Write one setting a line, its reasons indented below; settings that are not known too.

    Reasons are wrapped to ``columns`` of the terminal, and to 100 at most.
    """
    width = max(min(columns, WIDEST) - len(INDENT), len(INDENT))
    lines: list[str] = []
    for one in suggestions:
        key = ".".join(map(toml_key, one.path))
        if one.value is not None:
            value = list(one.value) if isinstance(one.value, tuple) else one.value
            mark = "# " if one.commented_out else ""
            lines.append(sanitize(f"{mark}{key} = {toml_value(value)}"))
        elif one.comments:
            lines.append(sanitize(f"# {key}"))
        for comment in one.comments:
            wrapped = textwrap.wrap(
                sanitize(comment), width, break_on_hyphens=False, break_long_words=False
            )
            lines += [f"{INDENT}{line}" for line in wrapped]
    return "\n".join(lines)
