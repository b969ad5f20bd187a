"""The live screen: a pure function of the summary, the times and the terminal's size.

``screen`` stacks parts from top to bottom, and each part is a renderable of rich: a new part (a
header, a bar of capacity) is one more entry there.  Only the live renderer imports this module:
rich would cost every other command 15 ms.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rollout.output.deploy_sentences import hosts_words, release_words, some
from rollout.output.report.report import not_serving, phase_words, reason_of, standing_words
from rollout.output.terminal import Size
from rollout.summary.deploy import DeploySummary, Phase
from rollout.summary.run import RunSummary
from rollout.summary.target import TargetPhase, TargetSummary
from rollout.text.elapsed import on_a_clock
from rollout.text.sanitize import sanitize
from rollout.text.width import truncate, widest_that_fits

NAME_AT_MOST = 24
WIDEST = 100
"""Columns that the screen uses at most: a time far from its row belongs to no row."""
NARROW = 40
"""With fewer columns a row is the name and the state, without reason and time."""
STATE = len("restarting")
"""Columns of the state: the longest of a good run, so that no change of state moves the reasons."""
WAITED_FOR = 3
"""Hosts named in the line of the release; of more it is enough to know how many."""
OUT_AND_FAILED = frozenset({TargetPhase.LEFT_OUT, TargetPhase.DOWN})
FAILED = OUT_AND_FAILED | {TargetPhase.GIVEN_BACK, TargetPhase.NOT_TAKEN}
AT_REST = (TargetPhase.UNTOUCHED, TargetPhase.SKIPPED, TargetPhase.RECOVERED, TargetPhase.DONE)
"""What a long fleet shows as a count, in this order."""

INDENT = "  "


@dataclass(frozen=True, slots=True)
class Times:
    """What the screen's clocks are made from, all in monotonic seconds.

    Attributes:
        now: When the screen is drawn.
        began: When the run began.
        since: When each target came to its standing.
    """

    now: float
    began: float
    since: Mapping[str, float]


def screen(summary: RunSummary, times: Times, size: Size) -> RenderableType:
    """Draw one line per target and one for the whole, none wider or more than the terminal has.

    A deploy has one line more, above them; until servers are taken out it stands alone.

    When the fleet is taller than the terminal, only what failed, is out or on the way has a line,
    and the rest is counted.

    Args:
        summary: What is known now.
        times: What the clocks show.
        size: The terminal; one row and one column are left free, for the cursor.
    """
    columns = width_within(size)
    seconds = times.now - times.began
    above = [] if summary.deploy.phase is Phase.NONE else [_deploy(summary, seconds, columns)]
    if above and not summary.lines:
        return _line(above[0])
    shown, counts = _shown(summary, max(1, size.rows - 2 - len(above)))
    return Group(
        *map(_line, above),
        _targets(shown, summary, times, columns),
        *(_line(f"{INDENT}{count}") for count in counts),
        _line(_whole(summary, seconds, columns)),
    )


def width_within(size: Size) -> int:
    """Return how many columns of a terminal are used."""
    return max(1, min(WIDEST, size.columns - 1))


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _targets(
    names: Iterable[str], summary: RunSummary, times: Times, columns: int
) -> RenderableType:
    """Lay out a row per target: its name, its state, why, and for how long."""
    wide = columns >= NARROW
    table = Table.grid(padding=(0, 2, 0, 0), expand=wide)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=NAME_AT_MOST)
    table.add_column(no_wrap=True, overflow="ellipsis", min_width=STATE if wide else None)
    if wide:
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column(no_wrap=True, justify="right")
    for name in names:
        line = summary.lines[name]
        out = line.standing is TargetPhase.LEFT_OUT
        words = standing_words(line) if out else _words(line.standing, summary)
        state = Text(words, style=_tint(line.standing))
        more = (Text(sanitize(_because(line))), _time(name, summary, times)) if wide else ()
        table.add_row(Text(sanitize(name)), state, *more)
    return Padding(table, (0, 0, 0, len(INDENT)))


def _shown(summary: RunSummary, room: int) -> tuple[Sequence[str], list[str]]:
    """Choose the targets that have a line, and count the others."""
    if len(summary.lines) <= room:
        return tuple(summary.lines), []
    ranked = sorted(summary.lines, key=lambda name: _rank(summary.lines[name].standing))
    moving = [name for name in ranked if summary.lines[name].standing not in AT_REST]
    chosen = set(moving[: max(0, room - 1)])
    others = [line.standing for name, line in summary.lines.items() if name not in chosen]
    failed = sum(standing in FAILED for standing in others)
    counted = {s: others.count(s) for s in AT_REST}
    more = len(others) - failed - sum(counted.values())
    said = [f"{failed} more failed"] if failed else []
    said += [f"{more} more on the way"] if more else []
    said += [f"{count} {_words(standing, summary)}" for standing, count in counted.items() if count]
    return tuple(name for name in summary.lines if name in chosen), [f"and {', '.join(said)}"]


def _words(standing: TargetPhase, summary: RunSummary) -> str:
    """Name a state; what had no turn so far may still have one, unless nothing new starts."""
    ends = summary.halted or summary.finished or summary.interrupted or summary.deploy.phase.undone
    waits = standing is TargetPhase.UNTOUCHED and not ends
    return "waiting" if waits else phase_words(standing)


def _rank(standing: TargetPhase) -> int:
    """Order who has a line: what is out and failed, what is on the way, what came back unharmed."""
    if standing in OUT_AND_FAILED:
        return 0
    return 2 if standing in FAILED else 1


def _time(name: str, summary: RunSummary, times: Times) -> str:
    line = summary.lines[name]
    if line.standing is TargetPhase.DONE:
        return on_a_clock(line.seconds or 0.0)
    if line.standing in AT_REST or line.standing in FAILED or name not in times.since:
        return ""
    return on_a_clock(times.now - times.since[name])


def _because(line: TargetSummary) -> str:
    """Give the reason; on the screen an untouched target may say what it waits for."""
    if line.standing is TargetPhase.DONE:
        return not_serving(line) if line.now else "serving"
    return line.reason if line.standing is TargetPhase.UNTOUCHED else reason_of(line)


def _tint(standing: TargetPhase) -> str:
    """Name the colour of a state; the words alone say the same."""
    if standing in FAILED:
        return "red"
    if standing in {TargetPhase.DONE, TargetPhase.RECOVERED, TargetPhase.RETURNED}:
        return "green"
    return "bright_black" if standing in AT_REST else "yellow"


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
        phase = "undone" if deploy.phase is Phase.TAKEN_BACK else deploy.phase.value
        texts = [_joined(phase, name) for name in (*_names(deploy), "")]
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
    if summary.deploy.phase in {Phase.ROLLING_BACK, Phase.ROLLED_BACK}:
        return summary.deploy.phase.value
    if summary.halted:
        return "halted"
    if summary.stop:
        return f"stopping ({summary.stop})"
    return f"paused ({summary.paused})" if summary.paused else ""
