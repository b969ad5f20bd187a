"""The last line of a summary: which run it was, who began it and why, and what shows it again."""

from rollout.output.messages import RunResult
from rollout.output.who_words import who_words
from rollout.text.sanitize import sanitize
from rollout.text.width import cells
from rollout.text.wrap import wrap

BETWEEN = " · "


def run_line(ending: RunResult, columns: int) -> list[str]:
    """Name the run and the command that writes its report; nothing for one that did not begin.

    Args:
        ending: How the run ended.
        columns: Where the words are broken; the command is not.
    """
    began = ending.summary.began
    if began is None:
        return []
    reason = f'"{began.reason}"' if began.reason else ""
    said = [f"run {ending.run}", who_words(began), reason]
    words = sanitize(BETWEEN.join(filter(None, said)))
    typed = f"{ending.hints.rollout} report {ending.run}"
    whole = f"{words}{BETWEEN}{typed}"
    return [whole] if cells(whole) <= columns else [*wrap(words, columns), typed]
