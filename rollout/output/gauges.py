"""The bars of the live screen: capacity, progress, what visitors met, and the soak."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.text import Text

from rollout.model.impact import BackendImpact
from rollout.output import marks
from rollout.output.deploy_sentences import some
from rollout.output.impact_words import gap_words, met_parts
from rollout.output.parts import (
    BAD,
    BUSY,
    DIM,
    GOOD,
    Piece,
    first_that_fits,
    joined,
    shorter_and_shorter,
)
from rollout.output.report.counts import sessions
from rollout.output.view import View
from rollout.summary.deploy import Phase
from rollout.summary.target import SEEN_THROUGH, TargetPhase
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.width import cells, padded

LABEL = len("impact")
LABEL_AT_MOST = 20
BAR = 24
"""Columns of a bar where there is room."""
ROOMY = 90
"""Columns from which a bar has them; on fewer it makes room for the numbers."""
LEAST_BAR = 8
OUGHT_TO_BE_0 = ("5xx", "connect errors", "response errors", "visitors in maint")
AS_THEY_WERE = frozenset({TargetPhase.UNTOUCHED, TargetPhase.SKIPPED, TargetPhase.NOT_TAKEN})


def _bar_columns(columns: int) -> int:
    return max(LEAST_BAR, min(BAR, BAR - (ROOMY - columns) * 2 // 3))


def _label(view: View) -> int:
    places = [cells(sanitize(one.place)) for one in _backends(view)]
    return min(LABEL_AT_MOST, max([LABEL, *places]))


def _backends(view: View) -> Sequence[BackendImpact]:
    return view.summary.impact.backends if view.summary.impact else ()


def _labelled(view: View, name: str) -> Piece:
    return padded(sanitize(name), _label(view)) + "  ", DIM


def capacity(view: View, columns: int, most: int) -> list[Text]:
    """Draw a bar for each backend of each load balancer, at most ``most`` lines.

    With more of them those nearest to their floor have a line, and the others are counted.
    """
    every = _backends(view)
    if len(every) <= most:
        return [_capacity(view, one, columns) for one in every]
    tight = sorted(every, key=_spare)[: max(1, most - 1)]
    more = len(every) - len(tight)
    below = sum(_spare(one) < 0 for one in every if one not in tight)
    said = f"{below} of them below the floor" if below else "none of them below its floor"
    rest = [(f"and {more} more, {said}", BAD if below else DIM)]
    shown = [_capacity(view, one, columns) for one in every if one in tight]
    return [*shown, first_that_fits([rest], columns)]


def _spare(one: BackendImpact) -> int:
    return one.serving - one.floor


def _capacity(view: View, one: BackendImpact, columns: int) -> Text:
    counts = f"{one.serving} of {one.members} serving" if one.members else f"{one.serving} serving"
    said: list[Piece] = [(counts, _tint(one))]
    said += [(f"floor {one.floor}", "")] if one.floor else []
    said += [
        (sessions(one.sessions), ""),
        (f"{one.queued} queued", BUSY if one.queued else ""),
    ]
    head = _labelled(view, one.place)
    if (age := _age(view, one.balancer)) is not None:
        said = [said[0], (f"{in_words(age)} ago: {one.balancer} does not answer", BAD), *said[1:]]
    drawn: list[Piece] = []
    if one.members:
        wide = _bar_columns(columns)
        filled, rest = marks.capacity_bar(one.serving, one.members, one.floor, wide)
        pad = " " * (wide - len(filled) - len(rest) + 2)
        drawn = [(filled, _tint(one)), (rest + pad, DIM)]
    versions = [[head, *drawn, *version] for version in shorter_and_shorter(said, "  ")]
    return first_that_fits([*versions, [head, *said[:1]]], columns)


def _tint(one: BackendImpact) -> str:
    if not one.floor:
        return GOOD
    return BAD if _spare(one) < 0 else BUSY if _spare(one) == 0 else GOOD


def _age(view: View, balancer: str) -> float | None:
    """Return how old a load balancer's numbers are, where they are old."""
    read = view.progress.read.get(balancer)
    if read is None or view.over:
        return None
    return view.age_if_old(read)


