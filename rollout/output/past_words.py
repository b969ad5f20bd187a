"""Words for past runs, the same in the history, in `show`, in `why` and in the report."""

from collections.abc import Iterable

from rollout.history.later import LaterRun
from rollout.history.record import RunOverview
from rollout.history.view import TargetView
from rollout.output.report.counts import out_words
from rollout.output.report.report import standing_words
from rollout.summary.exit_codes import exit_name
from rollout.summary.run import Exit
from rollout.summary.target import TargetPhase
from rollout.text.elapsed import in_words

NOT_RECORDED = "not recorded"
NOT_BACK = "not back"
A_MINUTE = 60.0
CODES = {code.value: code for code in Exit}


def result_words(overview: RunOverview) -> str:
    """Say how a run ended: ``done``, ``reduced (6)``, ``died``, ``under way``."""
    over = f", taken over by {overview.taken_over_by}" if overview.taken_over_by else ""
    if overview.exit_code is None:
        return "under way" if overview.is_alive else f"died{over}"
    return f"{code_words(overview.exit_code)}{over}"


def code_words(number: int) -> str:
    """Name an exit code, and give its number where it is not 0."""
    code = CODES.get(number)
    if code is None:
        return f"exit {number}"
    name = exit_name(code).replace("_", " ")
    return name if code is Exit.DONE else f"{name} ({number})"


def verb_words(overview: RunOverview) -> str:
    """Say what a run did, and which run it went on with."""
    verb = overview.began.verb
    if not overview.of:
        return verb
    return (
        f"{verb} of {overview.of}"
        if verb in {"recover", "resume"}
        else f"{verb}, after {overview.of}"
    )


def standing_of(target: TargetView) -> str:
    """Say where a target stood when the run ended."""
    if target.line.standing is TargetPhase.LEFT_OUT:
        return out_words(target.line.state)
    return standing_words(target.line)


def short(seconds: float | None) -> str:
    """Spell seconds for a column: ``0.4s``, ``2m18s``; nothing for None."""
    if seconds is None:
        return ""
    return in_words(seconds) if seconds >= A_MINUTE else f"{seconds:.1f}s"


def clock(at: str, day: str) -> str:
    """Spell a moment by its time; with its date where that is not ``day``.

    ``2026-11-28T02:01:18.102Z`` becomes ``02:01:18.102``; what is no moment is returned as it is.
    """
    date, between, time = at.partition("T")
    if not between:
        return at
    time = time.removesuffix("Z")
    return time if date == day else f"{date} {time}"


def moment(at: str) -> str:
    """Spell a moment with its date: ``2026-11-28 02:01:17.204Z``."""
    return at.replace("T", " ", 1)


def later_words(later: Iterable[LaterRun]) -> list[str]:
    """Say what later runs made of each target."""
    return [later_word(one) for one in later]


def later_word(one: LaterRun) -> str:
    """Say what a later run made of a target."""
    if one.is_left_to_others:
        return f"{one.target} found changed from outside by run {one.run}"
    act = "recovered" if one.is_back else "restarted"
    if one.is_back and one.is_restarted:
        act = "recovered, restarted"
    when = f" at {moment(one.at)}" if one.at else ""
    total = f", out {short(one.seconds)} in all" if one.seconds is not None else ""
    return f"{one.target} {act} by run {one.run}{when}{total}"
