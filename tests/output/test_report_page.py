"""The report of a past run: what stands in it, that it loads nothing, and that all can read it."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest

from rollout import events
from rollout.events import Event, TrafficSeen
from rollout.history.fold import fold_run
from rollout.history.series import STEPS, CounterGap, gaps_by_balancer, steps_by_place
from rollout.history.view import RunView
from rollout.model.impact import ImpactGap
from rollout.output.page.page import report_page
from rollout.output.past_words import code_words
from rollout.output.show import out_cell
from tests.output.recorded_runs import RICH, traffic
from tests.output.test_past_runs import EVERY, played, read

VOID = {"meta", "rect", "path", "line"}
LOADING = {"src", "href", "srcset", "style", "action", "data", "xlink:href"}
STYLE = resources.files("rollout.output.page").joinpath("style.css").read_text(encoding="utf-8")
EVIL = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&lt;]]><!--"


class Page(HTMLParser):
    """The elements of a page; a wrong nesting is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def view_of(state: Path, stream: Sequence[Event]) -> RunView:
    played(state, stream)
    record, _ = read(state)
    return RunView(record=record, settings={"fleet.max_out": "2", "deploy.env": "hmac:1:2"})


def with_traffic(stream: Sequence[Event]) -> list[Event]:
    """Put a reading of each load balancer behind each event."""
    told: list[Event] = []
    for number, event in enumerate(stream):
        told.append(event)
        if number:
            for name in ("lb1", "lb2"):
                seen = traffic(name, 90 * number, responses_5xx=number // 20)
                told.append(TrafficSeen(balancer=name, backends=(seen,)))
    return told


@pytest.mark.parametrize("name", EVERY)
def test_the_report_says_what_the_summary_and_show_say(tmp_path: Path, name: str) -> None:
    view = view_of(tmp_path, EVERY[name])
    end = view.record.end
    assert end is not None
    page = Page(report_page(view))
    assert code_words(end.exit_code) in page.texts
    assert end.sentence in page.texts
    for target in view.targets:
        if said := out_cell(target):
            assert page.texts.count(said) >= 2, f"{target.name}: in the drawing and in the table"


@pytest.mark.parametrize("length", range(2, len(RICH), 5))
def test_a_run_that_died_or_is_under_way_has_a_report(tmp_path: Path, length: int) -> None:
    view = view_of(tmp_path, with_traffic(RICH[:length]))
    died = RunView(record=replace(view.record, end=None))
    page = Page(report_page(died))
    assert "died" in page.texts
    assert "The run told no end." in page.texts
    assert "under way" in Page(report_page(RunView(record=died.record, is_alive=True))).texts


def test_nothing_that_a_host_is_called_becomes_markup(tmp_path: Path) -> None:
    def stream(name: str) -> list[Event]:
        backend = traffic(name, 100)
        began = dict.fromkeys(("app", "env", "verb", "command", "user", "reason"), name)
        return [
            events.RunBegan(
                hosts=(name,),
                **began,
                sudo_user=name,
                client=name,
                bastion=name,
                since="2026-11-22T19:37:00Z",
                version=name,
                config=name,
            ),
            events.RolloutStarted(targets=(name,), max_out=1, floor=name),
            events.TrafficSeen(balancer=name, backends=(traffic(name, 0),)),
            events.TargetClaimed(target=name, servers=(name,)),
            events.TrafficSeen(balancer=name, backends=(backend,)),
            events.RestartAsked(target=name, instances=(name,)),
            events.InstanceRestarted(target=name, instance=name, pid=1),
            events.TargetLeftOut(target=name, state=name, reason=name, asked=True, look=name),
            events.Noted(where=name, what=name),
            events.DeployStarted(release=name, revision=name, hosts=(name,), fresh=True),
            events.ImpactMeasured(backends=(backend,), unread={name: name}),
            events.RolloutHalted(reason=name),
        ]

    def page(name: str) -> str:
        view = view_of(tmp_path, stream(name))
        settings = {name: name}
        return report_page(RunView(record=view.record, settings=settings), [f"at {name}"])

    evil, harmless = page(EVIL), page("web1")
    parsed = Page(evil)
    assert [tag for tag, _ in parsed.elements] == [tag for tag, _ in Page(harmless).elements]
    assert "<script" not in evil
    assert "<img" not in evil
    assert not [a for _, attributes in parsed.elements for a in attributes if a.startswith("on")]
    assert EVIL in parsed.text


def test_the_report_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = report_page(view_of(tmp_path, with_traffic(RICH)), ["a line"])
    parsed = Page(page)
    names = {name for _, attributes in parsed.elements for name in attributes}
    assert not names & LOADING
    assert not {tag for tag, _ in parsed.elements} & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    (policy,) = [m for m in parsed.all("meta") if "http-equiv" in m]
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_the_same_run_has_the_same_report(tmp_path: Path) -> None:
    view = view_of(tmp_path, with_traffic(RICH))
    assert report_page(view) == report_page(view_of(tmp_path, with_traffic(RICH)))


def test_a_reader_that_sees_no_drawing_is_told_what_is_in_it(tmp_path: Path) -> None:
    parsed = Page(report_page(view_of(tmp_path, with_traffic(RICH)), ["a line"]))
    drawings = parsed.all("svg")
    assert len(drawings) > 8
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert drawing["aria-label"]
    words = " ".join(drawing["aria-label"] for drawing in drawings)
    assert "lb1/app: at least 4 of 5 servers served, the floor is 3" in words
    assert "web2: out of rotation (maint), out since 2026-11-22 19:0" in words
    assert "not back; drain " in words


def test_the_page_has_a_language_a_title_a_landmark_and_headings_in_order(tmp_path: Path) -> None:
    parsed = Page(report_page(view_of(tmp_path, with_traffic(RICH)), ["a line"]))
    assert parsed.all("html") == [{"lang": "en"}]
    assert len(parsed.all("title")) == 1 + len(parsed.all("svg"))
    assert len(parsed.all("main")) == len(parsed.all("header")) == len(parsed.all("h1")) == 1
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = Counter(attributes["id"] for _, attributes in parsed.elements if "id" in attributes)
    assert {*ids.values()} == {1}
    assert {section["aria-labelledby"] for section in parsed.all("section")} == {*ids}
    for tag, attributes in parsed.elements:
        if "tabindex" in attributes:
            assert attributes["role"] == "region", tag
            assert attributes["aria-label"], tag
    assert all(cell["scope"] in {"col", "row"} for cell in parsed.all("th"))


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
def test_the_colours_have_the_contrast_that_wcag_wants(number: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", blocks[number]))
    assert len(blocks) == 3
    for paper in ("page", "card"):
        for ink in ("text", "soft", "good", "bad", "other"):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        for shape in ("serving", "requests", "errors", "drain", "maint", "boot", "check", "watch"):
            assert contrast(colours[shape], colours[paper]) >= 3, (shape, paper)
    assert contrast(colours["out"], colours["card"]) >= 3
    assert contrast(colours["floor"], colours["card"]) >= 3
    assert contrast(colours["floor"], colours["serving"]) >= 3, "the line is drawn on the area"


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, "contrast ratio" and "relative luminance"."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares]
    return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_what_a_secret_is_stands_nowhere(tmp_path: Path) -> None:
    page = report_page(view_of(tmp_path, RICH))
    assert "hmac:" not in page
    assert "***" in page


def test_the_steps_of_a_long_run_keep_its_lowest_capacity_and_all_its_errors() -> None:
    readings = [
        (
            float(second),
            TrafficSeen(
                balancer="lb1",
                backends=(traffic("lb1", 10 * second, responses_5xx=int(second > 4000)),),
            ),
        )
        for second in range(9000)
    ]
    (steps,) = steps_by_place(readings).values()
    assert len(steps) == STEPS
    assert (steps[0].begin, steps[-1].end) == (0.0, 8999.0)
    assert sum(one.failed * (one.end - one.begin) for one in steps) == pytest.approx(1.0)
    assert {round(one.requests, 6) for one in steps} == {10.0}


def test_a_time_of_which_no_counter_tells_is_marked_and_named(tmp_path: Path) -> None:
    stream: list[Event] = [*RICH[:2]]
    for second in range(40):
        gap = ImpactGap(balancer="lb1", reason="reload", seconds=2.0)
        for name, gaps in (("lb1", (gap,) if second > 20 else ()), ("lb2", ())):
            seen = traffic(name, 9 * second)
            stream.append(TrafficSeen(balancer=name, backends=(seen,), gaps=gaps))
    page = Page(report_page(view_of(tmp_path, [*stream, *RICH[2:]])))
    assert [one["class"] for one in page.all("rect") if one["class"] == "gap"] == ["gap"]
    named = [text for text in page.texts if "; not counted, marked: up to 2.0s before +" in text]
    assert {text.partition(":")[0] for text in named} == {"lb1/app"}
    assert all(text.endswith("(HAProxy was reloaded)") for text in named)
    assert len(named) == sum("requests a second" in text for text in named), "only what is drawn"
    assert "lb1/app: no 5xx and no broken response, as far as was counted" in page.texts
    assert "lb2/app: no 5xx and no broken response" in page.texts


def test_of_many_gaps_a_few_are_named_and_all_are_marked(tmp_path: Path) -> None:
    stream: list[Event] = [*RICH[:2]]
    for second in range(60):
        gaps = (ImpactGap(balancer="lb1", reason="reload", seconds=1.0),) * second
        seen = TrafficSeen(balancer="lb1", backends=(traffic("lb1", 9 * second),), gaps=gaps)
        stream.append(seen)
    page = Page(report_page(view_of(tmp_path, [*stream, *RICH[2:]])))
    assert sum(one["class"] == "gap" for one in page.all("rect")) == 59
    named = {text for text in page.texts if "; not counted, marked: " in text}
    assert named
    assert all(text.endswith(" and 55 more") for text in named)


def test_a_gap_is_where_the_seconds_of_all_of_them_rose() -> None:
    def seen(at: float, **gaps: float) -> tuple[float, TrafficSeen]:
        told = [ImpactGap(balancer="lb1", reason=x, seconds=s, times=9) for x, s in gaps.items()]
        return at, TrafficSeen(balancer="lb1", backends=(), gaps=tuple(told))

    (gaps,) = gaps_by_balancer(
        [seen(1), seen(9, reload=2), seen(20, reload=2), seen(30, reload=3.5, cleared=1)]
    ).values()
    assert gaps == (
        CounterGap(begin=7, end=9, reason="reload"),
        CounterGap(begin=28.5, end=30, reason="reload"),
        CounterGap(begin=29, end=30, reason="cleared"),
    )


def test_gaps_that_would_cover_each_other_are_one_mark(tmp_path: Path) -> None:
    """A load balancer that is reloaded every few seconds in a run of two hours."""
    stream: list[Event] = [*RICH[:2]]
    for second in range(3000):
        gap = ImpactGap(balancer="lb1", reason="reload", seconds=0.9 * second, times=second)
        seen = (traffic("lb1", 9 * second),)
        stream.append(TrafficSeen(balancer="lb1", backends=seen, gaps=(gap,)))
    page = Page(report_page(view_of(tmp_path, [*stream, *RICH[2:]])))
    marks = [one for one in page.all("rect") if one["class"] == "gap"]
    assert 1 <= len(marks) <= 250


def test_the_lowest_capacity_of_the_last_reading_is_in_the_drawing() -> None:
    told = (traffic("lb1", 1), traffic("lb1", 2), replace(traffic("lb1", 3), serving=1, lowest=1))
    readings = [
        (float(second), TrafficSeen(balancer="lb1", backends=(one,)))
        for second, one in enumerate(told)
    ]
    (steps,) = steps_by_place(readings).values()
    assert [one.serving for one in steps] == [4, 1]


def test_one_reading_or_two_of_one_moment_are_no_time() -> None:
    once = [(1.0, TrafficSeen(balancer="lb1", backends=(traffic("lb1", 5),)))]
    assert steps_by_place(once * 2) == {"lb1/app": ()}
    assert steps_by_place([]) == {}


def test_a_journal_of_before_has_a_report_that_says_what_was_not_recorded() -> None:
    captured = Path(__file__).parents[1] / "captures" / "journal" / "format-2.jsonl"
    lines = map(json.loads, captured.read_text(encoding="utf-8").splitlines())
    record = fold_run("a1b2c3", lines)
    assert record is not None
    page = Page(report_page(RunView(record=record)))
    assert "reason not recorded" in page.texts
    assert "not recorded" in page.texts
