"""One picture of the fleet: a pure function of the summary, the time, and the terminal's size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout.output.deploy_sentences import hosts_words, release_words, some
from rollout.output.report.report import not_serving, reason_of, standing_words
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import RunSummary
from rollout.summary.target import TargetPhase, TargetSummary
from rollout.text.elapsed import on_a_clock
from rollout.text.sanitize import sanitize
from rollout.text.width import cells, padded, truncate, widest_that_fits

NAME_AT_MOST = 24
WAITED_FOR = 3
"""Hosts named in the line of the release; of more it is enough to know how many."""
FAILED = frozenset({TargetPhase.LEFT_OUT, TargetPhase.GIVEN_BACK, TargetPhase.NOT_TAKEN})
AT_REST = (TargetPhase.UNTOUCHED, TargetPhase.SKIPPED, TargetPhase.RECOVERED, TargetPhase.DONE)
"""What a long fleet shows as a count, in this order."""

INDENT = "  "
RED, YELLOW, GREEN, GREY = "31", "33", "32", "90"


@dataclass(frozen=True, slots=True)
class Size:
    """A terminal, in columns and rows."""

    columns: int
    rows: int


def frame(
    summary: RunSummary,
    now: float,
    since: Mapping[str, float],
    began: float,
    size: Size,
    *,
    colour: bool = False,
) -> list[str]:
    """Draw one line per target and one for the whole, none wider or more than the terminal has.

    A deploy has one line more, above them; until servers are taken out it stands alone.

    When the fleet is taller than the terminal, only who is out, on the way or failed has a line,
    and the rest is counted.

    Args:
        summary: The account.
        now: Monotonic seconds.
        since: When each target came to its standing, on the same clock.
        began: When the run began, likewise.
        size: The terminal; one row and one column are left free, for the cursor.
        colour: Colour the standing; the words alone say the same.
    """
    columns = max(1, size.columns - 1)
    above = [] if summary.deploy.phase is Phase.NONE else [_deploy(summary, now - began, columns)]
    if above and not summary.lines:
        return above
    room = max(1, size.rows - 2 - len(above))
    shown, counts = _shown(summary, room)
    name_width = min(NAME_AT_MOST, max((cells(sanitize(name)) for name in shown), default=0))
    words_width = max((len(standing_words(summary.lines[name])) for name in shown), default=0)
    rows = [
        _row(name, summary.lines[name], _time(name, summary, now, since), widths, colour=colour)
        for widths in [(name_width, words_width, columns)]
        for name in shown
    ]
    return [
        *above,
        *rows,
        *(truncate(f"  {count}", columns) for count in counts),
        _whole(summary, now - began, columns),
    ]


def _shown(summary: RunSummary, room: int) -> tuple[Sequence[str], list[str]]:
    """Choose the targets that have a line, and count the others."""
    if len(summary.lines) <= room:
        return tuple(summary.lines), []
    failed = [name for name, line in summary.lines.items() if line.standing in FAILED]
    moving = [
        name
        for name, line in summary.lines.items()
        if line.standing not in FAILED and line.standing not in AT_REST
    ]
    chosen = set([*moving, *failed][: max(0, room - 1)])
    others = [line for name, line in summary.lines.items() if name not in chosen]
    counted = {s: sum(line.standing is s for line in others) for s in AT_REST}
    more = len(others) - sum(counted.values())
    said = [f"{count} {standing}" for standing, count in counted.items() if count]
    said += [f"{more} more on the way or failed"] if more else []
    return tuple(name for name in summary.lines if name in chosen), [f"and {', '.join(said)}"]


def _time(name: str, summary: RunSummary, now: float, since: Mapping[str, float]) -> str:
    line = summary.lines[name]
    if line.standing is TargetPhase.DONE:
        return on_a_clock(line.seconds or 0.0)
    if line.standing in AT_REST or line.standing in FAILED or name not in since:
        return ""
    return on_a_clock(now - since[name])


def _row(
    name: str, line: TargetSummary, time: str, widths: tuple[int, int, int], *, colour: bool
) -> str:
    name_width, words_width, columns = widths
    standing = padded(standing_words(line), words_width)
    head = f"  {padded(sanitize(name), name_width)}  "
    room = columns - cells(head) - len(standing)
    if room < 0:
        return truncate(head + standing, columns)
    reason = _because(line)
    tail = f"  {time}" if time else ""
    said = padded(f"  {sanitize(reason)}", room - len(tail)) + tail if room > len(tail) else ""
    return f"{head}{_tinted(standing, line.standing, colour=colour)}{said}".rstrip()


def _because(line: TargetSummary) -> str:
    """Give the reason; on the screen an untouched target may say what it waits for."""
    if line.standing is TargetPhase.DONE:
        return not_serving(line) if line.now else "serving"
    return line.reason if line.standing is TargetPhase.UNTOUCHED else reason_of(line)


def _tinted(text: str, standing: TargetPhase, *, colour: bool) -> str:
    if not colour:
        return text
    return f"\x1b[{_tint(standing)}m{text}\x1b[0m"


def _tint(standing: TargetPhase) -> str:
    if standing in FAILED:
        return RED
    if standing in {TargetPhase.DONE, TargetPhase.RECOVERED, TargetPhase.RETURNED}:
        return GREEN
    return GREY if standing in AT_REST else YELLOW


def _deploy(summary: RunSummary, seconds: float, columns: int) -> str:
    """Draw the line of the release: at which step, on how many hosts, which one, who is waited for.

    The fewer columns, the less of it, from the end; the step and the count go last.
    """
    deploy = summary.deploy
    clock = "" if summary.lines else f"  {on_a_clock(seconds)}"
    room = max(1, columns - len(clock) - len(INDENT))
    if deploy.phase is Phase.PREPARING and deploy.step:
        texts = _step(deploy, room)
    else:
        texts = [_joined(deploy.phase, name) for name in (*_names(deploy), "")]
    return truncate(f"{INDENT}{widest_that_fits(texts, room)}{clock}", columns)


def _step(deploy: DeploySummary, room: int) -> list[str]:
    done = [host for host in deploy.at if host in deploy.done]
    left = [host for host in deploy.at if host not in deploy.done]
    waiting = f"waiting for {some(left, WAITED_FOR)}" if done and left else ""
    count = f"{len(done)} of {len(deploy.at)}"
    head = (deploy.step, f"{len(done)} of {hosts_words(len(deploy.at))}")
    texts = [_joined(*head, name, waiting) for name in _names(deploy)]
    texts += [_joined(*head, waiting)] if waiting else []
    texts += [_joined(*head, name) for name in (*_names(deploy), "")]
    step = truncate(sanitize(deploy.step), max(1, room - len(count) - 3))
    return [*texts, _joined(step, count)]


def _names(deploy: DeploySummary) -> tuple[str, ...]:
    return release_words(deploy.release, deploy.revision), release_words(deploy.release, "")


def _joined(*parts: str) -> str:
    return " · ".join(sanitize(part) for part in parts if part)


def _whole(summary: RunSummary, seconds: float, columns: int) -> str:
    """Draw the line of the whole: of what there is no room for, the floor goes first."""
    done = f"{len(summary.named(TargetPhase.DONE))} of {len(summary.lines)} done"
    out = f"{len(summary.out)} out"
    most = f"{out} (at most {summary.max_out})"
    floor = f"floor {summary.floor}" if summary.floor else ""
    clock = on_a_clock(seconds)
    state = _state(summary)
    versions = [
        (done, most, floor, state, clock),
        (done, most, state, clock),
        (done, out, state, clock),
    ]
    room = max(1, columns - len(INDENT))
    return truncate(
        f"{INDENT}{widest_that_fits((_joined(*parts) for parts in versions), room)}", columns
    )


def _state(summary: RunSummary) -> str:
    if summary.deploy.phase is Phase.ROLLING_BACK:
        return "rolling back"
    if summary.halted:
        return "halted"
    return f"stopping ({summary.stop})" if summary.stop else ""