def capacity_in_a_line(view: View, columns: int) -> list[Text]:
    """Say the same in one line, for a small terminal; the tightest alone where that is too long.

    Where numbers are old, that is said of the oldest in any case.
    """
    every = _backends(view)
    if not every:
        return []
    head: Piece = ("serving", DIM)
    whole = [
        (f"{_of_members(one)} {sanitize(one.balancer)}{_since(view, one)}", _shown_in(view, one))
        for one in every
    ]
    tightest = min(every, key=_spare)
    oldest = max(every, key=lambda one: _age(view, one.balancer) or 0.0)
    since = _since(view, oldest)
    old: Piece = (f"{sanitize(oldest.balancer)}{since}" if since else "", BAD)
    floor: Piece = (f"floor {tightest.floor}" if tightest.floor else "", "")
    short = [(_of_members(tightest), _shown_in(view, tightest)), old]
    errors = _errors(view)
    versions = [[*whole, floor, errors], [*short, floor, errors], [*short, floor], short]
    kept = [[head, *(piece for piece in version if piece[0])] for version in versions]
    return [first_that_fits([joined(version, "  ") for version in kept], columns)]


def _of_members(one: BackendImpact) -> str:
    return f"{one.serving}/{one.members}" if one.members else str(one.serving)


def _since(view: View, one: BackendImpact) -> str:
    """Say how old the numbers of a backend are, where they are old."""
    age = _age(view, one.balancer)
    return "" if age is None else f" {in_words(age)} ago"


def _shown_in(view: View, one: BackendImpact) -> str:
    return _tint(one) if _age(view, one.balancer) is None else BAD


def _errors(view: View) -> Piece:
    impact = view.summary.impact
    count = impact.total.responses_5xx if impact else 0
    return f"5xx {count:,}", BAD if count else ""


def done(view: View, columns: int) -> list[Text]:
    """Draw how many are through, for how long the run goes on, and how long it will."""
    elapsed = f"+{in_words(view.now)}"
    if not view.summary.lines:
        return [] if view.over else _not_begun(view, elapsed, columns)
    ended, skipped, total = _counts(view)
    filled, rest = marks.bar(ended + skipped, total, _bar_columns(columns))
    head = _labelled(view, "back" if view.goes_back else "done")
    bar: list[Piece] = [(filled, GOOD), (f"{rest}  ", DIM)]
    count: Piece = (f"{ended} of {total}", "")
    aside: Piece = (f"{skipped} skipped" if skipped else "", "")
    state, (left, at) = _state(view), _left(view)
    clock: Piece = (elapsed, "")
    out: Piece = (f"{len(view.summary.out)} out", BUSY if view.summary.out else "")
    most: Piece = (
        f"{out[0]} (max {view.summary.max_out})" if view.summary.rolling else out[0],
        out[1],
    )
    versions = [
        [count, most, aside, state, clock, (left + at, "")],
        [count, most, aside, state, clock, (left, "")],
        [count, out, aside, state, clock, (left, "")],
        [count, out, state, clock, (left, "")],
        [count, out, state, clock],
        [count, state, clock],
        [count, state],
    ]
    kept = [joined([piece for piece in version if piece[0]], " · ") for version in versions]
    lines = [[head, *bar, *version] for version in kept]
    lines += [[head, *version] for version in kept[3:]]
    return [first_that_fits(lines, columns)]


def _counts(view: View) -> tuple[int, int, int]:
    """Count the targets that are through, those that were skipped, and all.

    In a rollback: those that serve the release before again, of those that had left it.
    """
    lines = view.summary.lines.values()
    if view.goes_back:
        touched = [line for line in lines if line.standing not in AS_THEY_WERE]
        back = [line for line in touched if line.standing in SEEN_THROUGH and view.is_back(line)]
        return len(back), 0, len(touched)
    ended = sum(line.standing in SEEN_THROUGH for line in lines)
    return ended, len(view.summary.named(TargetPhase.SKIPPED)), len(view.summary.lines)


