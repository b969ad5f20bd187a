"""The live screen of real runs, recorded on the fleet of the examples, at each of their events.

The recordings are journals of six runs of four hosts with two instances behind two load balancers:
one with a canary, one in which a host does not boot, one that is stopped, one that is rolled back,
one that an operator's maint and the floor reduce to one host at a time, and one that recovers what
a run killed by SIGKILL had out.  The last two were recorded on a machine that was busy with others.
Every third reading of the traffic is kept.  After a wanted change: ``ROLLOUT_GOLDEN=write pytest
tests/output``, and read the difference.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from rollout.events.parse import parse_event
from rollout.output.screen import screen, width_within
from rollout.output.terminal import Size
from rollout.output.view import FAILED, View
from rollout.summary.expected import ON_THE_WAY
from rollout.summary.progress import Progress, advance
from rollout.summary.run import RunSummary, enter
from rollout.text.width import cells
from tests.output.screens import drawn_view, usual
from tests.output.test_golden import assert_as_before

HERE = Path(__file__).parent
RECORDINGS = sorted(path.stem for path in (HERE / "recordings").glob("*.jsonl"))
SIZES = (Size(60, 15), Size(80, 24), Size(120, 40), Size(200, 60))
USUAL = usual(web1=9.0, web2=9.0, web3=8.0, web4=8.0)
MOMENTS = {
    "canary": (6.0, 17.0, 35.0),
    "failed": (12.0, 25.0),
    "stopped": (11.5, 15.0),
    "rolled-back": (3.0, 15.0, 24.0),
    "reduced": (7.0, 24.0, 52.0),
    "recovered": (5.0, 12.0, 16.0),
}
"""Seconds of each run that are kept as they look; the end is kept of each."""


@cache
def views(name: str) -> tuple[View, ...]:
    """Return what was known after each event of a recorded run."""
    found, summary, progress = [], RunSummary(), Progress()
    for line in (HERE / "recordings" / f"{name}.jsonl").read_text("utf-8").splitlines():
        said = json.loads(line)
        event = parse_event(said)
        assert event is not None
        summary = enter(summary, event)
        progress = advance(progress, event, said["elapsed"], said["at"])
        now, run = said["elapsed"], said["run"]
        found.append(View(summary=summary, progress=progress, usual=USUAL, now=now, run=run))
    return (*found, replace(found[-1], over=True))


def at(name: str, seconds: float) -> View:
    """Return what was known so many seconds after the begin of a run."""
    before = [view for view in views(name) if view.now <= seconds and not view.over]
    return replace(before[-1], now=seconds)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recorded_run_looks_as_it_always_did(name: str) -> None:
    said = []
    for size in SIZES:
        moments = [(f"{second:g} s", at(name, second)) for second in MOMENTS[name]]
        for when, view in (*moments, ("the end", views(name)[-1])):
            said += [f"== {size.columns}x{size.rows}, {when}", *drawn_view(view, size), ""]
    assert_as_before(f"../recordings/{name}.txt", "\n".join(said))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", RECORDINGS)
def test_at_each_event_the_screen_fits_and_says_what_matters(name: str, size: Size) -> None:
    headings = set()
    for view in views(name):
        lines = drawn_view(view, size)
        assert len(lines) < size.rows
        assert all(cells(line) <= width_within(size) for line in lines)
        headings |= {line for line in lines if line.startswith(" HOST ")}
        shown = "\n".join(lines)
        for target, line in view.summary.lines.items():
            row = next((one for one in lines if one.startswith(f" {target} ")), "")
            if line.standing in FAILED or line.standing in ON_THE_WAY:
                assert row, f"{target} has no row:\n{shown}"
            if line.standing in ON_THE_WAY:
                *_, detail = re.split(r"\d+s ", row, maxsplit=1)
                assert len(detail.strip()) > 5, f"{target} says nothing:\n{shown}"
    assert len(headings) <= 1, "a column has moved"


def test_the_expected_end_of_a_good_run_is_near_to_its_end() -> None:
    """Of the recorded runs only this one goes through: the others end otherwise than expected."""
    run = views("canary")
    ended = run[-1].now
    ends = [
        view.now + left
        for view in run
        if not view.expectation.late() and (left := view.expectation.seconds_left()) is not None
    ]
    assert len(ends) > len(run) / 2, "it is hardly ever expected"
    assert all(abs(end - ended) <= 0.2 * ended for end in ends)


def recorded() -> Iterator[tuple[str, View]]:
    for name in RECORDINGS:
        for view in views(name):
            yield name, view


def test_a_screen_is_a_function_of_what_is_known() -> None:
    for _, view in list(recorded())[::20]:
        for size in SIZES:
            assert str(screen(view, size)) != ""
            assert drawn_view(view, size) == drawn_view(view, size)


def test_the_screens_of_the_manual_are_recorded_ones() -> None:
    page = (HERE.parents[1] / "docs" / "how-to" / "screen.md").read_text("utf-8")
    shown = re.findall(r"^```text\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    golden = [(HERE / "recordings" / f"{name}.txt").read_text("utf-8") for name in RECORDINGS]
    assert len(shown) == 2
    assert [one for one in shown if not any(one in text for text in golden)] == []
