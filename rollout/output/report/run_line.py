"""The end of a summary: which run it was, who began it and why, and what shows it again."""

from rollout.output.messages import RunResult
from rollout.output.who_words import who_words
from rollout.summary.run import Exit
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.width import cells
from rollout.text.wrap import wrap

BETWEEN = " · "


def run_line(ending: RunResult, columns: int) -> list[str]:
    """Name the run and the command that writes its report; of one that went wrong its log too.

    Nothing for a run that did not begin.  Where a command is wider than the screen, the options
    that were typed stand on a line of their own: a shell takes both lines as one.

    Args:
        ending: How the run ended.
        columns: Where the words are broken.
    """
    began = ending.summary.began
    if began is None:
        return []
    reason = f'"{began.reason}"' if began.reason else ""
    went_wrong = ending.exit_code is not Exit.DONE
    took = in_words(ending.seconds) if went_wrong else ""  # the sentence of a good run has it
    said = [f"run {ending.run}", who_words(began), reason, took]
    words = sanitize(BETWEEN.join(filter(None, said)))
    report = _typed(f"report {ending.run}", ending, columns)
    if went_wrong:
        log = _typed(f"show {ending.run} --log", ending, columns)
        return [*wrap(words, columns), *log, *report]
    whole = f"{words}{BETWEEN}{report[0]}"
    fits = len(report) == 1 and cells(whole) <= columns
    return [whole] if fits else [*wrap(words, columns), *report]


def _typed(command: str, ending: RunResult, columns: int) -> list[str]:
    """Return a command of ours with the options that were typed, in lines that a shell joins."""
    whole = f"{ending.hints.rollout} {command}"
    program, _, options = ending.hints.rollout.partition(" ")
    if cells(whole) <= columns or not options:
        return [whole]
    return [f"{program} {command} \\", f"  {options}"]