def _not_begun(view: View, elapsed: str, columns: int) -> list[Text]:
    """Say what goes on before a host is touched."""
    preparing = view.summary.deploy.phase is not Phase.NONE
    what = "no host is out of rotation" if preparing else f"{view.meanwhile} …"
    state = _state(view)
    said = [(sanitize(what), ""), (elapsed, "")] if preparing or view.meanwhile else [(elapsed, "")]
    return [first_that_fits([joined([p for p in (state, *said) if p[0]], " · ")], columns)]


def _state(view: View) -> Piece:
    """Say in a word what has become of the run, where it does not simply go on."""
    summary = view.summary
    if summary.deploy.phase in {Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLBACK_HALTED}:
        return summary.deploy.phase.value, BAD
    if summary.interrupted:
        return "interrupted", BAD
    if summary.halted:
        return "halted", BAD
    if summary.stop:
        return f"stopping ({sanitize(summary.stop)})", BUSY
    return (f"paused ({sanitize(summary.paused)})", BUSY) if summary.paused else ("", "")


def _left(view: View) -> tuple[str, str]:
    """Say how long it will take from now, and when that is; empty where it is not known."""
    still = (view.rolling_back or not view.ends) and not view.over and not view.summary.paused
    left = None if not still else view.expectation.seconds_left()
    if left is None:
        return "", ""
    if late := view.expectation.late():
        return f"{sanitize(some(late, 1))} takes longer than usual", ""
    if left <= 0:
        return ("longer than usual" if view.on_the_way() else ""), ""
    began = view.summary.began
    return (
        f"about {in_words(max(1.0, left))} left",
        f" ({_moment(began.since, view.now + left)})" if began else "",
    )


def _moment(since: str, seconds: float) -> str:
    moment = datetime.fromisoformat(since) + timedelta(seconds=seconds)
    return f"{moment:%H:%M:%S}Z"


def impact(view: View, columns: int) -> list[Text]:
    """Say what visitors met so far; what the counters do not tell is said first."""
    seen = view.summary.impact
    if seen is None:
        return []
    said = [(text, BAD if _is_bad(text) else "") for text in met_parts(seen)]
    gaps = [(text, BUSY) for text in gap_words(seen)]
    versions = [[*said, *gaps], *([*said[:n], *gaps] for n in range(len(said) - 1, 1, -1))]
    versions += [said[:n] for n in range(len(said), 1, -1)]
    head = _labelled(view, "impact")
    return [first_that_fits([[head, *joined(version, " · ")] for version in versions], columns)]


def _is_bad(text: str) -> bool:
    """Tell whether a counter that ought to be 0 is not."""
    return text.startswith(OUGHT_TO_BE_0) and not text.endswith(" 0")


def soak(view: View, columns: int) -> list[Text]:
    """Say how long the first wave still carries traffic, and what it carries beside the others."""
    going = view.progress.soak
    if going is None or view.ends:
        return []
    left = in_words(max(0.0, going.ends - view.now))
    verb = "serves" if len(going.targets) == 1 else "serve"
    head = _labelled(view, "soak")
    who: Piece = (f"{sanitize(some(going.targets, 2))} {verb}", "")
    over = view.now >= going.ends and view.summary.paused
    said: list[Piece] = [("over", "") if over else (f"{left} left", BUSY)]
    own, others = going.carried, going.others
    if own is not None and (failed := own.failed_at_server) + own.requests + others.requests:
        said.append((f"{failed:,} failed, {own.requests:,} answered", BAD if failed else GOOD))
        said.append((f"others {others.failed_at_server:,}, {others.requests:,}", ""))
    versions = [[head, *joined([who, *said], " · ")]]
    versions += [[head, *version] for version in shorter_and_shorter(said, " · ")]
    return [first_that_fits(versions, columns)]
