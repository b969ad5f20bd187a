"""Drawings of a run over time: who served beside the floor, requests and errors, the turns.

A drawing is stretched to the width of the page, so its words stand beside it and not in it: on a
telephone they keep their size.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from rollout.history.series import CounterGap, TrafficStep
from rollout.history.turns import LEFT_OUT
from rollout.history.view import TargetView
from rollout.model.impact import CLEARED, LATE, RELOAD
from rollout.output.deploy_sentences import some
from rollout.output.page.markup import Markup, element, joined, number, void
from rollout.output.past_words import NOT_BACK, moment, short, standing_of
from rollout.summary.out_times import BOOT, CHECK, DRAIN, MAINT, WATCH

WIDTH, HEIGHT, ROW = 1000.0, 100.0, 10.0
"""Units of a drawing."""

PHASES: Mapping[str, str] = {
    DRAIN: "drain: no new sessions",
    MAINT: "maint: no visitors",
    BOOT: "boot: restarted, not verified yet",
    CHECK: "check: HAProxy checks it",
    WATCH: "watch: serves, watched until stable",
}
"""The phases with what goes on in them."""

OUT = "out"
"""The class of what is out of rotation in no phase that is known."""

TICKS = 4
THINNEST = 4.0
"""Units that a gap takes at least: in a long run it would not be seen."""
FEW_GAPS = 4
"""Gaps that are named; of more their number is."""


def capacity_chart(place: str, steps: Sequence[TrafficStep], whole: float) -> Markup:
    """Draw how many servers of a backend served, and the floor."""
    top = max([1, *(max(one.members, one.serving) for one in steps)])
    lowest = min(one.serving for one in steps)
    members, floor = steps[-1].members, max(one.floor for one in steps)
    said = f"{place}: at least {lowest}"
    said += f" of {members} servers served" if members else " servers served"
    said += f", the floor is {floor}" if floor else ""
    scale = _Scale(whole, top)
    area = scale.area(steps, lambda one: one.serving)
    line = scale.level(floor, class_="floor") if floor else Markup("")
    drawing = _drawing(said, HEIGHT, joined(area, line))
    return _figure(said, drawing, whole, highest=str(top))


def requests_chart(
    place: str, steps: Sequence[TrafficStep], whole: float, gaps: Sequence[CounterGap] = ()
) -> Markup:
    """Draw the requests a second of a backend, and the times of which no counter tells."""
    most = max(one.requests for one in steps)
    said = f"{place}: at most {_rate(most)} requests a second{_gap_words(gaps)}"
    scale = _Scale(whole, most or 1.0)
    area = scale.area(steps, lambda one: one.requests, class_="requests")
    drawing = _drawing(said, HEIGHT, joined(area, *_gaps(gaps, whole)))
    return _figure(said, drawing, whole, highest=_rate(most))


def errors_chart(
    place: str, steps: Sequence[TrafficStep], whole: float, gaps: Sequence[CounterGap] = ()
) -> Markup:
    """Draw the errors a second of a backend, on a scale of their own, and the gaps."""
    most = max(one.failed for one in steps)
    if not most:
        known = ", as far as was counted" if gaps else ""
        said = f"{place}: no 5xx and no broken response{known}"
        return element("p", said, class_="fine")
    said = f"{place}: at most {_rate(most)} errors a second (5xx, broken responses)"
    said += _gap_words(gaps)
    area = _Scale(whole, most).area(steps, lambda one: one.failed, class_="errors")
    drawing = _drawing(said, HEIGHT, joined(area, *_gaps(gaps, whole)))
    return _figure(said, drawing, whole, highest=_rate(most))


WHY_GAPS: Mapping[str, str] = {
    RELOAD: "HAProxy was reloaded",
    CLEARED: "the counters were cleared",
    LATE: "it did not answer at first",
}


def _gap_words(gaps: Sequence[CounterGap]) -> str:
    said = [
        f"up to {short(gap.end - gap.begin)} before +{short(gap.end)} "
        f"({WHY_GAPS.get(gap.reason, gap.reason)})"
        for gap in gaps
    ]
    return f"; not counted, marked: {some(said, FEW_GAPS)}" if said else ""


def _gaps(gaps: Sequence[CounterGap], whole: float) -> Iterator[Markup]:
    """Mark the gaps; those that would cover each other are one mark, however many there are."""
    spans: list[tuple[float, float]] = []
    for gap in gaps:
        left, right = (WIDTH * min(max(at, 0.0), whole) / whole for at in (gap.begin, gap.end))
        wide = max(right - left, THINNEST)
        left = min(left, WIDTH - wide)
        right = left + wide
        if spans and left < spans[-1][1]:
            before, end = spans.pop()
            left, right = before, max(end, right)
        spans.append((left, right))
    for left, right in spans:
        yield void("rect", x=left, y=0, width=right - left, height=HEIGHT, class_="gap")


def turns_chart(targets: Sequence[TargetView], whole: float) -> Markup:
    """Draw for each target when it was out of rotation, and in which phase."""
    rows = [_turn_row(target, whole) for target in targets]
    return joined(
        _legend(targets),
        element("div", *rows, _axis(whole), class_="turns"),
    )


def turn_words(target: TargetView) -> str:
    """Say in words what the drawing of a target shows."""
    if not target.turns:
        return f"{target.name}: {standing_of(target)}"
    phases = ", ".join(f"{name} {short(spent)}" for name, spent in target.phases.items())
    until = f"until {moment(target.until)}" if target.until else NOT_BACK
    since = f"out since {moment(target.since)}" if target.since else "out since before the run"
    return f"{target.name}: {standing_of(target)}, {since}, {until}" + (
        f"; {phases}" if phases else ""
    )


def _turn_row(target: TargetView, whole: float) -> Markup:
    bars = joined(*_bars(target, whole))
    drawing = _drawing(turn_words(target), ROW, bars)
    out = NOT_BACK if target.line.standing.out and target.back_by is None else short(target.seconds)
    said = out or standing_of(target)
    return element(
        "div",
        element("span", target.name, class_="name"),
        element("span", drawing, class_="strip"),
        element("span", said, class_="took"),
        class_="turn",
    )


def _bars(target: TargetView, whole: float) -> Iterator[Markup]:
    for turn in target.turns:
        if turn.adopted and turn.spans:
            yield _bar(0.0, turn.spans[0].begin, whole, OUT)
        for span in turn.spans:
            known = span.phase if span.phase in PHASES else OUT
            yield _bar(span.begin, whole if span.end is None else span.end, whole, known)
        if turn.left_out and turn.spans and turn.spans[-1].end is not None:
            yield _bar(turn.spans[-1].end, whole, whole, OUT)


def _bar(begin: float, end: float, whole: float, kind: str) -> Markup:
    left, right = (WIDTH * min(max(at, 0.0), whole) / whole for at in (begin, end))
    return void("rect", x=left, y=0, width=max(right - left, 1.0), height=ROW, class_=kind)


def _legend(targets: Sequence[TargetView]) -> Markup:
    used = {span.phase for one in targets for turn in one.turns for span in turn.spans}
    out = LEFT_OUT in used or any(x.left_out or x.adopted for one in targets for x in one.turns)
    said = {phase: words for phase, words in PHASES.items() if phase in used}
    said |= {OUT: "out of rotation, left so"} if out else {}
    items = [
        element("li", element("span", "", class_=f"key {kind}", aria_hidden="true"), words)
        for kind, words in said.items()
    ]
    return element("ul", *items, class_="legend") if items else Markup("")


class _Scale:
    """Units of a drawing for seconds and an amount."""

    def __init__(self, whole: float, top: float) -> None:
        self._whole = whole
        self._top = top

    def area(
        self,
        steps: Sequence[TrafficStep],
        amount: Callable[[TrafficStep], float],
        class_: str = "serving",
    ) -> Markup:
        """Draw a filled line of steps."""
        path = [f"M{self._x(steps[0].begin)} {number(HEIGHT)}"]
        for one in steps:
            y = number(HEIGHT - HEIGHT * min(amount(one) / self._top, 1.0))
            path.append(f"L{self._x(one.begin)} {y}L{self._x(one.end)} {y}")
        path.append(f"L{self._x(steps[-1].end)} {number(HEIGHT)}Z")
        return void("path", d="".join(path), class_=class_)

    def level(self, amount: float, class_: str) -> Markup:
        """Draw a level from one end of the drawing to the other."""
        y = HEIGHT - HEIGHT * min(amount / self._top, 1.0)
        return void("line", x1=0, y1=y, x2=WIDTH, y2=y, class_=class_)

    def _x(self, seconds: float) -> str:
        return number(WIDTH * min(max(seconds, 0.0), self._whole) / self._whole)


def _drawing(said: str, height: float, inside: Markup) -> Markup:
    return element(
        "svg",
        element("title", said),
        inside,
        viewBox=f"0 0 {number(WIDTH)} {number(height)}",
        preserveAspectRatio="none",
        role="img",
        aria_label=said,
    )


def _figure(said: str, drawing: Markup, whole: float, *, highest: str) -> Markup:
    scale = element("div", element("span", highest), element("span", "0"), class_="scale")
    body = element("div", scale, element("div", drawing, class_="plot"), class_="chart")
    return element("figure", element("figcaption", said), body, _axis(whole))


def _axis(whole: float) -> Markup:
    later = [element("span", f"+{short(whole * n / TICKS)}") for n in range(1, TICKS + 1)]
    ticks = [element("span", "0s"), *later]
    return element("div", *ticks, class_="axis", aria_hidden="true")


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 or not rate else f"{rate:.1f}"  # noqa: PLR2004 - two digits
