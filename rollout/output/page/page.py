"""The whole page: header, impact, drawings, targets, releases, cause, what was typed, the log."""

from collections.abc import Iterator, Sequence
from importlib import resources

from rollout.history.series import gaps_by_balancer, steps_by_place
from rollout.history.view import RunView
from rollout.output.columns import Row
from rollout.output.impact_words import counter_words, impact_words, lowest_words
from rollout.output.page.charts import (
    capacity_chart,
    errors_chart,
    requests_chart,
    turns_chart,
)
from rollout.output.page.markup import Markup, element, joined, void
from rollout.output.past_log import log_lines
from rollout.output.past_words import NOT_RECORDED, later_words, moment, short, verb_words
from rollout.output.show import (
    HEADINGS,
    first_moment,
    pid_words,
    reason_words,
    release_words,
    result_of,
    shown_setting,
    target_rows,
)
from rollout.output.who_words import who_words
from rollout.summary.run import Exit

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page may load nothing and run nothing, whatever stands in it."""

LOWEST = "lowest capacity"
"""How the words of the lowest capacity begin."""

GOOD, BAD, OTHER = "good", "bad", "other"


def report_page(view: RunView, log: Sequence[str] = ()) -> str:
    """Write the report of a past run, as one file of HTML.

    Args:
        view: The run, with its readings of the traffic.
        log: What was asked of HAProxy and the supervisor, and answered.
    """
    name = _name(view)
    head = joined(
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", f"{name}: {result_of(view)}"),
        Markup(f"<style>\n{_style()}</style>"),
    )
    body = element("main", _header(view), *_sections(view, log))
    whole = element("html", element("head", head), element("body", body), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _style() -> str:
    return resources.files("rollout.output.page").joinpath("style.css").read_text(encoding="utf-8")


def _name(view: RunView) -> str:
    began = view.record.began
    place = f"{began.app} ({began.env})" if began.env else began.app
    return f"{place}, {verb_words(view.record.overview)}, run {view.record.run}"


def _header(view: RunView) -> Markup:
    record, began, end = view.record, view.record.began, view.record.end
    place = " · ".join(filter(None, (began.app, began.env)))
    reason = began.reason or ("no reason given" if record.is_complete else "reason not recorded")
    return element(
        "header",
        element("p", place, class_="place"),
        element("h1", f"{verb_words(record.overview)}, run {record.run}"),
        element("p", result_of(view), class_=f"result {_mood(view)}"),
        element("p", end.sentence if end else "The run told no end.", class_="sentence"),
        _facts(
            ("who", who_words(began)),
            ("began", moment(first_moment(view))),
            ("took", short(record.seconds)),
            ("reason", reason),
        ),
    )


def _mood(view: RunView) -> str:
    end = view.record.end
    if end is None:
        return OTHER if view.is_alive else BAD
    return GOOD if end.exit_code == Exit.DONE else BAD if view.record.summary.out else OTHER


def _sections(view: RunView, log: Sequence[str]) -> Iterator[Markup]:
    targets = tuple(view.targets)
    whole = max(view.record.seconds, 1.0)
    if reasons := [*view.record.causes, *reason_words(view)]:
        yield _section("Why", _list(reasons))
    if view.later:
        yield _section("What later runs did", _list(later_words(view.later)))
    yield _section("Impact", *_impact(view))
    yield from _traffic(view, whole)
    if targets:
        yield _section("When each host was out of rotation", turns_chart(targets, whole))
        yield _section("Hosts", _targets(view))
    if said := release_words(view):
        yield _section("Release", element("p", said))
    yield _section("What was typed", element("p", element("code", _typed(view))))
    yield _section("Settings that differ from the defaults", _settings(view))
    lines = log_lines(view.record, log)
    yield _section("Log", _folded(f"{len(lines)} lines", lines))


def _typed(view: RunView) -> str:
    return view.record.began.command or NOT_RECORDED


def _impact(view: RunView) -> Iterator[Markup]:
    impact = view.record.summary.impact
    if impact is None:
        yield element("p", NOT_RECORDED)
        return
    total = impact.total
    yield _facts(
        ("requests", f"{total.requests:,}"),
        ("5xx", f"{total.responses_5xx:,}"),
        ("connect errors", f"{total.connect_errors:,}"),
        *((LOWEST, said.removeprefix(f"{LOWEST} ")) for said in lowest_words(impact.backends)),
    )
    yield element("p", impact_words(impact))
    if len(impact.backends) > 1:
        yield _list([f"{one.place}: {counter_words(one.counters)}" for one in impact.backends])


def _traffic(view: RunView, whole: float) -> Iterator[Markup]:
    places = {place: x for place, x in steps_by_place(view.record.traffic).items() if x}
    if not places:
        return
    yield _section(
        "Capacity and floor", *(capacity_chart(name, x, whole) for name, x in places.items())
    )
    gaps = gaps_by_balancer(view.record.traffic)
    yield _section(
        "Requests and errors a second",
        *(
            chart(name, steps, whole, gaps.get(name.partition("/")[0], ()))
            for name, steps in places.items()
            for chart in (requests_chart, errors_chart)
        ),
    )


def _targets(view: RunView) -> Markup:
    day = first_moment(view).partition("T")[0]
    headings = (*HEADINGS, "RELEASE", "PIDS")
    rows: list[Row] = []
    for target in view.targets:
        *earlier, last = target_rows(target, day)
        rows += [(*cells, "", "") for cells in earlier]
        rows.append((*last, target.line.release, pid_words(target)))
    used = [n for n in range(len(headings)) if any(row[n] for row in rows)]
    heads = [element("th", headings[n], scope="col") for n in used]
    body = [_row([row[n] for n in used]) for row in rows]
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *body))
    return element(
        "div", table, class_="wide", tabindex=0, role="region", aria_label="Hosts, a table"
    )


def _row(cells: Row) -> Markup:
    first, *others = cells
    return element(
        "tr", element("th", first, scope="row"), *(element("td", cell) for cell in others)
    )


def _settings(view: RunView) -> Markup:
    if not view.record.settings:
        return element("p", NOT_RECORDED)
    if not view.settings and not view.record.flags:
        return element("p", "none")
    typed = [(flag, f"{text} (typed)") for flag, text in view.record.flags.items()]
    rows = [*typed, *((key, shown_setting(text)) for key, text in view.settings.items())]
    return element("div", _facts(*rows), class_="settings")


def _folded(title: str, lines: Sequence[str]) -> Markup:
    shown = joined(*(joined(line, Markup("\n")) for line in lines))
    pre = element("pre", shown, tabindex=0, role="region", aria_label=title)
    return element("details", element("summary", title), pre)


def _section(title: str, *children: Markup) -> Markup:
    name = "".join(c if c.isalnum() else "-" for c in title.lower())
    return element("section", element("h2", title, id=name), *children, aria_labelledby=name)


def _facts(*rows: tuple[str, str]) -> Markup:
    pairs = [element("div", element("dt", label), element("dd", said)) for label, said in rows]
    return element("dl", *pairs)


def _list(said: Sequence[str]) -> Markup:
    return element("ul", *(element("li", one) for one in said))
