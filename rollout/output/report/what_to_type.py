"""What to type next, as the summary shows it: steps with numbers, then what replaces them."""

from collections.abc import Iterable, Iterator

from rollout.output.messages import RunResult
from rollout.output.report.next_step import NextStep
from rollout.output.report.next_steps import (
    BRING_BACK,
    BY_HAND,
    GO_ON,
    MORE,
    OLD_CODE,
    OR_BACK,
    to_see_by_hand,
)
from rollout.text.sanitize import sanitize
from rollout.text.width import padded

MARGIN = "  "
WHOLE_FLEET = 50_000
"""Characters that name every host of a large one: what is cut off could not be typed."""
NUMBER = 3
"""Columns of a number and the blanks behind it."""
INSTEAD = ((OLD_CODE, BRING_BACK), (GO_ON, OR_BACK))
"""Labels of which the second is typed in place of the first."""


def steps_to_type(ending: RunResult, steps: Iterable[NextStep], columns: int) -> list[list[str]]:
    """Lay steps out in two blocks: what to do, in order, and what is there besides.

    What is typed in place of the step before it has no number.  HAProxy's own commands, which may
    be long and check nothing, are behind one command that prints them.

    Args:
        ending: How the run ended.
        steps: What to type.
        columns: Where comments are broken; commands are not.
    """
    grouped: dict[str, list[NextStep]] = {}
    for step in steps:
        grouped.setdefault(step.label, []).append(step)
    if BY_HAND in grouped:
        grouped[BY_HAND] = [to_see_by_hand(ending.run, ending.hints)]
    beside = [label for label in (BY_HAND, MORE) if label in grouped]
    inside = [label for label in grouped if label not in beside]
    instead = {after for before, after in INSTEAD if before in grouped}
    width = max(map(len, grouped), default=0)
    blank = " " * (NUMBER if inside else 0)
    number, first, second = 0, list[str](), list[str]()
    for label in inside:
        number += label not in instead
        mark = "" if label in instead else str(number)
        first += _lines(f"{mark:<{NUMBER}}{padded(label, width)}", grouped[label], columns)
    for label in beside:
        second += _lines(f"{blank}{padded(label, width)}", grouped[label], columns)
    return [first, second]


def _lines(head: str, steps: Iterable[NextStep], columns: int) -> Iterator[str]:
    """Put the lines of all steps of one label beside it."""
    beside = f"{MARGIN}{head}{MARGIN}"
    for step in steps:
        harmless = NextStep(*(sanitize(text, WHOLE_FLEET) for text in step))
        for line in harmless.lines(columns - len(beside)):
            yield f"{beside}{line}"
            beside = " " * len(beside)
