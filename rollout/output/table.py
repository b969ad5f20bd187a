"""The rows of the live screen: one a target, with its state, its times and what it waits for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from rollout.output import marks
from rollout.output.deploy_sentences import some
from rollout.output.parts import BAD, BUSY, DIM, GOOD, MARGIN, Piece, as_line
from rollout.output.report.report import not_serving, phase_words, reason_of, standing_words
from rollout.output.short_reasons import short_reason
from rollout.output.view import FAILED, OUT_AND_FAILED, View
from rollout.summary.expected import ON_THE_WAY
from rollout.summary.out_times import DRAIN
from rollout.summary.target import SEEN_THROUGH, TargetPhase, TargetSummary
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.width import cells, padded, truncate

NAME_AT_MOST = 24
NARROW = 40
"""With fewer columns a row is the name and the state."""
WIDE = 70
"""With fewer columns the usual time has no column."""
STATE = len("not restarted")
"""Columns of the state: the longest one, so that no change of state moves what stands beside it."""
TIME = len("10m05s")
NEXT_SHOWN = 3
"""Targets that wait and have a row in a long fleet; of more it is enough to know how many."""
SLOWER = 1.5
"""A turn that took so many times its usual length says where it spent the time."""
SLOWER_BY = 3.0
"""Seconds below which a difference is none."""

AT_REST = (TargetPhase.UNTOUCHED, TargetPhase.SKIPPED, TargetPhase.RECOVERED, TargetPhase.DONE)
"""What a long fleet shows as a count, in this order."""

DOES = {
    TargetPhase.CLAIMED: "HAProxy is told to drain it",
    TargetPhase.RECOVERING: "out of rotation, on its way back",
    TargetPhase.DRAINING: "no new visitors, sessions may end",
    TargetPhase.MAINT: "HAProxy sends it nothing new",
    TargetPhase.RESTARTING: "asked, no new process yet",
    TargetPhase.PROVING: "new process, not verified yet",
    TargetPhase.PROBATION: "HAProxy checks it, no visitors yet",
    TargetPhase.RETURNED: "serving, watched until stable",
}
"""What goes on in a state of which no wait has told a reason so far."""

SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the parts of a row stand; the same for all rows, and for the whole of a run.

    Attributes:
        name: Columns of the name.
        gap: Columns between two parts.
        out: The time out of rotation has a column.
        usual: The usual time has one.
        detail: Columns of the detail; 0 where it has none.
    """

    name: int
    gap: int
    out: bool
    usual: bool
    detail: int

    @classmethod
    def of(cls, view: View, columns: int) -> "Columns":
        """Share ``columns`` out."""
        began = view.summary.began
        names = [*view.summary.lines, *(began.hosts if began else ())]
        longest = max((cells(sanitize(name)) for name in names), default=0)
        name = max(1, min(max(longest, len("HOST")), NAME_AT_MOST, columns // 3))
        out = columns >= NARROW
        usual = columns >= WIDE and any(view.usual.out(one) is not None for one in names)
        gap = 2 if columns >= WIDE else 1
        taken = len(MARGIN) + name + gap + 2 + STATE + gap
        taken += (TIME + gap if out else 0) + (TIME + gap if usual else 0)
        return cls(name, gap, out, usual, max(0, columns - taken) if out else 0)

    def row(self, parts: Sequence[Piece]) -> list[Piece]:
        """Put the name, the state, the times and the detail where they stand."""
        (name, name_style), (state, style), (out, _), (usual, usual_style), detail = parts
        gap = " " * self.gap
        pieces = [
            (MARGIN + padded(name, self.name) + gap, name_style),
            (padded(state, 2 + STATE) + gap, style),
        ]
        pieces += [(f"{truncate(out, TIME):>{TIME}}{gap}", name_style)] if self.out else []
        pieces += [(f"{truncate(usual, TIME):>{TIME}}{gap}", usual_style)] if self.usual else []
        return [*pieces, detail]


def rows(view: View, names: Sequence[str], columns: int) -> list[Text]:
    """Lay out a row per target."""
    layout = Columns.of(view, columns)
    return [as_line(layout.row(_parts(view, name, layout)), columns) for name in names]


def headings(view: View, columns: int) -> Text:
    """Lay out what stands above the rows."""
    noun = "INSTANCE" if any("/" in name for name in view.summary.lines) else "HOST"
    words = (noun, "  STATE", "OUT", "USUAL", "DETAIL")
    layout = Columns.of(view, columns)
    return as_line(layout.row([(word, DIM) for word in words]), columns)


def _parts(view: View, name: str, layout: Columns) -> list[Piece]:
    line = view.summary.lines[name]
    tint, mark = _tint(line.standing)
    bad = line.standing in FAILED
    if line.standing is TargetPhase.GIVEN_BACK and view.summary.stop:  # as it was asked to
        tint, mark, bad = BUSY, marks.WAITING, False
    out, usual = view.out_for(name, line), view.usual.out(name)
    detail = _detail(view, name, line, layout.detail) if layout.detail else ""
    return [
        (sanitize(name), BAD if bad else ""),
        (f"{mark} {state_words(view, name, line)}", tint),
        ("" if out is None else in_words(out), ""),
        ("" if usual is None else in_words(usual), DIM),
        (detail, BAD if bad else ""),
    ]


def state_words(view: View, name: str, line: TargetSummary) -> str:
    """Name a state; what had no turn so far may still have one, unless nothing new starts."""
    if line.standing is TargetPhase.LEFT_OUT:
        words = standing_words(line)  # of one whose state is not known, the row says no more
        return words.partition(" ")[0] if cells(words) > STATE else words
    if line.standing is not TargetPhase.UNTOUCHED or view.ends:
        return phase_words(line.standing)
    return "next" if name == view.next_up() else "waiting"


def _tint(standing: TargetPhase) -> tuple[str, str]:
    """Name the colour of a state, and its mark; the words alone say the same."""
    if standing in FAILED:
        return BAD, marks.FAILED
    if standing in SEEN_THROUGH:
        return GOOD, marks.DONE
    if standing in ON_THE_WAY:
        return (GOOD if standing is TargetPhase.RETURNED else BUSY), marks.MOVING
    return DIM, marks.SKIPPED if standing is TargetPhase.SKIPPED else marks.WAITING


def _detail(view: View, name: str, line: TargetSummary, room: int) -> str:
    """Say why a target stands where it stands; the end of a wait is seen however long that is."""
    said = sanitize(_because(view, name, line))
    until = _until(view, name, line)
    if not until or not said:
        return truncate(said or until, room)
    if cells(said) + cells(until) + 2 > room:
        until = re.sub(r"^(?:gives up in|at most) (\S+)(?: more)?$", r"\1 left", until)
    return f"{truncate(said, max(1, room - cells(until) - 2))}; {until}"


def _because(view: View, name: str, line: TargetSummary) -> str:
    match line.standing:
        case TargetPhase.DONE if line.now:
            return not_serving(line)
        case TargetPhase.DONE | TargetPhase.RECOVERED:
            return _with_age(_brought_back(view, name, line), view.served_ago(name))
        case TargetPhase.UNTOUCHED if not view.ends:
            return _before_its_turn(view, name, line)
        case TargetPhase.UNTOUCHED if view.goes_back and not line.now:
            return "still on the release before"
        case standing if standing in ON_THE_WAY:
            return short_reason(line.reason) or DOES[standing]
        case _:
            return reason_of(line)


def _brought_back(view: View, name: str, line: TargetSummary) -> str:
    """Say of a target that is back what it serves; that it does is not looked at."""
    if line.standing is TargetPhase.RECOVERED:
        return reason_of(line)
    if view.goes_back and view.is_back(line):
        return f"{SERVING} the release before again"
    if view.rolling_back and not view.over:
        return f"{SERVING} the new release, goes back"
    return line.reason or _slow(view, name, line) or SERVING


def _with_age(said: str, ago: float | None) -> str:
    """Say of what is said to serve when it was last known to, where that is old."""
    if ago is None or not said.startswith(SERVING):
        return said
    what = said.removeprefix(SERVING)
    return f"seen {SERVING} {in_words(ago)} ago{',' if what.startswith(' ') else ''}{what}"


def _before_its_turn(view: View, name: str, line: TargetSummary) -> str:
    """Say what keeps the next one from its turn; of the others their place in the row is enough."""
    if view.summary.stop:
        return "not started: the run is stopping"
    if line.reason:
        return short_reason(line.reason)
    if name != view.next_up():
        return ""
    if view.summary.paused:
        asked = view.progress.question
        return "waits for the answer below" if asked else f"paused by {view.summary.paused}"
    if (soak := view.progress.soak) is not None:
        return f"waits for the soak of {some(soak.targets, 2)}"
    moving = view.on_the_way()
    if moving and name not in view.progress.walk[: view.progress.canaries] and _canary(view):
        return f"waits for the canary, {some(moving, 2)}"
    if len(moving) >= view.summary.max_out:
        who = moving[0] if len(moving) == 1 else f"one of {some(moving, 2)}"
        return f"waits for {who} (max-out {view.summary.max_out})"
    return ""


def _canary(view: View) -> bool:
    """Tell whether one of the first wave, which goes before all others, is on its way."""
    first = view.progress.walk[: view.progress.canaries]
    return any(name in first for name in view.on_the_way())


def _until(view: View, name: str, line: TargetSummary) -> str:
    """Say until when the wait of a target lasts, where the run has told that."""
    turn = view.turn(name)
    if line.standing is TargetPhase.UNTOUCHED and not view.ends:
        ends = view.progress.waits.get(name)
        return "" if ends is None else f"gives up in {_left(view, ends)}"
    if turn is None or turn.ends is None or line.standing not in ON_THE_WAY or view.over:
        return ""
    left = _left(view, turn.ends)
    match line.standing:
        case TargetPhase.RETURNED:
            return f"gives up in {left}" if line.reason else f"{left} left"
        case TargetPhase.DRAINING if turn.phase == DRAIN:
            return f"maint in {left}"
        case TargetPhase.MAINT:
            return f"at most {left} more"
        case _:
            return f"gives up in {left}"


def _left(view: View, ends: float) -> str:
    return in_words(max(0.0, ends - view.now))


def _slow(view: View, name: str, line: TargetSummary) -> str:
    """Say where a turn that was far longer than usual has spent its time."""
    usual = view.usual.out(name)
    if usual is None or line.seconds is None or line.seconds < usual + SLOWER_BY:
        return ""
    if line.seconds < usual * SLOWER:
        return ""
    more = {
        phase: spent - (view.usual.phase(name, phase) or 0.0)
        for phase, spent in line.phases.items()
        if phase != "watch"
    }
    before = line.seconds - sum(spent for phase, spent in line.phases.items() if phase != "watch")
    if before > max(more.values(), default=0.0):
        return f"serving; out for {in_words(before)} before this run"
    worst = max(more, key=lambda phase: more[phase], default="")
    return f"{SERVING}; slow in {worst}: {in_words(line.phases[worst])}" if worst else ""


def choose(view: View, room: int) -> tuple[list[str], list[Piece]]:
    """Choose the targets that have a row, and count the others in a line.

    What failed comes first, then what is on the way, what is next, and what has ended last.
    """
    lines = view.summary.lines
    if len(lines) <= room:
        return list(lines), []
    chosen = set(_by_weight(view)[: max(0, room - 1)])
    return [name for name in lines if name in chosen], _counted(view, chosen)


def _by_weight(view: View) -> list[str]:
    lines = view.summary.lines
    groups: list[list[str]] = [[], [], [], []]
    for name, line in lines.items():
        if line.standing in OUT_AND_FAILED:
            groups[0].append(name)
        elif line.standing in ON_THE_WAY:
            groups[1].append(name)
        elif line.standing in FAILED:
            groups[2].append(name)
        elif line.standing is TargetPhase.UNTOUCHED:
            groups[3].append(name)
    first, moving, failed, waiting = groups
    ended = [name for name, line in lines.items() if line.standing in SEEN_THROUGH]
    skipped = [name for name, line in lines.items() if line.standing is TargetPhase.SKIPPED]
    order = [*first, *failed, *moving, *waiting[:NEXT_SHOWN], *reversed(ended), *skipped]
    return [*order, *waiting[NEXT_SHOWN:]]


def _counted(view: View, chosen: set[str]) -> list[Piece]:
    """Count who has no row; of those that wait the next are named."""
    others = {name: line for name, line in view.summary.lines.items() if name not in chosen}
    standings = [line.standing for line in others.values()]
    failed = sum(standing in FAILED for standing in standings)
    more = sum(standing in ON_THE_WAY for standing in standings)
    said = [(f"{failed} more failed", BAD)] if failed else []
    said += [(f"{more} more on the way", "")] if more else []
    for standing in AT_REST:
        names = [name for name, line in others.items() if line.standing is standing]
        if names:
            words = "waiting" if standing is TargetPhase.UNTOUCHED and not view.ends else ""
            said.append((f"{len(names)} {words or phase_words(standing)}", ""))
    return said
